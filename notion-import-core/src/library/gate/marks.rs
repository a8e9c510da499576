//! Files with marks on them, each made once for all the parts that are asked of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::mark::{Mark, MarkError};
use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::blob::{Blob, BlobId, BlobStore};
use crate::library::document::StoredFile;

/// The only files that are marked.
const PDF: &str = "application/pdf";

/// How PDFs are marked that are handed to contacts, and what that may take.
///
/// A PDF is read into memory, and stays there, marked, while it is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkOptions {
    largest: u64,
    kept: usize,
    at_once: usize,
}

impl Default for MarkOptions {
    /// PDFs of up to 32 MiB, one at a time; 64 MiB are kept.
    fn default() -> Self {
        Self { largest: 32 << 20, kept: 64 << 20, at_once: 1 }
    }
}

impl MarkOptions {
    /// Sets how many bytes a PDF may have; a larger one cannot be marked. Marking takes three times as much memory, and more for a file
    /// that is [made](Mark::put_on) to take it.
    #[must_use]
    pub const fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// Sets how many bytes of marked files are kept, for further parts of them.
    #[must_use]
    pub const fn kept(mut self, bytes: usize) -> Self {
        self.kept = bytes;
        self
    }

    /// Sets how many files are marked at once, at least one; the others wait.
    #[must_use]
    pub const fn at_once(mut self, files: usize) -> Self {
        self.at_once = files;
        self
    }
}

/// Marks files, and keeps the last ones.
pub struct Marks {
    largest: u64,
    turns: Arc<Semaphore>,
    kept: Mutex<Kept>,
}

/// A marked file: its bytes, and what names them.
#[derive(Clone, Debug)]
pub struct Marked {
    pub bytes: Bytes,
    pub blob: Blob,
}

impl Marks {
    pub fn new(options: &MarkOptions) -> Self {
        let kept = Kept { files: VecDeque::new(), bytes: 0, room: options.kept };
        Self {
            largest: options.largest,
            turns: Arc::new(Semaphore::new(options.at_once.max(1))),
            kept: Mutex::new(kept),
        }
    }

    /// Returns whether such a file is marked when a contact is given it.
    pub fn concerns(file: &StoredFile) -> bool {
        file.media_type == PDF
    }

    /// Returns a tenant's file with the mark on it, or why it cannot be marked.
    pub async fn file(
        &self,
        blobs: &dyn BlobStore,
        site: TenantId,
        file: &StoredFile,
        mark: Mark,
    ) -> Result<Result<Marked, MarkError>, StoreError> {
        if file.blob.size > self.largest {
            return Ok(Err(MarkError::TooLarge));
        }
        let key = (site, mark);
        if let Some(known) = self.find(&key) {
            return Ok(known);
        }
        let turn = self.turns.clone().acquire_owned().await.map_err(StoreError::backend)?;
        // Whoever had the turn before may have marked this very file.
        if let Some(known) = self.find(&key) {
            return Ok(known);
        }
        let original = whole(blobs, site, &file.blob).await?;
        let mark = key.1.clone();
        // It goes on if nobody waits any more, and holds its turn.
        let marking = spawn_blocking(move || (marked(&original, &mark), turn));
        let (outcome, turn) = marking.await.map_err(StoreError::backend)?;
        // Whoever has the next turn finds it.
        self.lock().keep(key, outcome.clone());
        drop(turn);
        Ok(outcome)
    }

    fn find(&self, key: &(TenantId, Mark)) -> Option<Result<Marked, MarkError>> {
        self.lock().find(key)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn marked(original: &[u8], mark: &Mark) -> Result<Marked, MarkError> {
    let marked = mark.put_on(original)?;
    let blob = Blob { id: BlobId::of(&marked), size: marked.len() as u64 };
    Ok(Marked { bytes: marked.into(), blob })
}

async fn whole(blobs: &dyn BlobStore, site: TenantId, blob: &Blob) -> Result<Vec<u8>, StoreError> {
    let mut bytes = blobs.get(site, &blob.id, None).await?;
    let mut whole = Vec::new();
    while let Some(part) = bytes.try_next().await? {
        whole.extend_from_slice(&part);
    }
    // The mark names the original by its digest, so it is what the digest says.
    if BlobId::of(&whole) == blob.id {
        Ok(whole)
    } else {
        Err(StoreError::Corrupt("a blob is not what its id says"))
    }
}

/// What was asked for last is at the end.
struct Kept {
    files: VecDeque<((TenantId, Mark), Result<Marked, MarkError>)>,
    bytes: usize,
    room: usize,
}

impl Kept {
    fn find(&mut self, key: &(TenantId, Mark)) -> Option<Result<Marked, MarkError>> {
        let at = self.files.iter().position(|(known, _)| known == key)?;
        let found = self.files.remove(at)?;
        let outcome = found.1.clone();
        self.files.push_back(found);
        Some(outcome)
    }

    fn keep(&mut self, key: (TenantId, Mark), outcome: Result<Marked, MarkError>) {
        if self.files.iter().any(|(known, _)| *known == key) {
            return;
        }
        self.bytes += weight(&outcome);
        self.files.push_back((key, outcome));
        while self.bytes > self.room {
            let Some((_, oldest)) = self.files.pop_front() else { break };
            self.bytes -= weight(&oldest);
        }
    }
}

fn weight(outcome: &Result<Marked, MarkError>) -> usize {
    /// What is kept beside the bytes.
    const BESIDE: usize = 1 << 10;
    BESIDE + outcome.as_ref().map_or(0, |marked| marked.bytes.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::library::access::AssignmentId;
    use crate::library::basis::VersionDigest;
    use crate::library::document::Content;
    use crate::library::gate::ContactDetails;

    fn key(number: u128) -> (TenantId, Mark) {
        let details = ContactDetails::new("Dana", "Orchard", "d@o.example".parse().unwrap()).unwrap();
        let version = VersionDigest::of(&Content::Markdown(String::new()), &[]);
        let assignment = AssignmentId(uuid::Uuid::from_u128(number));
        let day = "2026-11-30".parse().unwrap();
        (TenantId::new(uuid::Uuid::nil()), Mark::new(&details, day, BlobId::of(b""), version, assignment))
    }

    #[test]
    fn what_is_kept_has_an_end_and_what_is_asked_for_stays_longest() {
        let mut kept = Kept { files: VecDeque::new(), bytes: 0, room: 100_000 };
        let blob = Blob { id: BlobId::of(b""), size: 0 };
        for number in 0..50 {
            kept.keep(key(number), Ok(Marked { bytes: vec![0; 20_000].into(), blob }));
            assert!(kept.find(&key(0)).is_some(), "{number}");
            assert!(kept.bytes <= kept.room && kept.files.len() <= 4);
        }
        kept.keep(key(99), Ok(Marked { bytes: vec![0; 200_000].into(), blob }));
        assert!(kept.bytes <= kept.room, "what is larger than all of it is not kept");
        for number in 0..1_000 {
            kept.keep(key(number), Err(MarkError::Broken));
        }
        assert!(kept.files.len() < 100 && kept.find(&key(999)).is_some());
    }
}

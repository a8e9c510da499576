//! What is known of a reading, and of what it brought.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::document::{Content, StoredFile};
use crate::id::digest_id;

/// What is known of the last reading of a document's source, whole, by an import or a sync: whether it brought what the newest
/// version says is [`update_available`](super::document::Link::update_available).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadState {
    /// The source's last edit when it was read.
    pub edited_at: DateTime<Utc>,
    /// Whether the minute of that edit was certainly over. If not, a later edit in it would look the same, so a later sync reads it
    /// again.
    pub settled: bool,
    /// What the reading rests on, if one look at the source tells whether another would bring the same.
    pub basis: Option<Basis>,
    /// Whether it shows other pages or databases by their titles, which change without an edit here.
    pub refers: bool,
    /// When it began.
    pub read_at: DateTime<Utc>,
}

/// After so long the minute of an edit is over by any clock that runs.
const SURELY_OVER: TimeDelta = TimeDelta::minutes(2);

impl ReadState {
    /// Returns whether at `now` the minute of an edit was over that was seen then.
    pub fn was_over(&self, now: DateTime<Utc>) -> bool {
        now - self.read_at >= SURELY_OVER
    }
}

digest_id! {
    /// The SHA-256 of what a version says: its content and its attachments, with their names and types.
    VersionDigest
}

impl VersionDigest {
    /// Returns the digest of what these say.
    pub fn of(content: &Content, attachments: &[StoredFile]) -> Self {
        let text = match content {
            Content::Markdown(text) => Some(text.as_bytes()),
            Content::File(_) => None,
        };
        let files = content.file().into_iter().chain(attachments);
        let files: Vec<_> = files.map(|file| (file.blob.id.to_string(), file)).collect();
        let files =
            files.iter().flat_map(|(id, file)| [id, &*file.name, &*file.media_type].map(str::as_bytes));
        let kind: &[u8] = if text.is_some() { b"markdown" } else { b"file" };
        let parts: Vec<&[u8]> = [kind].into_iter().chain(text).chain(files).collect();
        Self(digest(&parts))
    }
}

digest_id! {
    /// The SHA-256 of everything beside a source's own edits that decides what reading it brings. Two readings on one basis with
    /// no edit between them bring the same.
    Basis
}

impl Basis {
    /// The basis that these make, each for its own.
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest(parts))
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        // Where a part ends is part of it.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_it_comes_back() {
        let basis = Basis::of(&[b"one", b"two"]);
        assert_eq!(Basis::from_digest(*basis.as_bytes()), basis);
        assert_eq!(basis.to_string().parse(), Ok(basis));
        let json = serde_json::to_string(&basis).unwrap();
        assert_eq!(serde_json::from_str::<Basis>(&json).unwrap(), basis);
        assert!("12".parse::<Basis>().is_err());
    }

    #[test]
    fn what_stands_elsewhere_or_ends_elsewhere_is_another_basis() {
        let parts: [&[&[u8]]; 6] = [&[], &[b""], &[b"", b""], &[b"ab", b"c"], &[b"a", b"bc"], &[b"c", b"ab"]];
        let bases: std::collections::HashSet<_> = parts.into_iter().map(Basis::of).collect();
        assert_eq!(bases.len(), parts.len());
    }
}

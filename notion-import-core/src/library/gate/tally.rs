//! How often what is public was read, until that is written.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::reads::{PublicReads, ReadLog, minute_of};
use crate::error::StoreError;
use crate::id::{DocumentId, TenantId, VersionNumber};
use crate::library::blob::BlobId;

/// So many counts are kept at most before they are written.
const MOST: usize = 1_000;

/// The minute in which something was read, on whose site, and what: the oldest minute comes first.
type Key = (DateTime<Utc>, TenantId, DocumentId, VersionNumber, Option<BlobId>);

/// How often what is public was read, until that is written: when a minute is over, and when there are many.
#[derive(Default)]
pub(super) struct Tally(Mutex<BTreeMap<Key, u64>>);

impl Tally {
    /// Counts a reading, and returns whether it is time to write.
    pub(super) fn count(
        &self,
        site: TenantId,
        (document, version, file): (DocumentId, VersionNumber, Option<BlobId>),
        at: DateTime<Utc>,
    ) -> bool {
        let minute = minute_of(at);
        let mut counts = self.lock();
        *counts.entry((minute, site, document, version, file)).or_default() += 1;
        let is_over = counts.first_key_value().is_some_and(|((oldest, ..), _)| *oldest < minute);
        is_over || counts.len() > MOST
    }

    /// Writes what was counted. What cannot be written is counted still, unless what was read is gone, with its tenant.
    pub(super) async fn write(&self, log: &(impl ReadLog + ?Sized)) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        let taken = mem::take(&mut *self.lock());
        let mut by_site: HashMap<TenantId, Vec<PublicReads>> = HashMap::new();
        for ((minute, site, document, version, file), count) in taken {
            by_site.entry(site).or_default().push(PublicReads { document, version, file, minute, count });
        }
        for (site, reads) in by_site {
            match log.count_reads(site, &reads).await {
                Ok(()) => {}
                Err(StoreError::NotFound) => {
                    for read in reads {
                        match log.count_reads(site, &[read]).await {
                            Ok(()) | Err(StoreError::NotFound) => {}
                            Err(error) => outcome = Err(self.put_back(site, &[read], error)),
                        }
                    }
                }
                Err(error) => outcome = Err(self.put_back(site, &reads, error)),
            }
        }
        outcome
    }

    fn put_back(&self, site: TenantId, reads: &[PublicReads], error: StoreError) -> StoreError {
        let mut counts = self.lock();
        for &PublicReads { document, version, file, minute, count } in reads {
            *counts.entry((minute, site, document, version, file)).or_default() += count;
        }
        error
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ops::Range;
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::actor::Actor;
    use crate::library::gate::{ReadEntry, ReadQuery};

    /// Keeps counts, unless it is out of order.
    #[derive(Default)]
    struct Log {
        is_broken: AtomicBool,
        gone: Option<DocumentId>,
        kept: Mutex<Vec<PublicReads>>,
    }

    #[async_trait]
    impl ReadLog for Log {
        async fn record_read(&self, _: TenantId, _: &ReadEntry) -> Result<(), StoreError> {
            Ok(())
        }

        async fn count_reads(&self, _: TenantId, reads: &[PublicReads]) -> Result<(), StoreError> {
            if self.is_broken.load(Ordering::Relaxed) {
                return Err(StoreError::unavailable("out of order"));
            }
            if reads.iter().any(|read| Some(read.document) == self.gone) {
                return Err(StoreError::NotFound);
            }
            self.kept.lock().unwrap().extend(reads);
            Ok(())
        }

        async fn reads(&self, _: &Actor, _: &ReadQuery) -> Result<Vec<ReadEntry>, StoreError> {
            Ok(Vec::new())
        }

        async fn public_reads(
            &self,
            _: &Actor,
            _: DocumentId,
            _: Range<DateTime<Utc>>,
        ) -> Result<Vec<PublicReads>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_counted_still_and_written_once() {
        let (tally, log) = (Tally::default(), Log::default());
        let (site, document) = (TenantId::fresh(), DocumentId::fresh());
        let at = DateTime::UNIX_EPOCH;
        let read = || tally.count(site, (document, VersionNumber(1), None), at);
        assert!(!read(), "the minute is not over");
        log.is_broken.store(true, Ordering::Relaxed);
        assert!(tally.write(&log).await.is_err());
        read();
        log.is_broken.store(false, Ordering::Relaxed);
        tally.write(&log).await.unwrap();
        tally.write(&log).await.unwrap();
        let kept = log.kept.lock().unwrap();
        assert_eq!(kept.iter().map(|reads| (reads.minute, reads.count)).collect::<Vec<_>>(), [(at, 2)]);
    }

    #[tokio::test]
    async fn what_is_gone_is_counted_no_more_and_the_rest_is_written() {
        let (tally, site, kept) = (Tally::default(), TenantId::fresh(), DocumentId::fresh());
        let log = Log { gone: Some(DocumentId::fresh()), ..Log::default() };
        for document in [kept].into_iter().chain(log.gone) {
            tally.count(site, (document, VersionNumber(1), None), DateTime::UNIX_EPOCH);
        }
        tally.write(&log).await.unwrap();
        tally.write(&log).await.unwrap();
        let written = log.kept.lock().unwrap();
        assert_eq!(
            written.iter().map(|reads| (reads.document, reads.count)).collect::<Vec<_>>(),
            [(kept, 1)]
        );
    }
}

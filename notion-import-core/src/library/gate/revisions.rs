//! The revisions of sites, read for many who ask at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::AccessStore;
use crate::error::StoreError;
use crate::id::TenantId;

type Read = dyn Fn(TenantId) -> BoxFuture<'static, Result<u64, StoreError>> + Send + Sync;

/// A reading that many share: none if it failed.
type Reading = Shared<BoxFuture<'static, Option<u64>>>;

/// Reads the [revisions of sites](AccessStore::site_revision) for many who ask at once: one reading at a time for each site, shared by
/// everybody who asked before it began. So each answer is as new as the store's own would be, and a crowd costs the store little.
pub struct SiteRevisions {
    read: Arc<Read>,
    sites: Mutex<HashMap<TenantId, Arc<Site>>>,
}

/// The readings of one site.
#[derive(Default)]
struct Site {
    /// Held by the one that goes on.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The one that begins after it; none if nobody waits for that.
    next: Mutex<Option<Reading>>,
}

impl SiteRevisions {
    /// Reads from this store.
    pub fn of_store(access: Arc<dyn AccessStore>) -> Self {
        Self::reading(Arc::new(move |site| {
            let access = access.clone();
            async move { access.site_revision(site).await }.boxed()
        }))
    }

    fn reading(read: Arc<Read>) -> Self {
        Self { read, sites: Mutex::default() }
    }

    /// Returns a site's revision as it is after this call.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(&self, site: TenantId) -> Result<u64, StoreError> {
        match self.join(site).await {
            Some(revision) => Ok(revision),
            // Whoever asked hears what is wrong.
            None => (self.read)(site).await,
        }
    }

    /// Joins those who wait for the next reading.
    fn join(&self, site: TenantId) -> Reading {
        let kept = lock(&self.sites).entry(site).or_default().clone();
        let mut next = lock(&kept.next);
        next.get_or_insert_with(|| read_in_turn(self.read.clone(), site, &kept)).clone()
    }
}

fn read_in_turn(read: Arc<Read>, site: TenantId, kept: &Arc<Site>) -> Reading {
    let (turn, kept) = (kept.turn.clone(), Arc::downgrade(kept));
    let reading = async move {
        let _turn = turn.lock().await;
        // It begins: whoever comes from now on waits for another.
        if let Some(kept) = Weak::upgrade(&kept) {
            lock(&kept.next).take();
        }
        read(site).await.ok()
    };
    reading.boxed().shared()
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// A store whose readings wait to be let through, and what they find when they began.
    struct Slow {
        revision: AtomicU64,
        readings: AtomicU64,
        fails: AtomicBool,
        through: Semaphore,
    }

    fn slow() -> (Arc<Slow>, Arc<SiteRevisions>) {
        let slow = Slow {
            revision: AtomicU64::new(1),
            readings: AtomicU64::new(0),
            fails: AtomicBool::new(false),
            through: Semaphore::new(0),
        };
        let slow = Arc::new(slow);
        let store = slow.clone();
        let read = move |_| {
            let store = store.clone();
            async move {
                let found = store.revision.load(SeqCst);
                store.readings.fetch_add(1, SeqCst);
                store.through.acquire().await.unwrap().forget();
                if store.fails.load(SeqCst) { Err(StoreError::NotFound) } else { Ok(found) }
            }
            .boxed()
        };
        (slow, Arc::new(SiteRevisions::reading(Arc::new(read))))
    }

    async fn until_asked(slow: &Slow, readings: u64) {
        while slow.readings.load(SeqCst) < readings {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_crowd_shares_readings_and_nobody_is_told_what_was_before() {
        let (slow, revisions) = slow();
        let site = TenantId::fresh();
        let ask = || {
            let revisions = revisions.clone();
            tokio::spawn(async move { revisions.of(site).await.unwrap() })
        };
        let first = ask();
        until_asked(&slow, 1).await;
        // It changes while the first is being read: whoever asks now hears of it.
        slow.revision.store(2, SeqCst);
        let crowd: Vec<_> = (0..50).map(|_| ask()).collect();
        slow.through.add_permits(1);
        assert_eq!(first.await.unwrap(), 1);
        until_asked(&slow, 2).await;
        slow.through.add_permits(9);
        for told in join_all(crowd).await {
            assert_eq!(told.unwrap(), 2);
        }
        assert_eq!(slow.readings.load(SeqCst), 2, "readings for 51 who asked");
    }

    #[tokio::test]
    async fn who_leaves_holds_up_nobody() {
        let (slow, revisions) = slow();
        let site = TenantId::fresh();
        for _ in 0..3 {
            let revisions = revisions.clone();
            let left = tokio::spawn(async move { revisions.of(site).await });
            tokio::task::yield_now().await;
            left.abort();
        }
        drop(revisions.join(site));
        slow.through.add_permits(9);
        assert_eq!(revisions.of(site).await.unwrap(), 1);
        assert_eq!(revisions.of(TenantId::fresh()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_and_over_with_it() {
        let (slow, revisions) = slow();
        let site = TenantId::fresh();
        slow.through.add_permits(9);
        slow.fails.store(true, SeqCst);
        assert!(matches!(revisions.of(site).await, Err(StoreError::NotFound)));
        slow.fails.store(false, SeqCst);
        assert_eq!(revisions.of(site).await.unwrap(), 1);
    }
}

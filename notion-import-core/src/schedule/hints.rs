//! Hints, gathered for a moment: what they name is looked at, each page once, and nothing else.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::{BoxFuture, Shared};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::{LOOK_AGAIN, Look, RETRY, Scheduler};
use crate::connection::{ConnectionRef, ConnectionState, Occasion};
use crate::error::{Error, StoreError};
use crate::id::{ConnectionId, NotionId, TenantId};

/// Of one connection so many sources wait at most. If more are named, a sync of everything is the shorter way.
const MOST_SOURCES: usize = 1_000;

/// So many connections have hints that wait at most.
const MOST_CONNECTIONS: usize = 10_000;

/// How often a look that fails is tried before the next sync is to find out.
const TRIES: u32 = 5;

type Key = (TenantId, ConnectionId);

/// Hints that wait, in memory: none is worth more than that. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Hints(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    /// How many take hints out.
    takers: usize,
    gathered: HashMap<Key, Gathered>,
}

/// What hints have named.
struct Gathered {
    sources: BTreeSet<NotionId>,
    /// When it is to be looked at.
    ready: Instant,
    tried: u32,
}

impl Hints {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets what is named wait together with what waits already; not if nobody takes it out, or too much waits.
    fn gather(&self, key: Key, sources: &[NotionId], ready: Instant, tried: u32) -> bool {
        let mut state = self.lock();
        let has_room = state.gathered.len() < MOST_CONNECTIONS || state.gathered.contains_key(&key);
        if state.takers == 0 || !has_room {
            return false;
        }
        let fresh = || Gathered { sources: BTreeSet::new(), ready, tried };
        let gathered = state.gathered.entry(key).or_insert_with(fresh);
        gathered.sources.extend(sources);
        if gathered.sources.len() > MOST_SOURCES {
            state.gathered.remove(&key);
            return false;
        }
        self.0.more.notify_one();
        true
    }

    /// Takes out what is to be looked at by now, at most `limit`.
    fn ready(&self, now: Instant, limit: usize) -> Vec<(Key, Gathered)> {
        let mut state = self.lock();
        let ready = state.gathered.iter().filter(|(_, gathered)| gathered.ready <= now);
        let keys: Vec<Key> = ready.map(|(key, _)| *key).take(limit).collect();
        keys.into_iter().filter_map(|key| Some((key, state.gathered.remove(&key)?))).collect()
    }

    fn next_ready(&self) -> Option<Instant> {
        self.lock().gathered.values().map(|gathered| gathered.ready).min()
    }

    /// One fewer takes hints out. Returns what nobody takes out any more.
    fn leave(&self) -> HashMap<Key, Gathered> {
        let mut state = self.lock();
        state.takers = state.takers.saturating_sub(1);
        if state.takers == 0 { std::mem::take(&mut state.gathered) } else { HashMap::new() }
    }
}

/// Whoever takes hints out. What waits when it goes is due.
struct Taker<'a> {
    scheduler: &'a Scheduler,
    has_left: bool,
}

impl<'a> Taker<'a> {
    fn of(scheduler: &'a Scheduler) -> Self {
        scheduler.hints.lock().takers += 1;
        Self { scheduler, has_left: false }
    }

    async fn leave(mut self) {
        self.has_left = true;
        self.scheduler.hand_over(self.scheduler.hints.leave()).await;
    }
}

impl Drop for Taker<'_> {
    fn drop(&mut self) {
        if self.has_left {
            return;
        }
        let (left, scheduler) = (self.scheduler.hints.leave(), self.scheduler.clone());
        if let (false, Ok(runtime)) = (left.is_empty(), Handle::try_current()) {
            runtime.spawn(async move { scheduler.hand_over(left).await });
        }
    }
}

impl Scheduler {
    /// Takes a hint that some sources have changed, as connections see them whose bot is among `bots`; if that is not told, all that
    /// the service calls so. What is not linked costs no request.
    pub(crate) async fn hint(
        &self,
        reference: &ConnectionRef,
        sources: &[NotionId],
        bots: Option<&[NotionId]>,
    ) -> Result<(), Error> {
        if sources.is_empty() {
            return Ok(());
        }
        for known in self.connections.by_reference(reference).await? {
            let may_see = bots.is_none_or(|bots| bots.contains(&known.workspace.bot));
            if !may_see || known.state != ConnectionState::Active {
                continue;
            }
            let key = (known.tenant, known.id);
            if !self.hints.gather(key, sources, self.importer.clock().instant() + self.options.gather, 0) {
                self.hasten_if_linked(key, sources).await?;
            }
        }
        Ok(())
    }

    /// Makes the connections that the service calls so due at once.
    pub(crate) async fn hasten(&self, reference: &ConnectionRef) -> Result<(), Error> {
        for known in self.connections.by_reference(reference).await? {
            self.connections.make_due(known.tenant, known.id, self.now()).await?;
        }
        Ok(())
    }

    /// Looks at what hints name until `shutdown`, and returns when nothing waits here any more: it was looked at within
    /// [`grace`](super::ScheduleOptions::grace), or its connection is due.
    pub(crate) async fn heed(&self, shutdown: Shared<BoxFuture<'static, ()>>) {
        let taker = Taker::of(self);
        let heeding = async {
            let mut looks = FuturesUnordered::new();
            while shutdown.peek().is_none() {
                let clock = self.importer.clock();
                let room = self.options.concurrency.saturating_sub(looks.len());
                let ready = self.hints.ready(clock.instant(), room);
                looks.extend(ready.into_iter().map(|(key, gathered)| self.attend(key, gathered)));
                let has_room = looks.len() < self.options.concurrency;
                tokio::select! {
                    Some(()) = looks.next() => {}
                    () = self.until_more(), if has_room => {}
                    () = shutdown.clone() => {}
                }
            }
            while looks.next().await.is_some() {}
            taker.leave().await;
        };
        tokio::select! {
            () = heeding => {}
            never = self.stop_after(shutdown.clone()) => match never {},
        }
    }

    /// Returns when there may be more to look at.
    async fn until_more(&self) {
        let clock = self.importer.clock();
        let next = self.hints.next_ready();
        let wait = async {
            match next {
                Some(ready) => clock.sleep(ready.saturating_duration_since(clock.instant())).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            () = self.hints.0.more.notified() => {}
        }
    }

    async fn attend(&self, key: Key, gathered: Gathered) {
        let sources: Vec<NotionId> = gathered.sources.into_iter().collect();
        let (again, tried) = match self.look_at_linked(key, &sources).await {
            Ok(Look::Done(report)) if report.failed == 0 || gathered.tried + 1 == TRIES => return,
            Ok(Look::Inactive) => return,
            Ok(Look::Done(_)) => (LOOK_AGAIN * 10_u32.pow(gathered.tried), gathered.tried + 1),
            Ok(Look::Busy) | Err(Error::Cancelled | Error::Store(StoreError::Fenced)) => {
                (self.options.gather.max(LOOK_AGAIN), gathered.tried)
            }
            // Its record says so.
            Err(error) if error.needs_reconnect() => return,
            Err(error) => {
                tracing::debug!(code = error.code(), tried = gathered.tried, "a hint could not be heeded");
                let wait = error.retry_after(self.now()).unwrap_or_default();
                (wait.max(LOOK_AGAIN * 2_u32.pow(gathered.tried)), gathered.tried + 1)
            }
        };
        let ready = self.importer.clock().instant().checked_add(again);
        let waits = match ready {
            Some(ready) if tried < TRIES => self.hints.gather(key, &sources, ready, tried),
            Some(_) | None => false,
        };
        if !waits {
            self.note(self.connections.make_due(key.0, key.1, self.now() + RETRY).await);
        }
    }

    async fn look_at_linked(&self, key: Key, sources: &[NotionId]) -> Result<Look, Error> {
        let (tenant, id) = key;
        let linked = self.linked(key, sources).await?;
        if linked.is_empty() {
            return Ok(Look::Inactive);
        }
        Box::pin(self.look(tenant, id, &linked, Occasion::Hint)).await
    }

    /// Returns the sources of documents that are named, of those linked through the connection, or through none.
    async fn linked(&self, (tenant, id): Key, sources: &[NotionId]) -> Result<Vec<NotionId>, StoreError> {
        let linked = self.importer.documents().linked_by_source(tenant, sources).await?;
        let ours = linked.iter().filter(|known| known.link.connection.is_none_or(|owner| owner == id));
        Ok(ours.map(|known| known.link.source.id).collect())
    }

    /// Lets the next sync find out what hints have named.
    async fn hand_over(&self, left: HashMap<Key, Gathered>) {
        for (key, gathered) in left {
            let sources: Vec<NotionId> = gathered.sources.into_iter().collect();
            self.note(self.hasten_if_linked(key, &sources).await);
        }
    }

    async fn hasten_if_linked(&self, key: Key, sources: &[NotionId]) -> Result<(), StoreError> {
        if !self.linked(key, sources).await?.is_empty() {
            self.connections.make_due(key.0, key.1, self.now()).await?;
        }
        Ok(())
    }

    fn note(&self, outcome: Result<(), StoreError>) {
        if let Err(error) = outcome {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(code = error.code(), error = cause, "a hint is left to the next sync");
        }
    }
}

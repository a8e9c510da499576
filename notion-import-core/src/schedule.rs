//! When connections are synced, and by whom: one owner at a time, found through the connection store's leases.

mod by_hand;
mod claim;
mod hints;
mod look;
mod options;
mod running;

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;
use tracing::Instrument;

use crate::connection::{
    Connection, ConnectionRecord, ConnectionState, ConnectionStore, Occasion, RunSummary,
};
use crate::error::{Error, StoreError};
use crate::id::{ConnectionId, TenantId};
use crate::importer::Importer;
use crate::mutant;
use crate::random;
use crate::sync::{Progress, SyncReport, Watch};
use crate::telemetry::{self, Looked};
pub use by_hand::SyncedNow;
use claim::Claim;
use hints::Hints;
use look::Look;
pub use options::{InvalidSchedule, ScheduleOptions};
use running::{Runs, joined};

/// A failed run is tried again after this, or after the interval if that is shorter.
const RETRY: TimeDelta = TimeDelta::minutes(15);

/// Whatever Notion asks for, it is asked again after this.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(1);

/// Whoever waits for a connection that is held elsewhere looks again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Syncs connections when they are due. Clones share everything.
#[derive(Clone)]
pub struct Scheduler {
    importer: Importer,
    connections: Arc<dyn ConnectionStore>,
    options: ScheduleOptions,
    stopping: Arc<watch::Sender<bool>>,
    runs: Runs,
    hints: Hints,
}

/// Sees to it that what becomes due is synced. A [`Scheduler`] does it in its own process; a queue spreads the syncs over machines.
#[async_trait]
pub trait Dispatcher: Send + Sync {
    /// Syncs what becomes due until `shutdown`, and returns when nothing is under way any more: what was, is finished within
    /// [`ScheduleOptions::grace`] or given back, due at once. A store that fails is waited for.
    async fn dispatch(&self, shutdown: BoxFuture<'static, ()>);
}

/// What came of one connection's sync.
#[derive(Debug)]
pub struct SyncRun {
    /// Which connection.
    pub connection: Connection,
    /// What was done, or why not.
    pub outcome: Result<SyncReport, Error>,
}

impl Scheduler {
    /// Builds a schedule with every option at its default.
    pub fn new(importer: Importer, connections: Arc<dyn ConnectionStore>) -> Self {
        let (options, stopping) = (ScheduleOptions::default(), Arc::new(watch::Sender::new(false)));
        let importer = importer.synced_every(options.interval);
        Self { importer, connections, options, stopping, runs: Runs::default(), hints: Hints::default() }
    }

    /// Sets how it runs.
    ///
    /// # Errors
    /// [`InvalidSchedule`] if the options contradict each other or the importer's timeouts, and how.
    pub fn with(mut self, options: ScheduleOptions) -> Result<Self, InvalidSchedule> {
        options.check(self.importer.timeouts().attempt)?;
        self.importer = self.importer.synced_every(options.interval);
        self.options = options;
        Ok(self)
    }

    pub(crate) fn importer(&self) -> &Importer {
        &self.importer
    }

    #[cfg(feature = "testing")]
    pub(crate) fn connections(&self) -> &Arc<dyn ConnectionStore> {
        &self.connections
    }

    /// Returns how it runs.
    pub fn options(&self) -> &ScheduleOptions {
        &self.options
    }

    /// Syncs connections that are due, at most `limit`, and returns what came of each. The one entry for schedules: call it
    /// every minute or so, from as many processes as you like. Acts for the system and asks for no role. No connection that Notion
    /// keeps waiting for longer than [`ScheduleOptions::patience`] is waited for: its run ends, and it is due when that is over. If the
    /// future is dropped, what it holds is free at once.
    ///
    /// # Errors
    /// The connection store's, if nothing could be claimed.
    pub async fn sync_due(&self, limit: usize) -> Result<Vec<SyncRun>, Error> {
        let mut due = self.claim_due(self.options.concurrency.min(limit)).await?;
        let (mut begun, mut runs) = (0, Vec::new());
        let mut running = FuturesUnordered::new();
        loop {
            begun += due.len();
            running.extend(due.into_iter().map(|claim| self.run(claim, Occasion::Due)));
            let Some(run) = running.next().await else { break };
            runs.push(run);
            due = self.claim_or_tell((self.options.concurrency - running.len()).min(limit - begun)).await;
        }
        Ok(runs)
    }

    /// Syncs one connection if it is due; none if it is not, or no longer, or somebody else is at it. The entry for queues, which
    /// may deliver more than once and to several. Acts for the system and asks for no role.
    ///
    /// # Errors
    /// The connection store's, if it cannot tell.
    pub async fn sync_if_due(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<SyncRun>, Error> {
        if self.is_stopping() {
            return Ok(None);
        }
        let (now, lease) = (self.now(), self.options.lease);
        let claimed =
            self.claim(move |store| async move { store.claim_if_due(tenant, id, now, lease).await });
        match claimed.await?.pop() {
            Some(claim) => Ok(Some(self.run(claim, Occasion::Due).await)),
            None => Ok(None),
        }
    }

    /// Stops for good, with all its clones: nothing more is claimed, and the syncs under way end as [`Error::Cancelled`], their
    /// connections given back and due at once. Await what was called before the process ends.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits for a shutdown and for [`ScheduleOptions::grace`] after it, [stops](Self::stop), and never returns. For a
    /// [`Dispatcher`], beside what it does.
    pub async fn stop_after(&self, shutdown: impl Future<Output = ()> + Send) -> Infallible {
        shutdown.await;
        self.importer.clock().sleep(self.options.grace).await;
        self.stop();
        pending().await
    }

    /// Claims what is due, no more than is begun at once: a claim that waits for its turn is not renewed.
    async fn claim_due(&self, limit: usize) -> Result<Vec<Claim>, StoreError> {
        if limit == 0 || self.is_stopping() {
            return Ok(Vec::new());
        }
        let (now, lease) = (self.now(), self.options.lease);
        self.claim(move |store| async move { store.claim_due(now, lease, limit).await }).await
    }

    /// Does the same, and logs why nothing could be claimed.
    async fn claim_or_tell(&self, limit: usize) -> Vec<Claim> {
        self.claim_due(limit).await.unwrap_or_else(|error| {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(code = error.code(), error = cause, "what is due could not be seen to");
            Vec::new()
        })
    }

    /// Claims one connection, due or not, unless nothing is begun any more.
    async fn claim_now(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<Claim>, StoreError> {
        if self.is_stopping() {
            return Ok(None);
        }
        let (now, lease) = (self.now(), self.options.lease);
        let claimed = self.claim(move |store| async move { store.claim(tenant, id, now, lease).await });
        Ok(claimed.await?.pop())
    }

    async fn claim<F, C>(
        &self,
        claiming: impl FnOnce(Arc<dyn ConnectionStore>) -> F,
    ) -> Result<Vec<Claim>, StoreError>
    where
        F: Future<Output = Result<C, StoreError>> + Send + 'static,
        C: IntoIterator<Item = Connection> + Send + 'static,
    {
        Claim::all(&self.connections, claiming(self.connections.clone())).await
    }

    /// Returns the record of a connection through which something can be begun.
    async fn active(
        &self,
        tenant: TenantId,
        id: ConnectionId,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        let record = self.connections.get(tenant, id).await?;
        Ok(record.filter(|record| record.state == ConnectionState::Active && !self.is_stopping()))
    }

    /// Syncs what is held, so that others can join.
    fn run(&self, claim: Claim, occasion: Occasion) -> impl Future<Output = SyncRun> + Send + use<> {
        let (connection, watch) = (claim.connection().clone(), Watch::default());
        let span = tracing::info_span!("sync", tenant = %connection.tenant);
        let (scheduler, watching) = (self.clone(), watch.clone());
        let forgetting = self.runs.forgetting(&connection);
        let (holds, held) = watch::channel(());
        let synced = async move {
            let _forgotten_at_the_end = forgetting;
            scheduler.synced(claim, occasion, &watching, holds).await.map_err(Arc::new)
        };
        let running = self.runs.add(&connection, &watch, held, synced.instrument(span).boxed());
        async move { SyncRun { connection, outcome: joined(running).await } }
    }

    /// Syncs, and drops `holds` as soon as nothing may be written any more.
    async fn synced(
        &self,
        claim: Claim,
        occasion: Occasion,
        watch: &Watch,
        holds: watch::Sender<()>,
    ) -> Result<SyncReport, Error> {
        let started_at = self.now();
        let importer = self.importer.watched(watch, self.options.patience);
        let syncing = async {
            if occasion == Occasion::Due {
                self.note_delay(claim.connection(), started_at).await;
            }
            importer.sync(claim.connection()).await
        };
        let outcome = self.held(claim.connection(), syncing).await;
        drop(holds);
        let failure = outcome.as_ref().err();
        let run = self.summary(occasion, started_at, watch, failure);
        let state = match failure {
            Some(error) if error.needs_reconnect() => ConnectionState::NeedsReauth,
            _ => ConnectionState::Active,
        };
        let next_run = self.now() + self.pause_after(failure);
        let outcome = match claim.finish(&run, state, next_run).await {
            Ok(()) => outcome,
            Err(error) => outcome.and(Err(error.into())),
        };
        tell(occasion, &outcome, self.now() - started_at);
        outcome
    }

    /// Measures how late it is, if that goes anywhere. A store that cannot tell will say so to the sync.
    async fn note_delay(&self, connection: &Connection, began: DateTime<Utc>) {
        if cfg!(feature = "metrics")
            && let Ok(Some(record)) = self.connections.get(connection.tenant, connection.id).await
        {
            telemetry::began_late(began - record.next_run);
        }
    }

    /// Does something while the connection is held.
    async fn held<T>(
        &self,
        connection: &Connection,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            outcome = work => outcome,
            error = self.hold(connection) => Err(error),
            () = self.stopped() => Err(Error::Cancelled),
        }
    }

    /// Renews the claim until that fails: somebody else owns the connection then, or nobody may.
    async fn hold(&self, connection: &Connection) -> Error {
        let lease = self.options.lease;
        loop {
            self.importer.clock().sleep(lease / 3).await;
            match self.connections.renew(connection, self.now(), lease).await {
                Ok(()) => {}
                // The lease may outlast it, and what the sync itself writes tells soon enough.
                Err(error) if error.is_transient() => {}
                Err(_) if mutant::is("goes on after losing its lease") => {}
                Err(error) => return error.into(),
            }
        }
    }

    async fn stopped(&self) {
        // The sender is held here, so it does not go away meanwhile.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    fn summary(
        &self,
        occasion: Occasion,
        started_at: DateTime<Utc>,
        watch: &Watch,
        failure: Option<&Error>,
    ) -> RunSummary {
        let Progress { checked, changed, .. } = watch.progress();
        RunSummary {
            occasion,
            started_at,
            finished_at: self.now(),
            requests: watch.tally().requests(),
            checked,
            changed,
            failed: watch.failed(),
            failure: failure.map(|error| error.code().to_owned()),
        }
    }

    fn pause_after(&self, failure: Option<&Error>) -> TimeDelta {
        let Some(failure) = failure else { return self.jittered() };
        if matches!(failure, Error::Cancelled) {
            return TimeDelta::zero();
        }
        match failure.asked_for(self.now()) {
            // As long as it was asked for, and not all at the same moment.
            Some(wait) => {
                let wait = TimeDelta::from_std(wait).map_or(LONGEST_PAUSE, |wait| wait.min(LONGEST_PAUSE));
                wait + TimeDelta::milliseconds(random::between(0.0, 1000.0) as i64)
            }
            None => RETRY.min(self.interval()),
        }
    }

    /// What is planned and held by a clock that runs far ahead would be nobody's until that time comes.
    fn now(&self) -> DateTime<Utc> {
        self.importer.client().time()
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    fn interval(&self) -> TimeDelta {
        TimeDelta::from_std(self.options.interval).unwrap_or(TimeDelta::hours(4))
    }

    /// The interval, a little earlier or later, so that connections begun together do not stay together.
    fn jittered(&self) -> TimeDelta {
        let spread = self.interval().num_milliseconds() as f64 / 20.0;
        self.interval() + TimeDelta::milliseconds(random::between(-spread, spread) as i64)
    }
}

#[async_trait]
impl Dispatcher for Scheduler {
    async fn dispatch(&self, shutdown: BoxFuture<'static, ()>) {
        let shutdown = shutdown.shared();
        let clock = self.importer.clock();
        let syncing = async {
            let mut running = FuturesUnordered::new();
            while shutdown.peek().is_none() {
                let due = self.claim_or_tell(self.options.concurrency - running.len()).await;
                running.extend(due.into_iter().map(|claim| self.run(claim, Occasion::Due)));
                tokio::select! {
                    Some(SyncRun { .. }) = running.next() => {}
                    () = clock.sleep(self.options.poll) => {}
                    () = shutdown.clone() => {}
                }
            }
            while running.next().await.is_some() {}
        };
        tokio::select! {
            () = syncing => {}
            never = self.stop_after(shutdown.clone()) => match never {},
        }
    }
}

fn tell(occasion: Occasion, outcome: &Result<SyncReport, Error>, took: TimeDelta) {
    let looked =
        outcome.as_ref().map(|&SyncReport { checked, changed, failed }| Looked { checked, changed, failed });
    telemetry::synced(occasion.name(), looked, took);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;

    #[test]
    fn a_sync_may_run_on_any_thread() {
        fn is_send(_: impl Send) {}
        let _ = |scheduler: &Scheduler, actor: &Actor, id: ConnectionId| {
            is_send(scheduler.sync_due(1));
            is_send(scheduler.sync_if_due(actor.tenant, id));
            is_send(scheduler.sync_now(actor, id));
            is_send(scheduler.look_now(actor, id, &[]));
        };
    }
}

//! When connections are synced, and by whom: one owner at a time, found through the connection store's leases.

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

use crate::actor::{Action, Actor};
use crate::connection::{Connection, ConnectionState, ConnectionStore, RunSummary};
use crate::error::{Error, StoreError};
use crate::id::{ConnectionId, TenantId};
use crate::importer::Importer;
use crate::options::options;
use crate::random;
use crate::sync::SyncReport;

/// A failed run is tried again after this, or after the interval if that is shorter.
const RETRY: TimeDelta = TimeDelta::minutes(15);

/// Syncs connections when they are due. Clones share everything.
#[derive(Clone)]
pub struct Scheduler {
    importer: Importer,
    connections: Arc<dyn ConnectionStore>,
    options: ScheduleOptions,
    stopping: Arc<watch::Sender<bool>>,
}

options! {
    /// How a schedule runs.
    pub struct ScheduleOptions {
        /// How often each connection is synced: four hours by default, and a little earlier or later each time.
        pub interval: Duration = Duration::from_secs(4 * 60 * 60),
        /// Connections synced at once by one process.
        pub concurrency: usize = 4,
        /// How long a claim lasts if its holder falls silent. Whoever is alive renews it in time.
        pub lease: Duration = Duration::from_secs(120),
        /// How often it is looked for what is due: once a minute by default.
        pub poll: Duration = Duration::from_secs(60),
        /// How long syncs may go on after a shutdown before they are given back: twenty seconds by default.
        pub grace: Duration = Duration::from_secs(20),
    }
}

/// Options that contradict each other or the importer's [`Timeouts`](crate::importer::Timeouts).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the schedule cannot be kept: {0}")]
pub struct InvalidSchedule(&'static str);

impl ScheduleOptions {
    /// Fails unless the times fit each other, where one request may take `attempt`.
    fn check(&self, attempt: Duration) -> Result<(), InvalidSchedule> {
        let broken = [
            (self.concurrency == 0, "`concurrency` is 0, so nothing would be synced"),
            (self.interval.is_zero(), "`interval` is 0, so everything would always be due"),
            (self.poll.is_zero(), "`poll` is 0, so nothing else would be done"),
            (
                self.poll > self.interval,
                "`poll` is longer than `interval`: what is due would not be seen in time",
            ),
            (
                self.lease < attempt,
                "`lease` is shorter than `Timeouts::attempt`: a claim could run out during a single request",
            ),
        ];
        broken
            .into_iter()
            .find(|(is_broken, _)| *is_broken)
            .map_or(Ok(()), |(_, why)| Err(InvalidSchedule(why)))
    }
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
        Self { importer: importer.synced_every(options.interval), connections, options, stopping }
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
    /// every minute or so, from as many processes as you like. Acts for the system and asks for no role.
    ///
    /// # Errors
    /// The connection store's, if nothing could be claimed.
    pub async fn sync_due(&self, limit: usize) -> Result<Vec<SyncRun>, Error> {
        let mut due = self.claim_due(self.options.concurrency.min(limit)).await?;
        let (mut begun, mut runs) = (0, Vec::new());
        let mut running = FuturesUnordered::new();
        loop {
            begun += due.len();
            running.extend(due.into_iter().map(|connection| self.run(connection)));
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
        let lease = self.options.lease;
        match self.connections.claim_if_due(tenant, id, self.now(), lease).await? {
            Some(connection) => Ok(Some(self.run(connection).await)),
            None => Ok(None),
        }
    }

    /// Syncs one connection of the actor's tenant now, whether due or not; none if that is going on already, or it is not active.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import; the sync's and the store's.
    pub async fn sync_now(&self, actor: &Actor, id: ConnectionId) -> Result<Option<SyncReport>, Error> {
        actor.may(Action::Import)?;
        if self.is_stopping() {
            return Ok(None);
        }
        let lease = self.options.lease;
        match self.connections.claim(actor.tenant, id, self.now(), lease).await? {
            Some(connection) => self.run(connection).await.outcome.map(Some),
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
    async fn claim_due(&self, limit: usize) -> Result<Vec<Connection>, StoreError> {
        if limit == 0 || self.is_stopping() {
            return Ok(Vec::new());
        }
        self.connections.claim_due(self.now(), self.options.lease, limit).await
    }

    /// Does the same, and logs why nothing could be claimed.
    async fn claim_or_tell(&self, limit: usize) -> Vec<Connection> {
        self.claim_due(limit).await.unwrap_or_else(|error| {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(code = error.code(), error = cause, "what is due could not be seen to");
            Vec::new()
        })
    }

    async fn run(&self, connection: Connection) -> SyncRun {
        let span = tracing::info_span!("sync", tenant = %connection.tenant);
        self.synced(connection).instrument(span).await
    }

    async fn synced(&self, connection: Connection) -> SyncRun {
        let started_at = self.now();
        let outcome = tokio::select! {
            outcome = self.importer.sync(&connection) => outcome,
            error = self.hold(&connection) => Err(error),
            () = self.stopped() => Err(Error::Cancelled),
        };
        let outcome = match self.finish(&connection, started_at, &outcome).await {
            Ok(()) => outcome,
            Err(error) => outcome.and(Err(error)),
        };
        tell(&outcome, self.now() - started_at);
        SyncRun { connection, outcome }
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
                Err(error) => return error.into(),
            }
        }
    }

    async fn stopped(&self) {
        // The sender is held here, so it does not go away meanwhile.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    async fn finish(
        &self,
        connection: &Connection,
        started_at: DateTime<Utc>,
        outcome: &Result<SyncReport, Error>,
    ) -> Result<(), Error> {
        let report = outcome.as_ref().copied().unwrap_or_default();
        let failure = outcome.as_ref().err();
        let run = RunSummary {
            started_at,
            finished_at: self.now(),
            checked: report.checked,
            changed: report.changed,
            failure: failure.map(|error| error.code().to_owned()),
        };
        let state = match failure {
            Some(error) if error.needs_reconnect() => ConnectionState::NeedsReauth,
            _ => ConnectionState::Active,
        };
        let next_run = self.now() + self.pause_after(failure);
        Ok(self.connections.finish(connection, &run, state, next_run).await?)
    }

    fn pause_after(&self, failure: Option<&Error>) -> TimeDelta {
        match failure {
            None => self.jittered(),
            Some(Error::Cancelled) => TimeDelta::zero(),
            Some(_) => RETRY.min(self.interval()),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.importer.clock().now()
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
                running.extend(due.into_iter().map(|connection| self.run(connection)));
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

/// What dashboards count: an event for every run, in its span.
fn tell(outcome: &Result<SyncReport, Error>, took: TimeDelta) {
    let duration_ms = took.num_milliseconds();
    match outcome {
        Ok(SyncReport { checked, changed, failed }) => {
            tracing::info!(outcome = "done", duration_ms, checked, changed, failed, "a sync is done");
        }
        Err(error @ (Error::Cancelled | Error::Store(StoreError::Fenced))) => {
            tracing::info!(outcome = error.code(), duration_ms, "a sync was given up");
        }
        Err(Error::Store(error)) => {
            // What the operator has to mend is among the causes, which hold no customer's text.
            let cause = error as &dyn std::error::Error;
            tracing::warn!(outcome = error.code(), error = cause, duration_ms, "a sync did not finish");
        }
        Err(error) => tracing::warn!(outcome = error.code(), duration_ms, "a sync did not finish"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_may_run_on_any_thread() {
        fn is_send(_: impl Send) {}
        let _ = |scheduler: &Scheduler, actor: &Actor, id: ConnectionId| {
            is_send(scheduler.sync_due(1));
            is_send(scheduler.sync_if_due(actor.tenant, id));
            is_send(scheduler.sync_now(actor, id));
        };
    }
}

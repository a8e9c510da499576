//! When connections are synced, and by whom: one owner at a time, found through the connection store's leases.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};

use crate::connection::{Connection, ConnectionRef, ConnectionState, ConnectionStore, RunSummary};
use crate::error::{Error, StoreError};
use crate::id::TenantId;
use crate::importer::Importer;
use crate::sync::SyncReport;

/// How long a claim lasts if its holder falls silent.
const LEASE: Duration = Duration::from_secs(120);

/// A failed run is tried again after this, or after the interval if that is shorter.
const RETRY: TimeDelta = TimeDelta::minutes(15);

/// Connections synced at once by one process.
const CONCURRENCY: usize = 4;

/// Syncs connections when they are due.
#[derive(Clone)]
pub struct Scheduler {
    importer: Importer,
    connections: Arc<dyn ConnectionStore>,
    interval: Duration,
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
    /// A schedule of every four hours.
    pub fn new(importer: Importer, connections: Arc<dyn ConnectionStore>) -> Self {
        Self { importer, connections, interval: Duration::from_secs(4 * 60 * 60) }
    }

    /// It syncs each connection this often, instead of every four hours.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// It syncs connections that are due, at most `limit`, and returns what came of each. The one entry for schedules: call it
    /// every minute or so, from as many processes as you like.
    ///
    /// # Errors
    /// The connection store's, if nothing could be claimed.
    pub async fn sync_due(&self, limit: usize) -> Result<Vec<SyncRun>, Error> {
        let due = self.connections.claim_due(self.now(), LEASE, limit).await?;
        let runs = stream::iter(due).map(|connection| self.run(connection)).buffer_unordered(CONCURRENCY);
        Ok(runs.collect().await)
    }

    /// It syncs one connection now, whether due or not; none if that is going on already, or it is not active.
    ///
    /// # Errors
    /// The sync's and the store's.
    pub async fn sync_now(
        &self,
        tenant: TenantId,
        reference: &ConnectionRef,
    ) -> Result<Option<SyncReport>, Error> {
        let Some(connection) = self.connections.claim(tenant, reference, self.now(), LEASE).await? else {
            return Ok(None);
        };
        self.run(connection).await.outcome.map(Some)
    }

    async fn run(&self, connection: Connection) -> SyncRun {
        let started_at = self.now();
        let outcome = tokio::select! {
            outcome = self.importer.sync(&connection) => outcome,
            error = self.hold(&connection) => Err(error),
        };
        let outcome = match self.finish(&connection, started_at, &outcome).await {
            Ok(()) => outcome,
            Err(error) => outcome.and(Err(error)),
        };
        if let Err(error) = &outcome {
            tracing::warn!(tenant = %connection.tenant, code = error.code(), "a sync did not finish");
        }
        SyncRun { connection, outcome }
    }

    /// It renews the claim until that fails: somebody else owns the connection then, or nobody may.
    async fn hold(&self, connection: &Connection) -> Error {
        loop {
            self.importer.clock().sleep(LEASE / 3).await;
            match self.connections.renew(connection, self.now(), LEASE).await {
                Ok(()) | Err(StoreError::Backend(_)) => {}
                Err(error) => return error.into(),
            }
        }
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
        let next_run =
            self.now() + if failure.is_some() { RETRY.min(self.interval()) } else { self.jittered() };
        Ok(self.connections.finish(connection, &run, state, next_run).await?)
    }

    fn now(&self) -> DateTime<Utc> {
        self.importer.clock().now()
    }

    fn interval(&self) -> TimeDelta {
        TimeDelta::from_std(self.interval).unwrap_or(TimeDelta::hours(4))
    }

    /// The interval, a little earlier or later, so that connections begun together do not stay together.
    fn jittered(&self) -> TimeDelta {
        let spread = self.interval().num_milliseconds() / 20;
        self.interval() + TimeDelta::milliseconds(fastrand::i64(-spread..=spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_may_run_on_any_thread() {
        fn is_send(_: impl Send) {}
        let _ = |scheduler: &Scheduler, tenant: TenantId, reference: &ConnectionRef| {
            is_send(scheduler.sync_due(1));
            is_send(scheduler.sync_now(tenant, reference));
        };
    }
}

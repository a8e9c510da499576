//! The queue, set up for syncs.

use std::time::Duration;

use futures_util::future::{BoxFuture, Shared};
use graphile_worker::worker_utils::types::CleanupTask;
use graphile_worker::{
    Database, LocalQueueConfig, RefetchDelayConfig, WorkerOptions, WorkerRecoveryConfig, WorkerShutdownConfig,
};
use notion_import_core::{ScheduleOptions, StoreError};
use sqlx::PgPool;

use super::Worker;
use super::driver::Patient;
use super::jobs::SyncJob;
use crate::error::queue_failed;

/// It is there as soon as the host wants to end.
pub(super) type Shutdown = Shared<BoxFuture<'static, ()>>;

/// Jobs fetched at once for each connection synced at once.
const AHEAD: usize = 4;

/// Whoever has found nothing in the queue looks again after half of this to the whole.
const POLL: Duration = Duration::from_secs(1);

/// What is given back is written down within this.
const SHUTDOWN_MARGIN: Duration = Duration::from_secs(10);

/// A worker was opened behind a pooler in transaction mode.
#[derive(Debug, thiserror::Error)]
#[error("a worker needs direct connections to the server, and none of a pooler in transaction mode")]
struct NeedsDirectConnections;

impl Worker {
    /// Runs the queue until the shutdown, or until it fails.
    pub(super) async fn serve(&self, shutdown: Shutdown) -> Result<(), StoreError> {
        let queue = self.prepare(shutdown).await?;
        // What a crash has left behind and nobody runs any more.
        let utils = queue.create_utils();
        utils
            .cleanup(&[CleanupTask::DeletePermanentlyFailedJobs])
            .await
            .map_err(|error| queue_failed(&error))?;
        queue.run().await.map_err(|error| queue_failed(&error))
    }

    pub(super) async fn prepare(&self, shutdown: Shutdown) -> Result<graphile_worker::Worker, StoreError> {
        let pool = self.postgres.pool().ok_or_else(|| StoreError::backend(NeedsDirectConnections))?;
        self.options(pool, shutdown).init().await.map_err(|error| queue_failed(&error))
    }

    fn options(&self, pool: PgPool, shutdown: Shutdown) -> WorkerOptions {
        let ScheduleOptions { lease, concurrency, grace, .. } = *self.scheduler.options();
        // Whoever loses its claims loses its jobs.
        let recovery = WorkerRecoveryConfig::default()
            .heartbeat_interval(lease / 3)
            .sweep_interval(lease / 2)
            .sweep_threshold(lease)
            .recovery_delay(Duration::ZERO);
        // Jobs end by themselves when the scheduler stops, and that is when the grace period is over.
        let ending = WorkerShutdownConfig::default()
            .listen_os_shutdown_signals(false)
            .grace_period(grace + SHUTDOWN_MARGIN)
            .interrupted_job_retry_delay(Duration::ZERO)
            .shutdown_signal(shutdown);
        // Without this delay the local queue wakes itself with every fetch and never sleeps for the interval of its polls.
        let delay = RefetchDelayConfig::default().with_duration(POLL);
        let ahead = LocalQueueConfig::default().with_size(AHEAD * concurrency).with_refetch_delay(delay);
        WorkerOptions::default()
            .schema(self.postgres.prefix().name("worker"))
            .database(Database::new(Patient::new(pool)))
            .concurrency(concurrency)
            .poll_interval(POLL)
            .local_queue(ahead)
            // A sync can wait for a second; a connection of the pool that only listens cannot be spared everywhere.
            .use_notification_delivery(false)
            .worker_recovery(recovery)
            .worker_shutdown(ending)
            .define_job::<SyncJob>()
            .add_extension(self.clone())
    }
}

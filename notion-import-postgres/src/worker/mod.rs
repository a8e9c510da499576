//! Syncs spread over machines: a queue in the database hands what is due to whoever is free.

mod jobs;
mod queue;
mod driver;

use std::fmt;
use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use notion_import_core::store::Lease;
use notion_import_core::{ConnectionId, Dispatcher, Error, Scheduler, StoreError, TenantId};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::database::{Postgres, Role, commit, leave};
use crate::table::{connections, jobs as queued};
use queue::Shutdown;

/// Connections queued in one transaction.
const BATCH: usize = 5_000;

/// A connection whose job has not come to an end is queued again after so many leases. Whoever sleeps past its lease and wakes up may
/// take the job of another with it.
const REQUEUE_AFTER: u32 = 5;

/// After the queue failed, it is tried again.
const RESTART: Duration = Duration::from_secs(5);

/// Runs a [`Scheduler`]'s syncs from a queue, as one of any number of processes.
///
/// Each of them queues what is due once a minute, and nothing twice; whoever is free takes it from the queue, claims the connection
/// and syncs it. The queue ([`graphile_worker`]) may lose a job or deliver it twice: the claim sees to it that a connection is synced once, and
/// what is due without being claimed is queued again. A process that falls silent loses its jobs together with its claims.
///
/// The queue's tables are in a schema of their own, `notion_import_worker`, which belongs to the login that opened the first
/// worker; workers use that login. A job carries the ids of a tenant and a connection and nothing else. The roles that act for
/// tenants have no right on it.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use notion_import_core::{Connector, Scheduler, Service, StoreError};
/// # use notion_import_postgres::{Postgres, Worker};
/// # async fn service(postgres: Postgres, scheduler: Scheduler, connector: Connector) -> Result<Service, StoreError> {
/// let worker = Worker::open(&postgres, scheduler.clone()).await?;
/// Ok(Service::new(scheduler, connector).dispatched_by(Arc::new(worker)))
/// # }
/// ```
#[derive(Clone)]
pub struct Worker {
    postgres: Postgres,
    scheduler: Scheduler,
    spread: Duration,
}

impl Worker {
    /// Makes the queue's tables, or brings them up to date. [`ScheduleOptions`](notion_import_core::ScheduleOptions)
    /// say how many connections this process syncs at once, and after what silence others take over.
    ///
    /// # Errors
    /// The database's, also if the login may not make a schema, or use the one another login has made; and one of its own behind a
    /// [pooler](crate::Options::transaction_pooling), where the queue does not work.
    pub async fn open(postgres: &Postgres, scheduler: Scheduler) -> Result<Self, StoreError> {
        let spread = scheduler.options().poll / 2;
        let worker = Self { postgres: postgres.clone(), scheduler, spread };
        worker.prepare(pending().boxed().shared()).await?;
        Ok(worker)
    }

    /// Spreads what is queued at once over this time, so that it does not meet Notion at once: by default half of
    /// [`ScheduleOptions::poll`](notion_import_core::ScheduleOptions::poll).
    #[must_use]
    pub fn spread(mut self, over: Duration) -> Self {
        self.spread = over;
        self
    }

    /// Queues everything that is due, as [`dispatch`](Self::dispatch) does again and again, and returns how many that were.
    ///
    /// # Errors
    /// The database's. What was queued until then stays so.
    #[cfg(feature = "testing")]
    pub async fn tick(&self) -> Result<usize, StoreError> {
        self.queue_all_due().await
    }

    async fn tick_by_tick(&self, shutdown: Shutdown) {
        let mut ticks = interval(self.scheduler.options().poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                // The work ends by itself.
                () = shutdown.clone() => return pending().await,
            }
            match self.queue_all_due().await.map_err(Error::from) {
                Ok(queued) => tracing::debug!(queued, "what is due is queued"),
                // There will be another tick.
                Err(error) => tracing::warn!(outcome = error.code(), "what is due could not be queued"),
            }
        }
    }

    /// Queues nothing twice, however many do it at once.
    async fn queue_all_due(&self) -> Result<usize, StoreError> {
        let mut queued = 0;
        loop {
            let batch = self.queue_due().await?;
            queued += batch;
            if batch < BATCH {
                return Ok(queued);
            }
        }
    }

    /// One batch, wholly or not at all.
    async fn queue_due(&self) -> Result<usize, StoreError> {
        let now = Utc::now();
        let mut tx = self.postgres.schedule(Role::Sync).await?;
        let lease = Lease::new(now, self.scheduler.options().lease * REQUEUE_AFTER);
        let due = connections::queue_due(&mut *tx, now, lease, BATCH).await?;
        if !due.is_empty() {
            leave(&mut tx).await?;
            queued::add(&mut *tx, &due, self.spread).await?;
        }
        commit(tx).await?;
        Ok(due.len())
    }

    /// The job for a connection is at its end.
    async fn unqueue(&self, tenant: TenantId, id: ConnectionId) -> Result<(), StoreError> {
        let mut tx = self.postgres.write(Role::Sync, tenant).await?;
        connections::unqueue(&mut *tx, tenant, id).await?;
        commit(tx).await
    }

    async fn work(&self, shutdown: Shutdown) {
        while shutdown.peek().is_none() {
            if let Err(error) = self.serve(shutdown.clone()).await {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(cause, "the queue failed; it is tried again");
                tokio::select! {
                    () = sleep(RESTART) => {}
                    () = shutdown.clone() => {}
                }
            }
        }
    }
}

#[async_trait]
impl Dispatcher for Worker {
    /// Queues what is due and syncs what is queued. While the database fails, it waits.
    async fn dispatch(&self, shutdown: BoxFuture<'static, ()>) {
        let shutdown = shutdown.shared();
        tokio::select! {
            () = self.work(shutdown.clone()) => {}
            () = self.tick_by_tick(shutdown.clone()) => {}
            never = self.scheduler.stop_after(shutdown.clone()) => match never {},
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("spread", &self.spread).finish_non_exhaustive()
    }
}

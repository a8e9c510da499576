//! What is queued.

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use notion_import_core::{ConnectionId, Error, TenantId};
use serde::{Deserialize, Serialize};

use super::Worker;

/// A job without its worker is none of ours.
const ORPHANED: &str = "orphaned";

/// SyncJob this connection if it is due.
#[derive(Serialize, Deserialize)]
pub(super) struct SyncJob {
    tenant: TenantId,
    connection: ConnectionId,
}

impl TaskHandler for SyncJob {
    const IDENTIFIER: &'static str = "sync";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let worker = context.get_ext::<Worker>().ok_or(ORPHANED)?;
        worker.sync(self).await
    }
}

impl Worker {
    /// Fails, so that the job is delivered again, only if it cannot tell whether the connection was claimed, or it was given
    /// back. When a sync that was begun is tried again, is the schedule's to say.
    async fn sync(&self, job: SyncJob) -> Result<(), &'static str> {
        let SyncJob { tenant, connection } = job;
        let run = self.scheduler.sync_if_due(tenant, connection).await.map_err(|error| error.code())?;
        match run.map(|run| run.outcome) {
            Some(Ok(_)) => Ok(()),
            Some(Err(error @ Error::Cancelled)) => Err(error.code()),
            // By clocks that differ it may be due the next moment, and whoever holds it may fall silent: no other job will come.
            None | Some(Err(_)) => {
                self.unqueue(tenant, connection).await.map_err(|error| Error::from(error).code())
            }
        }
    }
}

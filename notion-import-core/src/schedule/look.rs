//! Looking at some sources of a connection alone.

use super::{Scheduler, tell};
use crate::connection::Occasion;
use crate::error::Error;
use crate::id::{ConnectionId, NotionId, TenantId};
use crate::sync::{SyncReport, Watch};

/// What came of a look at some sources.
pub(super) enum Look {
    /// They were looked at.
    Done(SyncReport),
    /// Another process holds the connection, or the sync that it went beside has ended: it is to be tried again.
    Busy,
    /// Nothing can be begun.
    Inactive,
}

impl Scheduler {
    /// Looks at some sources alone, while the connection is held: by a sync of this process, which then accounts for it, or by
    /// itself.
    pub(super) async fn look(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        sources: &[NotionId],
        occasion: Occasion,
    ) -> Result<Look, Error> {
        if let Some((run, running)) = self.runs.of(tenant, id) {
            drop(running);
            let importer = self.importer.watched(&run.watch, self.options.patience);
            let connection = run.connection.clone();
            return tokio::select! {
                looked = importer.refresh(&connection, sources) => looked.map(Look::Done),
                () = run.let_go() => Ok(Look::Busy),
            };
        }
        let Some(claim) = self.claim_now(tenant, id).await? else {
            let is_active = self.active(tenant, id).await?.is_some();
            return Ok(if is_active { Look::Busy } else { Look::Inactive });
        };
        let (watch, started_at) = (Watch::default(), self.now());
        let importer = self.importer.watched(&watch, self.options.patience);
        let outcome = self.held(claim.connection(), importer.refresh(claim.connection(), sources)).await;
        let failure = outcome.as_ref().err();
        if failure.is_some_and(Error::needs_reconnect) {
            self.connections.mark_needs_reauth(tenant, id, self.now()).await?;
        }
        let run = self.summary(occasion, started_at, &watch, failure);
        let released = claim.release(&run).await;
        let outcome = outcome.and_then(|report| released.map(|()| report).map_err(Error::from));
        tell(occasion, &outcome, self.now() - started_at);
        outcome.map(Look::Done)
    }
}

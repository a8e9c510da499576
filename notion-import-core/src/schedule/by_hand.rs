//! What a person asks for, and watches.

use futures_util::stream::{self, Stream, StreamExt};

use super::running::joined;
use super::{LOOK_AGAIN, Look, Scheduler};
use crate::actor::{Action, Actor};
use crate::connection::{Occasion, RunSummary};
use crate::error::{Error, StoreError};
use crate::id::{ConnectionId, NotionId, TenantId};
use crate::sync::{Progress, SyncReport};

/// What came of a sync that a person asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SyncedNow {
    /// It was done here, for this person or for all who joined.
    Done(SyncReport),
    /// Another process was at it, and this is what came of it.
    Elsewhere(RunSummary),
    /// Nothing was begun: the connection is not active, or this process is about to end.
    NotBegun,
}

impl Scheduler {
    /// Syncs one connection of the actor's tenant now, whether due or not. A sync of it that is going on is joined, here, or waited
    /// for, elsewhere. One that nobody waits for any more is dropped, and the connection is free at once.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import; [`StoreError::NotFound`] if the tenant has no such connection, or has lost it
    /// meanwhile; the sync's and the store's.
    pub async fn sync_now(&self, actor: &Actor, id: ConnectionId) -> Result<SyncedNow, Error> {
        actor.may(Action::Import)?;
        let (tenant, mut before) = (actor.tenant, None);
        loop {
            if let Some((_, running)) = self.runs.of(tenant, id) {
                return joined(running).await.map(SyncedNow::Done);
            }
            if before.is_none()
                && let Some(claim) = self.claim_now(tenant, id).await?
            {
                return self.run(claim, Occasion::Person).await.outcome.map(SyncedNow::Done);
            }
            let Some(record) = self.active(tenant, id).await? else {
                return self.not_begun(tenant, id).await;
            };
            match (before, record.last_run) {
                (Some(before), Some(last)) if before != Some(last.clone()) => {
                    return Ok(SyncedNow::Elsewhere(last));
                }
                // Whoever held it may have fallen silent, or looked at some documents only.
                (Some(_), _) => before = None,
                (None, last) => {
                    before = Some(last);
                    self.importer.clock().sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    /// Looks at some sources of a connection of the actor's tenant now, as a sync would, beside a sync of it that is going on in this
    /// process; one elsewhere is waited for.
    ///
    /// # Errors
    /// As [`sync_now`](Self::sync_now).
    pub async fn look_now(
        &self,
        actor: &Actor,
        id: ConnectionId,
        sources: &[NotionId],
    ) -> Result<SyncedNow, Error> {
        actor.may(Action::Import)?;
        loop {
            match self.look(actor.tenant, id, sources, Occasion::PersonOnSome).await {
                Ok(Look::Done(report)) => return Ok(SyncedNow::Done(report)),
                Ok(Look::Inactive) => return self.not_begun(actor.tenant, id).await,
                // The sync that it went beside has ended meanwhile.
                Ok(Look::Busy) | Err(Error::Store(StoreError::Fenced)) => {}
                Err(error) => return Err(error),
            }
            self.importer.clock().sleep(LOOK_AGAIN).await;
        }
    }

    /// Says that nothing was begun, of a connection that is there.
    async fn not_begun(&self, tenant: TenantId, id: ConnectionId) -> Result<SyncedNow, Error> {
        self.connections.get(tenant, id).await?.ok_or(StoreError::NotFound)?;
        Ok(SyncedNow::NotBegun)
    }

    /// Returns how far the sync of a connection is that this process is at; none if it is at none.
    pub fn progress(&self, tenant: TenantId, id: ConnectionId) -> Option<Progress> {
        self.runs.of(tenant, id).map(|(run, _)| run.watch.progress())
    }

    /// Tells how far the sync of a connection is that this process is at, at once, whenever that changes, and until it ends.
    pub fn watch(&self, tenant: TenantId, id: ConnectionId) -> impl Stream<Item = Progress> + Send + use<> {
        let run = self.runs.of(tenant, id);
        // Whoever watches does not keep it going.
        let changes = run.map(|(run, _)| run.watch.changes());
        stream::iter(changes).flatten()
    }
}

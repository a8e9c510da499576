//! How a tenant ends.

use super::Connector;
use crate::actor::{Action, Actor};
use crate::connection::Attempt;
#[cfg(doc)]
use crate::error::Fault;
use crate::error::{Conflict, Error, StoreError};
use crate::library::blob::BlobStore;
use crate::library::erasure::{Erasure, TenantStore};
use crate::library::sweep::sweep;

impl Connector {
    /// Erases all that is kept of the actor's tenant, for good: its connections here and at the authorizer, attempts to connect, documents,
    /// contacts, logs and files. One entry of the audit stays, which says who did it. What waits in a queue finds nothing to do.
    ///
    /// Whatever stops it, doing it again goes on where it stopped; syncs have ended by then, and nothing is half erased: the stores' rows go
    /// all at once, after the connections, and the files last, or with the next sweep.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; [`Conflict::StillConnected`] while a link to connect may still be
    /// opened that cannot be closed: without [`seal_with`](Self::seal_with) for half an hour. What stands in the way of
    /// [disconnecting](Self::disconnect), which may be [abandoned](Self::abandon); the authorizer's for what attempts led to, and
    /// [`Fault::AnotherNamespace`]; the stores'.
    pub async fn erase(
        &self,
        actor: &Actor,
        tenants: &dyn TenantStore,
        blobs: &dyn BlobStore,
    ) -> Result<Erasure, Error> {
        actor.may(Action::EraseTenant)?;
        for known in self.connections.list(actor.tenant).await? {
            match self.disconnect(actor, known.id).await {
                // Somebody else has finished it.
                Ok(()) | Err(Error::Store(StoreError::NotFound)) => {}
                Err(error) => return Err(error),
            }
        }
        for attempt in self.connections.attempts(actor.tenant).await? {
            self.forget(&attempt).await?;
        }
        let now = self.client.clock().now();
        let erased = tenants.erase_tenant(actor, now).await?;
        let files = sweep(&*self.documents, blobs, actor.tenant, now).await?;
        // What a store has set aside goes too.
        sweep(&*self.documents, blobs, actor.tenant, self.client.clock().now()).await?;
        Ok(Erasure { files, ..erased })
    }

    /// Forgets an attempt of which nothing can come any more.
    async fn forget(&self, attempt: &Attempt) -> Result<(), Error> {
        let Attempt { tenant, id, expires_at, .. } = *attempt;
        let now = self.client.clock().now();
        self.connections.end(tenant, id, now).await?;
        self.clear(tenant, id).await?;
        // A session whose token was not kept stays open until then.
        if self.seal.is_none() && now < expires_at {
            return Err(StoreError::from(Conflict::StillConnected).into());
        }
        Ok(self.connections.delete_attempt(tenant, id).await?)
    }
}

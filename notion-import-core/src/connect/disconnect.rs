//! How a connection ends.

use super::Connector;
use crate::actor::{Action, Actor};
use crate::connection::{ConnectionRecord, Removal, asked_in};
use crate::error::{AccessError, Error, StoreError};
#[cfg(doc)]
use crate::error::{Conflict, Fault};
use crate::id::ConnectionId;
use crate::telemetry::{self, Turn};

impl Connector {
    /// Ends a connection: fenced first, so that nothing reads or writes through it again; then the documents are
    /// detached, the authorizer forgets it, and its record goes. The documents stay.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator, [`StoreError::NotFound`] if there is no such connection.
    /// Unless the authorizer says that it is gone the connection stays fenced, and [`sweep`](Self::sweep) finishes it: what stands in the
    /// way is returned. By a key of another namespace nobody is asked ([`Fault::AnotherNamespace`]).
    pub async fn disconnect(&self, actor: &Actor, id: ConnectionId) -> Result<(), Error> {
        actor.may(Action::Connect)?;
        let fenced = self.connections.fence(actor, id, self.client.clock().now()).await?;
        self.finish_disconnect(&fenced.ok_or(StoreError::NotFound)?).await
    }

    /// Gives up waiting for the authorizer to say that a connection is gone that is being disconnected, and removes its record. Whether
    /// it is still there nobody knows then, and the tenant's audit says so. The authorizer is asked once more before.
    ///
    /// Returns why nobody knows; none if the connection is gone after all.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator, [`StoreError::NotFound`] if there is no such connection,
    /// [`Conflict::NotFenced`] unless it is being [disconnected](Self::disconnect); the store's.
    pub async fn abandon(&self, actor: &Actor, id: ConnectionId) -> Result<Option<AccessError>, Error> {
        actor.may(Action::Connect)?;
        let fenced = self.get(actor.tenant, id).await?;
        fenced.ensure_fenced().map_err(StoreError::from)?;
        match self.finish_disconnect(&fenced).await {
            Ok(()) => Ok(None),
            Err(Error::Access(unknown)) => {
                let (tenant, now) = (fenced.tenant, self.client.clock().now());
                self.connections.remove(tenant, id, &Removal::Abandoned(actor.clone()), now).await?;
                Ok(Some(unknown))
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn finish_disconnect(&self, fenced: &ConnectionRecord) -> Result<(), Error> {
        let connection = fenced.connection();
        self.client.close(&connection);
        self.documents.detach(&connection).await?;
        asked_in(&*self.authorizer, &fenced.namespace).await?;
        self.authorizer.revoke(&fenced.reference).await?;
        let now = self.client.clock().now();
        self.connections.remove(fenced.tenant, fenced.id, &Removal::Forgotten, now).await?;
        telemetry::turned(Turn::Disconnected, fenced.tenant, fenced.id);
        Ok(())
    }
}

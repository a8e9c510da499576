//! The stores, as a process asks them: where it may be killed, and what it wrote is noted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::ledger::Ledger;
use super::life::Life;
use crate::actor::Actor;
use crate::connection::{
    Attempt, Confirmation, Connection, ConnectionRecord, ConnectionRef, ConnectionState, ConnectionStore,
    Elsewhere, Granted, Removal, RunSummary,
};
use crate::error::StoreError;
use crate::id::{AttemptId, ConnectionId, DocumentId, NotionId, TenantId};
use crate::library::blob::BlobId;
use crate::library::document::{
    DocumentStore, Imported, Linked, NewContent, SyncCursor, SyncPatch, WhenGone,
};
use crate::library::gate::AccessStore;

/// A store, as a process asks it.
pub(super) struct Asked<S: ?Sized> {
    pub(super) store: Arc<S>,
    pub(super) life: Life,
    pub(super) ledger: Ledger,
}

#[async_trait]
impl DocumentStore for Asked<dyn DocumentStore> {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let importing = async {
            let imported = self.store.import_many(actor, connection, contents, now).await?;
            self.ledger.imported(&imported, contents);
            Ok(imported)
        };
        self.life.asks(importing).await
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        // Whoever has begun to write when it is told is not to blame: it is fenced.
        self.ledger.patches(connection);
        let patching = async {
            self.store.patch(connection, patches, cursor).await?;
            self.ledger.patched(connection, patches);
            Ok(())
        };
        self.life.asks(patching).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.life.asks(self.store.linked(connection, after, limit)).await
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.life.asks(self.store.detached(tenant, after, limit)).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        self.life.asks(self.store.linked_by_source(tenant, sources)).await
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        self.life.asks(self.store.blobs(tenant)).await
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        self.life.asks(self.store.cursor(connection)).await
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        self.life.asks(self.store.detach(connection)).await
    }

    async fn unlink(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.life.asks(self.store.unlink(actor, id, now)).await
    }

    async fn relink(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.life.asks(self.store.relink(actor, id, now)).await
    }
}

/// Passes calls on to the store.
macro_rules! passed_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $ok:ty;)*) => {
        #[async_trait]
        impl ConnectionStore for Asked<dyn ConnectionStore> {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$ok, StoreError> {
                self.life.asks(self.store.$name($($argument),*)).await
            })*

            async fn renew(&self, held: &Connection, now: DateTime<Utc>, lease: Duration) -> Result<(), StoreError> {
                let renewed = self.life.asks(self.store.renew(held, now, lease)).await;
                if let Err(StoreError::Fenced) = renewed {
                    self.ledger.lost(held);
                }
                renewed
            }
        }
    };
}

passed_on! {
    fn begin(actor: &Actor, attempt: &Attempt, now: DateTime<Utc>) -> ();
    fn attempt(tenant: TenantId, id: AttemptId) -> Option<Attempt>;
    fn attempts(tenant: TenantId) -> Vec<Attempt>;
    fn record_grant(tenant: TenantId, id: AttemptId, granted: &Granted) -> ();
    fn activate(actor: &Actor, id: AttemptId, confirmation: &Confirmation) -> ConnectionRecord;
    fn keep_session(tenant: TenantId, id: AttemptId, sealed: Option<&[u8]>) -> ();
    fn end(tenant: TenantId, id: AttemptId, now: DateTime<Utc>) -> ();
    fn look_again(tenant: TenantId, id: AttemptId, at: DateTime<Utc>) -> ();
    fn mark_revoked(tenant: TenantId, id: AttemptId) -> ();
    fn delete_attempt(tenant: TenantId, id: AttemptId) -> ();
    fn expired_attempts(now: DateTime<Utc>, limit: usize) -> Vec<Attempt>;
    fn get(tenant: TenantId, id: ConnectionId) -> Option<ConnectionRecord>;
    fn by_reference(reference: &ConnectionRef) -> Vec<ConnectionRecord>;
    fn list(tenant: TenantId) -> Vec<ConnectionRecord>;
    fn claim_due(now: DateTime<Utc>, lease: Duration, limit: usize) -> Vec<Connection>;
    fn claim(tenant: TenantId, id: ConnectionId, now: DateTime<Utc>, lease: Duration) -> Option<Connection>;
    fn claim_if_due(tenant: TenantId, id: ConnectionId, now: DateTime<Utc>, lease: Duration) -> Option<Connection>;
    fn finish(held: &Connection, run: &RunSummary, state: ConnectionState, next_run: DateTime<Utc>) -> ();
    fn release(held: &Connection, run: Option<&RunSummary>) -> ();
    fn runs(tenant: TenantId, id: ConnectionId, limit: usize) -> Vec<RunSummary>;
    fn mark_needs_reauth(tenant: TenantId, id: ConnectionId, now: DateTime<Utc>) -> ();
    fn mark_elsewhere(tenant: TenantId, id: ConnectionId, found: &Elsewhere, now: DateTime<Utc>) -> ();
    fn make_due(tenant: TenantId, id: ConnectionId, at: DateTime<Utc>) -> ();
    fn fence(actor: &Actor, id: ConnectionId, now: DateTime<Utc>) -> Option<ConnectionRecord>;
    fn fenced(limit: usize) -> Vec<ConnectionRecord>;
    fn remove(tenant: TenantId, id: ConnectionId, removal: &Removal, now: DateTime<Utc>) -> ();
}

#[async_trait]
impl WhenGone for Asked<dyn AccessStore> {
    async fn gone(
        &self,
        tenant: TenantId,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let closing = async {
            self.ledger.closes(document);
            self.store.close_gone(tenant, document, now).await
        };
        self.life.asks(closing).await
    }
}

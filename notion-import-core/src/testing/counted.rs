//! A document store that counts what syncs write to it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::actor::Actor;
use crate::connection::Connection;
use crate::error::StoreError;
use crate::id::{DocumentId, NotionId, TenantId};
use crate::library::blob::BlobId;
use crate::library::document::{DocumentStore, Found, Imported, Linked, NewContent, SyncCursor, SyncPatch};

/// A store that counts what syncs write to it.
pub struct Counted<S> {
    store: Arc<S>,
    looked_at: AtomicUsize,
    rewritten: AtomicUsize,
}

impl<S> Counted<S> {
    /// Counts what is written to a store from now on.
    pub fn over(store: Arc<S>) -> Self {
        Self { store, looked_at: AtomicUsize::new(0), rewritten: AtomicUsize::new(0) }
    }

    /// Returns of how many rows the time of the look alone was written.
    pub fn looked_at(&self) -> usize {
        self.looked_at.load(Ordering::Relaxed)
    }

    /// Returns how many rows were written whole.
    pub fn rewritten(&self) -> usize {
        self.rewritten.load(Ordering::Relaxed)
    }

    /// Begins to count anew.
    pub fn forget(&self) {
        self.looked_at.store(0, Ordering::Relaxed);
        self.rewritten.store(0, Ordering::Relaxed);
    }
}

#[async_trait]
impl<S: DocumentStore> DocumentStore for Counted<S> {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        self.store.import_many(actor, connection, contents, now).await
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let unchanged = patches.iter().filter(|patch| patch.found == Found::Unchanged).count();
        self.looked_at.fetch_add(unchanged, Ordering::Relaxed);
        self.rewritten.fetch_add(patches.len() - unchanged, Ordering::Relaxed);
        self.store.patch(connection, patches, cursor).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.store.linked(connection, after, limit).await
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.store.detached(tenant, after, limit).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        self.store.linked_by_source(tenant, sources).await
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        self.store.blobs(tenant).await
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        self.store.cursor(connection).await
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        self.store.detach(connection).await
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.store.unlink(actor, document, now).await
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.store.relink(actor, document, now).await
    }
}

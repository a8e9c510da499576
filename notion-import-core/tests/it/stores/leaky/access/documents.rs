//! What leaks where documents are imported and detached.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Linked, NewContent, SyncCursor, SyncPatch};
use notion_import_core::{
    AccessLevel, AccessStore, Actor, AdminDocument, BlobId, Connection, DocumentId, DocumentStore, Expected,
    Imported, LevelChange, NotionId, Publication, Publish, StoreError, TenantId,
};

use super::{Leak, Leaky};

#[async_trait]
impl DocumentStore for Leaky {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        self.tenants.lock().unwrap().insert(connection.tenant);
        let imported = self.inner.import_many(actor, connection, contents, now).await?;
        for imported in &imported {
            self.leak_import(connection.tenant, *imported, now).await?;
        }
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        self.inner.patch(connection, patches, cursor).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.inner.linked(connection, after, limit).await
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.inner.detached(tenant, after, limit).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        self.inner.linked_by_source(tenant, sources).await
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        self.inner.blobs(tenant).await
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        self.inner.cursor(connection).await
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        if self.leak == Leak::NarrowsOnDetach {
            for linked in self.inner.linked(connection, None, 99).await? {
                let now = linked.link.checked_at;
                self.inner.withdraw(&self.admin(connection.tenant), linked.document, now).await?;
            }
        }
        self.inner.detach(connection).await
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.unlink(actor, document, now).await
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.relink(actor, document, now).await
    }
}

impl Leaky {
    async fn leak_import(
        &self,
        tenant: TenantId,
        imported: Imported,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = imported.document();
        let AdminDocument { document, facts, revision, .. } = self.read(tenant, id).await?;
        let expected = Expected { level: facts.level, revision, reason: "Imported".into() };
        match (self.leak, imported, facts.publication) {
            (Leak::WidensOnImport, Imported::NewVersion(..), Publication::Published(_)) => {
                let change = LevelChange { to: AccessLevel::Public, expected };
                self.inner.set_level(&self.admin(tenant), id, &change, now).await
            }
            (Leak::PublishesOnImport, Imported::NewVersion(_, version), Publication::Published(_)) => {
                let publish = Publish { version, title: document.title.text, level: None, expected };
                self.inner.publish(&self.admin(tenant), id, &publish, now).await
            }
            (Leak::ForgetsTheCategory, Imported::NewVersion(..), _) => {
                self.inner.set_category(&self.admin(tenant), id, None, now).await
            }
            _ => Ok(()),
        }
    }
}

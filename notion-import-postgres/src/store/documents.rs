//! Documents on PostgreSQL.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Batch, Insider, Linked, NewContent, SyncCursor, SyncPatch};
use notion_import_core::{
    Action, Actor, BlobId, Connection, Document, DocumentId, DocumentReader, DocumentStore, Imported,
    NotionId, StoreError, TenantId, Version,
};

use crate::database::{Postgres, Role, Tx, commit};
use crate::lock;
use crate::table::{audit, checks, documents, syncs, versions};

#[async_trait]
impl DocumentReader for Postgres {
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let kept = documents::list(&mut *tx, insider.tenant(), after, limit).await?;
        commit(tx).await?;
        Ok(kept.into_iter().map(|kept| kept.document).collect())
    }

    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let versions = versions::list(&mut *tx, insider.tenant(), id).await?;
        commit(tx).await?;
        Ok(versions)
    }
}

#[async_trait]
impl DocumentStore for Postgres {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let tenant = connection.tenant;
        let sources: Vec<_> = contents.iter().map(|content| content.source.id).collect();
        let mut tx = self.write(Role::Sync, tenant).await?;
        lock::attached(&mut *tx, connection).await?;
        syncs::admit(&mut *tx, connection).await?;
        lock::sources(&mut *tx, tenant, &sources).await?;
        let mut batch = Batch::of(documents::lock_by_source(&mut tx, tenant, &sources, []).await?);
        let imported = batch.import(actor, connection, contents, now)?;
        save(&mut tx, tenant, &batch).await?;
        commit(tx).await?;
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let tenant = connection.tenant;
        let named = patches.iter().map(|patch| patch.document);
        let mut tx = self.write(Role::Sync, tenant).await?;
        syncs::accept(&mut *tx, connection).await?;
        let mut batch = Batch::of(documents::lock_many(&mut tx, tenant, named).await?);
        batch.patch(connection, patches);
        if let Some(cursor) = cursor {
            syncs::advance(&mut *tx, connection, cursor).await?;
        }
        save(&mut tx, tenant, &batch).await?;
        commit(tx).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let mut tx = self.snapshot(Role::Sync, connection.tenant).await?;
        let linked = documents::linked(&mut *tx, connection, after, limit).await?;
        commit(tx).await?;
        Ok(linked)
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let mut tx = self.snapshot(Role::Sync, tenant).await?;
        let detached = documents::detached(&mut *tx, tenant, after, limit).await?;
        commit(tx).await?;
        Ok(detached)
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        let mut tx = self.snapshot(Role::Sync, tenant).await?;
        let linked = documents::linked_by_source(&mut *tx, tenant, sources).await?;
        commit(tx).await?;
        Ok(linked)
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        let mut blobs = HashSet::new();
        let mut tx = self.snapshot(Role::Sync, tenant).await?;
        versions::blobs(&mut *tx, tenant, &mut blobs).await?;
        documents::blobs(&mut *tx, tenant, &mut blobs).await?;
        commit(tx).await?;
        Ok(blobs)
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        let mut tx = self.snapshot(Role::Sync, connection.tenant).await?;
        let cursor = syncs::cursor(&mut *tx, connection).await?;
        commit(tx).await?;
        Ok(cursor)
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut tx = self.write(Role::Sync, connection.tenant).await?;
        lock::detaching(&mut *tx, connection).await?;
        syncs::accept(&mut *tx, connection).await?;
        syncs::detach(&mut *tx, connection).await?;
        let detached = documents::detach(&mut tx, connection).await?;
        commit(tx).await?;
        Ok(detached)
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Import)?;
        let mut tx = self.write(Role::App, actor.tenant).await?;
        let kept = documents::lock(&mut tx, actor.tenant, document).await?;
        let mut batch = Batch::of([kept.ok_or(StoreError::NotFound)?]);
        batch.unlink(actor, now);
        save(&mut tx, actor.tenant, &batch).await?;
        commit(tx).await
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Import)?;
        let mut tx = self.write(Role::Sync, actor.tenant).await?;
        let before = documents::get(&mut *tx, actor.tenant, document).await?.ok_or(StoreError::NotFound)?;
        let Some(link) = before.document.unlinked else { return commit(tx).await };
        // A document is of one source for ever, so this is the one that it comes back to.
        let source = [link.source.id];
        lock::sources(&mut *tx, actor.tenant, &source).await?;
        let kept = documents::lock_by_source(&mut tx, actor.tenant, &source, [document]).await?;
        let mut batch = Batch::of(kept);
        batch.relink(actor, document, now)?;
        save(&mut tx, actor.tenant, &batch).await?;
        commit(tx).await
    }
}

/// Writes what changed, each table in one statement however much that is.
async fn save(tx: &mut Tx, tenant: TenantId, batch: &Batch) -> Result<(), StoreError> {
    documents::save(&mut **tx, tenant, batch.rewritten()).await?;
    checks::save(&mut **tx, tenant, batch.checked()).await?;
    versions::insert(&mut **tx, tenant, batch.versions()).await?;
    audit::insert(&mut *tx, tenant, batch.entries()).await
}

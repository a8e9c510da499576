//! Documents on SQLite.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Batch, Insider, Linked, NewContent, SyncCursor, SyncPatch};
use notion_import_core::{
    Action, Actor, BlobId, Connection, Document, DocumentId, DocumentReader, DocumentStore, Imported,
    NotionId, StoreError, TenantId, Version,
};

use crate::database::{Sqlite, Tx, commit};
use crate::table::{audit, checks, documents, syncs, versions};

#[async_trait]
impl DocumentReader for Sqlite {
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let kept = documents::list(self.readers(), insider.tenant(), after, limit).await?;
        Ok(kept.into_iter().map(|kept| kept.document).collect())
    }

    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        versions::list(self.readers(), insider.tenant(), id).await
    }
}

#[async_trait]
impl DocumentStore for Sqlite {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let tenant = connection.tenant;
        let sources = contents.iter().map(|content| content.source.id);
        let mut tx = self.write().await?;
        syncs::admit(&mut *tx, connection).await?;
        let mut batch = Batch::of(documents::get_by_source(&mut *tx, tenant, sources).await?);
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
        let mut tx = self.write().await?;
        syncs::accept(&mut *tx, connection).await?;
        let mut batch = Batch::of(documents::get_many(&mut *tx, tenant, named).await?);
        batch.patch(connection, patches);
        save(&mut tx, tenant, &batch).await?;
        if let Some(cursor) = cursor {
            syncs::advance(&mut *tx, connection, cursor).await?;
        }
        commit(tx).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        documents::linked(self.readers(), connection, after, limit).await
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        documents::detached(self.readers(), tenant, after, limit).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        documents::linked_by_source(self.readers(), tenant, sources).await
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        let mut blobs = HashSet::new();
        versions::blobs(self.readers(), tenant, &mut blobs).await?;
        documents::blobs(self.readers(), tenant, &mut blobs).await?;
        Ok(blobs)
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        syncs::cursor(self.readers(), connection).await
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
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
        let mut tx = self.write().await?;
        let kept = documents::get(&mut *tx, actor.tenant, document).await?;
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
        let mut tx = self.write().await?;
        let kept = documents::get(&mut *tx, actor.tenant, document).await?.ok_or(StoreError::NotFound)?;
        let sources = kept.document.unlinked.iter().map(|link| link.source.id);
        let others = documents::get_by_source(&mut *tx, actor.tenant, sources).await?;
        let mut batch = Batch::of(others.into_iter().chain([kept]));
        batch.relink(actor, document, now)?;
        save(&mut tx, actor.tenant, &batch).await?;
        commit(tx).await
    }
}

/// Writes what changed.
async fn save(tx: &mut Tx, tenant: TenantId, batch: &Batch) -> Result<(), StoreError> {
    documents::save(&mut **tx, tenant, batch.rewritten()).await?;
    checks::save(&mut **tx, tenant, batch.checked()).await?;
    for (document, version) in batch.versions() {
        versions::insert(&mut **tx, tenant, document, version).await?;
    }
    for entry in batch.entries() {
        audit::insert(&mut **tx, tenant, entry).await?;
    }
    Ok(())
}

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Batch, Insider, Linked, NewContent, StoredDocument, SyncCursor, SyncPatch};
use notion_import_core::{
    Action, Actor, AuditEntry, BlobId, Connection, ConnectionId, Document, DocumentId, DocumentReader,
    DocumentStore, Imported, NotionId, StoreError, TenantId, Version,
};
use tokio::sync::Mutex;

/// Documents over hash maps: what a database would keep in four tables.
#[derive(Default)]
pub struct Shelf(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    documents: HashMap<DocumentId, StoredDocument>,
    /// Oldest first.
    versions: HashMap<DocumentId, Vec<Version>>,
    syncs: HashMap<(TenantId, ConnectionId), Syncs>,
    audit: HashMap<TenantId, Vec<AuditEntry>>,
}

#[derive(Default)]
struct Syncs {
    /// The highest generation that patched or detached: fences patches and detaches.
    patched: u64,
    /// The highest that detached: fences imports.
    detached: u64,
    cursor: Option<SyncCursor>,
}

impl Rows {
    fn kept(&self, tenant: TenantId, which: impl Fn(&StoredDocument) -> bool) -> Vec<StoredDocument> {
        self.documents
            .values()
            .filter(|kept| kept.document.tenant == tenant && which(kept))
            .cloned()
            .collect()
    }

    fn write(&mut self, tenant: TenantId, batch: &Batch) {
        for changed in batch.changed() {
            self.documents.insert(changed.document.id, changed.clone());
        }
        for (id, version) in batch.versions() {
            self.versions.entry(id).or_default().push(version.clone());
        }
        let audit = self.audit.entry(tenant).or_default();
        for entry in batch.entries() {
            audit.push(entry.clone().numbered(audit.len() as u64 + 1));
        }
    }
}

fn key(connection: &Connection) -> (TenantId, ConnectionId) {
    (connection.tenant, connection.id)
}

/// Whether it is linked through the connection, or through none any more.
fn is_through(connection: Option<ConnectionId>, kept: &StoredDocument) -> bool {
    kept.document.link.as_ref().is_some_and(|link| link.connection == connection)
}

/// What comes after `after`, in the order of the ids.
fn page(mut kept: Vec<StoredDocument>, after: Option<DocumentId>, limit: usize) -> Vec<Linked> {
    kept.sort_by_key(|kept| kept.document.id);
    let later = kept.into_iter().filter(|kept| Some(kept.document.id) > after);
    later.filter_map(StoredDocument::linked).take(limit).collect()
}

#[async_trait]
impl DocumentStore for Shelf {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let mut rows = self.0.lock().await;
        let kept = rows
            .kept(connection.tenant, |kept| contents.iter().any(|new| kept.source() == Some(new.source.id)));
        let mut batch = Batch::of(kept);
        let imported = batch.import(actor, connection, contents, now)?;
        if rows.syncs.get(&key(connection)).is_some_and(|syncs| connection.generation < syncs.detached) {
            return Err(StoreError::Fenced);
        }
        rows.write(connection.tenant, &batch);
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let mut rows = self.0.lock().await;
        let syncs = rows.syncs.entry(key(connection)).or_default();
        if connection.generation < syncs.patched {
            return Err(StoreError::Fenced);
        }
        syncs.patched = connection.generation;
        if let Some(new) = cursor
            && syncs.cursor.is_none_or(|old| old.watermark < new.watermark)
        {
            syncs.cursor = Some(new);
        }
        let kept = rows
            .kept(connection.tenant, |kept| patches.iter().any(|patch| patch.document == kept.document.id));
        let mut batch = Batch::of(kept);
        batch.patch(connection, patches);
        rows.write(connection.tenant, &batch);
        Ok(())
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let rows = self.0.lock().await;
        let kept = rows.kept(connection.tenant, |kept| is_through(Some(connection.id), kept));
        Ok(page(kept, after, limit))
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let rows = self.0.lock().await;
        Ok(page(rows.kept(tenant, |kept| is_through(None, kept)), after, limit))
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        let rows = self.0.lock().await;
        let kept = rows.kept(tenant, |kept| {
            let link = kept.document.link.as_ref();
            link.is_some_and(|link| link.source.ids().any(|id| sources.contains(&id)))
        });
        Ok(kept.into_iter().filter_map(StoredDocument::linked).collect())
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        let rows = self.0.lock().await;
        let mut blobs = HashSet::new();
        for kept in rows.kept(tenant, |_| true) {
            let versions = rows.versions.get(&kept.document.id).into_iter().flatten();
            blobs.extend(versions.flat_map(Version::files).map(|file| file.blob.id));
            blobs.extend(kept.document.files().map(|file| file.blob.id));
        }
        Ok(blobs)
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        Ok(self.0.lock().await.syncs.get(&key(connection)).and_then(|syncs| syncs.cursor))
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut rows = self.0.lock().await;
        let syncs = rows.syncs.entry(key(connection)).or_default();
        if connection.generation < syncs.patched {
            return Err(StoreError::Fenced);
        }
        *syncs = Syncs { patched: connection.generation, detached: connection.generation, cursor: None };
        let kept = rows.kept(connection.tenant, |_| true);
        let mut batch = Batch::of(kept);
        let count = batch.detach(connection);
        rows.write(connection.tenant, &batch);
        Ok(count)
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Import)?;
        let mut rows = self.0.lock().await;
        let kept = rows.kept(actor.tenant, |kept| kept.document.id == document);
        if kept.is_empty() {
            return Err(StoreError::NotFound);
        }
        let mut batch = Batch::of(kept);
        batch.unlink(actor, now);
        rows.write(actor.tenant, &batch);
        Ok(())
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Import)?;
        let mut rows = self.0.lock().await;
        let mut batch = Batch::of(rows.kept(actor.tenant, |_| true));
        batch.relink(actor, document, now)?;
        rows.write(actor.tenant, &batch);
        Ok(())
    }
}

#[async_trait]
impl DocumentReader for Shelf {
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let rows = self.0.lock().await;
        let mut documents: Vec<_> =
            rows.kept(insider.tenant(), |_| true).into_iter().map(|kept| kept.document).collect();
        documents.sort_by_key(|document| std::cmp::Reverse((document.created_at, document.id)));
        let begin = match after {
            None => 0,
            Some(after) => documents
                .iter()
                .position(|document| document.id == after)
                .map_or(documents.len(), |at| at + 1),
        };
        Ok(documents.into_iter().skip(begin).take(limit).collect())
    }

    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        let rows = self.0.lock().await;
        let ours = rows.documents.get(&id).is_some_and(|kept| kept.document.tenant == insider.tenant());
        let versions = if ours { rows.versions.get(&id) } else { None };
        Ok(versions.into_iter().flatten().rev().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use notion_import_core::MemoryBlobs;
    use notion_import_core::testing::suite::{self, Files, Reading};

    use super::Shelf;

    #[tokio::test]
    async fn the_shelf_keeps_every_promise() {
        let shelf = Arc::<Shelf>::default;
        suite::uphold(suite::documents::PROMISES, async || shelf() as _).await;
        let reading = async || {
            let shelf = shelf();
            Reading { documents: shelf.clone(), reader: shelf }
        };
        suite::uphold(suite::reading::PROMISES, reading).await;
        let files = async || Files { documents: shelf(), blobs: Arc::<MemoryBlobs>::default() };
        suite::uphold(suite::sweeping::PROMISES, files).await;
    }
}

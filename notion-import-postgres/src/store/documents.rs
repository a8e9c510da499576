//! Documents on PostgreSQL.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::connection::Connection;
use notion_import_core::error::StoreError;
use notion_import_core::id::{DocumentId, NotionId, TenantId, VersionNumber};
use notion_import_core::library::access::{Action, Actor};
use notion_import_core::library::audit::{AuditEntry, AuditEvent};
use notion_import_core::library::document::{
    DocumentStore, Imported, Linked, NewContent, SyncCursor, SyncPatch,
};

use crate::database::{Postgres, Role, Tx, commit};
use crate::lock;
use crate::table::documents::Kept;
use crate::table::{audit, documents, syncs, versions};

#[async_trait]
impl DocumentStore for Postgres {
    async fn import(
        &self,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let tenant = connection.tenant;
        let mut tx = self.write(Role::Sync, tenant).await?;
        lock::attached(&mut *tx, connection).await?;
        syncs::admit(&mut *tx, connection).await?;
        lock::source(&mut *tx, tenant, content.source.id).await?;
        let imported = match documents::lock_by_source(&mut *tx, tenant, content.source.id).await? {
            None => create(&mut tx, connection, content, now).await?,
            Some(kept) => update(&mut tx, kept, connection, content, now).await?,
        };
        commit(tx).await?;
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write(Role::Sync, connection.tenant).await?;
        syncs::accept(&mut *tx, connection).await?;
        apply(&mut tx, connection, patches).await?;
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
        let mut tx = self.snapshot(Role::Sync, connection.tenant).await?;
        let linked = documents::linked(&mut *tx, connection, after, limit).await?;
        commit(tx).await?;
        Ok(linked)
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
        let detached = documents::detach(&mut *tx, connection).await?;
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
        let kept = documents::lock(&mut *tx, actor.tenant, document).await?;
        let mut kept = kept.ok_or(StoreError::NotFound)?;
        if kept.document.link.take().is_some() {
            documents::save(&mut *tx, actor.tenant, [&kept]).await?;
            let entry = AuditEntry { at: now, member: Some(actor.member), event: AuditEvent::Unlinked };
            audit::insert(&mut *tx, actor.tenant, document, &entry).await?;
        }
        commit(tx).await
    }
}

async fn create(
    tx: &mut Tx,
    connection: &Connection,
    content: &NewContent,
    now: DateTime<Utc>,
) -> Result<Imported, StoreError> {
    let id = DocumentId::fresh();
    let document = content.first(connection, id, now);
    let version = content.version(document.latest, now);
    let kept = Kept { document, imported_edit: content.source.edited_at, settled: content.settled };
    documents::save(&mut **tx, connection.tenant, [&kept]).await?;
    versions::insert(&mut **tx, connection.tenant, id, &version).await?;
    Ok(Imported::Created(id))
}

async fn update(
    tx: &mut Tx,
    mut kept: Kept,
    connection: &Connection,
    content: &NewContent,
    now: DateTime<Utc>,
) -> Result<Imported, StoreError> {
    let tenant = connection.tenant;
    let id = kept.document.id;
    let newest = versions::get(&mut **tx, tenant, id, kept.document.latest).await?;
    let newest = newest.ok_or(StoreError::Corrupt("latest"))?;
    let unchanged = content.says_the_same(&newest.content, &newest.attachments);
    if content.refresh(&mut kept.document, connection, now) {
        audit::insert(&mut **tx, tenant, id, &followed(now)).await?;
    }
    kept.imported_edit = content.source.edited_at;
    kept.settled = content.settled;
    if unchanged {
        documents::save(&mut **tx, tenant, [&kept]).await?;
        return Ok(Imported::Unchanged(id));
    }
    let number = VersionNumber(newest.number.0 + 1);
    kept.document.latest = number;
    documents::save(&mut **tx, tenant, [&kept]).await?;
    versions::insert(&mut **tx, tenant, id, &content.version(number, now)).await?;
    Ok(Imported::NewVersion(id, number))
}

async fn apply(tx: &mut Tx, connection: &Connection, patches: &[SyncPatch]) -> Result<(), StoreError> {
    let tenant = connection.tenant;
    let named = patches.iter().map(|patch| patch.document);
    let mut kept = documents::lock_many(&mut **tx, tenant, named).await?;
    let mut changed = BTreeSet::new();
    let mut retitled = Vec::new();
    for patch in patches {
        let Some(known) = kept.get_mut(&patch.document) else { continue };
        let Some(done) = patch.apply(connection, &mut known.document) else { continue };
        known.settled |= done.settled;
        changed.insert(patch.document);
        if done.retitled {
            retitled.push((patch.document, followed(patch.checked_at)));
        }
    }
    if !retitled.is_empty() {
        audit::insert_many(&mut **tx, tenant, &retitled).await?;
    }
    if !changed.is_empty() {
        documents::save(&mut **tx, tenant, changed.iter().filter_map(|id| kept.get(id))).await?;
    }
    Ok(())
}

const fn followed(at: DateTime<Utc>) -> AuditEntry {
    AuditEntry { at, member: None, event: AuditEvent::TitleFollowed }
}

//! Documents and their links.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use notion_import_core::store::{Basis, Link, Linked, ReadState, StoredDocument, Title};
use notion_import_core::{
    BlobId, Connection, ConnectionId, Document, DocumentId, NotionId, Source, StoreError, TenantId,
    VersionNumber,
};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::backend;
use crate::row::{Columns, every, integer, json, name, number};

/// Writes documents of one tenant, new ones and old ones that the transaction has locked.
pub(crate) async fn save(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    kept: impl IntoIterator<Item = &StoredDocument>,
) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    for kept in kept {
        rows.push(kept)?;
    }
    if rows.id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO documents (tenant_id, id, title, edited_here, latest, created_at, \
             source_id, database_id, source, state, checked_at, update_available, connection, imported_edit, settled, \
             basis) \
         SELECT $1, id, title::json, edited_here, latest, created_at, \
             source_id, database_id, source::json, state, checked_at, update_available, connection, imported_edit, \
             settled, basis \
         FROM unnest($2::uuid[], $3::text[], $4::boolean[], $5::integer[], $6::timestamptz[], \
             $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::timestamptz[], $12::boolean[], $13::uuid[], \
             $14::timestamptz[], $15::boolean[], $16::bytea[]) \
             AS new (id, title, edited_here, latest, created_at, source_id, database_id, source, state, checked_at, \
                 update_available, connection, imported_edit, settled, basis) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET \
             title = excluded.title, edited_here = excluded.edited_here, latest = excluded.latest, \
             source_id = excluded.source_id, database_id = excluded.database_id, source = excluded.source, \
             state = excluded.state, checked_at = excluded.checked_at, \
             update_available = excluded.update_available, connection = excluded.connection, imported_edit = excluded.imported_edit, settled = excluded.settled, \
             basis = excluded.basis",
    )
    .bind(tenant.as_uuid())
    .bind(rows.id)
    .bind(rows.title)
    .bind(rows.edited_here)
    .bind(rows.latest)
    .bind(rows.created_at)
    .bind(rows.source_id)
    .bind(rows.database_id)
    .bind(rows.source)
    .bind(rows.state)
    .bind(rows.checked_at)
    .bind(rows.update_available)
    .bind(rows.connection)
    .bind(rows.imported_edit)
    .bind(rows.settled)
    .bind(rows.basis)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Rows, column by column: one statement takes any number of them.
#[derive(Default)]
struct Rows {
    id: Vec<Uuid>,
    title: Vec<String>,
    edited_here: Vec<bool>,
    latest: Vec<i32>,
    created_at: Vec<DateTime<Utc>>,
    source_id: Vec<Option<Uuid>>,
    database_id: Vec<Option<Uuid>>,
    source: Vec<Option<String>>,
    state: Vec<Option<String>>,
    checked_at: Vec<Option<DateTime<Utc>>>,
    update_available: Vec<Option<bool>>,
    connection: Vec<Option<Uuid>>,
    imported_edit: Vec<DateTime<Utc>>,
    settled: Vec<bool>,
    basis: Vec<Option<Vec<u8>>>,
}

impl Rows {
    fn push(&mut self, kept: &StoredDocument) -> Result<(), StoreError> {
        let Document { id, title, link, latest, created_at, .. } = &kept.document;
        let link = link.as_ref();
        let connection = link.and_then(|link| link.connection);
        self.id.push(id.as_uuid());
        self.title.push(json(&title.text)?);
        self.edited_here.push(title.edited_here);
        self.latest.push(number(latest.0));
        self.created_at.push(*created_at);
        self.source_id.push(link.map(|link| link.source.id.as_uuid()));
        self.database_id.push(link.and_then(|link| link.source.ids().nth(1)).map(NotionId::as_uuid));
        self.source.push(link.map(|link| json(&link.source)).transpose()?);
        self.state.push(link.map(|link| name(&link.state)).transpose()?);
        self.checked_at.push(link.map(|link| link.checked_at));
        self.update_available.push(link.map(|link| link.update_available));
        self.connection.push(connection.map(ConnectionId::as_uuid));
        self.imported_edit.push(kept.read.edited_at);
        self.settled.push(kept.read.settled);
        self.basis.push(kept.read.basis.map(|basis| basis.as_bytes().to_vec()));
        Ok(())
    }
}

#[cfg(feature = "gate")]
pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: DocumentId,
) -> Result<Option<StoredDocument>, StoreError> {
    let row = sqlx::query("SELECT * FROM documents WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Returns a document that nobody else changes until the transaction ends.
pub(crate) async fn lock(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: DocumentId,
) -> Result<Option<StoredDocument>, StoreError> {
    Ok(lock_many(db, tenant, [id]).await?.pop())
}

/// Returns those among `ids` that are there. Nobody else changes them until the transaction ends.
pub(crate) async fn lock_many(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    ids: impl IntoIterator<Item = DocumentId>,
) -> Result<Vec<StoredDocument>, StoreError> {
    // Everybody locks in this order, so nobody waits in a circle.
    let rows =
        sqlx::query("SELECT * FROM documents WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE")
            .bind(tenant.as_uuid())
            .bind(ids.into_iter().map(DocumentId::as_uuid).collect::<Vec<_>>())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, read)
}

/// Returns the documents of these sources. Nobody else changes them until the transaction ends.
pub(crate) async fn lock_by_source(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    sources: &[NotionId],
) -> Result<Vec<StoredDocument>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM documents WHERE tenant_id = $1 AND source_id = ANY ($2) ORDER BY id FOR UPDATE",
    )
    .bind(tenant.as_uuid())
    .bind(sources.iter().map(|source| source.as_uuid()).collect::<Vec<_>>())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

/// Newest first, beginning after `after`.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<StoredDocument>, StoreError> {
    // With both in one, a plan for any page would begin at the first.
    let sql = match after {
        None => {
            "SELECT * FROM documents WHERE tenant_id = $1 AND $2::uuid IS NULL \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        }
        Some(_) => {
            "SELECT * FROM documents WHERE tenant_id = $1 AND (created_at, id) < \
                 (SELECT created_at, id FROM documents WHERE tenant_id = $1 AND id = $2) \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        }
    };
    let rows = sqlx::query(sql)
        .bind(tenant.as_uuid())
        .bind(after.map(DocumentId::as_uuid))
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Those linked through the connection, in the order of their ids, beginning after `after`.
pub(crate) async fn linked(
    db: impl PgExecutor<'_>,
    connection: &Connection,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<Linked>, StoreError> {
    let rows = sqlx::query(
        "SELECT documents.*, versions.digest FROM documents \
         JOIN versions ON versions.tenant_id = documents.tenant_id \
             AND versions.document_id = documents.id AND versions.number = documents.latest \
         WHERE documents.tenant_id = $1 AND documents.connection = $2 AND documents.id > $3 \
         ORDER BY documents.id LIMIT $4",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    // No document has the id of zeros.
    .bind(after.map_or(Uuid::nil(), DocumentId::as_uuid))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read_linked)
}

/// Those whose source has one of these ids, whichever connection holds them.
pub(crate) async fn linked_by_source(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    sources: &[NotionId],
) -> Result<Vec<Linked>, StoreError> {
    let rows = sqlx::query(
        "SELECT documents.*, versions.digest FROM documents \
         JOIN versions ON versions.tenant_id = documents.tenant_id \
             AND versions.document_id = documents.id AND versions.number = documents.latest \
         WHERE documents.tenant_id = $1 AND (documents.source_id = ANY ($2) OR documents.database_id = ANY ($2))",
    )
    .bind(tenant.as_uuid())
    .bind(sources.iter().map(|source| source.as_uuid()).collect::<Vec<_>>())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read_linked)
}

/// Takes the connection from all that it holds, and returns how many those were.
pub(crate) async fn detach(db: impl PgExecutor<'_>, connection: &Connection) -> Result<u64, StoreError> {
    let detached = sqlx::query(
        "WITH held AS ( \
             SELECT id FROM documents WHERE tenant_id = $1 AND connection = $2 ORDER BY id FOR UPDATE) \
         UPDATE documents SET connection = NULL \
         FROM held WHERE documents.tenant_id = $1 AND documents.id = held.id",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(detached.rows_affected())
}

/// Adds the blobs that are the icons and covers of sources.
pub(crate) async fn blobs(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    blobs: &mut HashSet<BlobId>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query("SELECT source FROM documents WHERE tenant_id = $1 AND source IS NOT NULL")
        .bind(tenant.as_uuid())
        .fetch(db);
    while let Some(row) = rows.try_next().await.map_err(backend)? {
        let source: Source = row.json("source")?;
        blobs.extend(source.files().map(|file| file.blob.id));
    }
    Ok(())
}

pub(crate) fn read(row: &PgRow) -> Result<StoredDocument, StoreError> {
    let document = Document {
        tenant: TenantId::new(row.id("tenant_id")?),
        id: DocumentId::new(row.id("id")?),
        title: Title { text: row.json("title")?, edited_here: row.flag("edited_here")? },
        link: link(row)?,
        latest: VersionNumber(row.number("latest")?),
        created_at: row.time("created_at")?,
    };
    Ok(StoredDocument {
        document,
        read: ReadState {
            edited_at: row.time("imported_edit")?,
            settled: row.flag("settled")?,
            basis: row.digest_or_none("basis")?.map(Basis::from_digest),
        },
    })
}

fn link(row: &PgRow) -> Result<Option<Link>, StoreError> {
    let Some(source) = row.json_or_none("source")? else { return Ok(None) };
    Ok(Some(Link {
        connection: row.id_or_none("connection")?.map(ConnectionId::new),
        source,
        state: row.name("state")?,
        checked_at: row.time("checked_at")?,
        update_available: row.flag("update_available")?,
    }))
}

fn read_linked(row: &PgRow) -> Result<Linked, StoreError> {
    let digest = BlobId::from_digest(row.digest("digest")?);
    read(row)?.linked(digest).ok_or(StoreError::Corrupt("source"))
}

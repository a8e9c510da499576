//! Documents and their links.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use notion_import_core::store::{Link, Linked, StoredDocument, Title, VersionDigest, folded};
use notion_import_core::{
    BlobId, Connection, ConnectionId, Document, DocumentId, NotionId, Source, StoreError, TenantId,
    VersionNumber,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::checks;
use crate::error::backend;
use crate::row::{Columns, every, integer, json, name, number};

/// A query of documents with the times of the last looks at their sources, each found by its key.
macro_rules! kept {
    ($which:literal) => {
        concat!(
            "SELECT *, (SELECT checked_at FROM checks \
                 WHERE checks.tenant_id = documents.tenant_id AND document_id = documents.id) AS checked_at \
             FROM documents ",
            $which
        )
    };
}

/// Writes documents of one tenant, new ones and old ones that the transaction has locked, but for the times of the last looks.
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
        "INSERT INTO documents (tenant_id, id, title, edited_here, latest, digest, created_at, \
             source_id, database_id, source, state, update_available, trouble, connection, read, folded, edited_at, \
             shown, unlinked, unlinked_from) \
         SELECT $1, id, title::json, edited_here, latest, digest, created_at, \
             source_id, database_id, source::json, state, update_available, trouble::json, connection, read::json, folded, edited_at, \
             shown::json, unlinked::json, unlinked_from \
         FROM unnest($2::uuid[], $3::text[], $4::boolean[], $5::integer[], $6::bytea[], $7::timestamptz[], \
             $8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::boolean[], $13::text[], $14::uuid[], $15::text[], \
             $16::text[], $17::timestamptz[], $18::text[], $19::text[], $20::uuid[]) \
             AS new (id, title, edited_here, latest, digest, created_at, source_id, database_id, source, state, \
                 update_available, trouble, connection, read, folded, edited_at, shown, unlinked, unlinked_from) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET \
             title = excluded.title, edited_here = excluded.edited_here, latest = excluded.latest, \
             digest = excluded.digest, source_id = excluded.source_id, database_id = excluded.database_id, \
             source = excluded.source, state = excluded.state, update_available = excluded.update_available, \
             trouble = excluded.trouble, connection = excluded.connection, read = excluded.read, \
             folded = excluded.folded, edited_at = excluded.edited_at, shown = excluded.shown, \
             unlinked = excluded.unlinked, unlinked_from = excluded.unlinked_from",
    )
    .bind(tenant.as_uuid())
    .bind(rows.id)
    .bind(rows.title)
    .bind(rows.edited_here)
    .bind(rows.latest)
    .bind(rows.digest)
    .bind(rows.created_at)
    .bind(rows.source_id)
    .bind(rows.database_id)
    .bind(rows.source)
    .bind(rows.state)
    .bind(rows.update_available)
    .bind(rows.trouble)
    .bind(rows.connection)
    .bind(rows.read)
    .bind(rows.folded)
    .bind(rows.edited_at)
    .bind(rows.shown)
    .bind(rows.unlinked)
    .bind(rows.unlinked_from)
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
    digest: Vec<[u8; 32]>,
    created_at: Vec<DateTime<Utc>>,
    source_id: Vec<Option<Uuid>>,
    database_id: Vec<Option<Uuid>>,
    source: Vec<Option<String>>,
    state: Vec<Option<String>>,
    update_available: Vec<Option<bool>>,
    trouble: Vec<Option<String>>,
    connection: Vec<Option<Uuid>>,
    read: Vec<String>,
    folded: Vec<String>,
    edited_at: Vec<DateTime<Utc>>,
    shown: Vec<Option<String>>,
    unlinked: Vec<Option<String>>,
    unlinked_from: Vec<Option<Uuid>>,
}

impl Rows {
    fn push(&mut self, kept: &StoredDocument) -> Result<(), StoreError> {
        let Document { id, title, link, unlinked, latest, created_at, .. } = &kept.document;
        let link = link.as_ref();
        let connection = link.and_then(|link| link.connection);
        self.id.push(id.as_uuid());
        self.title.push(json(&title.text)?);
        self.edited_here.push(title.edited_here);
        self.latest.push(number(latest.0));
        self.digest.push(*kept.digest.as_bytes());
        self.created_at.push(*created_at);
        self.source_id.push(link.map(|link| link.source.id.as_uuid()));
        self.database_id.push(link.and_then(|link| link.source.database()).map(NotionId::as_uuid));
        self.source.push(link.map(|link| json(&link.source)).transpose()?);
        self.state.push(link.map(|link| name(&link.state)).transpose()?);
        self.update_available.push(link.map(|link| link.update_available));
        self.trouble.push(link.and_then(|link| link.trouble.as_ref()).map(json).transpose()?);
        self.connection.push(connection.map(ConnectionId::as_uuid));
        self.read.push(json(&kept.read)?);
        self.folded.push(folded(&title.text));
        self.edited_at.push(kept.document.edited_at());
        self.shown.push(link.and_then(|link| link.shown.as_ref()).map(json).transpose()?);
        self.unlinked.push(unlinked.as_ref().map(json).transpose()?);
        let unlinked_from = unlinked.as_ref().and_then(|link| link.connection);
        self.unlinked_from.push(unlinked_from.map(ConnectionId::as_uuid));
        Ok(())
    }
}

/// Those among `ids` that are there.
#[cfg(feature = "gate")]
pub(crate) async fn among(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    ids: &[DocumentId],
) -> Result<Vec<StoredDocument>, StoreError> {
    get_many(db, tenant, &ids.iter().map(|id| id.as_uuid()).collect::<Vec<_>>()).await
}

pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: DocumentId,
) -> Result<Option<StoredDocument>, StoreError> {
    Ok(get_many(db, tenant, &[id.as_uuid()]).await?.pop())
}

/// Returns a document that nobody else changes until the transaction ends.
pub(crate) async fn lock(
    db: &mut PgConnection,
    tenant: TenantId,
    id: DocumentId,
) -> Result<Option<StoredDocument>, StoreError> {
    Ok(lock_many(db, tenant, [id]).await?.pop())
}

/// Returns those among `ids` that are there. Nobody else changes them until the transaction ends.
pub(crate) async fn lock_many(
    db: &mut PgConnection,
    tenant: TenantId,
    ids: impl IntoIterator<Item = DocumentId>,
) -> Result<Vec<StoredDocument>, StoreError> {
    let ids: Vec<_> = ids.into_iter().map(DocumentId::as_uuid).collect();
    checks::lock(&mut *db, tenant, &ids).await?;
    // Only a statement that begins after the lock was given sees what was written before.
    get_many(db, tenant, &ids).await
}

/// Returns the documents of these sources, and those of these ids. Nobody else changes them until the transaction ends, and nobody makes
/// one meanwhile: the sources are locked.
pub(crate) async fn lock_by_source(
    db: &mut PgConnection,
    tenant: TenantId,
    sources: &[NotionId],
    others: impl IntoIterator<Item = DocumentId>,
) -> Result<Vec<StoredDocument>, StoreError> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM documents WHERE tenant_id = $1 AND source_id = ANY ($2)")
            .bind(tenant.as_uuid())
            .bind(sources.iter().map(|source| source.as_uuid()).collect::<Vec<_>>())
            .fetch_all(&mut *db)
            .await
            .map_err(backend)?;
    lock_many(db, tenant, ids.into_iter().map(DocumentId::new).chain(others)).await
}

async fn get_many(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    ids: &[Uuid],
) -> Result<Vec<StoredDocument>, StoreError> {
    let rows = sqlx::query(kept!("WHERE tenant_id = $1 AND id = ANY ($2)"))
        .bind(tenant.as_uuid())
        .bind(ids)
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
            kept!("WHERE tenant_id = $1 AND $2::uuid IS NULL ORDER BY created_at DESC, id DESC LIMIT $3")
        }
        Some(_) => {
            kept!(
                "WHERE tenant_id = $1 AND (created_at, id) < \
                     (SELECT created_at, id FROM documents WHERE tenant_id = $1 AND id = $2) \
                 ORDER BY created_at DESC, id DESC LIMIT $3"
            )
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
    let rows =
        sqlx::query(kept!("WHERE tenant_id = $1 AND connection = $2 AND id > $3 ORDER BY id LIMIT $4"))
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

/// Those linked through no connection any more, in the order of their ids, beginning after `after`.
pub(crate) async fn detached(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<Linked>, StoreError> {
    let rows = sqlx::query(kept!(
        "WHERE tenant_id = $1 AND connection IS NULL AND source_id IS NOT NULL AND id > $2 ORDER BY id LIMIT $3"
    ))
    .bind(tenant.as_uuid())
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
    let rows =
        sqlx::query(kept!("WHERE tenant_id = $1 AND (source_id = ANY ($2) OR database_id = ANY ($2))"))
            .bind(tenant.as_uuid())
            .bind(sources.iter().map(|source| source.as_uuid()).collect::<Vec<_>>())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, read_linked)
}

/// Takes the connection from all that it holds, and returns how many those were; and from what was unlinked from it.
pub(crate) async fn detach(db: &mut PgConnection, connection: &Connection) -> Result<u64, StoreError> {
    let (tenant, id) = (connection.tenant.as_uuid(), connection.id.as_uuid());
    let held: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM documents WHERE tenant_id = $1 AND connection = $2 \
         UNION SELECT id FROM documents WHERE tenant_id = $1 AND unlinked_from = $2",
    )
    .bind(tenant)
    .bind(id)
    .fetch_all(&mut *db)
    .await
    .map_err(backend)?;
    checks::lock(&mut *db, connection.tenant, &held).await?;
    sqlx::query("UPDATE documents SET unlinked_from = NULL WHERE tenant_id = $1 AND unlinked_from = $2")
        .bind(tenant)
        .bind(id)
        .execute(&mut *db)
        .await
        .map_err(backend)?;
    let detached =
        sqlx::query("UPDATE documents SET connection = NULL WHERE tenant_id = $1 AND connection = $2")
            .bind(tenant)
            .bind(id)
            .execute(db)
            .await
            .map_err(backend)?;
    Ok(detached.rows_affected())
}

/// Adds the blobs that are the icons and covers of sources, those included that documents were unlinked from.
pub(crate) async fn blobs(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    blobs: &mut HashSet<BlobId>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(
        "SELECT source, unlinked FROM documents \
         WHERE tenant_id = $1 AND (source IS NOT NULL OR unlinked IS NOT NULL)",
    )
    .bind(tenant.as_uuid())
    .fetch(db);
    while let Some(row) = rows.try_next().await.map_err(backend)? {
        let unlinked = row.json_or_none::<Link>("unlinked")?.map(|link| link.source);
        for source in row.json_or_none::<Source>("source")?.into_iter().chain(unlinked) {
            blobs.extend(source.files().map(|file| file.blob.id));
        }
    }
    Ok(())
}

fn read(row: &PgRow) -> Result<StoredDocument, StoreError> {
    let document = Document {
        tenant: TenantId::new(row.id("tenant_id")?),
        id: DocumentId::new(row.id("id")?),
        title: Title { text: row.json("title")?, edited_here: row.flag("edited_here")? },
        link: link(row)?,
        unlinked: unlinked(row)?,
        latest: VersionNumber(row.number("latest")?),
        created_at: row.time("created_at")?,
    };
    let digest = VersionDigest::from_digest(row.digest("digest")?);
    Ok(StoredDocument { document, digest, read: row.json("read")? })
}

fn link(row: &PgRow) -> Result<Option<Link>, StoreError> {
    let Some(source) = row.json_or_none("source")? else { return Ok(None) };
    Ok(Some(Link {
        connection: row.id_or_none("connection")?.map(ConnectionId::new),
        source,
        state: row.name("state")?,
        checked_at: row.time("checked_at")?,
        update_available: row.flag("update_available")?,
        trouble: row.json_or_none("trouble")?,
        shown: row.json_or_none("shown")?,
    }))
}

fn unlinked(row: &PgRow) -> Result<Option<Box<Link>>, StoreError> {
    let Some(link) = row.json_or_none::<Link>("unlinked")? else { return Ok(None) };
    Ok(Some(Box::new(Link { connection: row.id_or_none("unlinked_from")?.map(ConnectionId::new), ..link })))
}

fn read_linked(row: &PgRow) -> Result<Linked, StoreError> {
    read(row)?.linked().ok_or(StoreError::Corrupt("source"))
}

//! Documents and their links.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use notion_import_core::store::{Link, Linked, StoredDocument, Title, folded};
use notion_import_core::{
    BlobId, Connection, Document, DocumentId, NotionId, Source, StoreError, TenantId, VersionNumber,
};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::backend;
use crate::row::{Columns, every, integer, json as json_text, micros, name};

/// A query of documents with the times of the last looks at their sources.
macro_rules! kept {
    ($which:literal) => {
        concat!("SELECT documents.*, checked_at FROM documents LEFT JOIN checks ON document = key ", $which)
    };
}

/// Writes documents of one tenant, new ones and old ones, but for the times of the last looks.
pub(crate) async fn save(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    kept: impl IntoIterator<Item = &StoredDocument>,
) -> Result<(), StoreError> {
    let rows = kept.into_iter().map(columns).collect::<Result<Vec<Value>, _>>()?;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO documents (tenant_id, id, title, edited_here, latest, digest, created_at, \
             source_id, database_id, source, state, update_available, trouble, shown, connection, unlinked, unlinked_from, read, folded, edited_at) \
         SELECT ?1, value->>'id', value->>'title', value->>'edited_here', value->>'latest', value->>'digest', \
             value->>'created_at', value->>'source_id', value->>'database_id', value->>'source', value->>'state', \
             value->>'update_available', value->>'trouble', value->>'shown', value->>'connection', value->>'unlinked', value->>'unlinked_from', value->>'read', value->>'folded', \
             value->>'edited_at' \
         FROM json_each(?2) WHERE true \
         ON CONFLICT (tenant_id, id) DO UPDATE SET \
             title = excluded.title, edited_here = excluded.edited_here, latest = excluded.latest, \
             digest = excluded.digest, source_id = excluded.source_id, database_id = excluded.database_id, \
             source = excluded.source, state = excluded.state, update_available = excluded.update_available, \
             trouble = excluded.trouble, shown = excluded.shown, connection = excluded.connection, unlinked = excluded.unlinked, unlinked_from = excluded.unlinked_from, read = excluded.read, \
             folded = excluded.folded, edited_at = excluded.edited_at",
    )
    .bind(tenant.to_string())
    .bind(json_text(&rows)?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn columns(kept: &StoredDocument) -> Result<Value, StoreError> {
    let Document { id, title, link, unlinked, latest, created_at, .. } = &kept.document;
    let link = link.as_ref();
    Ok(json!({
        "id": id,
        "title": title.text,
        "edited_here": title.edited_here,
        "latest": latest,
        "digest": kept.digest,
        "created_at": micros(*created_at),
        "source_id": link.map(|link| link.source.id),
        "database_id": link.and_then(|link| link.source.database()),
        "source": link.map(|link| json_text(&link.source)).transpose()?,
        "state": link.map(|link| name(&link.state)).transpose()?,
        "update_available": link.map(|link| link.update_available),
        "trouble": link.and_then(|link| link.trouble.as_ref()).map(json_text).transpose()?,
        "shown": link.and_then(|link| link.shown.as_ref()).map(json_text).transpose()?,
        "connection": link.and_then(|link| link.connection),
        "unlinked": unlinked.as_ref().map(json_text).transpose()?,
        "unlinked_from": unlinked.as_ref().and_then(|link| link.connection),
        "read": json_text(&kept.read)?,
        "folded": folded(&title.text),
        "edited_at": micros(kept.document.edited_at()),
    }))
}

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: DocumentId,
) -> Result<Option<StoredDocument>, StoreError> {
    let row = sqlx::query(kept!("WHERE tenant_id = ? AND id = ?"))
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Those among `ids` that are there.
pub(crate) async fn get_many(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    ids: impl Iterator<Item = DocumentId>,
) -> Result<Vec<StoredDocument>, StoreError> {
    let rows = sqlx::query(kept!("WHERE tenant_id = ? AND id IN (SELECT value FROM json_each(?))"))
        .bind(tenant.to_string())
        .bind(json_text(&ids.collect::<Vec<_>>())?)
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// The documents of those among `sources` that have one.
pub(crate) async fn get_by_source(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    sources: impl Iterator<Item = NotionId>,
) -> Result<Vec<StoredDocument>, StoreError> {
    let rows = sqlx::query(kept!("WHERE tenant_id = ? AND source_id IN (SELECT value FROM json_each(?))"))
        .bind(tenant.to_string())
        .bind(json_text(&sources.collect::<Vec<_>>())?)
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Newest first, beginning after `after`.
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<StoredDocument>, StoreError> {
    // With both in one, any page would be found from the first on.
    let sql = match after {
        None => {
            kept!("WHERE tenant_id = ?1 AND ?2 IS NULL ORDER BY created_at DESC, id DESC LIMIT ?3")
        }
        Some(_) => {
            kept!(
                "WHERE tenant_id = ?1 AND (created_at, id) < \
                     (SELECT created_at, id FROM documents WHERE tenant_id = ?1 AND id = ?2) \
                 ORDER BY created_at DESC, id DESC LIMIT ?3"
            )
        }
    };
    let rows = sqlx::query(sql)
        .bind(tenant.to_string())
        .bind(after.map(|after| after.to_string()))
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Those linked through the connection, in the order of their ids, beginning after `after`.
pub(crate) async fn linked(
    db: impl SqliteExecutor<'_>,
    connection: &Connection,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<Linked>, StoreError> {
    let sql = kept!("WHERE tenant_id = ? AND connection = ? AND id > ? ORDER BY id LIMIT ?");
    let rows = sqlx::query(sql)
        .bind(connection.tenant.to_string())
        .bind(connection.id.to_string())
        .bind(after.map_or(String::new(), |after| after.to_string()))
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read_linked)
}

/// Those linked through no connection any more, in the order of their ids, beginning after `after`.
pub(crate) async fn detached(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<Linked>, StoreError> {
    let rows = sqlx::query(kept!(
        "WHERE tenant_id = ? AND connection IS NULL AND source_id IS NOT NULL AND id > ? ORDER BY id LIMIT ?"
    ))
    .bind(tenant.to_string())
    .bind(after.map_or(String::new(), |after| after.to_string()))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read_linked)
}

/// Those whose source has one of these ids, whichever connection holds them.
pub(crate) async fn linked_by_source(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    sources: &[NotionId],
) -> Result<Vec<Linked>, StoreError> {
    let rows = sqlx::query(kept!(
        "WHERE key IN ( \
             SELECT key FROM documents WHERE tenant_id = ?1 AND source_id IN (SELECT value FROM json_each(?2)) \
             UNION \
             SELECT key FROM documents WHERE tenant_id = ?1 AND database_id IN (SELECT value FROM json_each(?2)))"
    ))
    .bind(tenant.to_string())
    .bind(json_text(&sources)?)
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read_linked)
}

/// Takes the connection from all that it holds, and returns how many those were; and from what was unlinked from it.
pub(crate) async fn detach(db: &mut SqliteConnection, connection: &Connection) -> Result<u64, StoreError> {
    let (tenant, id) = (connection.tenant.to_string(), connection.id.to_string());
    sqlx::query("UPDATE documents SET unlinked_from = NULL WHERE tenant_id = ? AND unlinked_from = ?")
        .bind(&tenant)
        .bind(&id)
        .execute(&mut *db)
        .await
        .map_err(backend)?;
    let detached =
        sqlx::query("UPDATE documents SET connection = NULL WHERE tenant_id = ? AND connection = ?")
            .bind(tenant)
            .bind(id)
            .execute(db)
            .await
            .map_err(backend)?;
    Ok(detached.rows_affected())
}

/// Adds the blobs that are the icons and covers of sources, those included that documents were unlinked from.
pub(crate) async fn blobs(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    blobs: &mut HashSet<BlobId>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query(
        "SELECT source, unlinked FROM documents \
         WHERE tenant_id = ? AND (source IS NOT NULL OR unlinked IS NOT NULL)",
    )
    .bind(tenant.to_string())
    .fetch(db);
    while let Some(row) = rows.try_next().await.map_err(backend)? {
        let unlinked = row.json_or_none::<Link>("unlinked")?.map(|link| link.source);
        for source in row.json_or_none::<Source>("source")?.into_iter().chain(unlinked) {
            blobs.extend(source.files().map(|file| file.blob.id));
        }
    }
    Ok(())
}

fn read(row: &SqliteRow) -> Result<StoredDocument, StoreError> {
    let document = Document {
        tenant: row.id("tenant_id")?,
        id: row.id("id")?,
        title: Title { text: row.text("title")?, edited_here: row.flag("edited_here")? },
        link: link(row)?,
        unlinked: unlinked(row)?,
        latest: VersionNumber(row.count("latest")?),
        created_at: row.time("created_at")?,
    };
    Ok(StoredDocument { document, digest: row.id("digest")?, read: row.json("read")? })
}

fn link(row: &SqliteRow) -> Result<Option<Link>, StoreError> {
    let Some(source) = row.json_or_none("source")? else { return Ok(None) };
    Ok(Some(Link {
        connection: row.id_or_none("connection")?,
        source,
        state: row.name("state")?,
        checked_at: row.time("checked_at")?,
        update_available: row.flag("update_available")?,
        trouble: row.json_or_none("trouble")?,
        shown: row.json_or_none("shown")?,
    }))
}

fn unlinked(row: &SqliteRow) -> Result<Option<Box<Link>>, StoreError> {
    let Some(link) = row.json_or_none::<Link>("unlinked")? else { return Ok(None) };
    Ok(Some(Box::new(Link { connection: row.id_or_none("unlinked_from")?, ..link })))
}

fn read_linked(row: &SqliteRow) -> Result<Linked, StoreError> {
    read(row)?.linked().ok_or(StoreError::Corrupt("source"))
}

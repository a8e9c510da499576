//! How documents stand towards their readers.

use std::collections::HashMap;

use notion_import_core::store::{Cursor, Key, Standing, folded};
use notion_import_core::{
    AccessLevel, DocumentId, Publication, ReadableOrder, StoreError, TenantId, VersionNumber,
};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, json, micros};

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Standing, StoreError> {
    let row = sqlx::query("SELECT * FROM standings WHERE tenant_id = ? AND document_id = ?")
        .bind(tenant.to_string())
        .bind(document.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map_or_else(|| Ok(Standing::default()), read)
}

/// Those among `documents` that have one.
pub(crate) async fn get_many(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    documents: &[DocumentId],
) -> Result<HashMap<DocumentId, Standing>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM standings WHERE tenant_id = ? AND document_id IN (SELECT value FROM json_each(?))",
    )
    .bind(tenant.to_string())
    .bind(json(&documents)?)
    .fetch_all(db)
    .await
    .map_err(backend)?;
    Ok(every(rows, |row| Ok((row.id("document_id")?, read(row)?)))?.into_iter().collect())
}

/// Returns a standing that is published, with where it stands among the others.
pub(crate) fn listed(row: &SqliteRow, order: ReadableOrder) -> Result<(Cursor, Standing), StoreError> {
    let key = match order {
        ReadableOrder::Title => Key::Title(row.text("folded")?),
        ReadableOrder::Newest => Key::At(row.time("published_at")?.timestamp_micros()),
    };
    Ok((Cursor { key, id: row.id("document_id")? }, read(row)?))
}

/// The categories of a tenant, in the order that they are found by.
pub(crate) async fn categories(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(
        "SELECT max(category) FROM standings WHERE tenant_id = ? AND shelf <> '' GROUP BY shelf ORDER BY shelf",
    )
    .bind(tenant.to_string())
    .fetch_all(db)
    .await
    .map_err(backend)
}

pub(crate) async fn save(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    standing: &Standing,
) -> Result<(), StoreError> {
    let (publication, version) = standing.publication.kept();
    sqlx::query(
        "INSERT OR REPLACE INTO standings \
             (tenant_id, document_id, level, publication, version, published_title, folded, published_at, listed, nda_id, \
              category, shelf, revision) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.to_string())
    .bind(document.to_string())
    .bind(standing.level.as_str())
    .bind(publication)
    .bind(version.map(|version| version.0))
    .bind(&standing.title)
    .bind(standing.title.as_deref().map(folded).unwrap_or_default())
    .bind(standing.published_at.map(micros))
    .bind(standing.listed)
    .bind(standing.nda.map(|nda| nda.to_string()))
    .bind(&standing.category)
    .bind(standing.shelf())
    .bind(integer(standing.revision))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Standing, StoreError> {
    Ok(Standing {
        level: level(row)?,
        publication: publication(row)?,
        title: row.text_or_none("published_title")?,
        published_at: row.time_or_none("published_at")?,
        listed: row.flag("listed")?,
        nda: row.id_or_none("nda_id")?,
        category: row.text_or_none("category")?,
        revision: row.count("revision")?,
    })
}

/// A level this version does not know, written by a later one or by hand, closes the document.
pub(crate) fn level(row: &SqliteRow) -> Result<AccessLevel, StoreError> {
    Ok(row.text("level")?.parse().unwrap_or_else(|_| {
        tracing::error!("a document has a level this version does not know; it is internal");
        AccessLevel::Internal
    }))
}

pub(crate) fn publication(row: &SqliteRow) -> Result<Publication, StoreError> {
    let version =
        row.integer_or_none("version")?.and_then(|version| version.try_into().ok()).map(VersionNumber);
    Ok(Publication::from_kept(&row.text("publication")?, version))
}

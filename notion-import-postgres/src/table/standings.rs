//! How documents stand towards their readers.

use std::collections::HashMap;

use notion_import_core::store::{Cursor, Key, Standing, folded};
use notion_import_core::{
    AccessLevel, DocumentId, NdaId, Publication, ReadableOrder, StoreError, TenantId, VersionNumber,
};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, number};

/// How a document stands. One that has no row stands as every new document does.
pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Standing, StoreError> {
    Ok(get_many(db, tenant, [document]).await?.remove(&document).unwrap_or_default())
}

/// Those among `documents` that have one.
pub(crate) async fn get_many(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    documents: impl IntoIterator<Item = DocumentId>,
) -> Result<HashMap<DocumentId, Standing>, StoreError> {
    let rows = sqlx::query("SELECT * FROM standings WHERE tenant_id = $1 AND document_id = ANY ($2)")
        .bind(tenant.as_uuid())
        .bind(documents.into_iter().map(DocumentId::as_uuid).collect::<Vec<_>>())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    Ok(every(rows, of_document)?.into_iter().collect())
}

/// Returns a standing that is published, with where it stands among the others.
pub(crate) fn listed(row: &PgRow, order: ReadableOrder) -> Result<(Cursor, Standing), StoreError> {
    let (id, standing) = of_document(row)?;
    let key = match order {
        ReadableOrder::Title => Key::Title(row.text("folded")?),
        ReadableOrder::Newest => Key::At(row.time("published_at")?.timestamp_micros()),
    };
    Ok((Cursor { key, id }, standing))
}

/// The categories of a tenant, in the order that they are found by.
pub(crate) async fn categories(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(
        "SELECT max(category) FROM standings WHERE tenant_id = $1 AND shelf <> '' GROUP BY shelf ORDER BY shelf",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await
    .map_err(backend)
}

pub(crate) async fn save(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    standing: &Standing,
) -> Result<(), StoreError> {
    let (publication, version) = standing.publication.kept();
    sqlx::query(
        "INSERT INTO standings \
             (tenant_id, document_id, level, publication, version, published_title, folded, published_at, listed, nda_id, \
              category, shelf, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (tenant_id, document_id) DO UPDATE SET \
             level = excluded.level, publication = excluded.publication, version = excluded.version, \
             published_title = excluded.published_title, folded = excluded.folded, published_at = excluded.published_at, listed = excluded.listed, nda_id = excluded.nda_id, \
             category = excluded.category, shelf = excluded.shelf, revision = excluded.revision",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .bind(standing.level.as_str())
    .bind(publication)
    .bind(version.map(|version| number(version.0)))
    .bind(&standing.title)
    .bind(standing.title.as_deref().map(folded).unwrap_or_default())
    .bind(standing.published_at)
    .bind(standing.listed)
    .bind(standing.nda.map(NdaId::as_uuid))
    .bind(&standing.category)
    .bind(standing.shelf())
    .bind(integer(standing.revision))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn of_document(row: &PgRow) -> Result<(DocumentId, Standing), StoreError> {
    Ok((DocumentId::new(row.id("document_id")?), read(row)?))
}

fn read(row: &PgRow) -> Result<Standing, StoreError> {
    Ok(Standing {
        level: level(row)?,
        publication: publication(row)?,
        title: row.value("published_title")?,
        published_at: row.time_or_none("published_at")?,
        listed: row.flag("listed")?,
        nda: row.id_or_none("nda_id")?.map(NdaId::new),
        category: row.value("category")?,
        revision: row.count("revision")?,
    })
}

/// A level this version does not know, written by a later one or by hand, closes the document.
pub(crate) fn level(row: &PgRow) -> Result<AccessLevel, StoreError> {
    Ok(row.text("level")?.parse().unwrap_or_else(|_| {
        tracing::error!("a document has a level this version does not know; it is internal");
        AccessLevel::Internal
    }))
}

pub(crate) fn publication(row: &PgRow) -> Result<Publication, StoreError> {
    let version = row.value::<Option<i32>>("version")?;
    let version = version.and_then(|version| version.try_into().ok()).map(VersionNumber);
    Ok(Publication::from_kept(&row.text("publication")?, version))
}

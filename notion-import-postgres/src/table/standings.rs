//! How documents stand towards their readers.

use std::collections::HashMap;

use notion_import_core::store::Standing;
use notion_import_core::{AccessLevel, DocumentId, NdaId, Publication, StoreError, TenantId, VersionNumber};
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

/// The standings of a tenant's documents that are published, in no order.
pub(crate) async fn published(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
) -> Result<Vec<(DocumentId, Standing)>, StoreError> {
    let rows = sqlx::query("SELECT * FROM standings WHERE tenant_id = $1 AND publication = 'published'")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, of_document)
}

/// Of the documents that are published, those that somebody outside might be shown, in no order: what is public or listed, and
/// what this reader was let in to. It is for [`decide`](notion_import_core::decide) to say.
pub(crate) async fn published_outside(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    assigned: impl IntoIterator<Item = DocumentId>,
) -> Result<Vec<(DocumentId, Standing)>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM standings WHERE tenant_id = $1 AND publication = 'published' \
             AND level <> 'internal' AND (listed OR level = 'public') \
         UNION \
         SELECT * FROM standings WHERE tenant_id = $1 AND publication = 'published' \
             AND document_id = ANY ($2)",
    )
    .bind(tenant.as_uuid())
    .bind(assigned.into_iter().map(DocumentId::as_uuid).collect::<Vec<_>>())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, of_document)
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
             (tenant_id, document_id, level, publication, version, published_title, published_at, listed, nda_id, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (tenant_id, document_id) DO UPDATE SET \
             level = excluded.level, publication = excluded.publication, version = excluded.version, \
             published_title = excluded.published_title, published_at = excluded.published_at, listed = excluded.listed, nda_id = excluded.nda_id, \
             revision = excluded.revision",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .bind(standing.level.as_str())
    .bind(publication)
    .bind(version.map(|version| number(version.0)))
    .bind(&standing.title)
    .bind(standing.published_at)
    .bind(standing.listed)
    .bind(standing.nda.map(NdaId::as_uuid))
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
        revision: row.count("revision")?,
    })
}

/// A level this version does not know, written by a later one or by hand, closes the document.
fn level(row: &PgRow) -> Result<AccessLevel, StoreError> {
    Ok(row.text("level")?.parse().unwrap_or_else(|_| {
        tracing::error!("a document has a level this version does not know; it is internal");
        AccessLevel::Internal
    }))
}

fn publication(row: &PgRow) -> Result<Publication, StoreError> {
    let version = row.value::<Option<i32>>("version")?;
    let version = version.and_then(|version| version.try_into().ok()).map(VersionNumber);
    Ok(Publication::from_kept(&row.text("publication")?, version))
}

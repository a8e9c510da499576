//! The versions of documents. None ever changes.

use notion_import_core::error::StoreError;
use notion_import_core::id::{DocumentId, TenantId, VersionNumber};
use notion_import_core::library::document::Version;
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use crate::error::backend;
use crate::row::{Columns, json, number};

pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    version: &Version,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notion_import.versions \
             (tenant_id, document_id, number, content, digest, attachments, fidelity, exposure, source_edited_at, imported_at) \
         VALUES ($1, $2, $3, $4::text::json, $5, $6::text::json, $7::text::json, $8::text::json, $9, $10)",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .bind(number(version.number.0))
    .bind(json(&version.content)?)
    .bind(version.content.digest().as_bytes().as_slice())
    .bind(json(&version.attachments)?)
    .bind(json(&version.fidelity)?)
    .bind(json(&version.exposure)?)
    .bind(version.source_edited_at)
    .bind(version.imported_at)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    version: VersionNumber,
) -> Result<Option<Version>, StoreError> {
    let row = sqlx::query(
        "SELECT * FROM notion_import.versions WHERE tenant_id = $1 AND document_id = $2 AND number = $3",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .bind(number(version.0))
    .fetch_optional(db)
    .await
    .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Newest first.
#[cfg(feature = "gate")]
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<Version>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM notion_import.versions WHERE tenant_id = $1 AND document_id = $2 ORDER BY number DESC",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    crate::row::every(rows, read)
}

fn read(row: &PgRow) -> Result<Version, StoreError> {
    Ok(Version {
        number: VersionNumber(row.number("number")?),
        content: row.json("content")?,
        attachments: row.json("attachments")?,
        fidelity: row.json("fidelity")?,
        exposure: row.json("exposure")?,
        source_edited_at: row.time("source_edited_at")?,
        imported_at: row.time("imported_at")?,
    })
}

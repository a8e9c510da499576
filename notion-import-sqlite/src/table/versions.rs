//! The versions of documents. None ever changes.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use notion_import_core::{BlobId, DocumentId, StoreError, StoredFile, TenantId, Version, VersionNumber};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::backend;
use crate::row::{Columns, every, json, micros};

pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    version: &Version,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO versions \
             (tenant_id, document_id, number, content, blob, attachments, fidelity, exposure, source_edited_at, imported_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.to_string())
    .bind(document.to_string())
    .bind(version.number.0)
    .bind(json(&version.content)?)
    .bind(version.content.file().map(|file| file.blob.id.to_string()))
    .bind(json(&version.attachments)?)
    .bind(json(&version.fidelity)?)
    .bind(json(&version.exposure)?)
    .bind(micros(version.source_edited_at))
    .bind(micros(version.imported_at))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

#[cfg(feature = "gate")]
pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    number: VersionNumber,
) -> Result<Option<Version>, StoreError> {
    let row = sqlx::query("SELECT * FROM versions WHERE tenant_id = ? AND document_id = ? AND number = ?")
        .bind(tenant.to_string())
        .bind(document.to_string())
        .bind(number.0)
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Fails unless the document has this version.
#[cfg(feature = "gate")]
pub(crate) async fn has(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    number: VersionNumber,
) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT 1 FROM versions WHERE tenant_id = ? AND document_id = ? AND number = ?")
        .bind(tenant.to_string())
        .bind(document.to_string())
        .bind(number.0)
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.map(drop).ok_or(StoreError::NotFound)
}

/// Newest first.
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<Version>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM versions WHERE tenant_id = ? AND document_id = ? ORDER BY number DESC")
            .bind(tenant.to_string())
            .bind(document.to_string())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, read)
}

/// Adds the blobs of all versions.
pub(crate) async fn blobs(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    blobs: &mut HashSet<BlobId>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query("SELECT blob, attachments FROM versions WHERE tenant_id = ?")
        .bind(tenant.to_string())
        .fetch(db);
    while let Some(row) = rows.try_next().await.map_err(backend)? {
        let attachments: Vec<StoredFile> = row.json("attachments")?;
        blobs.extend(row.id_or_none::<BlobId>("blob")?);
        blobs.extend(attachments.iter().map(|file| file.blob.id));
    }
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Version, StoreError> {
    Ok(Version {
        number: VersionNumber(row.count("number")?),
        content: row.json("content")?,
        attachments: row.json("attachments")?,
        fidelity: row.json("fidelity")?,
        exposure: row.json("exposure")?,
        source_edited_at: row.time("source_edited_at")?,
        imported_at: row.time("imported_at")?,
    })
}

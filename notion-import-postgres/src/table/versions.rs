//! The versions of documents. None ever changes.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use notion_import_core::{BlobId, DocumentId, StoreError, StoredFile, TenantId, Version, VersionNumber};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::backend;
use crate::row::{Columns, every, json, number};

/// Adds versions to documents that the transaction has locked or made.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    versions: impl IntoIterator<Item = (DocumentId, &Version)>,
) -> Result<(), StoreError> {
    let mut rows = Rows::default();
    for (document, version) in versions {
        rows.push(document, version)?;
    }
    if rows.document_id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO versions \
             (tenant_id, document_id, number, content, blob, attachments, fidelity, exposure, source_edited_at, imported_at) \
         SELECT $1, document_id, number, content::json, blob, attachments::json, fidelity::json, exposure::json, \
             source_edited_at, imported_at \
         FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], \
             $9::timestamptz[], $10::timestamptz[]) \
             AS new (document_id, number, content, blob, attachments, fidelity, exposure, source_edited_at, imported_at)",
    )
    .bind(tenant.as_uuid())
    .bind(rows.document_id)
    .bind(rows.number)
    .bind(rows.content)
    .bind(rows.blob)
    .bind(rows.attachments)
    .bind(rows.fidelity)
    .bind(rows.exposure)
    .bind(rows.source_edited_at)
    .bind(rows.imported_at)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Rows, column by column: one statement takes any number of them.
#[derive(Default)]
struct Rows {
    document_id: Vec<Uuid>,
    number: Vec<i32>,
    content: Vec<String>,
    blob: Vec<Option<[u8; 32]>>,
    attachments: Vec<String>,
    fidelity: Vec<String>,
    exposure: Vec<String>,
    source_edited_at: Vec<DateTime<Utc>>,
    imported_at: Vec<DateTime<Utc>>,
}

impl Rows {
    fn push(&mut self, document: DocumentId, version: &Version) -> Result<(), StoreError> {
        self.document_id.push(document.as_uuid());
        self.number.push(number(version.number.0));
        self.content.push(json(&version.content)?);
        self.blob.push(version.content.file().map(|file| *file.blob.id.as_bytes()));
        self.attachments.push(json(&version.attachments)?);
        self.fidelity.push(json(&version.fidelity)?);
        self.exposure.push(json(&version.exposure)?);
        self.source_edited_at.push(version.source_edited_at);
        self.imported_at.push(version.imported_at);
        Ok(())
    }
}

/// Fails unless the document has this version.
#[cfg(feature = "gate")]
pub(crate) async fn has(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    version: VersionNumber,
) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT 1 FROM versions WHERE tenant_id = $1 AND document_id = $2 AND number = $3")
        .bind(tenant.as_uuid())
        .bind(document.as_uuid())
        .bind(number(version.0))
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.map(drop).ok_or(StoreError::NotFound)
}

#[cfg(feature = "gate")]
pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    version: VersionNumber,
) -> Result<Option<Version>, StoreError> {
    let row = sqlx::query("SELECT * FROM versions WHERE tenant_id = $1 AND document_id = $2 AND number = $3")
        .bind(tenant.as_uuid())
        .bind(document.as_uuid())
        .bind(number(version.0))
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Newest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<Version>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM versions WHERE tenant_id = $1 AND document_id = $2 ORDER BY number DESC")
            .bind(tenant.as_uuid())
            .bind(document.as_uuid())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, read)
}

/// Adds the blobs of all versions.
pub(crate) async fn blobs(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    blobs: &mut HashSet<BlobId>,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query("SELECT blob, attachments FROM versions WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch(db);
    while let Some(row) = rows.try_next().await.map_err(backend)? {
        let attachments: Vec<StoredFile> = row.json("attachments")?;
        blobs.extend(row.digest_or_none("blob")?.map(BlobId::from_digest));
        blobs.extend(attachments.iter().map(|file| file.blob.id));
    }
    Ok(())
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

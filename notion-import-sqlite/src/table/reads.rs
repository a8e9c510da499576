//! Who has read what, and how often what is public was read. It is only added to.

use std::ops::Range;

use chrono::{DateTime, Utc};
use notion_import_core::store::minute_of;
use notion_import_core::{
    AssignmentId, BlobId, DocumentId, PublicReads, ReadEntry, ReadQuery, StoreError, TenantId, VersionNumber,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteConnection, SqliteExecutor};

use crate::error::backend;
use crate::row::{Columns, every, integer, json, micros};

/// Adds an entry, unless the minute has one of the same.
pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    entry: &ReadEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO reads (tenant_id, id, at, minute, contact_id, address, document_id, version, digest, file, assignment_id, accepted) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (tenant_id, contact_id, document_id, version, file, minute) DO NOTHING",
    )
    .bind(tenant.to_string())
    .bind(entry.id.to_string())
    .bind(micros(entry.at))
    .bind(micros(minute_of(entry.at)))
    .bind(entry.contact.to_string())
    .bind(entry.address.map(|address| address.to_string()))
    .bind(entry.document.to_string())
    .bind(entry.version.0)
    .bind(entry.digest.to_string())
    .bind(file(entry.file))
    .bind(entry.assignment.0.to_string())
    .bind(json(&entry.accepted)?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Adds to how often a public version was read.
pub(crate) async fn count(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    reads: &PublicReads,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO public_reads (tenant_id, document_id, version, file, minute, count) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (tenant_id, document_id, minute, version, file) DO UPDATE SET count = count + excluded.count",
    )
    .bind(tenant.to_string())
    .bind(reads.document.to_string())
    .bind(reads.version.0)
    .bind(file(reads.file))
    .bind(micros(reads.minute))
    .bind(integer(reads.count))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Deletes what is from before a moment, from which on the log is kept by now, and returns how many rows that were.
pub(crate) async fn delete(
    db: &mut SqliteConnection,
    tenant: TenantId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for sql in [
        "DELETE FROM reads WHERE tenant_id = ? AND at < ?",
        "DELETE FROM public_reads WHERE tenant_id = ? AND minute < ?",
    ] {
        let delete = sqlx::query(sql).bind(tenant.to_string()).bind(micros(before));
        deleted += delete.execute(&mut *db).await.map_err(backend)?.rows_affected();
    }
    Ok(deleted)
}

/// Returns entries, newest first.
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    query: &ReadQuery,
) -> Result<Vec<ReadEntry>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM reads WHERE tenant_id = ");
    select.push_bind(tenant.to_string());
    if let Some(document) = query.document {
        select.push(" AND document_id = ").push_bind(document.to_string());
    }
    if let Some(contact) = query.contact {
        select.push(" AND contact_id = ").push_bind(contact.to_string());
    }
    if let Some(before) = query.before {
        select.push(" AND id < ").push_bind(before.to_string());
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(integer(query.limit));
    every(select.build().fetch_all(db).await.map_err(backend)?, read)
}

/// Returns how often a public document was read, oldest first, the page before the files.
pub(crate) async fn public(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    within: Range<DateTime<Utc>>,
) -> Result<Vec<PublicReads>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM public_reads WHERE tenant_id = ? AND document_id = ? AND minute >= ? AND minute < ? \
         ORDER BY minute, version, file",
    )
    .bind(tenant.to_string())
    .bind(document.to_string())
    .bind(micros(within.start))
    .bind(micros(within.end))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, |row| {
        Ok(PublicReads {
            document,
            version: VersionNumber(row.count("version")?),
            file: file_of(row)?,
            minute: row.time("minute")?,
            count: row.count("count")?,
        })
    })
}

fn read(row: &SqliteRow) -> Result<ReadEntry, StoreError> {
    Ok(ReadEntry {
        id: row.id("id")?,
        at: row.time("at")?,
        contact: row.id("contact_id")?,
        address: row.id_or_none("address")?,
        document: row.id("document_id")?,
        version: VersionNumber(row.count("version")?),
        digest: row.id("digest")?,
        file: file_of(row)?,
        assignment: AssignmentId(row.id("assignment_id")?),
        accepted: row.json("accepted")?,
    })
}

/// What is kept of a file; of none, nothing, so that the page is one of its own and comes first.
fn file(file: Option<BlobId>) -> String {
    file.map(|file| file.to_string()).unwrap_or_default()
}

fn file_of(row: &SqliteRow) -> Result<Option<BlobId>, StoreError> {
    let file = Some(row.text("file")?).filter(|file| !file.is_empty());
    file.map(|file| file.parse().map_err(|_| StoreError::Corrupt("file"))).transpose()
}

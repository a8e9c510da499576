//! Who has read what, and how often what is public was read. It is only added to.

use std::ops::Range;

use chrono::{DateTime, Utc};
use notion_import_core::store::{VersionDigest, minute_of};
use notion_import_core::{
    AssignmentId, BlobId, ContactId, DocumentId, PublicReads, ReadEntry, ReadId, ReadQuery, StoreError,
    TenantId, VersionNumber,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, QueryBuilder};

use crate::error::backend;
use crate::row::{Columns, every, integer, json, number};

/// Adds an entry, unless the minute has one of the same.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    entry: &ReadEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO reads (tenant_id, id, at, minute, contact_id, address, document_id, version, digest, file, assignment_id, accepted) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::json) \
         ON CONFLICT (tenant_id, contact_id, document_id, version, file, minute) DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(entry.id.as_uuid())
    .bind(entry.at)
    .bind(minute_of(entry.at))
    .bind(entry.contact.as_uuid())
    .bind(entry.address.map(|address| address.to_string()))
    .bind(entry.document.as_uuid())
    .bind(number(entry.version.0))
    .bind(entry.digest.as_bytes())
    .bind(file(&entry.file))
    .bind(entry.assignment.0)
    .bind(json(&entry.accepted)?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Adds to how often public versions were read.
pub(crate) async fn count(
    db: &mut PgConnection,
    tenant: TenantId,
    reads: &[PublicReads],
) -> Result<(), StoreError> {
    // Everybody takes the rows in one order, so nobody waits in a circle.
    let mut reads = reads.to_vec();
    reads.sort_by_key(|read| (read.document, read.minute, read.version, read.file));
    for read in reads {
        sqlx::query(
            "INSERT INTO public_reads AS kept (tenant_id, document_id, version, file, minute, count) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (tenant_id, document_id, minute, version, file) \
             DO UPDATE SET count = kept.count + excluded.count",
        )
        .bind(tenant.as_uuid())
        .bind(read.document.as_uuid())
        .bind(number(read.version.0))
        .bind(file(&read.file))
        .bind(read.minute)
        .bind(integer(read.count))
        .execute(&mut *db)
        .await
        .map_err(backend)?;
    }
    Ok(())
}

/// Deletes what is from before a moment, from which on the log is kept by now, and returns how many rows that were.
pub(crate) async fn delete(
    db: &mut PgConnection,
    tenant: TenantId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for sql in [
        "DELETE FROM reads WHERE tenant_id = $1 AND at < $2",
        "DELETE FROM public_reads WHERE tenant_id = $1 AND minute < $2",
    ] {
        let delete = sqlx::query(sql).bind(tenant.as_uuid()).bind(before);
        deleted += delete.execute(&mut *db).await.map_err(backend)?.rows_affected();
    }
    Ok(deleted)
}

/// Returns entries, newest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    query: &ReadQuery,
) -> Result<Vec<ReadEntry>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM reads WHERE tenant_id = ");
    select.push_bind(tenant.as_uuid());
    if let Some(document) = query.document {
        select.push(" AND document_id = ").push_bind(document.as_uuid());
    }
    if let Some(contact) = query.contact {
        select.push(" AND contact_id = ").push_bind(contact.as_uuid());
    }
    if let Some(before) = query.before {
        select.push(" AND id < ").push_bind(before.as_uuid());
    }
    select.push(" ORDER BY id DESC LIMIT ").push_bind(integer(query.limit));
    every(select.build().fetch_all(db).await.map_err(backend)?, read)
}

/// Returns how often a public document was read, oldest first, the page before the files.
pub(crate) async fn public(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    within: Range<DateTime<Utc>>,
) -> Result<Vec<PublicReads>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM public_reads WHERE tenant_id = $1 AND document_id = $2 AND minute >= $3 AND minute < $4 \
         ORDER BY minute, version, file",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .bind(within.start)
    .bind(within.end)
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, |row| {
        Ok(PublicReads {
            document,
            version: VersionNumber(row.number("version")?),
            file: file_of(row)?,
            minute: row.time("minute")?,
            count: row.count("count")?,
        })
    })
}

fn read(row: &PgRow) -> Result<ReadEntry, StoreError> {
    Ok(ReadEntry {
        id: ReadId::new(row.id("id")?),
        at: row.time("at")?,
        contact: ContactId::new(row.id("contact_id")?),
        address: row.address_or_none("address")?,
        document: DocumentId::new(row.id("document_id")?),
        version: VersionNumber(row.number("version")?),
        digest: VersionDigest::from_digest(row.digest("digest")?),
        file: file_of(row)?,
        assignment: AssignmentId(row.id("assignment_id")?),
        accepted: row.json("accepted")?,
    })
}

/// What is kept of a file; of none, nothing, so that the page is one of its own and comes first.
fn file(file: &Option<BlobId>) -> &[u8] {
    file.as_ref().map_or(&[], |file| file.as_bytes())
}

fn file_of(row: &PgRow) -> Result<Option<BlobId>, StoreError> {
    match row.value::<&[u8]>("file")? {
        [] => Ok(None),
        file => file
            .try_into()
            .map(|digest| Some(BlobId::from_digest(digest)))
            .map_err(|_| StoreError::Corrupt("file")),
    }
}

//! Who has accepted which version of which NDA.

use chrono::{DateTime, Utc};
use notion_import_core::store::Acceptance;
use notion_import_core::{
    AcceptanceEntry, AcceptanceId, AcceptanceQuery, BlobId, ContactId, DocumentId, NdaId, StoreError,
    TenantId,
};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, QueryBuilder};

use crate::error::backend;
use crate::row::{Columns, every, integer, number};

/// Adds an acceptance, unless there is one that counts.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    entry: &AcceptanceEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO acceptances (tenant_id, id, contact_id, nda_id, version, accepted_at, address, digest, document_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (tenant_id, contact_id, nda_id, version) WHERE voided_at IS NULL DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(entry.id.as_uuid())
    .bind(entry.contact.as_uuid())
    .bind(entry.nda.as_uuid())
    .bind(number(entry.version))
    .bind(entry.at)
    .bind(entry.address.map(|address| address.to_string()))
    .bind(entry.digest.as_bytes().as_slice())
    .bind(entry.document.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// What all of a contact say to whoever decides, void ones included, oldest first.
pub(crate) async fn of_contact(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
) -> Result<Vec<Acceptance>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM acceptances WHERE tenant_id = $1 AND contact_id = $2 ORDER BY accepted_at, id",
    )
    .bind(tenant.as_uuid())
    .bind(contact.as_uuid())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, |row| Ok(read(row)?.acceptance()))
}

/// Returns acceptances, void ones included, newest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    query: &AcceptanceQuery,
) -> Result<Vec<AcceptanceEntry>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM acceptances WHERE tenant_id = ");
    select.push_bind(tenant.as_uuid());
    if let Some(id) = query.id {
        select.push(" AND id = ").push_bind(id.as_uuid());
    }
    if let Some(nda) = query.nda {
        select.push(" AND nda_id = ").push_bind(nda.as_uuid());
    }
    if let Some(version) = query.version {
        select.push(" AND version = ").push_bind(number(version));
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

/// Declares a contact's acceptances of an NDA void.
pub(crate) async fn void(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    nda: NdaId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE acceptances SET voided_at = $1 \
         WHERE tenant_id = $2 AND contact_id = $3 AND nda_id = $4 AND voided_at IS NULL",
    )
    .bind(now)
    .bind(tenant.as_uuid())
    .bind(contact.as_uuid())
    .bind(nda.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn read(row: &PgRow) -> Result<AcceptanceEntry, StoreError> {
    Ok(AcceptanceEntry {
        id: AcceptanceId::new(row.id("id")?),
        at: row.time("accepted_at")?,
        contact: ContactId::new(row.id("contact_id")?),
        address: row.address_or_none("address")?,
        nda: NdaId::new(row.id("nda_id")?),
        version: row.number("version")?,
        digest: BlobId::from_digest(row.digest("digest")?),
        document: DocumentId::new(row.id("document_id")?),
        voided_at: row.time_or_none("voided_at")?,
    })
}

//! Who has accepted which version of which NDA.

use chrono::{DateTime, Utc};
use notion_import_core::store::Acceptance;
use notion_import_core::{AcceptanceEntry, AcceptanceQuery, ContactId, NdaId, StoreError, TenantId};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteExecutor};

use crate::error::backend;
use crate::row::{Columns, every, integer, micros};

/// Adds an acceptance, unless there is one that counts.
pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    entry: &AcceptanceEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO acceptances (tenant_id, id, contact_id, nda_id, version, accepted_at, address, digest, document_id) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (tenant_id, contact_id, nda_id, version) WHERE voided_at IS NULL DO NOTHING",
    )
    .bind(tenant.to_string())
    .bind(entry.id.to_string())
    .bind(entry.contact.to_string())
    .bind(entry.nda.to_string())
    .bind(entry.version)
    .bind(micros(entry.at))
    .bind(entry.address.map(|address| address.to_string()))
    .bind(entry.digest.to_string())
    .bind(entry.document.to_string())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// What all of a contact say to whoever decides, void ones included, oldest first.
pub(crate) async fn of_contact(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
) -> Result<Vec<Acceptance>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM acceptances WHERE tenant_id = ? AND contact_id = ? ORDER BY accepted_at, id",
    )
    .bind(tenant.to_string())
    .bind(contact.to_string())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, |row| Ok(read(row)?.acceptance()))
}

/// Returns acceptances, void ones included, newest first.
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    query: &AcceptanceQuery,
) -> Result<Vec<AcceptanceEntry>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM acceptances WHERE tenant_id = ");
    select.push_bind(tenant.to_string());
    if let Some(id) = query.id {
        select.push(" AND id = ").push_bind(id.to_string());
    }
    if let Some(nda) = query.nda {
        select.push(" AND nda_id = ").push_bind(nda.to_string());
    }
    if let Some(version) = query.version {
        select.push(" AND version = ").push_bind(version);
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

/// Declares a contact's acceptances of an NDA void.
pub(crate) async fn void(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    nda: NdaId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE acceptances SET voided_at = ? \
         WHERE tenant_id = ? AND contact_id = ? AND nda_id = ? AND voided_at IS NULL",
    )
    .bind(micros(now))
    .bind(tenant.to_string())
    .bind(contact.to_string())
    .bind(nda.to_string())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<AcceptanceEntry, StoreError> {
    Ok(AcceptanceEntry {
        id: row.id("id")?,
        at: row.time("accepted_at")?,
        contact: row.id("contact_id")?,
        address: row.id_or_none("address")?,
        nda: row.id("nda_id")?,
        version: row.count("version")?,
        digest: row.id("digest")?,
        document: row.id("document_id")?,
        voided_at: row.time_or_none("voided_at")?,
    })
}

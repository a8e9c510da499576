//! Who has accepted which version of which NDA.

use chrono::{DateTime, Utc};
use notion_import_core::store::Acceptance;
use notion_import_core::{ContactId, NdaId, StoreError, TenantId};
use sqlx::SqliteExecutor;
use uuid::Uuid;

use crate::error::backend;
use crate::row::{Columns, every, micros};

/// Adds an acceptance, unless there is one that counts.
pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    nda: NdaId,
    version: u32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO acceptances (tenant_id, id, contact_id, nda_id, version, accepted_at) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (tenant_id, contact_id, nda_id, version) WHERE voided_at IS NULL DO NOTHING",
    )
    .bind(tenant.to_string())
    .bind(Uuid::now_v7().to_string())
    .bind(contact.to_string())
    .bind(nda.to_string())
    .bind(version)
    .bind(micros(now))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// All of a contact, void ones included, oldest first.
pub(crate) async fn list(
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
    every(rows, |row| {
        Ok(Acceptance {
            nda: row.id("nda_id")?,
            version: row.count("version")?,
            voided_at: row.time_or_none("voided_at")?,
        })
    })
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

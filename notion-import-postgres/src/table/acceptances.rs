//! Who has accepted which version of which NDA.

use chrono::{DateTime, Utc};
use notion_import_core::store::Acceptance;
use notion_import_core::{ContactId, NdaId, StoreError, TenantId};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::error::backend;
use crate::row::{Columns, every, number};

/// Adds an acceptance, unless there is one that counts.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    nda: NdaId,
    version: u32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO acceptances (tenant_id, id, contact_id, nda_id, version, accepted_at) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (tenant_id, contact_id, nda_id, version) WHERE voided_at IS NULL DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(Uuid::now_v7())
    .bind(contact.as_uuid())
    .bind(nda.as_uuid())
    .bind(number(version))
    .bind(now)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// All of a contact, void ones included, oldest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
) -> Result<Vec<Acceptance>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM acceptances WHERE tenant_id = $1 AND contact_id = $2 \
         ORDER BY accepted_at, id",
    )
    .bind(tenant.as_uuid())
    .bind(contact.as_uuid())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, |row| {
        Ok(Acceptance {
            nda: NdaId::new(row.id("nda_id")?),
            version: row.number("version")?,
            voided_at: row.time_or_none("voided_at")?,
        })
    })
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

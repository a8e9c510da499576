//! From where on the logs of tenants are kept.

#[cfg(feature = "gate")]
use chrono::{DateTime, Utc};
use notion_import_core::{AuditStart, StoreError, TenantId};
use sqlx::PgExecutor;

use crate::error::backend;
use crate::row::{Columns, integer};

/// Returns from where on a tenant's audit is kept, if its beginning is gone.
pub(crate) async fn get(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Option<AuditStart>, StoreError> {
    let row = sqlx::query("SELECT * FROM log_starts WHERE tenant_id = $1 AND number > 0")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let Some(row) = row else { return Ok(None) };
    let state = row.json_text("state")?.map(str::to_owned);
    Ok(Some(AuditStart { number: row.count("number")?, at: row.time("at")?, state }))
}

/// Lets a tenant's audit start there, unless it starts there or later already, and returns whether it did not.
pub(crate) async fn set(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    start: &AuditStart,
) -> Result<bool, StoreError> {
    let set = sqlx::query(
        "INSERT INTO log_starts AS kept (tenant_id, number, at, state) VALUES ($1, $2, $3, $4::json) \
         ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number, at = excluded.at, state = excluded.state \
         WHERE excluded.number > kept.number",
    )
    .bind(tenant.as_uuid())
    .bind(integer(start.number))
    .bind(start.at)
    .bind(&start.state)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(set.rows_affected() > 0)
}

/// Lets a tenant's read log start at a moment, unless it starts later already.
#[cfg(feature = "gate")]
pub(crate) async fn set_reads(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    from: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO log_starts AS kept (tenant_id, reads_from) VALUES ($1, $2) \
         ON CONFLICT (tenant_id) DO UPDATE SET reads_from = greatest(kept.reads_from, excluded.reads_from)",
    )
    .bind(tenant.as_uuid())
    .bind(from)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

//! From where on the logs of tenants are kept.

#[cfg(feature = "gate")]
use chrono::{DateTime, Utc};
use notion_import_core::{AuditStart, StoreError, TenantId};
use sqlx::SqliteExecutor;

use crate::error::backend;
use crate::row::{Columns, integer, micros};

/// Returns from where on a tenant's audit is kept, if its beginning is gone.
pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
) -> Result<Option<AuditStart>, StoreError> {
    let row = sqlx::query("SELECT * FROM log_starts WHERE tenant_id = ? AND number > 0")
        .bind(tenant.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let Some(row) = row else { return Ok(None) };
    let (number, at, state) = (row.count("number")?, row.time("at")?, row.text_or_none("state")?);
    Ok(Some(AuditStart { number, at, state }))
}

/// Lets a tenant's audit start there, unless it starts there or later already, and returns whether it did not.
pub(crate) async fn set(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    start: &AuditStart,
) -> Result<bool, StoreError> {
    let set = sqlx::query(
        "INSERT INTO log_starts (tenant_id, number, at, state) VALUES (?, ?, ?, ?) \
         ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number, at = excluded.at, state = excluded.state \
         WHERE excluded.number > log_starts.number",
    )
    .bind(tenant.to_string())
    .bind(integer(start.number))
    .bind(micros(start.at))
    .bind(&start.state)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(set.rows_affected() > 0)
}

/// Lets a tenant's read log start at a moment, unless it starts later already.
#[cfg(feature = "gate")]
pub(crate) async fn set_reads(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    from: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO log_starts (tenant_id, reads_from) VALUES (?1, ?2) \
         ON CONFLICT (tenant_id) DO UPDATE SET reads_from = max(coalesce(reads_from, ?2), ?2)",
    )
    .bind(tenant.to_string())
    .bind(micros(from))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

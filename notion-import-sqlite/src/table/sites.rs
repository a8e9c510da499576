//! How often what the sites of tenants show has changed.

use notion_import_core::{StoreError, TenantId};
use sqlx::SqliteExecutor;

use crate::error::backend;
use crate::row::Columns;

pub(crate) async fn revision(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT revision FROM sites WHERE tenant_id = ?")
        .bind(tenant.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.map_or(Ok(0), |row| row.count("revision"))
}

/// Counts one more.
pub(crate) async fn change(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sites (tenant_id, revision) VALUES (?, 1) \
         ON CONFLICT (tenant_id) DO UPDATE SET revision = revision + 1",
    )
    .bind(tenant.to_string())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

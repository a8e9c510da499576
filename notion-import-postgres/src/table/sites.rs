//! How often what the sites of tenants show has changed.

use notion_import_core::{StoreError, TenantId};
use sqlx::PgExecutor;

use crate::error::backend;
use crate::row::Columns;

pub(crate) async fn revision(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT revision FROM sites WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.map_or(Ok(0), |row| row.count("revision"))
}

/// Counts one more. The row is locked until the transaction ends, after the document's and before the audit's.
pub(crate) async fn change(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sites (tenant_id, revision) VALUES ($1, 1) \
         ON CONFLICT (tenant_id) DO UPDATE SET revision = sites.revision + 1",
    )
    .bind(tenant.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

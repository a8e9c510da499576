//! When the sources of documents were last looked at.

use chrono::{DateTime, Utc};
use notion_import_core::{DocumentId, StoreError, TenantId};
use sqlx::SqliteExecutor;

use crate::error::backend;
use crate::row::{json, micros};

/// Writes the times of the last looks at documents of one tenant that are there.
pub(crate) async fn save(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    checked: impl Iterator<Item = (DocumentId, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = checked.map(|(document, checked_at)| (document, micros(checked_at))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO checks (document, checked_at) SELECT documents.key, value->>1 \
         FROM json_each(?2) CROSS JOIN documents ON documents.tenant_id = ?1 AND documents.id = value->>0 \
         WHERE true ON CONFLICT (document) DO UPDATE SET checked_at = excluded.checked_at",
    )
    .bind(tenant.to_string())
    .bind(json(&rows)?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

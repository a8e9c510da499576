//! When the sources of documents were last looked at.

use chrono::{DateTime, Utc};
use notion_import_core::{DocumentId, StoreError, TenantId};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::error::backend;

/// Waits until nobody else changes these documents; nobody does until the transaction ends.
pub(crate) async fn lock(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    documents: &[Uuid],
) -> Result<(), StoreError> {
    // Everybody locks in this order, so nobody waits in a circle.
    sqlx::query(
        "SELECT FROM checks WHERE tenant_id = $1 AND document_id = ANY ($2) ORDER BY document_id FOR UPDATE",
    )
    .bind(tenant.as_uuid())
    .bind(documents)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Writes the times of the last looks at documents that the transaction has locked or made.
pub(crate) async fn save(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    checked: impl Iterator<Item = (DocumentId, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    let (documents, times): (Vec<_>, Vec<_>) =
        checked.map(|(document, checked_at)| (document.as_uuid(), checked_at)).unzip();
    if documents.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO checks (tenant_id, document_id, checked_at) \
         SELECT $1, document_id, checked_at FROM unnest($2::uuid[], $3::timestamptz[]) AS new (document_id, checked_at) \
         ON CONFLICT (tenant_id, document_id) DO UPDATE SET checked_at = excluded.checked_at",
    )
    .bind(tenant.as_uuid())
    .bind(documents)
    .bind(times)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

//! The history of documents. It is only added to.

use notion_import_core::error::StoreError;
use notion_import_core::id::{DocumentId, TenantId};
use notion_import_core::library::audit::AuditEntry;
use sqlx::SqliteExecutor;

use crate::error::backend;
use crate::row::{json, micros};

pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (tenant_id, document_id, number, at, member_id, event) \
         SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5 FROM audit WHERE tenant_id = ?1 AND document_id = ?2",
    )
    .bind(tenant.to_string())
    .bind(document.to_string())
    .bind(micros(entry.at))
    .bind(entry.member.map(|member| member.to_string()))
    .bind(json(&entry.event)?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Newest first.
#[cfg(feature = "gate")]
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<AuditEntry>, StoreError> {
    use crate::row::{Columns, every};

    let rows =
        sqlx::query("SELECT * FROM audit WHERE tenant_id = ? AND document_id = ? ORDER BY number DESC")
            .bind(tenant.to_string())
            .bind(document.to_string())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, |row| {
        Ok(AuditEntry {
            at: row.time("at")?,
            member: row.id_or_none("member_id")?,
            event: row.json("event")?,
        })
    })
}

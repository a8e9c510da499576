//! Who is let in to which document.

use chrono::{DateTime, Utc};
use notion_import_core::{Assignment, AssignmentId, ContactId, DocumentId, StoreError, TenantId};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::backend;
use crate::row::{Columns, every, micros};

pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    assignment: &Assignment,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO assignments (tenant_id, id, document_id, contact_id, made_at, expires_at, nda_waived) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.to_string())
    .bind(assignment.id.0.to_string())
    .bind(assignment.document.to_string())
    .bind(assignment.contact.to_string())
    .bind(micros(now))
    .bind(assignment.expires_at.map(micros))
    .bind(assignment.nda_waived)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// An assignment to this document.
pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    id: AssignmentId,
) -> Result<Option<Assignment>, StoreError> {
    let row = sqlx::query("SELECT * FROM assignments WHERE tenant_id = ? AND document_id = ? AND id = ?")
        .bind(tenant.to_string())
        .bind(document.to_string())
        .bind(id.0.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Those of a document, dead ones included, oldest first.
pub(crate) async fn of_document(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<Assignment>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM assignments WHERE tenant_id = ? AND document_id = ? ORDER BY made_at, id")
            .bind(tenant.to_string())
            .bind(document.to_string())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, read)
}

/// Those of a contact to one document, or to all, oldest first.
pub(crate) async fn of_contact(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    document: Option<DocumentId>,
) -> Result<Vec<Assignment>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM assignments WHERE tenant_id = ?1 AND contact_id = ?2 AND (?3 IS NULL OR document_id = ?3) \
         ORDER BY made_at, id",
    )
    .bind(tenant.to_string())
    .bind(contact.to_string())
    .bind(document.map(|document| document.to_string()))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

pub(crate) async fn revoke(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AssignmentId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE assignments SET revoked_at = coalesce(revoked_at, ?) WHERE tenant_id = ? AND id = ?")
        .bind(micros(now))
        .bind(tenant.to_string())
        .bind(id.0.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Assignment, StoreError> {
    Ok(Assignment {
        id: AssignmentId(row.id("id")?),
        contact: row.id("contact_id")?,
        document: row.id("document_id")?,
        expires_at: row.time_or_none("expires_at")?,
        revoked_at: row.time_or_none("revoked_at")?,
        nda_waived: row.flag("nda_waived")?,
    })
}

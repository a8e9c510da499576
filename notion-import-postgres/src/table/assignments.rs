//! Who is let in to which document.

use chrono::{DateTime, Utc};
use notion_import_core::{Assignment, AssignmentId, ContactId, DocumentId, StoreError, TenantId};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use crate::error::backend;
use crate::row::{Columns, every};

pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    assignment: &Assignment,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO assignments \
             (tenant_id, id, document_id, contact_id, made_at, expires_at, nda_waived) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(tenant.as_uuid())
    .bind(assignment.id.0)
    .bind(assignment.document.as_uuid())
    .bind(assignment.contact.as_uuid())
    .bind(now)
    .bind(assignment.expires_at)
    .bind(assignment.nda_waived)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// An assignment to this document.
pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
    id: AssignmentId,
) -> Result<Option<Assignment>, StoreError> {
    let row = sqlx::query("SELECT * FROM assignments WHERE tenant_id = $1 AND document_id = $2 AND id = $3")
        .bind(tenant.as_uuid())
        .bind(document.as_uuid())
        .bind(id.0)
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Those of a document, dead ones included, oldest first.
pub(crate) async fn of_document(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<Assignment>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM assignments WHERE tenant_id = $1 AND document_id = $2 ORDER BY made_at, id",
    )
    .bind(tenant.as_uuid())
    .bind(document.as_uuid())
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

/// Those of a contact to one document, or to all, oldest first.
pub(crate) async fn of_contact(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    document: Option<DocumentId>,
) -> Result<Vec<Assignment>, StoreError> {
    // With both in one, a plan for any document would look through all.
    let sql = match document {
        None => {
            "SELECT * FROM assignments WHERE tenant_id = $1 AND contact_id = $2 AND $3::uuid IS NULL \
             ORDER BY made_at, id"
        }
        Some(_) => {
            "SELECT * FROM assignments WHERE tenant_id = $1 AND contact_id = $2 AND document_id = $3 \
             ORDER BY made_at, id"
        }
    };
    let rows = sqlx::query(sql)
        .bind(tenant.as_uuid())
        .bind(contact.as_uuid())
        .bind(document.map(DocumentId::as_uuid))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Takes an assignment back, unless it was before.
pub(crate) async fn revoke(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AssignmentId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE assignments SET revoked_at = $1 \
         WHERE tenant_id = $2 AND id = $3 AND revoked_at IS NULL",
    )
    .bind(now)
    .bind(tenant.as_uuid())
    .bind(id.0)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Assignment, StoreError> {
    Ok(Assignment {
        id: AssignmentId(row.id("id")?),
        contact: ContactId::new(row.id("contact_id")?),
        document: DocumentId::new(row.id("document_id")?),
        expires_at: row.time_or_none("expires_at")?,
        revoked_at: row.time_or_none("revoked_at")?,
        nda_waived: row.flag("nda_waived")?,
    })
}

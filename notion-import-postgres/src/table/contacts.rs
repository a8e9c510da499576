//! What is known of people outside.

use notion_import_core::store::ContactRow;
use notion_import_core::{Contact, ContactDetails, ContactId, MailAddress, StoreError, TenantId};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::backend;
use crate::row::{Columns, every, integer};

pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ContactId,
) -> Result<ContactRow, StoreError> {
    let row = sqlx::query("SELECT * FROM contacts WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let Some(row) = row else { return Ok(ContactRow::Absent) };
    Ok(read(&row)?.map_or(ContactRow::Erased, ContactRow::Kept))
}

/// Lets nothing about a contact change until the transaction ends, but by this one.
pub(crate) async fn lock(db: impl PgExecutor<'_>, tenant: TenantId, id: ContactId) -> Result<(), StoreError> {
    sqlx::query("SELECT FROM contacts WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn by_mail(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    mail: &MailAddress,
) -> Result<Option<Contact>, StoreError> {
    let row = sqlx::query("SELECT * FROM contacts WHERE tenant_id = $1 AND mail = $2")
        .bind(tenant.as_uuid())
        .bind(mail.as_str())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map_or(Ok(None), read)
}

/// Those who are known, in the order of their ids.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    after: Option<ContactId>,
    limit: usize,
) -> Result<Vec<Contact>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM contacts WHERE tenant_id = $1 AND id > $2 AND mail IS NOT NULL ORDER BY id LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(after.map_or(Uuid::nil(), ContactId::as_uuid))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    Ok(every(rows, read)?.into_iter().flatten().collect())
}

pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: &Contact,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO contacts (tenant_id, id, name, company, mail, blocked, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(tenant.as_uuid())
    .bind(contact.id.as_uuid())
    .bind(contact.details.name())
    .bind(contact.details.company())
    .bind(contact.details.mail().as_str())
    .bind(contact.blocked)
    .bind(contact.added_at)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn block(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ContactId,
    blocked: bool,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET blocked = $1 WHERE tenant_id = $2 AND id = $3")
        .bind(blocked)
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn erase(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ContactId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE contacts SET name = NULL, company = NULL, mail = NULL WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// None is known of whom was erased.
fn read(row: &PgRow) -> Result<Option<Contact>, StoreError> {
    let Some(details) = details(row)? else { return Ok(None) };
    Ok(Some(Contact {
        id: ContactId::new(row.id("id")?),
        details,
        blocked: row.flag("blocked")?,
        added_at: row.time("added_at")?,
    }))
}

/// Returns what a row says of a person, if it says anything.
pub(crate) fn details(row: &PgRow) -> Result<Option<ContactDetails>, StoreError> {
    let Some(mail) = row.text_or_none("mail")? else { return Ok(None) };
    let mail = mail.parse().map_err(|_| StoreError::Corrupt("mail"))?;
    let details = ContactDetails::new(&row.text("name")?, &row.text("company")?, mail);
    details.map(Some).map_err(|_| StoreError::Corrupt("name"))
}

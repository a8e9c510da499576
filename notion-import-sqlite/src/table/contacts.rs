//! What is known of people outside.

use notion_import_core::store::ContactRow;
use notion_import_core::{Contact, ContactDetails, ContactId, MailAddress, StoreError, TenantId};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, micros};

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ContactId,
) -> Result<ContactRow, StoreError> {
    let row = sqlx::query("SELECT * FROM contacts WHERE tenant_id = ? AND id = ?")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let Some(row) = row else { return Ok(ContactRow::Absent) };
    Ok(read(&row)?.map_or(ContactRow::Erased, ContactRow::Kept))
}

pub(crate) async fn by_mail(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    mail: &MailAddress,
) -> Result<Option<Contact>, StoreError> {
    let row = sqlx::query("SELECT * FROM contacts WHERE tenant_id = ? AND mail = ?")
        .bind(tenant.to_string())
        .bind(mail.as_str())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map_or(Ok(None), read)
}

/// Those who are known, in the order of their ids.
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    after: Option<ContactId>,
    limit: usize,
) -> Result<Vec<Contact>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM contacts WHERE tenant_id = ? AND id > ? AND mail IS NOT NULL ORDER BY id LIMIT ?",
    )
    .bind(tenant.to_string())
    .bind(after.map_or_else(String::new, |after| after.to_string()))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    Ok(every(rows, read)?.into_iter().flatten().collect())
}

pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: &Contact,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO contacts (tenant_id, id, name, company, mail, blocked, added_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.to_string())
    .bind(contact.id.to_string())
    .bind(contact.details.name())
    .bind(contact.details.company())
    .bind(contact.details.mail().as_str())
    .bind(contact.blocked)
    .bind(micros(contact.added_at))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn block(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ContactId,
    blocked: bool,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET blocked = ? WHERE tenant_id = ? AND id = ?")
        .bind(blocked)
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn erase(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ContactId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE contacts SET name = NULL, company = NULL, mail = NULL WHERE tenant_id = ? AND id = ?",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// None is known of whom was erased.
fn read(row: &SqliteRow) -> Result<Option<Contact>, StoreError> {
    let Some(details) = details(row)? else { return Ok(None) };
    Ok(Some(Contact {
        id: row.id("id")?,
        details,
        blocked: row.flag("blocked")?,
        added_at: row.time("added_at")?,
    }))
}

/// Returns what a row says of a person, if it says anything.
pub(crate) fn details(row: &SqliteRow) -> Result<Option<ContactDetails>, StoreError> {
    let Some(mail) = row.text_or_none("mail")? else { return Ok(None) };
    let mail = mail.parse().map_err(|_| StoreError::Corrupt("mail"))?;
    let details = ContactDetails::new(&row.text("name")?, &row.text("company")?, mail);
    details.map(Some).map_err(|_| StoreError::Corrupt("name"))
}

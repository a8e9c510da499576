//! Who asks to read what.

use std::net::IpAddr;

use notion_import_core::store::{CountScope, RequestCounts};
use notion_import_core::{
    AccessRequest, Asker, ContactId, DocumentId, MailAddress, RequestId, RequestState, StoreError, TenantId,
};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use super::contacts;
use crate::error::backend;
use crate::row::{Columns, every, integer, micros};

/// A request, for this document if one is named.
pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    document: Option<DocumentId>,
    id: RequestId,
) -> Result<Option<AccessRequest>, StoreError> {
    let row = sqlx::query(
        "SELECT * FROM requests WHERE tenant_id = ?1 AND id = ?2 AND (?3 IS NULL OR document_id = ?3)",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(document.map(|document| document.to_string()))
    .fetch_optional(db)
    .await
    .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Those that wait, oldest first.
pub(crate) async fn queue(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    after: Option<RequestId>,
    limit: usize,
) -> Result<Vec<AccessRequest>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM requests WHERE tenant_id = ?1 AND state = 'waiting' AND (?2 IS NULL OR (asked_at, id) > \
             (SELECT asked_at, id FROM requests WHERE tenant_id = ?1 AND id = ?2)) ORDER BY asked_at, id LIMIT ?3",
    )
    .bind(tenant.to_string())
    .bind(after.map(|after| after.to_string()))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

/// How many wait.
pub(crate) async fn waiting(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<u64, StoreError> {
    let row =
        sqlx::query("SELECT count(*) AS waiting FROM requests WHERE tenant_id = ? AND state = 'waiting'")
            .bind(tenant.to_string())
            .fetch_one(db)
            .await
            .map_err(backend)?;
    row.count("waiting")
}

/// Those of a contact, newest first.
pub(crate) async fn of_contact(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
    limit: usize,
) -> Result<Vec<AccessRequest>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM requests WHERE tenant_id = ? AND contact_id = ? ORDER BY asked_at DESC, id DESC LIMIT ?",
    )
    .bind(tenant.to_string())
    .bind(contact.to_string())
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

/// Those that wait of a contact, or from an address, oldest first.
pub(crate) async fn waiting_of(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: Option<ContactId>,
    mail: Option<&MailAddress>,
) -> Result<Vec<AccessRequest>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM requests WHERE tenant_id = ? AND state = 'waiting' AND (contact_id = ? OR mail = ?) \
         ORDER BY asked_at, id",
    )
    .bind(tenant.to_string())
    .bind(contact.map(|contact| contact.to_string()))
    .bind(mail.map(MailAddress::as_str))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

pub(crate) async fn count(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    scope: &CountScope,
    contact: Option<ContactId>,
    mail: Option<&MailAddress>,
) -> Result<RequestCounts, StoreError> {
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE origin = ?3) AS origin, \
             count(*) FILTER (WHERE contact_id = ?4 OR mail = ?5) AS person, count(*) AS tenant \
         FROM requests WHERE tenant_id = ?1 AND asked_at >= ?2",
    )
    .bind(tenant.to_string())
    .bind(micros(scope.since))
    .bind(scope.origin.map(|origin| origin.to_string()))
    .bind(contact.map(|contact| contact.to_string()))
    .bind(mail.map(MailAddress::as_str))
    .fetch_one(db)
    .await
    .map_err(backend)?;
    Ok(RequestCounts {
        origin: row.count("origin")?,
        person: row.count("person")?,
        tenant: row.count("tenant")?,
    })
}

pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    request: &AccessRequest,
    origin: Option<IpAddr>,
) -> Result<(), StoreError> {
    let asker = request.asker.as_ref();
    let details = asker.and_then(Asker::details);
    sqlx::query(
        "INSERT INTO requests (tenant_id, id, document_id, contact_id, name, company, mail, signed_in, reason, origin, \
             asked_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.to_string())
    .bind(request.id.to_string())
    .bind(request.document.to_string())
    .bind(asker.and_then(Asker::contact).map(|contact| contact.to_string()))
    .bind(details.map(|details| details.name()))
    .bind(details.map(|details| details.company()))
    .bind(details.map(|details| details.mail().as_str()))
    .bind(request.signed_in)
    .bind(&request.reason)
    .bind(origin.map(|origin| origin.to_string()))
    .bind(micros(request.asked_at))
    .bind(request.state.as_str())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Those from an address are a contact's from now on.
pub(crate) async fn attribute(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    mail: &MailAddress,
    contact: ContactId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE requests SET contact_id = ?, name = NULL, company = NULL, mail = NULL \
         WHERE tenant_id = ? AND mail = ?",
    )
    .bind(contact.to_string())
    .bind(tenant.to_string())
    .bind(mail.as_str())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn settle(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: RequestId,
    state: RequestState,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE requests SET state = ? WHERE tenant_id = ? AND id = ?")
        .bind(state.as_str())
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// What one request says of a person goes, or what all of a contact do.
pub(crate) async fn forget(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: Option<RequestId>,
    contact: Option<ContactId>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE requests SET name = NULL, company = NULL, mail = NULL, reason = '', origin = NULL \
         WHERE tenant_id = ? AND (id = ? OR contact_id = ?)",
    )
    .bind(tenant.to_string())
    .bind(id.map(|id| id.to_string()))
    .bind(contact.map(|contact| contact.to_string()))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<AccessRequest, StoreError> {
    let contact = row.id_or_none("contact_id")?.map(Asker::Contact);
    Ok(AccessRequest {
        id: row.id("id")?,
        document: row.id("document_id")?,
        asker: contact.or(contacts::details(row)?.map(Asker::Stranger)),
        signed_in: row.flag("signed_in")?,
        reason: row.text("reason")?,
        asked_at: row.time("asked_at")?,
        state: RequestState::from_kept(&row.text("state")?),
    })
}

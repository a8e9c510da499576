//! Who is told what is new.

use chrono::{DateTime, Utc};
use notion_import_core::store::{DueQuery, Told};
use notion_import_core::{
    ContactId, MailAddress, StoreError, Subscriber, Subscription, SubscriptionId, TenantId,
};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::database::Tx;
use crate::error::backend;
use crate::row::{Columns, every, integer, micros};

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let row = sqlx::query("SELECT * FROM subscriptions WHERE tenant_id = ?1 AND id = ?2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// That of a contact, or of an address.
pub(crate) async fn of(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: Option<ContactId>,
    mail: Option<&MailAddress>,
) -> Result<Option<Subscription>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM subscriptions WHERE tenant_id = ?1 AND (contact_id = ?2 OR mail = ?3)")
            .bind(tenant.to_string())
            .bind(contact.map(|contact| contact.to_string()))
            .bind(mail.map(MailAddress::as_str))
            .fetch_optional(db)
            .await
            .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    after: Option<SubscriptionId>,
    limit: usize,
) -> Result<Vec<Subscription>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM subscriptions WHERE tenant_id = ?1 AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3",
    )
    .bind(tenant.to_string())
    .bind(after.map(|after| after.to_string()))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

/// Those to tell now, the longest waiting first, which wait from then on.
pub(crate) async fn take(
    tx: &mut Tx,
    tenant: TenantId,
    query: &DueQuery,
) -> Result<Vec<Subscription>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM subscriptions WHERE tenant_id = ?1 AND told_revision < ?2 AND again_at <= ?3 \
         ORDER BY again_at, id LIMIT ?4",
    )
    .bind(tenant.to_string())
    .bind(integer(query.revision))
    .bind(micros(query.now))
    .bind(integer(query.limit))
    .fetch_all(&mut **tx)
    .await
    .map_err(backend)?;
    let due = every(rows, read)?;
    for taken in &due {
        sqlx::query("UPDATE subscriptions SET again_at = ?1 WHERE tenant_id = ?2 AND id = ?3")
            .bind(micros(query.until))
            .bind(tenant.to_string())
            .bind(taken.id.to_string())
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
    }
    Ok(due)
}

pub(crate) async fn told(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
    before: DateTime<Utc>,
    told: Told,
    again: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE subscriptions SET told_until = ?1, told_revision = ?2, again_at = ?3 \
         WHERE tenant_id = ?4 AND id = ?5 AND told_until = ?6",
    )
    .bind(micros(told.until))
    .bind(integer(told.revision))
    .bind(micros(again))
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(micros(before))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    new: &Subscription,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO subscriptions (tenant_id, id, contact_id, mail, language, since, told_until, told_revision, again_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?6)",
    )
    .bind(tenant.to_string())
    .bind(new.id.to_string())
    .bind(new.subscriber.contact().map(|contact| contact.to_string()))
    .bind(new.subscriber.mailbox().map(MailAddress::as_str))
    .bind(&new.language)
    .bind(micros(new.since))
    .bind(micros(new.told.until))
    .bind(integer(new.told.revision))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// That of an address is a contact's from now on.
pub(crate) async fn attribute(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    mail: &MailAddress,
    contact: ContactId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE subscriptions SET contact_id = ?1, mail = NULL WHERE tenant_id = ?2 AND mail = ?3")
        .bind(contact.to_string())
        .bind(tenant.to_string())
        .bind(mail.as_str())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn speak(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
    language: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE subscriptions SET language = ?1 WHERE tenant_id = ?2 AND id = ?3")
        .bind(language)
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn delete(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM subscriptions WHERE tenant_id = ?1 AND id = ?2")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// That of a contact goes with them.
pub(crate) async fn erase(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM subscriptions WHERE tenant_id = ?1 AND contact_id = ?2")
        .bind(tenant.to_string())
        .bind(contact.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Subscription, StoreError> {
    let subscriber = match row.id_or_none("contact_id")? {
        Some(id) => Subscriber::Contact(id),
        None => Subscriber::Mailbox(row.id("mail")?),
    };
    Ok(Subscription {
        id: row.id("id")?,
        subscriber,
        language: row.text("language")?,
        since: row.time("since")?,
        told: Told { until: row.time("told_until")?, revision: row.count("told_revision")? },
    })
}

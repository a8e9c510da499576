//! Who is told what is new.

use chrono::{DateTime, Utc};
use notion_import_core::store::{DueQuery, Told};
use notion_import_core::{
    ContactId, MailAddress, StoreError, Subscriber, Subscription, SubscriptionId, TenantId,
};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use crate::error::backend;
use crate::row::{Columns, every, integer};

pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let row = sqlx::query("SELECT * FROM subscriptions WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// That of a contact, or of an address.
pub(crate) async fn of(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: Option<ContactId>,
    mail: Option<&MailAddress>,
) -> Result<Option<Subscription>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM subscriptions WHERE tenant_id = $1 AND (contact_id = $2 OR mail = $3)")
            .bind(tenant.as_uuid())
            .bind(contact.map(ContactId::as_uuid))
            .bind(mail.map(MailAddress::as_str))
            .fetch_optional(db)
            .await
            .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    after: Option<SubscriptionId>,
    limit: usize,
) -> Result<Vec<Subscription>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM subscriptions WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(after.map(SubscriptionId::as_uuid))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

/// Those to tell now, the longest waiting first, which wait from then on. What another has taken is passed over.
pub(crate) async fn take(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    query: &DueQuery,
) -> Result<Vec<Subscription>, StoreError> {
    let rows = sqlx::query(
        "WITH due AS MATERIALIZED (SELECT id, again_at AS since_when FROM subscriptions \
             WHERE tenant_id = $1 AND told_revision < $2 AND again_at <= $3 \
             ORDER BY again_at, id LIMIT $5 FOR UPDATE SKIP LOCKED), \
         taken AS (UPDATE subscriptions AS kept SET again_at = $4 FROM due \
             WHERE kept.tenant_id = $1 AND kept.id = due.id RETURNING kept.*, due.since_when) \
         SELECT * FROM taken ORDER BY since_when, id",
    )
    .bind(tenant.as_uuid())
    .bind(integer(query.revision))
    .bind(query.now)
    .bind(query.until)
    .bind(integer(query.limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, read)
}

pub(crate) async fn told(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
    before: DateTime<Utc>,
    told: Told,
    again: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE subscriptions SET told_until = $1, told_revision = $2, again_at = $3 \
         WHERE tenant_id = $4 AND id = $5 AND told_until = $6",
    )
    .bind(told.until)
    .bind(integer(told.revision))
    .bind(again)
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .bind(before)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    new: &Subscription,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO subscriptions (tenant_id, id, contact_id, mail, language, since, told_until, told_revision, again_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6)",
    )
    .bind(tenant.as_uuid())
    .bind(new.id.as_uuid())
    .bind(new.subscriber.contact().map(ContactId::as_uuid))
    .bind(new.subscriber.mailbox().map(MailAddress::as_str))
    .bind(&new.language)
    .bind(new.since)
    .bind(new.told.until)
    .bind(integer(new.told.revision))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// That of an address is a contact's from now on.
pub(crate) async fn attribute(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    mail: &MailAddress,
    contact: ContactId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE subscriptions SET contact_id = $1, mail = NULL WHERE tenant_id = $2 AND mail = $3")
        .bind(contact.as_uuid())
        .bind(tenant.as_uuid())
        .bind(mail.as_str())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn speak(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
    language: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE subscriptions SET language = $1 WHERE tenant_id = $2 AND id = $3")
        .bind(language)
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn delete(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: SubscriptionId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM subscriptions WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// That of a contact goes with them.
pub(crate) async fn erase(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    contact: ContactId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM subscriptions WHERE tenant_id = $1 AND contact_id = $2")
        .bind(tenant.as_uuid())
        .bind(contact.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Subscription, StoreError> {
    let subscriber = match row.id_or_none("contact_id")? {
        Some(id) => Subscriber::Contact(ContactId::new(id)),
        None => Subscriber::Mailbox(row.text("mail")?.parse().map_err(|_| StoreError::Corrupt("mail"))?),
    };
    Ok(Subscription {
        id: SubscriptionId::new(row.id("id")?),
        subscriber,
        language: row.text("language")?,
        since: row.time("since")?,
        told: Told { until: row.time("told_until")?, revision: row.count("told_revision")? },
    })
}

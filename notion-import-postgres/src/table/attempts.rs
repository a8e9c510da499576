//! Attempts to connect.

use chrono::{DateTime, Utc};
use notion_import_core::connection::{Attempt, Granted};
use notion_import_core::error::StoreError;
use notion_import_core::id::{AttemptId, ConnectionId, MemberId, TenantId};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, json};

/// It adds an attempt, and tells whether there was none of this id.
pub(crate) async fn insert(db: impl PgExecutor<'_>, attempt: &Attempt) -> Result<bool, StoreError> {
    let Attempt { tenant, id, member, secret_hash, expires_at, renews, granted } = attempt;
    let added = sqlx::query(
        "INSERT INTO attempts (tenant_id, id, member_id, secret_hash, expires_at, renews, granted) \
         VALUES ($1, $2, $3, $4, $5, $6, $7::text::json) ON CONFLICT (tenant_id, id) DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .bind(member.as_uuid())
    .bind(secret_hash.as_slice())
    .bind(expires_at)
    .bind(renews.map(ConnectionId::as_uuid))
    .bind(granted.as_ref().map(json).transpose()?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(added.rows_affected() > 0)
}

pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<Option<Attempt>, StoreError> {
    let row = sqlx::query("SELECT * FROM attempts WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// It returns an attempt that nobody else changes until the transaction ends.
pub(crate) async fn lock(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<Option<Attempt>, StoreError> {
    let row = sqlx::query("SELECT * FROM attempts WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Those of every tenant that have lapsed, longest lapsed first.
pub(crate) async fn lapsed(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(TenantId, AttemptId)>, StoreError> {
    let rows = sqlx::query("SELECT tenant_id, id FROM lapsed($1, $2)")
        .bind(now)
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, |row| Ok((TenantId::new(row.id("tenant_id")?), AttemptId::new(row.id("id")?))))
}

pub(crate) async fn set_granted(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    granted: &Granted,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE attempts SET granted = $1::text::json WHERE tenant_id = $2 AND id = $3")
        .bind(json(granted)?)
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
    id: AttemptId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM attempts WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        tenant: TenantId::new(row.id("tenant_id")?),
        id: AttemptId::new(row.id("id")?),
        member: MemberId::new(row.id("member_id")?),
        secret_hash: row.digest("secret_hash")?,
        expires_at: row.time("expires_at")?,
        renews: row.id_or_none("renews")?.map(ConnectionId::new),
        granted: row.json_or_none("granted")?,
    })
}

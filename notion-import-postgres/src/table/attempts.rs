//! Attempts to connect.

use chrono::{DateTime, Utc};
use notion_import_core::{
    Attempt, AttemptId, ConnectionId, Granted, MemberId, Namespace, QualifiedRef, StoreError, TenantId,
};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgExecutor, Postgres, Row};

use crate::error::backend;
use crate::row::{Columns, every, integer, json};

/// Adds an attempt, and tells whether there was none of this id.
pub(crate) async fn insert(db: impl PgExecutor<'_>, attempt: &Attempt) -> Result<bool, StoreError> {
    let Attempt {
        tenant,
        id,
        member,
        secret_hash,
        expires_at,
        namespace,
        renews,
        granted,
        session,
        ended_at,
        to_revoke,
    } = attempt;
    let added = sqlx::query(
        "INSERT INTO attempts (tenant_id, id, member_id, secret_hash, expires_at, namespace, renews, granted, session, ended_at, \
         to_revoke, look_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9, $10, $11::text::json, coalesce($10, $5)) \
         ON CONFLICT (tenant_id, id) DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .bind(member.as_uuid())
    .bind(secret_hash.as_slice())
    .bind(expires_at)
    .bind(namespace.as_str())
    .bind(renews.map(ConnectionId::as_uuid))
    .bind(granted.as_ref().map(json).transpose()?)
    .bind(session)
    .bind(ended_at)
    .bind(to_revoke.as_ref().map(json).transpose()?)
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

/// Returns an attempt that nobody else changes until the transaction ends.
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

pub(crate) async fn list(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query("SELECT * FROM attempts WHERE tenant_id = $1").bind(tenant.as_uuid());
    every(rows.fetch_all(db).await.map_err(backend)?, read)
}

/// Those of every tenant that are to be looked at, longest due first.
pub(crate) async fn expired(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(TenantId, AttemptId)>, StoreError> {
    let rows = sqlx::query("SELECT tenant_id, id FROM expired($1, $2)")
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
    let change = sqlx::query("UPDATE attempts SET granted = $1::text::json WHERE tenant_id = $2 AND id = $3")
        .bind(json(granted)?);
    run(db, change, tenant, id).await
}

pub(crate) async fn set_session(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    sealed: Option<&[u8]>,
) -> Result<(), StoreError> {
    let change =
        sqlx::query("UPDATE attempts SET session = $1 WHERE tenant_id = $2 AND id = $3").bind(sealed);
    run(db, change, tenant, id).await
}

/// Ends one that has not ended, of which this is left to be revoked.
pub(crate) async fn end(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    now: DateTime<Utc>,
    to_revoke: Option<&QualifiedRef>,
) -> Result<(), StoreError> {
    let change = sqlx::query(
        "UPDATE attempts SET ended_at = $1, look_at = $1, to_revoke = $2::text::json WHERE tenant_id = $3 AND id = $4 \
         AND ended_at IS NULL",
    )
    .bind(now)
    .bind(to_revoke.map(json).transpose()?);
    run(db, change, tenant, id).await
}

pub(crate) async fn set_look(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    look_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let change =
        sqlx::query("UPDATE attempts SET look_at = $1 WHERE tenant_id = $2 AND id = $3").bind(look_at);
    run(db, change, tenant, id).await
}

pub(crate) async fn mark_revoked(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<(), StoreError> {
    let change = sqlx::query("UPDATE attempts SET to_revoke = NULL WHERE tenant_id = $1 AND id = $2");
    run(db, change, tenant, id).await
}

pub(crate) async fn delete(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<(), StoreError> {
    let change = sqlx::query("DELETE FROM attempts WHERE tenant_id = $1 AND id = $2");
    run(db, change, tenant, id).await
}

/// Runs a change of one attempt, whose last two values are the tenant's and the attempt's.
async fn run(
    db: impl PgExecutor<'_>,
    change: Query<'_, Postgres, PgArguments>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<(), StoreError> {
    change.bind(tenant.as_uuid()).bind(id.as_uuid()).execute(db).await.map_err(backend)?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        tenant: TenantId::new(row.id("tenant_id")?),
        id: AttemptId::new(row.id("id")?),
        member: MemberId::new(row.id("member_id")?),
        secret_hash: row.digest("secret_hash")?,
        expires_at: row.time("expires_at")?,
        namespace: Namespace::new(row.text("namespace")?),
        renews: row.id_or_none("renews")?.map(ConnectionId::new),
        granted: row.json_or_none("granted")?,
        session: row.try_get("session").map_err(backend)?,
        ended_at: row.time_or_none("ended_at")?,
        to_revoke: row.json_or_none("to_revoke")?,
    })
}

//! Attempts to connect.

use chrono::{DateTime, Utc};
use notion_import_core::{Attempt, AttemptId, Granted, Namespace, QualifiedRef, StoreError, TenantId};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqliteExecutor};

use crate::error::backend;
use crate::row::{Columns, every, integer, json, micros};

/// Adds an attempt, and tells whether there was none of this id.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, attempt: &Attempt) -> Result<bool, StoreError> {
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
         to_revoke, look_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, id) DO NOTHING",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(member.to_string())
    .bind(secret_hash.to_vec())
    .bind(micros(*expires_at))
    .bind(namespace.as_str())
    .bind(renews.map(|id| id.to_string()))
    .bind(granted.as_ref().map(json).transpose()?)
    .bind(session)
    .bind(ended_at.map(micros))
    .bind(to_revoke.as_ref().map(json).transpose()?)
    .bind(micros(ended_at.unwrap_or(*expires_at)))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(added.rows_affected() > 0)
}

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<Option<Attempt>, StoreError> {
    let row = sqlx::query("SELECT * FROM attempts WHERE tenant_id = ? AND id = ?")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn list(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query("SELECT * FROM attempts WHERE tenant_id = ?").bind(tenant.to_string());
    every(rows.fetch_all(db).await.map_err(backend)?, read)
}

/// Those of every tenant that are to be looked at, longest due first.
pub(crate) async fn expired(
    db: impl SqliteExecutor<'_>,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query("SELECT * FROM attempts WHERE look_at <= ? ORDER BY look_at LIMIT ?")
        .bind(micros(now))
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

pub(crate) async fn set_granted(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    granted: &Granted,
) -> Result<(), StoreError> {
    let change =
        sqlx::query("UPDATE attempts SET granted = ? WHERE tenant_id = ? AND id = ?").bind(json(granted)?);
    run(db, change, tenant, id).await
}

pub(crate) async fn set_session(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    sealed: Option<&[u8]>,
) -> Result<(), StoreError> {
    let change = sqlx::query("UPDATE attempts SET session = ? WHERE tenant_id = ? AND id = ?").bind(sealed);
    run(db, change, tenant, id).await
}

/// Ends one that has not ended, of which this is left to be revoked.
pub(crate) async fn end(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    now: DateTime<Utc>,
    to_revoke: Option<&QualifiedRef>,
) -> Result<(), StoreError> {
    let change = sqlx::query(
        "UPDATE attempts SET ended_at = ?1, look_at = ?1, to_revoke = ?2 WHERE tenant_id = ?3 AND id = ?4 \
         AND ended_at IS NULL",
    )
    .bind(micros(now))
    .bind(to_revoke.map(json).transpose()?);
    run(db, change, tenant, id).await
}

pub(crate) async fn set_look(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
    look_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let change =
        sqlx::query("UPDATE attempts SET look_at = ? WHERE tenant_id = ? AND id = ?").bind(micros(look_at));
    run(db, change, tenant, id).await
}

pub(crate) async fn mark_revoked(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<(), StoreError> {
    let change = sqlx::query("UPDATE attempts SET to_revoke = NULL WHERE tenant_id = ? AND id = ?");
    run(db, change, tenant, id).await
}

pub(crate) async fn delete(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<(), StoreError> {
    let change = sqlx::query("DELETE FROM attempts WHERE tenant_id = ? AND id = ?");
    run(db, change, tenant, id).await
}

/// Runs a change of one attempt, whose last two values are the tenant's and the attempt's.
async fn run(
    db: impl SqliteExecutor<'_>,
    change: Query<'_, Sqlite, SqliteArguments>,
    tenant: TenantId,
    id: AttemptId,
) -> Result<(), StoreError> {
    change.bind(tenant.to_string()).bind(id.to_string()).execute(db).await.map_err(backend)?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Attempt, StoreError> {
    let hash: Vec<u8> = row.try_get("secret_hash").map_err(backend)?;
    Ok(Attempt {
        tenant: row.id("tenant_id")?,
        id: row.id("id")?,
        member: row.id("member_id")?,
        secret_hash: hash.try_into().map_err(|_| StoreError::Corrupt("secret_hash"))?,
        expires_at: row.time("expires_at")?,
        namespace: Namespace::new(row.text("namespace")?),
        renews: row.id_or_none("renews")?,
        granted: row.json_or_none("granted")?,
        session: row.try_get("session").map_err(backend)?,
        ended_at: row.time_or_none("ended_at")?,
        to_revoke: row.json_or_none("to_revoke")?,
    })
}

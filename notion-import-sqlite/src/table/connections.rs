//! Connections, who holds them, and when they run next.

use chrono::{DateTime, Utc};
use notion_import_core::store::Lease;
use notion_import_core::{
    Connection, ConnectionId, ConnectionRecord, ConnectionRef, ConnectionState, Namespace, RunSummary,
    StoreError, TenantId, Workspace,
};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, json, micros, name};

/// Adds a connection, or makes one that is renewed free and due again.
pub(crate) async fn upsert(db: impl SqliteExecutor<'_>, record: &ConnectionRecord) -> Result<(), StoreError> {
    let ConnectionRecord { workspace, connected_by, connected_at, generation, next_run, .. } = record;
    sqlx::query(
        "INSERT INTO connections \
             (tenant_id, id, reference, namespace, state, workspace, found, workspace_id, bot_id, connected_by, connected_at, generation, next_run, last_run) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET \
             reference = excluded.reference, namespace = excluded.namespace, state = excluded.state, workspace = excluded.workspace, workspace_id = excluded.workspace_id, bot_id = excluded.bot_id, \
             found = excluded.found, connected_by = excluded.connected_by, connected_at = excluded.connected_at, \
             generation = excluded.generation, next_run = excluded.next_run, last_run = excluded.last_run, \
             leased_from = NULL, leased_until = NULL, due_at_latest = NULL",
    )
    .bind(record.tenant.to_string())
    .bind(record.id.to_string())
    .bind(record.reference.as_str())
    .bind(record.namespace.as_str())
    .bind(name(&record.state)?)
    .bind(json(workspace)?)
    .bind(record.found.as_ref().map(json).transpose()?)
    .bind(workspace.id.as_deref())
    .bind(workspace.bot.to_string())
    .bind(connected_by.to_string())
    .bind(micros(*connected_at))
    .bind(integer(*generation))
    .bind(micros(*next_run))
    .bind(record.last_run.as_ref().map(json).transpose()?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<Option<ConnectionRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM connections WHERE tenant_id = ? AND id = ?")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn called(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    reference: &ConnectionRef,
) -> Result<Option<ConnectionRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM connections WHERE tenant_id = ? AND reference = ?")
        .bind(tenant.to_string())
        .bind(reference.as_str())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Returns those of every tenant that the service calls so.
pub(crate) async fn by_reference(
    db: impl SqliteExecutor<'_>,
    reference: &ConnectionRef,
) -> Result<Vec<ConnectionRecord>, StoreError> {
    let rows = sqlx::query("SELECT * FROM connections WHERE reference = ? ORDER BY connected_at, tenant_id")
        .bind(reference.as_str())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
) -> Result<Vec<ConnectionRecord>, StoreError> {
    let rows = sqlx::query("SELECT * FROM connections WHERE tenant_id = ? ORDER BY connected_at, id")
        .bind(tenant.to_string())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Whether a tenant other than this one stands on the workspace, by [`Workspace::is_shared_with`].
pub(crate) async fn another_has(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    workspace: &Workspace,
) -> Result<bool, StoreError> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM connections WHERE tenant_id <> ?1 AND (workspace_id = ?2 OR bot_id = ?3))",
    )
        .bind(tenant.to_string())
        .bind(workspace.id.as_deref())
        .bind(workspace.bot.to_string())
        .fetch_one(db)
        .await
        .map_err(backend)
}

pub(crate) async fn claim_due(
    db: impl SqliteExecutor<'_>,
    now: DateTime<Utc>,
    lease: Lease,
    limit: usize,
) -> Result<Vec<Connection>, StoreError> {
    let rows = sqlx::query(
        "UPDATE connections \
         SET generation = generation + 1, leased_from = ?2, leased_until = ?3, due_at_latest = NULL \
         WHERE (tenant_id, id) IN ( \
             SELECT tenant_id, id FROM connections \
             WHERE state = 'active' AND next_run <= ?1 AND (leased_from <= ?1 AND ?1 < leased_until) IS NOT TRUE \
             ORDER BY next_run LIMIT ?4) \
         RETURNING tenant_id, id, reference, generation, next_run",
    )
    .bind(micros(now))
    .bind(micros(lease.from))
    .bind(micros(lease.until))
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    // SQLite returns them in an order of its own.
    let mut claimed = every(rows, |row| Ok((row.time("next_run")?, connection(row)?)))?;
    claimed.sort_by_key(|(due, _)| *due);
    Ok(claimed.into_iter().map(|(_, connection)| connection).collect())
}

/// Claims a connection that is free and, if a time is given, due by then.
pub(crate) async fn claim(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
    now: DateTime<Utc>,
    lease: Lease,
    due_by: Option<DateTime<Utc>>,
) -> Result<Option<Connection>, StoreError> {
    let row = sqlx::query(
        "UPDATE connections \
         SET generation = generation + 1, leased_from = ?4, leased_until = ?5, due_at_latest = NULL \
         WHERE tenant_id = ?1 AND id = ?2 AND state = 'active' \
             AND (leased_from <= ?3 AND ?3 < leased_until) IS NOT TRUE AND next_run <= coalesce(?6, next_run) \
         RETURNING tenant_id, id, reference, generation",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(micros(now))
    .bind(micros(lease.from))
    .bind(micros(lease.until))
    .bind(due_by.map(micros))
    .fetch_optional(db)
    .await
    .map_err(backend)?;
    row.as_ref().map(connection).transpose()
}

/// Lengthens a lease that is held, and tells whether it was.
pub(crate) async fn renew(
    db: impl SqliteExecutor<'_>,
    connection: &Connection,
    lease: Lease,
) -> Result<bool, StoreError> {
    let renewed = sqlx::query(
        "UPDATE connections SET leased_from = ?, leased_until = ? \
         WHERE tenant_id = ? AND id = ? AND generation = ? AND state <> 'disconnecting' AND leased_until IS NOT NULL",
    )
    .bind(micros(lease.from))
    .bind(micros(lease.until))
    .bind(connection.tenant.to_string())
    .bind(connection.id.to_string())
    .bind(integer(connection.generation))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(renewed.rows_affected() > 0)
}

/// Frees a connection that is still the holder's, and tells whether it was.
pub(crate) async fn finish(
    db: impl SqliteExecutor<'_>,
    connection: &Connection,
    run: &RunSummary,
    next_run: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let finished = sqlx::query(
        "UPDATE connections SET last_run = ?4, next_run = min(?5, coalesce(due_at_latest, ?5)), \
             leased_from = NULL, leased_until = NULL \
         WHERE tenant_id = ?1 AND id = ?2 AND generation = ?3 AND state <> 'disconnecting'",
    )
    .bind(connection.tenant.to_string())
    .bind(connection.id.to_string())
    .bind(integer(connection.generation))
    .bind(json(run)?)
    .bind(micros(next_run))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(finished.rows_affected() > 0)
}

/// Frees a connection that is still the holder's and changes nothing else, and tells whether it was.
pub(crate) async fn release(
    db: impl SqliteExecutor<'_>,
    connection: &Connection,
) -> Result<bool, StoreError> {
    let released = sqlx::query(
        "UPDATE connections SET leased_from = NULL, leased_until = NULL \
         WHERE tenant_id = ? AND id = ? AND generation = ? AND state <> 'disconnecting'",
    )
    .bind(connection.tenant.to_string())
    .bind(connection.id.to_string())
    .bind(integer(connection.generation))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(released.rows_affected() > 0)
}

pub(crate) async fn make_due(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE connections SET next_run = min(next_run, ?3), due_at_latest = min(coalesce(due_at_latest, ?3), ?3) \
         WHERE tenant_id = ?1 AND id = ?2 AND state = 'active'",
    )
    .bind(tenant.to_string())
    .bind(id.to_string())
    .bind(micros(at))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Writes how a connection stands: its state and generation, and where it leads. Nobody holds one that is disconnecting.
pub(crate) async fn set_standing(
    db: impl SqliteExecutor<'_>,
    record: &ConnectionRecord,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE connections SET state = ?3, generation = ?4, found = ?5, \
             leased_from = CASE WHEN ?3 = 'disconnecting' THEN NULL ELSE leased_from END, \
             leased_until = CASE WHEN ?3 = 'disconnecting' THEN NULL ELSE leased_until END \
         WHERE tenant_id = ?1 AND id = ?2",
    )
    .bind(record.tenant.to_string())
    .bind(record.id.to_string())
    .bind(name(&record.state)?)
    .bind(integer(record.generation))
    .bind(record.found.as_ref().map(json).transpose()?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Those of every tenant that are fenced.
pub(crate) async fn fenced(
    db: impl SqliteExecutor<'_>,
    limit: usize,
) -> Result<Vec<ConnectionRecord>, StoreError> {
    let rows = sqlx::query("SELECT * FROM connections WHERE state = 'disconnecting' LIMIT ?")
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

pub(crate) async fn delete(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM connections WHERE tenant_id = ? AND id = ?")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn connection(row: &SqliteRow) -> Result<Connection, StoreError> {
    Ok(Connection {
        tenant: row.id("tenant_id")?,
        id: row.id("id")?,
        reference: ConnectionRef::new(row.text("reference")?),
        generation: row.count("generation")?,
    })
}

fn read(row: &SqliteRow) -> Result<ConnectionRecord, StoreError> {
    let Connection { tenant, id, reference, generation } = connection(row)?;
    Ok(ConnectionRecord {
        tenant,
        id,
        reference,
        namespace: Namespace::new(row.text("namespace")?),
        generation,
        state: state(row)?,
        workspace: row.json("workspace")?,
        found: row.json_or_none("found")?,
        connected_by: row.id("connected_by")?,
        connected_at: row.time("connected_at")?,
        next_run: row.time("next_run")?,
        last_run: row.json_or_none("last_run")?,
    })
}

/// A state this version does not know, written by a later one or by hand, stops everything until somebody looks.
fn state(row: &SqliteRow) -> Result<ConnectionState, StoreError> {
    match row.name("state") {
        Err(StoreError::Corrupt(_)) => {
            tracing::error!("a connection has a state this version does not know; it needs reauthorisation");
            Ok(ConnectionState::NeedsReauth)
        }
        read => read,
    }
}

//! Connections, who holds them, and when they run next.

use chrono::{DateTime, Utc};
use notion_import_core::store::Lease;
use notion_import_core::{
    Connection, ConnectionId, ConnectionRecord, ConnectionRef, ConnectionState, MemberId, Namespace,
    RunSummary, StoreError, TenantId, Workspace,
};
use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, json, name};

/// Adds a connection, and tells whether there was none of this reference.
pub(crate) async fn insert(db: impl PgExecutor<'_>, record: &ConnectionRecord) -> Result<bool, StoreError> {
    let added = sqlx::query(
        "INSERT INTO connections \
             (tenant_id, id, reference, namespace, state, workspace, bot_id, connected_by, connected_at, generation, next_run, last_run, workspace_id) \
         VALUES ($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10, $11, $12::text::json, $13) \
         ON CONFLICT (tenant_id, reference) DO NOTHING",
    )
    .bind(record.tenant.as_uuid())
    .bind(record.id.as_uuid())
    .bind(record.reference.as_str())
    .bind(record.namespace.as_str())
    .bind(name(&record.state)?)
    .bind(json(&record.workspace)?)
    .bind(record.workspace.bot.as_uuid())
    .bind(record.connected_by.as_uuid())
    .bind(record.connected_at)
    .bind(integer(record.generation))
    .bind(record.next_run)
    .bind(record.last_run.as_ref().map(json).transpose()?)
    .bind(record.workspace.id.as_deref())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(added.rows_affected() > 0)
}

/// Makes a connection that is renewed free and due again.
pub(crate) async fn replace(db: impl PgExecutor<'_>, record: &ConnectionRecord) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE connections SET reference = $3, namespace = $4, state = $5, workspace = $6::text::json, bot_id = $7, \
             connected_by = $8, connected_at = $9, generation = $10, next_run = $11, workspace_id = $12, found = NULL, due_at_latest = NULL, \
             leased_from = NULL, leased_until = NULL, queued_from = NULL, queued_until = NULL \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(record.tenant.as_uuid())
    .bind(record.id.as_uuid())
    .bind(record.reference.as_str())
    .bind(record.namespace.as_str())
    .bind(name(&record.state)?)
    .bind(json(&record.workspace)?)
    .bind(record.workspace.bot.as_uuid())
    .bind(record.connected_by.as_uuid())
    .bind(record.connected_at)
    .bind(integer(record.generation))
    .bind(record.next_run)
    .bind(record.workspace.id.as_deref())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<Option<ConnectionRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM connections WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn called(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    reference: &ConnectionRef,
) -> Result<Option<ConnectionRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM connections WHERE tenant_id = $1 AND reference = $2")
        .bind(tenant.as_uuid())
        .bind(reference.as_str())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

/// Returns those of every tenant that the service calls so, oldest first.
pub(crate) async fn by_reference(
    db: impl PgExecutor<'_>,
    reference: &ConnectionRef,
) -> Result<Vec<(TenantId, ConnectionId)>, StoreError> {
    let rows = sqlx::query("SELECT tenant_id, id FROM by_reference($1)")
        .bind(reference.as_str())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, place)
}

/// Returns a connection that nobody else changes until the transaction ends.
pub(crate) async fn lock(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<Option<ConnectionRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM connections WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
) -> Result<Vec<ConnectionRecord>, StoreError> {
    let rows = sqlx::query("SELECT * FROM connections WHERE tenant_id = $1 ORDER BY connected_at, id")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Whether a tenant other than this one stands on the workspace, by [`Workspace::is_shared_with`].
pub(crate) async fn another_has(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    workspace: &Workspace,
) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT another_has($1, $2, $3)")
        .bind(tenant.as_uuid())
        .bind(workspace.id.as_deref())
        .bind(workspace.bot.as_uuid())
        .fetch_one(db)
        .await
        .map_err(backend)
}

/// Those of every tenant that are due and free, longest due first. Nobody else finds them until the transaction ends.
pub(crate) async fn due(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(TenantId, ConnectionId)>, StoreError> {
    let rows = sqlx::query("SELECT tenant_id, id FROM due($1, $2)")
        .bind(now)
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, place)
}

/// Returns those that [are due](due) and sees to it that none of them is found again while the lease counts, unless it was claimed.
#[cfg(feature = "worker")]
pub(crate) async fn queue_due(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    lease: Lease,
    limit: usize,
) -> Result<Vec<(TenantId, ConnectionId)>, StoreError> {
    let rows = sqlx::query("SELECT tenant_id, id FROM queue_due($1, $2, $3, $4)")
        .bind(now)
        .bind(lease.from)
        .bind(lease.until)
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, place)
}

/// Takes a connection out of the queue's hands: if it is due and free, it is found again.
#[cfg(feature = "worker")]
pub(crate) async fn unqueue(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE connections SET queued_from = NULL, queued_until = NULL \
         WHERE tenant_id = $1 AND id = $2 AND queued_until IS NOT NULL",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Claims a connection that is free and, if a time is given, due by then. It is in nobody's queue then.
pub(crate) async fn claim(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
    now: DateTime<Utc>,
    lease: Lease,
    due_by: Option<DateTime<Utc>>,
) -> Result<Option<Connection>, StoreError> {
    let row = sqlx::query(
        "UPDATE connections \
         SET generation = generation + 1, leased_from = $4, leased_until = $5, due_at_latest = NULL, \
             queued_from = NULL, queued_until = NULL \
         WHERE tenant_id = $1 AND id = $2 AND state = 'active' \
             AND (leased_from <= $3 AND $3 < leased_until) IS NOT TRUE AND next_run <= coalesce($6, next_run) \
         RETURNING tenant_id, id, reference, generation",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .bind(now)
    .bind(lease.from)
    .bind(lease.until)
    .bind(due_by)
    .fetch_optional(db)
    .await
    .map_err(backend)?;
    row.as_ref().map(connection).transpose()
}

/// Lengthens a lease that is held, and tells whether it was.
pub(crate) async fn renew(
    db: impl PgExecutor<'_>,
    connection: &Connection,
    lease: Lease,
) -> Result<bool, StoreError> {
    let renewed = sqlx::query(
        "UPDATE connections SET leased_from = $1, leased_until = $2 \
         WHERE tenant_id = $3 AND id = $4 AND generation = $5 \
             AND state <> 'disconnecting' AND leased_until IS NOT NULL",
    )
    .bind(lease.from)
    .bind(lease.until)
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .bind(integer(connection.generation))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(renewed.rows_affected() > 0)
}

/// Frees a connection that is still the holder's, and tells whether it was.
pub(crate) async fn finish(
    db: impl PgExecutor<'_>,
    connection: &Connection,
    run: &RunSummary,
    next_run: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let finished = sqlx::query(
        "UPDATE connections SET last_run = $4::text::json, next_run = least($5, due_at_latest), \
             leased_from = NULL, leased_until = NULL, queued_from = NULL, queued_until = NULL \
         WHERE tenant_id = $1 AND id = $2 AND generation = $3 AND state <> 'disconnecting'",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .bind(integer(connection.generation))
    .bind(json(run)?)
    .bind(next_run)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(finished.rows_affected() > 0)
}

/// Frees a connection that is still the holder's and changes nothing else, and tells whether it was.
pub(crate) async fn release(db: impl PgExecutor<'_>, connection: &Connection) -> Result<bool, StoreError> {
    let released = sqlx::query(
        "UPDATE connections \
         SET leased_from = NULL, leased_until = NULL, queued_from = NULL, queued_until = NULL \
         WHERE tenant_id = $1 AND id = $2 AND generation = $3 AND state <> 'disconnecting'",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .bind(integer(connection.generation))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(released.rows_affected() > 0)
}

pub(crate) async fn make_due(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    // `least` passes over what is not there.
    sqlx::query(
        "UPDATE connections SET next_run = least(next_run, $3), due_at_latest = least(due_at_latest, $3) \
         WHERE tenant_id = $1 AND id = $2 AND state = 'active'",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .bind(at)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Writes how a connection stands: its state and generation, and where it leads. Nobody holds one that is disconnecting.
pub(crate) async fn set_standing(
    db: impl PgExecutor<'_>,
    record: &ConnectionRecord,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE connections SET state = $3, generation = $4, found = $5::text::json, \
             leased_from = CASE WHEN $3 = 'disconnecting' THEN NULL ELSE leased_from END, \
             leased_until = CASE WHEN $3 = 'disconnecting' THEN NULL ELSE leased_until END \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(record.tenant.as_uuid())
    .bind(record.id.as_uuid())
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
    db: impl PgExecutor<'_>,
    limit: usize,
) -> Result<Vec<(TenantId, ConnectionId)>, StoreError> {
    let rows = sqlx::query("SELECT tenant_id, id FROM fenced($1)")
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, place)
}

pub(crate) async fn delete(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM connections WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// Where a connection is kept.
fn place(row: &PgRow) -> Result<(TenantId, ConnectionId), StoreError> {
    Ok((TenantId::new(row.id("tenant_id")?), ConnectionId::new(row.id("id")?)))
}

fn connection(row: &PgRow) -> Result<Connection, StoreError> {
    let (tenant, id) = place(row)?;
    let reference = ConnectionRef::new(row.text("reference")?);
    Ok(Connection { tenant, id, reference, generation: row.count("generation")? })
}

fn read(row: &PgRow) -> Result<ConnectionRecord, StoreError> {
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
        connected_by: MemberId::new(row.id("connected_by")?),
        connected_at: row.time("connected_at")?,
        next_run: row.time("next_run")?,
        last_run: row.json_or_none("last_run")?,
    })
}

/// A state this version does not know, written by a later one or by hand, stops everything until somebody looks.
fn state(row: &PgRow) -> Result<ConnectionState, StoreError> {
    match row.name("state") {
        Err(StoreError::Corrupt(_)) => {
            tracing::error!("a connection has a state this version does not know; it needs reauthorisation");
            Ok(ConnectionState::NeedsReauth)
        }
        read => read,
    }
}

//! What came of claims.

use notion_import_core::{Connection, ConnectionId, RUNS_KEPT, RunSummary, StoreError, TenantId};
use sqlx::PgExecutor;

use crate::database::Tx;
use crate::error::backend;
use crate::row::{Columns, every, integer, json};

/// Notes what came of a claim, and forgets what came of those long before.
pub(crate) async fn insert(tx: &mut Tx, connection: &Connection, run: &RunSummary) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO runs (tenant_id, connection, generation, run) VALUES ($1, $2, $3, $4::text::json) \
         ON CONFLICT (tenant_id, connection, generation) DO UPDATE SET run = excluded.run",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .bind(integer(connection.generation))
    .bind(json(run)?)
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    sqlx::query("DELETE FROM runs WHERE tenant_id = $1 AND connection = $2 AND generation <= $3")
        .bind(connection.tenant.as_uuid())
        .bind(connection.id.as_uuid())
        .bind(integer(connection.generation) - integer(RUNS_KEPT))
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    connection: ConnectionId,
    limit: usize,
) -> Result<Vec<RunSummary>, StoreError> {
    let rows = sqlx::query(
        "SELECT run FROM runs WHERE tenant_id = $1 AND connection = $2 ORDER BY generation DESC LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(connection.as_uuid())
    .bind(integer(limit))
    .fetch_all(db)
    .await
    .map_err(backend)?;
    every(rows, |row| row.json("run"))
}

//! Syncs that are queued. The table is the queue's own, so it is touched through the queue's functions only.

use std::time::Duration;

use notion_import_core::{ConnectionId, StoreError, TenantId};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::error::backend;

/// Queues a sync of each, at a moment of its own within `spread`. One that is queued already stays where it is.
pub(crate) async fn add(
    db: impl PgExecutor<'_>,
    connections: &[(TenantId, ConnectionId)],
    spread: Duration,
) -> Result<(), StoreError> {
    let tenants: Vec<Uuid> = connections.iter().map(|(tenant, _)| tenant.as_uuid()).collect();
    let ids: Vec<Uuid> = connections.iter().map(|(_, id)| id.as_uuid()).collect();
    let keys: Vec<String> = connections.iter().map(|(tenant, id)| format!("sync:{tenant}:{id}")).collect();
    sqlx::query(
        "SELECT count(*) FROM add_jobs(ARRAY( \
             SELECT ROW('sync', json_build_object('tenant', due.tenant, 'connection', due.id), NULL, \
                 now() + random() * $4 * interval '1 second', NULL, due.key, NULL, NULL)::job_spec \
             FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS due (tenant, id, key)), true)",
    )
    .bind(tenants)
    .bind(ids)
    .bind(keys)
    .bind(spread.as_secs_f64())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

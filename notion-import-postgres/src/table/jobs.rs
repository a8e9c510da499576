//! Syncs that are queued. The table is the queue's own, so it is touched through the queue's functions only.

use std::time::Duration;

use notion_import_core::connection::ConnectionRef;
use notion_import_core::error::StoreError;
use notion_import_core::id::TenantId;
use sha2::{Digest, Sha256};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::error::backend;

/// A key has room for 512 characters, a reference for any number.
const LONGEST_REFERENCE: usize = 400;

/// It queues a sync of each, at a moment of its own within `spread`. One that is queued already stays where it is.
pub(crate) async fn add(
    db: impl PgExecutor<'_>,
    connections: &[(TenantId, ConnectionRef)],
    spread: Duration,
) -> Result<(), StoreError> {
    let tenants: Vec<Uuid> = connections.iter().map(|(tenant, _)| tenant.as_uuid()).collect();
    let references: Vec<&str> = connections.iter().map(|(_, reference)| reference.as_str()).collect();
    let keys: Vec<String> = connections.iter().map(|(tenant, reference)| key(*tenant, reference)).collect();
    sqlx::query(
        "SELECT count(*) FROM add_jobs(ARRAY( \
             SELECT ROW('sync', json_build_object('tenant', due.tenant, 'connection', due.reference), NULL, \
                 now() + random() * $4 * interval '1 second', NULL, due.key, NULL, NULL)::job_spec \
             FROM unnest($1::uuid[], $2::text[], $3::text[]) AS due (tenant, reference, key)), true)",
    )
    .bind(tenants)
    .bind(references)
    .bind(keys)
    .bind(spread.as_secs_f64())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// One job a connection, whichever tenant's it is.
fn key(tenant: TenantId, reference: &ConnectionRef) -> String {
    let reference = reference.as_str();
    if reference.len() <= LONGEST_REFERENCE {
        return format!("sync:{tenant}:{reference}");
    }
    format!("sync:{tenant}:{}", hex::encode(Sha256::digest(reference)))
}

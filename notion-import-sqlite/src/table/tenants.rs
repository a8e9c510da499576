//! All the rows of a tenant.

use notion_import_core::{AuditEvent, AuditStart, Erasure, StoreError, TenantId};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::error::backend;
use crate::row::{Columns, json};

/// What a file has rows of tenants in, those that refer to others first. A file that was never opened with feature `gate` has only the
/// last of them. Connections and attempts are gone by then, the audit has its own way to go, and what stays is told by [`erase`].
const TABLES: [&str; 13] = [
    "public_reads",
    "reads",
    "requests",
    "subscriptions",
    "acceptances",
    "assignments",
    "contacts",
    "standings",
    "default_ndas",
    "nda_versions",
    "ndas",
    "versions",
    "documents",
];

/// Tells whether a tenant has a connection or an attempt to connect.
pub(crate) async fn is_connected(db: &mut SqliteConnection, tenant: TenantId) -> Result<bool, StoreError> {
    let connected = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM connections WHERE tenant_id = ?1) OR EXISTS (SELECT 1 FROM attempts WHERE tenant_id = ?1)",
    );
    connected.bind(tenant.to_string()).fetch_one(db).await.map_err(backend)
}

/// Returns where a tenant's audit would start with all of its entries gone; none if nothing has happened since the tenant was erased,
/// or ever.
pub(crate) async fn end(
    db: &mut SqliteConnection,
    tenant: TenantId,
) -> Result<Option<AuditStart>, StoreError> {
    let row = sqlx::query(
        "SELECT max(number) AS number, max(at) AS at FROM ( \
             SELECT number, at, event <> ?2 AS counts FROM audit WHERE tenant_id = ?1 \
             UNION ALL SELECT number, at, state IS NOT NULL FROM log_starts WHERE tenant_id = ?1 \
         ) HAVING max(counts)",
    )
    .bind(tenant.to_string())
    .bind(json(&AuditEvent::TenantErased)?)
    .fetch_optional(db)
    .await
    .map_err(backend)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(AuditStart { number: row.count("number")?, at: row.time("at")?, state: None }))
}

/// Deletes a tenant's rows, but for what its former connections may not do and the revision of its site, which goes on.
pub(crate) async fn erase(db: &mut SqliteConnection, tenant: TenantId) -> Result<Erasure, StoreError> {
    let mut erasure = Erasure::default();
    // What was read goes like everything else.
    run(
        db,
        tenant,
        "INSERT INTO log_starts (tenant_id, reads_from) VALUES (?1, 9223372036854775807) \
         ON CONFLICT (tenant_id) DO UPDATE SET reads_from = excluded.reads_from",
    )
    .await?;
    run(db, tenant, "DELETE FROM checks WHERE document IN (SELECT key FROM documents WHERE tenant_id = ?1)")
        .await?;
    for table in TABLES {
        if !is_there(db, table).await? {
            continue;
        }
        if table == "contacts" {
            erasure.contacts = known(db, tenant).await?;
        }
        let deleted = run(db, tenant, &format!("DELETE FROM {table} WHERE tenant_id = ?1")).await?;
        if table == "documents" {
            erasure.documents = deleted;
        }
    }
    if is_there(db, "sites").await? {
        run(db, tenant, "UPDATE sites SET revision = revision + 1 WHERE tenant_id = ?1").await?;
    }
    run(db, tenant, "UPDATE syncs SET watermark = NULL WHERE tenant_id = ?1").await?;
    run(db, tenant, "UPDATE log_starts SET reads_from = NULL WHERE tenant_id = ?1").await?;
    Ok(erasure)
}

async fn known(db: &mut SqliteConnection, tenant: TenantId) -> Result<u64, StoreError> {
    let known =
        sqlx::query("SELECT count(*) AS known FROM contacts WHERE tenant_id = ? AND mail IS NOT NULL")
            .bind(tenant.to_string());
    known.fetch_one(db).await.map_err(backend)?.count("known")
}

async fn is_there(db: &mut SqliteConnection, table: &str) -> Result<bool, StoreError> {
    let there =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)");
    there.bind(table).fetch_one(db).await.map_err(backend)
}

/// Runs a change of a tenant's rows, and returns how many it changed.
async fn run(db: &mut SqliteConnection, tenant: TenantId, sql: &str) -> Result<u64, StoreError> {
    let change = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(tenant.to_string());
    Ok(change.execute(db).await.map_err(backend)?.rows_affected())
}

//! The audit. It is only added to, but for its beginning, which goes.

use notion_import_core::store::NewEntry;
use notion_import_core::{Agent, AuditEntry, AuditQuery, StoreError, Subject, TenantId};
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::backend;
use crate::row::{Columns, every, integer, json, micros};

/// Adds an entry under the tenant's next number. The transaction is the file's only writer, so nobody else takes that number.
pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    entry: &NewEntry,
) -> Result<(), StoreError> {
    let (agent, agent_id) = entry.by.columns();
    let (subject, subject_id) = entry.subject.columns();
    sqlx::query(
        "INSERT INTO audit (tenant_id, number, at, agent, agent_id, address, subject, subject_id, event) \
         SELECT ?1, 1 + coalesce(max(number), (SELECT number FROM log_starts WHERE tenant_id = ?1), 0), \
             ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM audit WHERE tenant_id = ?1",
    )
    .bind(tenant.to_string())
    .bind(micros(entry.at))
    .bind(agent)
    .bind(agent_id.map(|id| id.to_string()))
    .bind(entry.address.map(|address| address.to_string()))
    .bind(subject)
    .bind(subject_id.to_string())
    .bind(json(&entry.event)?)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Returns entries, newest first.
pub(crate) async fn list(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>, StoreError> {
    // With both in one, the index would not be used.
    let sql = match query.subject {
        None => "SELECT * FROM audit WHERE tenant_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
        Some(_) => {
            "SELECT * FROM audit WHERE tenant_id = ?1 AND number < ?2 AND subject = ?4 AND subject_id = ?5 \
             ORDER BY number DESC LIMIT ?3"
        }
    };
    let mut select = sqlx::query(sql)
        .bind(tenant.to_string())
        .bind(integer(query.before.unwrap_or(u64::MAX)))
        .bind(integer(query.limit));
    if let Some((subject, id)) = query.subject.map(Subject::columns) {
        select = select.bind(subject).bind(id.to_string());
    }
    every(select.fetch_all(db).await.map_err(backend)?, read)
}

/// Returns entries after a number, oldest first.
pub(crate) async fn since(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = sqlx::query("SELECT * FROM audit WHERE tenant_id = ? AND number > ? ORDER BY number LIMIT ?")
        .bind(tenant.to_string())
        .bind(integer(after))
        .bind(integer(limit))
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, read)
}

/// Deletes entries up to a number, from which on the audit is kept by now, and returns how many those were.
pub(crate) async fn delete(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    up_to: u64,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query("DELETE FROM audit WHERE tenant_id = ? AND number <= ?")
        .bind(tenant.to_string())
        .bind(integer(up_to))
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(deleted.rows_affected())
}

fn read(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        number: row.count("number")?,
        at: row.time("at")?,
        by: Agent::from_columns(&row.text("agent")?, row.id_or_none("agent_id")?)?,
        address: row.id_or_none("address")?,
        subject: Subject::from_columns(&row.text("subject")?, row.id("subject_id")?)?,
        event: row.json("event")?,
    })
}

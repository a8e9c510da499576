//! The audit. It is only added to, but for its beginning, which goes.

use chrono::{DateTime, Utc};
use notion_import_core::store::NewEntry;
use notion_import_core::{Agent, AuditEntry, AuditQuery, StoreError, Subject, TenantId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::error::backend;
use crate::row::{Columns, every, integer, json};

/// Adds entries, in this order, under the tenant's next numbers. Everybody else who would add one waits until the transaction
/// ends, so this comes last in it: whoever locked a row after this could wait in a circle.
pub(crate) async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    entries: &[NewEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::default();
    for entry in entries {
        rows.push(entry)?;
    }
    let newest: i64 = sqlx::query_scalar(
        "INSERT INTO audit_heads AS head (tenant_id, number) VALUES ($1, $2) \
         ON CONFLICT (tenant_id) DO UPDATE SET number = head.number + excluded.number RETURNING number",
    )
    .bind(tenant.as_uuid())
    .bind(integer(entries.len()))
    .fetch_one(&mut *db)
    .await
    .map_err(backend)?;
    sqlx::query(
        "INSERT INTO audit (tenant_id, number, at, agent, agent_id, address, subject, subject_id, event) \
         SELECT $1, $2 + place, at, agent, agent_id, address, subject, subject_id, event::json \
         FROM unnest($3::timestamptz[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[]) \
             WITH ORDINALITY AS new (at, agent, agent_id, address, subject, subject_id, event, place)",
    )
    .bind(tenant.as_uuid())
    .bind(newest - integer(entries.len()))
    .bind(rows.at)
    .bind(rows.agent)
    .bind(rows.agent_id)
    .bind(rows.address)
    .bind(rows.subject)
    .bind(rows.subject_id)
    .bind(rows.event)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Rows, column by column: one statement takes any number of them.
#[derive(Default)]
struct Rows {
    at: Vec<DateTime<Utc>>,
    agent: Vec<&'static str>,
    agent_id: Vec<Option<Uuid>>,
    address: Vec<Option<String>>,
    subject: Vec<&'static str>,
    subject_id: Vec<Uuid>,
    event: Vec<String>,
}

impl Rows {
    fn push(&mut self, entry: &NewEntry) -> Result<(), StoreError> {
        let (agent, agent_id) = entry.by.columns();
        let (subject, subject_id) = entry.subject.columns();
        self.at.push(entry.at);
        self.agent.push(agent);
        self.agent_id.push(agent_id);
        self.address.push(entry.address.map(|address| address.to_string()));
        self.subject.push(subject);
        self.subject_id.push(subject_id);
        self.event.push(json(&entry.event)?);
        Ok(())
    }
}

/// Returns entries, newest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    query: &AuditQuery,
) -> Result<Vec<AuditEntry>, StoreError> {
    // With both in one, the index would not be used.
    let sql = match query.subject {
        None => "SELECT * FROM audit WHERE tenant_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        Some(_) => {
            "SELECT * FROM audit WHERE tenant_id = $1 AND number < $2 AND subject = $4 AND subject_id = $5 \
             ORDER BY number DESC LIMIT $3"
        }
    };
    let mut select = sqlx::query(sql)
        .bind(tenant.as_uuid())
        .bind(integer(query.before.unwrap_or(u64::MAX)))
        .bind(integer(query.limit));
    if let Some((subject, id)) = query.subject.map(Subject::columns) {
        select = select.bind(subject).bind(id);
    }
    every(select.fetch_all(db).await.map_err(backend)?, read)
}

/// Returns entries after a number, oldest first.
pub(crate) async fn since(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditEntry>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM audit WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT $3")
            .bind(tenant.as_uuid())
            .bind(integer(after))
            .bind(integer(limit))
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, read)
}

/// Deletes entries up to a number, from which on the audit is kept by now, and returns how many those were.
pub(crate) async fn delete(db: impl PgExecutor<'_>, tenant: TenantId, up_to: u64) -> Result<u64, StoreError> {
    let deleted = sqlx::query("DELETE FROM audit WHERE tenant_id = $1 AND number <= $2")
        .bind(tenant.as_uuid())
        .bind(integer(up_to))
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(deleted.rows_affected())
}

fn read(row: &PgRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        number: row.count("number")?,
        at: row.time("at")?,
        by: Agent::from_columns(&row.text("agent")?, row.id_or_none("agent_id")?)?,
        address: row.address_or_none("address")?,
        subject: Subject::from_columns(&row.text("subject")?, row.id("subject_id")?)?,
        event: row.json("event")?,
    })
}

//! NDAs, their versions, and the tenant's default one.

use chrono::{DateTime, Utc};
use notion_import_core::error::StoreError;
use notion_import_core::id::{NdaId, TenantId};
use notion_import_core::library::access::{Actor, NdaState};
use notion_import_core::library::gate::{NdaText, NewNdaVersion};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::backend;
use crate::row::{Columns, every, micros};

pub(crate) async fn get(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    id: NdaId,
) -> Result<Option<NdaState>, StoreError> {
    let row = sqlx::query("SELECT * FROM ndas WHERE tenant_id = ? AND id = ?")
        .bind(tenant.to_string())
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.as_ref().map(state).transpose()
}

/// All of a tenant, in the order of their ids.
pub(crate) async fn list(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<Vec<NdaState>, StoreError> {
    let rows = sqlx::query("SELECT * FROM ndas WHERE tenant_id = ? ORDER BY id")
        .bind(tenant.to_string())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, state)
}

/// It adds the next version of an NDA, the first if there is none, and returns its number.
pub(crate) async fn publish(
    db: &mut SqliteConnection,
    actor: &Actor,
    new: &NewNdaVersion,
    now: DateTime<Utc>,
) -> Result<u32, StoreError> {
    let NdaState { id, current, accept_from } = new.next(get(&mut *db, actor.tenant, new.id).await?)?;
    sqlx::query(
        "INSERT INTO ndas (tenant_id, id, current, accept_from) VALUES (?, ?, ?, ?) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET current = excluded.current, accept_from = excluded.accept_from",
    )
    .bind(actor.tenant.to_string())
    .bind(id.to_string())
    .bind(current)
    .bind(accept_from)
    .execute(&mut *db)
    .await
    .map_err(backend)?;
    sqlx::query(
        "INSERT INTO nda_versions (tenant_id, nda_id, version, title, text, published_by, published_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(actor.tenant.to_string())
    .bind(new.id.to_string())
    .bind(current)
    .bind(&new.title)
    .bind(&new.text)
    .bind(actor.member.to_string())
    .bind(micros(now))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(current)
}

pub(crate) async fn text(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    nda: NdaId,
    version: u32,
) -> Result<Option<NdaText>, StoreError> {
    let row = sqlx::query("SELECT * FROM nda_versions WHERE tenant_id = ? AND nda_id = ? AND version = ?")
        .bind(tenant.to_string())
        .bind(nda.to_string())
        .bind(version)
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let read =
        |row: SqliteRow| Ok(NdaText { id: nda, version, title: row.text("title")?, text: row.text("text")? });
    row.map(read).transpose()
}

pub(crate) async fn default(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
) -> Result<Option<NdaId>, StoreError> {
    let row = sqlx::query("SELECT nda_id FROM default_ndas WHERE tenant_id = ?")
        .bind(tenant.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    row.map(|row| row.id("nda_id")).transpose()
}

pub(crate) async fn set_default(
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    nda: NdaId,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO default_ndas (tenant_id, nda_id) VALUES (?, ?)")
        .bind(tenant.to_string())
        .bind(nda.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

pub(crate) async fn delete_default(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM default_ndas WHERE tenant_id = ?")
        .bind(tenant.to_string())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn state(row: &SqliteRow) -> Result<NdaState, StoreError> {
    Ok(NdaState { id: row.id("id")?, current: row.count("current")?, accept_from: row.count("accept_from")? })
}

//! NDAs, their versions, and the tenant's default one.

use notion_import_core::store::Act;
use notion_import_core::{NdaId, NdaState, NdaText, StoreError, TenantId};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::backend;
use crate::row::{Columns, every, micros};

/// All of a tenant, in the order of their ids.
pub(crate) async fn list(db: impl SqliteExecutor<'_>, tenant: TenantId) -> Result<Vec<NdaState>, StoreError> {
    let rows = sqlx::query("SELECT * FROM ndas WHERE tenant_id = ? ORDER BY id")
        .bind(tenant.to_string())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, state)
}

/// Adds the next version of an NDA, the first if there is none.
pub(crate) async fn publish(
    db: &mut SqliteConnection,
    act: &Act,
    state: &NdaState,
    text: &NdaText,
) -> Result<(), StoreError> {
    let tenant = act.tenant().to_string();
    sqlx::query(
        "INSERT INTO ndas (tenant_id, id, current, accept_from) VALUES (?, ?, ?, ?) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET current = excluded.current, accept_from = excluded.accept_from",
    )
    .bind(&tenant)
    .bind(state.id.to_string())
    .bind(state.current)
    .bind(state.accept_from)
    .execute(&mut *db)
    .await
    .map_err(backend)?;
    sqlx::query(
        "INSERT INTO nda_versions (tenant_id, nda_id, version, title, text, published_by, published_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&tenant)
    .bind(text.id.to_string())
    .bind(text.version)
    .bind(&text.title)
    .bind(&text.text)
    .bind(act.actor().map(|actor| actor.member.to_string()))
    .bind(micros(act.at()))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
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
    nda: Option<NdaId>,
) -> Result<(), StoreError> {
    let query = match nda {
        Some(nda) => sqlx::query("INSERT OR REPLACE INTO default_ndas (tenant_id, nda_id) VALUES (?, ?)")
            .bind(tenant.to_string())
            .bind(nda.to_string()),
        None => sqlx::query("DELETE FROM default_ndas WHERE tenant_id = ?").bind(tenant.to_string()),
    };
    query.execute(db).await.map_err(backend)?;
    Ok(())
}

fn state(row: &SqliteRow) -> Result<NdaState, StoreError> {
    Ok(NdaState { id: row.id("id")?, current: row.count("current")?, accept_from: row.count("accept_from")? })
}

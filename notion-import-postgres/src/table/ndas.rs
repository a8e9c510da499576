//! NDAs, their versions, and the tenant's default one.

use notion_import_core::store::Act;
use notion_import_core::{Conflict, NdaId, NdaState, NdaText, StoreError, TenantId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor};

use crate::error::backend;
use crate::row::{Columns, every, json, number};

/// Lets an NDA that is there get no further version until the transaction ends, but from this one.
pub(crate) async fn lock(db: impl PgExecutor<'_>, tenant: TenantId, id: NdaId) -> Result<(), StoreError> {
    sqlx::query("SELECT FROM ndas WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// All of a tenant, in the order of their ids.
pub(crate) async fn list(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Vec<NdaState>, StoreError> {
    let rows = sqlx::query("SELECT * FROM ndas WHERE tenant_id = $1 ORDER BY id")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await
        .map_err(backend)?;
    every(rows, state)
}

/// Adds the next version of an NDA, the first if there is none.
pub(crate) async fn publish(
    db: &mut PgConnection,
    act: &Act,
    state: &NdaState,
    text: &NdaText,
) -> Result<(), StoreError> {
    let tenant = act.tenant().as_uuid();
    // Of two that are both the first, one meets the other's row here.
    let written = sqlx::query(
        "INSERT INTO ndas AS kept (tenant_id, id, current, accept_from) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET current = excluded.current, accept_from = excluded.accept_from \
             WHERE kept.current = excluded.current - 1",
    )
    .bind(tenant)
    .bind(state.id.as_uuid())
    .bind(number(state.current))
    .bind(number(state.accept_from))
    .execute(&mut *db)
    .await
    .map_err(backend)?;
    if written.rows_affected() == 0 {
        return Err(Conflict::Changed.into());
    }
    sqlx::query(
        "INSERT INTO nda_versions \
             (tenant_id, nda_id, version, title, body, published_by, published_at) \
         VALUES ($1, $2, $3, $4::text::json, $5::text::json, $6, $7)",
    )
    .bind(tenant)
    .bind(text.id.as_uuid())
    .bind(number(text.version))
    .bind(json(&text.title)?)
    .bind(json(&text.text)?)
    .bind(act.actor().map(|actor| actor.member.as_uuid()))
    .bind(act.at())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(crate) async fn text(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    nda: NdaId,
    version: u32,
) -> Result<Option<NdaText>, StoreError> {
    let row = sqlx::query("SELECT * FROM nda_versions WHERE tenant_id = $1 AND nda_id = $2 AND version = $3")
        .bind(tenant.as_uuid())
        .bind(nda.as_uuid())
        .bind(number(version))
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let read =
        |row: PgRow| Ok(NdaText { id: nda, version, title: row.json("title")?, text: row.json("body")? });
    row.map(read).transpose()
}

pub(crate) async fn default(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<Option<NdaId>, StoreError> {
    let nda = sqlx::query_scalar("SELECT nda_id FROM default_ndas WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    Ok(nda.map(NdaId::new))
}

pub(crate) async fn set_default(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    nda: Option<NdaId>,
) -> Result<(), StoreError> {
    let query = match nda {
        Some(nda) => sqlx::query(
            "INSERT INTO default_ndas (tenant_id, nda_id) VALUES ($1, $2) \
             ON CONFLICT (tenant_id) DO UPDATE SET nda_id = excluded.nda_id",
        )
        .bind(tenant.as_uuid())
        .bind(nda.as_uuid()),
        None => sqlx::query("DELETE FROM default_ndas WHERE tenant_id = $1").bind(tenant.as_uuid()),
    };
    query.execute(db).await.map_err(backend)?;
    Ok(())
}

fn state(row: &PgRow) -> Result<NdaState, StoreError> {
    Ok(NdaState {
        id: NdaId::new(row.id("id")?),
        current: row.number("current")?,
        accept_from: row.number("accept_from")?,
    })
}

//! What is known of a connection's writers, and how far they have come.

use notion_import_core::store::SyncCursor;
use notion_import_core::{Connection, StoreError};
use sqlx::SqliteExecutor;

use crate::error::backend;
use crate::row::{Columns, integer, micros};

/// Lets an importer through, unless a later generation has detached the connection.
pub(crate) async fn admit(db: impl SqliteExecutor<'_>, importer: &Connection) -> Result<(), StoreError> {
    let overtaken =
        sqlx::query("SELECT 1 FROM syncs WHERE tenant_id = ? AND connection = ? AND detached > ?")
            .bind(importer.tenant.to_string())
            .bind(importer.id.to_string())
            .bind(integer(importer.generation))
            .fetch_optional(db)
            .await
            .map_err(backend)?;
    if overtaken.is_some() { Err(StoreError::Fenced) } else { Ok(()) }
}

/// Notes the generation of a sync, unless a later one has patched already.
pub(crate) async fn accept(db: impl SqliteExecutor<'_>, writer: &Connection) -> Result<(), StoreError> {
    let accepted = sqlx::query(
        "INSERT INTO syncs (tenant_id, connection, generation) VALUES (?, ?, ?) \
         ON CONFLICT (tenant_id, connection) DO UPDATE SET generation = excluded.generation \
         WHERE excluded.generation >= syncs.generation",
    )
    .bind(writer.tenant.to_string())
    .bind(writer.id.to_string())
    .bind(integer(writer.generation))
    .execute(db)
    .await
    .map_err(backend)?;
    if accepted.rows_affected() == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

pub(crate) async fn cursor(
    db: impl SqliteExecutor<'_>,
    connection: &Connection,
) -> Result<Option<SyncCursor>, StoreError> {
    let row = sqlx::query("SELECT watermark FROM syncs WHERE tenant_id = ? AND connection = ?")
        .bind(connection.tenant.to_string())
        .bind(connection.id.to_string())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let watermark = row.map(|row| row.time_or_none("watermark")).transpose()?.flatten();
    Ok(watermark.map(|watermark| SyncCursor { watermark }))
}

/// Moves the cursor of a writer that was accepted, never back.
pub(crate) async fn advance(
    db: impl SqliteExecutor<'_>,
    connection: &Connection,
    to: SyncCursor,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE syncs SET watermark = max(coalesce(watermark, ?3), ?3) WHERE tenant_id = ?1 AND connection = ?2",
    )
    .bind(connection.tenant.to_string())
    .bind(connection.id.to_string())
    .bind(micros(to.watermark))
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Forgets the cursor of a connection that an accepted generation detaches, and fences the importers before it.
pub(crate) async fn detach(db: impl SqliteExecutor<'_>, connection: &Connection) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE syncs SET watermark = NULL, detached = generation WHERE tenant_id = ? AND connection = ?",
    )
    .bind(connection.tenant.to_string())
    .bind(connection.id.to_string())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

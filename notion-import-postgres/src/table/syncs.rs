//! What is known of a connection's writers, and how far they have come.

use notion_import_core::store::SyncCursor;
use notion_import_core::{Connection, StoreError};
use sqlx::PgExecutor;

use crate::error::backend;
use crate::row::{Columns, integer};

/// Lets an importer through, unless a later generation has detached the connection.
pub(crate) async fn admit(db: impl PgExecutor<'_>, importer: &Connection) -> Result<(), StoreError> {
    let overtaken =
        sqlx::query("SELECT 1 FROM syncs WHERE tenant_id = $1 AND connection = $2 AND detached > $3")
            .bind(importer.tenant.as_uuid())
            .bind(importer.id.as_uuid())
            .bind(integer(importer.generation))
            .fetch_optional(db)
            .await
            .map_err(backend)?;
    if overtaken.is_some() { Err(StoreError::Fenced) } else { Ok(()) }
}

/// Notes the generation of a sync, unless a later one has patched already, or the connection was given to a later one; until the
/// transaction ends, it is not.
pub(crate) async fn accept(db: impl PgExecutor<'_>, writer: &Connection) -> Result<(), StoreError> {
    let accepted = sqlx::query(
        "WITH owner AS ( \
             SELECT generation FROM connections WHERE tenant_id = $1 AND id = $2 FOR SHARE) \
         INSERT INTO syncs AS kept (tenant_id, connection, generation) SELECT $1, $2, $3 \
         WHERE NOT EXISTS (SELECT FROM owner WHERE generation > $3) \
         ON CONFLICT (tenant_id, connection) DO UPDATE SET generation = excluded.generation \
         WHERE excluded.generation >= kept.generation",
    )
    .bind(writer.tenant.as_uuid())
    .bind(writer.id.as_uuid())
    .bind(integer(writer.generation))
    .execute(db)
    .await
    .map_err(backend)?;
    if accepted.rows_affected() == 0 { Err(StoreError::Fenced) } else { Ok(()) }
}

pub(crate) async fn cursor(
    db: impl PgExecutor<'_>,
    connection: &Connection,
) -> Result<Option<SyncCursor>, StoreError> {
    let row = sqlx::query("SELECT watermark FROM syncs WHERE tenant_id = $1 AND connection = $2")
        .bind(connection.tenant.as_uuid())
        .bind(connection.id.as_uuid())
        .fetch_optional(db)
        .await
        .map_err(backend)?;
    let watermark = row.map(|row| row.time_or_none("watermark")).transpose()?.flatten();
    Ok(watermark.map(|watermark| SyncCursor { watermark }))
}

/// Moves the cursor of a writer that was accepted, never back.
pub(crate) async fn advance(
    db: impl PgExecutor<'_>,
    connection: &Connection,
    to: SyncCursor,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE syncs SET watermark = greatest(watermark, $3) \
         WHERE tenant_id = $1 AND connection = $2",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .bind(to.watermark)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Forgets the cursor of a connection that an accepted generation detaches, and fences the importers before it.
pub(crate) async fn detach(db: impl PgExecutor<'_>, connection: &Connection) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE syncs SET watermark = NULL, detached = generation \
         WHERE tenant_id = $1 AND connection = $2",
    )
    .bind(connection.tenant.as_uuid())
    .bind(connection.id.as_uuid())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

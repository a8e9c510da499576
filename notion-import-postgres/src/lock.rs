//! Locks on what has no row yet. Each is held to the end of the transaction.

use notion_import_core::connection::Connection;
use notion_import_core::error::StoreError;
use notion_import_core::id::{NotionId, TenantId};
use sqlx::PgExecutor;

use crate::error::backend;

/// One at a time makes a document of a source.
pub(crate) async fn source(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    source: NotionId,
) -> Result<(), StoreError> {
    exclusive(db, format!("source {tenant} {source}")).await
}

/// One at a time stands on a bot, whichever tenant it is.
pub(crate) async fn bot(db: impl PgExecutor<'_>, bot: NotionId) -> Result<(), StoreError> {
    exclusive(db, format!("bot {bot}")).await
}

/// Nobody detaches the connection meanwhile.
pub(crate) async fn attached(db: impl PgExecutor<'_>, connection: &Connection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))")
        .bind(name(&links(connection)))
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// Nobody imports through the connection meanwhile.
pub(crate) async fn detaching(db: impl PgExecutor<'_>, connection: &Connection) -> Result<(), StoreError> {
    exclusive(db, links(connection)).await
}

async fn exclusive(db: impl PgExecutor<'_>, what: String) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(name(&what))
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

fn links(connection: &Connection) -> String {
    format!("links {} {}", connection.tenant, connection.reference)
}

/// The host's own advisory locks share the number space.
fn name(what: &str) -> String {
    format!("notion_import {what}")
}

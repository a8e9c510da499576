//! Locks on what has no row yet. Each is held to the end of the transaction.

use std::collections::BTreeSet;

use notion_import_core::{Connection, NotionId, StoreError, TenantId, Workspace};
use sqlx::PgExecutor;

use crate::error::backend;

/// The sources of a tenant share so many locks: an import of any size holds no more, and the server has room for few.
const SHELVES: u8 = 32;

/// One at a time makes documents of these sources.
pub(crate) async fn sources(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    sources: &[NotionId],
) -> Result<(), StoreError> {
    let shelf = |source: &NotionId| source.as_uuid().as_bytes()[15] % SHELVES;
    let shelves: BTreeSet<u8> = sources.iter().map(shelf).collect();
    exclusive(db, shelves.iter().map(|shelf| format!("sources {tenant} {shelf}"))).await
}

/// One at a time stands on a workspace or a bot, whichever tenant it is.
pub(crate) async fn workspace(db: impl PgExecutor<'_>, workspace: &Workspace) -> Result<(), StoreError> {
    let bot = format!("bot {}", workspace.bot);
    let id = workspace.id.as_ref().map(|id| format!("workspace {id}"));
    exclusive(db, [bot].into_iter().chain(id)).await
}

/// One at a time sets a tenant's default NDA: what it was before is written down.
#[cfg(feature = "gate")]
pub(crate) async fn default_nda(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<(), StoreError> {
    exclusive(db, [format!("default NDA {tenant}")]).await
}

/// One at a time makes contacts and requests of a tenant, or settles them: who is known, and what they ask for, is one question.
#[cfg(feature = "gate")]
pub(crate) async fn requests(db: impl PgExecutor<'_>, tenant: TenantId) -> Result<(), StoreError> {
    exclusive(db, [format!("requests {tenant}")]).await
}

/// Nobody detaches the connection meanwhile.
pub(crate) async fn attached(db: impl PgExecutor<'_>, connection: &Connection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared(hashtextextended(current_setting('search_path') || ' ' || $1, 0))")
        .bind(links(connection))
        .execute(db)
        .await
        .map_err(backend)?;
    Ok(())
}

/// Nobody imports through the connection meanwhile.
pub(crate) async fn detaching(db: impl PgExecutor<'_>, connection: &Connection) -> Result<(), StoreError> {
    exclusive(db, [links(connection)]).await
}

/// Takes the locks in one order, so that nobody waits in a circle. The host's own advisory locks, and those of another installation
/// in the database, share the number space, so each name begins with where the transaction looks for its tables.
async fn exclusive(
    db: impl PgExecutor<'_>,
    what: impl IntoIterator<Item = String>,
) -> Result<(), StoreError> {
    sqlx::query(
        "SELECT pg_advisory_xact_lock(key) FROM ( \
             SELECT DISTINCT hashtextextended(current_setting('search_path') || ' ' || name, 0) AS key FROM unnest($1::text[]) AS name \
             ORDER BY key) AS keys",
    )
    .bind(what.into_iter().collect::<Vec<_>>())
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

fn links(connection: &Connection) -> String {
    format!("links {} {}", connection.tenant, connection.id)
}

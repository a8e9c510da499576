//! Whether tenants are kept apart: looked at on every start, since rights drift.

use notion_import_core::error::StoreError;
use sqlx::{PgExecutor, Row};

use crate::database::{Postgres, commit};
use crate::error::{Hazard, OpenError, backend};
use crate::prefix::Prefix;

/// It refuses a database in which a role that acts for tenants could see another's rows.
pub(crate) async fn check(postgres: &Postgres) -> Result<(), OpenError> {
    let mut tx = postgres.login().await?;
    let hazards = hazards(&mut *tx, postgres.prefix()).await?;
    commit(tx).await?;
    if !hazards.is_empty() {
        return Err(OpenError::Unsafe(hazards));
    }
    if login_bypasses(postgres).await? {
        // What goes through this crate is safe all the same: it steps into roles that are bound.
        tracing::warn!(
            "the login is a superuser or bypasses row-level security: the host's own statements see every tenant's rows; \
             use a login without these rights, and GRANT notion_import_app, notion_import_sync to it"
        );
    }
    Ok(())
}

async fn hazards(db: impl PgExecutor<'_>, prefix: &Prefix) -> Result<Vec<Hazard>, StoreError> {
    let rows = sqlx::query(prefix.sql(include_str!("safety.sql"))).fetch_all(db).await.map_err(backend)?;
    let read =
        |row: &sqlx::postgres::PgRow| Ok(Hazard { what: row.try_get("what")?, mend: row.try_get("mend")? });
    rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(backend)
}

/// Whether the login could do what the roles cannot.
pub(crate) async fn login_bypasses(postgres: &Postgres) -> Result<bool, StoreError> {
    let mut tx = postgres.login().await?;
    let bypasses =
        sqlx::query_scalar("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&mut *tx)
            .await
            .map_err(backend)?;
    commit(tx).await?;
    Ok(bypasses)
}

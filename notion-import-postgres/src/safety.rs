//! Whether tenants are kept apart: looked at on every start, since rights drift.

use notion_import_core::StoreError;
use sqlx::Row;

use crate::catalogue::{self, Catalogue};
use crate::database::{Postgres, Tx, commit};
use crate::error::{Hazard, OpenError, backend};

/// Refuses a database in which a role that acts for tenants could see another's rows: one whose schema is not what the migrations
/// make, or in which something beside the schema leads around it.
pub(crate) async fn check(postgres: &Postgres) -> Result<(), OpenError> {
    let hazards = hazards(postgres).await?;
    if !hazards.is_empty() {
        return Err(OpenError::Unsafe(hazards));
    }
    if login_bypasses(postgres).await? {
        // What goes through this crate is safe all the same: it steps into roles that are bound.
        tracing::warn!(
            "the login is a superuser or bypasses row-level security: the host's own statements see every tenant's rows; \
             use a login without these rights"
        );
    }
    Ok(())
}

async fn hazards(postgres: &Postgres) -> Result<Vec<Hazard>, StoreError> {
    let schema = postgres.prefix().as_str();
    let mut tx = postgres.login().await?;
    let mut hazards = beside(&mut tx, postgres).await?;
    let found = Catalogue::of(&mut tx, schema).await?;
    let owner = "SELECT quote_ident(rolname) FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE nspname = $1";
    let owner: String = sqlx::query_scalar(owner).bind(schema).fetch_one(&mut *tx).await.map_err(backend)?;
    let expected = catalogue::kept(&mut tx).await?;
    hazards.extend(found.differences(&expected, &owner));
    commit(tx).await?;
    Ok(hazards)
}

async fn beside(tx: &mut Tx, postgres: &Postgres) -> Result<Vec<Hazard>, StoreError> {
    let rows = sqlx::query(postgres.prefix().sql(include_str!("safety.sql")));
    let rows = rows.fetch_all(&mut **tx).await.map_err(backend)?;
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

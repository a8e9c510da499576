//! How a database comes to have the tables this version knows.

use std::time::Duration;

use notion_import_core::error::StoreError;
use tokio::time::sleep;

use crate::database::{Postgres, Role, Tx, commit, enter};
use crate::error::{backend, sqlstate};
use crate::prefix::Prefix;

/// A numbered series of migrations: the first is number 1, and none is ever changed once it is released.
struct Set {
    name: &'static str,
    migrations: &'static [&'static str],
}

const SETS: &[Set] = &[
    Set {
        name: "core",
        migrations: &[
            include_str!("../migrations/core/0001_roles.sql"),
            include_str!("../migrations/core/0002_connections.sql"),
            include_str!("../migrations/core/0003_documents.sql"),
        ],
    },
    // A host with a gate of its own never gets these tables.
    #[cfg(feature = "gate")]
    Set { name: "gate", migrations: &[include_str!("../migrations/gate/0001_access.sql")] },
];

/// Roles belong to the whole cluster, and no lock of ours reaches beyond a database. Of two databases that get their roles at the
/// same moment one is refused like this, and nothing of it has happened: unique_violation, duplicate_object,
/// serialization_failure, deadlock_detected, and internal_error, which is how "tuple concurrently updated" is coded.
const OVERTAKEN: [&str; 5] = ["23505", "42710", "40001", "40P01", "XX000"];

/// Each time somebody else has come through, so this is how many may come before.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// It runs what has not been run yet: all of it, or nothing.
pub(crate) async fn run(postgres: &Postgres) -> Result<(), StoreError> {
    if is_up_to_date(postgres).await? {
        return Ok(());
    }
    for _ in 1..TRIES {
        match update(postgres).await {
            Err(error) if sqlstate(&error).is_some_and(|code| OVERTAKEN.contains(&code)) => {
                sleep(PAUSE).await
            }
            ended => return ended,
        }
    }
    update(postgres).await
}

/// All in one transaction: two processes that open a new database take turns.
async fn update(postgres: &Postgres) -> Result<(), StoreError> {
    let mut tx = postgres.login().await?;
    let prefix = postgres.prefix();
    let turn = "SELECT pg_advisory_xact_lock(hashtextextended('notion_import migrations', 0))";
    sqlx::raw_sql(prefix.sql(turn)).execute(&mut *tx).await.map_err(backend)?;
    // Where somebody else has made the schema, the login need not be allowed to.
    let table = "DO $$ BEGIN \
                     IF to_regnamespace('notion_import') IS NULL THEN CREATE SCHEMA notion_import; END IF; \
                 END $$; \
                 CREATE TABLE IF NOT EXISTS notion_import.migrations (\
                     name text NOT NULL, number bigint NOT NULL, PRIMARY KEY (name, number)\
                 )";
    sqlx::raw_sql(prefix.sql(table)).execute(&mut *tx).await.map_err(backend)?;
    for set in SETS {
        apply(&mut tx, prefix, set).await?;
    }
    commit(tx).await
}

/// Most logins may use the tables and not make them: they need not even try.
async fn is_up_to_date(postgres: &Postgres) -> Result<bool, StoreError> {
    let prefix = postgres.prefix();
    let mut tx = postgres.login().await?;
    let made: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'migrations') \
             AND EXISTS (SELECT FROM pg_roles WHERE rolname = $2 AND pg_has_role(oid, 'MEMBER'))",
    )
    .bind(prefix.as_str())
    .bind(Role::App.name(prefix))
    .fetch_one(&mut *tx)
    .await
    .map_err(backend)?;
    if !made {
        return Ok(false);
    }
    enter(&mut tx, Role::App, None).await?;
    for set in SETS {
        if done(&mut tx, prefix, set).await? < number(set) {
            return Ok(false);
        }
    }
    commit(tx).await?;
    Ok(true)
}

async fn apply(tx: &mut Tx, prefix: &Prefix, set: &Set) -> Result<(), StoreError> {
    let done = done(tx, prefix, set).await?;
    let numbered = (1_i64..).zip(set.migrations);
    for (number, migration) in numbered.filter(|(number, _)| *number > done) {
        sqlx::raw_sql(prefix.sql(migration)).execute(&mut **tx).await.map_err(backend)?;
        sqlx::query(prefix.sql("INSERT INTO notion_import.migrations (name, number) VALUES ($1, $2)"))
            .bind(set.name)
            .bind(number)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
    }
    Ok(())
}

async fn done(tx: &mut Tx, prefix: &Prefix, set: &Set) -> Result<i64, StoreError> {
    let done = "SELECT coalesce(max(number), 0) FROM notion_import.migrations WHERE name = $1";
    sqlx::query_scalar(prefix.sql(done)).bind(set.name).fetch_one(&mut **tx).await.map_err(backend)
}

fn number(set: &Set) -> i64 {
    (1_i64..).zip(set.migrations).map(|(number, _)| number).max().unwrap_or(0)
}

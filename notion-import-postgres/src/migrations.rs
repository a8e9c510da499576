//! How a database comes to have the tables this version knows.

use std::time::Duration;

use notion_import_core::StoreError;
use sqlx::AssertSqlSafe;
use tokio::time::sleep;
use uuid::Uuid;

use crate::catalogue::{self, Catalogue};
use crate::database::{Postgres, Role, Tx, commit, enter};
use crate::error::{OpenError, backend, sqlstate};
use crate::prefix::Prefix;
use crate::rights::Login;

/// A numbered series of migrations: the first is number 1, and none is ever changed once it is released.
struct Set {
    name: &'static str,
    /// Whether this build makes it where it is not there. One that is there is kept up to date by every build.
    wanted: bool,
    migrations: &'static [&'static str],
}

const SETS: &[Set] = &[
    Set {
        name: "core",
        wanted: true,
        migrations: &[
            include_str!("../migrations/core/0001_schema.sql"),
            include_str!("../migrations/core/0002_connections.sql"),
            include_str!("../migrations/core/0003_documents.sql"),
            include_str!("../migrations/core/0004_audit.sql"),
        ],
    },
    // A host with a gate of its own never gets these tables.
    Set {
        name: "gate",
        wanted: cfg!(feature = "gate"),
        migrations: &[
            include_str!("../migrations/gate/0001_access.sql"),
            include_str!("../migrations/gate/0002_reads.sql"),
        ],
    },
];

/// Roles belong to the whole cluster, and no lock of ours reaches beyond a database. Of two databases that get their roles at the
/// same moment one is refused like this, and nothing of it has happened: unique_violation, duplicate_object,
/// serialization_failure, deadlock_detected, and internal_error, which is how "tuple concurrently updated" is coded.
const OVERTAKEN: [&str; 5] = ["23505", "42710", "40001", "40P01", "XX000"];

/// Each time somebody else has come through, so this is how many may come before.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Whether the login that migrates is also the one that acts for tenants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Joins {
    Yes,
    No,
}

/// Runs what has not been run yet, all of it or nothing, and lets the login act for tenants, as far as it may.
pub(crate) async fn run(postgres: &Postgres) -> Result<(), OpenError> {
    in_turn(postgres, Joins::Yes).await
}

/// Runs what has not been run yet, all of it or nothing, and says anew what the schema is to be like.
pub(crate) async fn migrate(postgres: &Postgres) -> Result<(), OpenError> {
    in_turn(postgres, Joins::No).await
}

async fn in_turn(postgres: &Postgres, joins: Joins) -> Result<(), OpenError> {
    for _ in 1..TRIES {
        match once(postgres, joins).await {
            Err(OpenError::Store(error))
                if sqlstate(&error).is_some_and(|code| OVERTAKEN.contains(&code)) =>
            {
                sleep(PAUSE).await
            }
            ended => return ended,
        }
    }
    once(postgres, joins).await
}

async fn once(postgres: &Postgres, joins: Joins) -> Result<(), OpenError> {
    match joins {
        Joins::Yes if is_up_to_date(postgres).await? => Ok(()),
        Joins::Yes | Joins::No => update(postgres, joins).await,
    }
}

/// Most logins may use the tables and not make them: they need not even try.
async fn is_up_to_date(postgres: &Postgres) -> Result<bool, OpenError> {
    let prefix = postgres.prefix();
    let mut tx = postgres.login().await?;
    let login = Login::of(&mut tx, prefix).await?;
    let made = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'catalogue')";
    let made: bool =
        sqlx::query_scalar(made).bind(prefix.as_str()).fetch_one(&mut *tx).await.map_err(backend)?;
    if !made || !login.has_roles() {
        return Ok(false);
    }
    let missing = login.missing_to_act();
    if !missing.is_empty() {
        return Err(OpenError::Rights(missing));
    }
    join(&mut tx, &login).await?;
    enter(&mut tx, Role::App, None).await?;
    let mut current = true;
    for set in SETS {
        let done = done(&mut tx, prefix, set).await?;
        current &= done >= number(set) || done == 0 && !set.wanted;
    }
    // What was kept by another release of the server may print the same things differently. Only the owner can make it anew; for
    // anybody else it is compared as it is.
    let server: Option<i32> =
        sqlx::query_scalar("SELECT server FROM catalogue").fetch_optional(&mut *tx).await.map_err(backend)?;
    current &= server == Some(login.version()) || !login.missing_to_migrate().is_empty();
    commit(tx).await?;
    Ok(current)
}

/// All in one transaction: two processes that open a new database take turns.
async fn update(postgres: &Postgres, joins: Joins) -> Result<(), OpenError> {
    let prefix = postgres.prefix();
    let mut tx = postgres.login().await?;
    let turn = "SELECT pg_advisory_xact_lock(hashtextextended('notion_import migrations', 0))";
    sql(&mut tx, prefix, turn).await?;
    let login = Login::of(&mut tx, prefix).await?;
    let mut missing = login.missing_to_migrate();
    if joins == Joins::Yes {
        missing.extend(login.missing_to_act());
    }
    if !missing.is_empty() {
        return Err(OpenError::Rights(missing));
    }
    sql(&mut tx, prefix, include_str!("../migrations/roles.sql")).await?;
    // Whoever made the roles may stand otherwise to them now.
    let login = Login::of(&mut tx, prefix).await?;
    if joins == Joins::Yes {
        join(&mut tx, &login).await?;
    }
    // It gives the look-ups to their role, and needs the role for that long only.
    let borrowed = !login.lookup().acts;
    if borrowed {
        sql(&mut tx, prefix, "GRANT notion_import_lookup TO CURRENT_USER").await?;
    }
    if !login.has_schema() {
        sql(&mut tx, prefix, "CREATE SCHEMA notion_import").await?;
    }
    for set in SETS {
        apply(&mut tx, prefix, set).await?;
    }
    if !is_of_a_later_version(&mut tx, prefix).await? {
        let expected = scratch(&mut tx, prefix).await?;
        catalogue::keep(&mut tx, prefix, &expected).await?;
    }
    if borrowed {
        sql(&mut tx, prefix, "REVOKE notion_import_lookup FROM CURRENT_USER").await?;
    }
    Ok(commit(tx).await?)
}

/// What a later version makes, it knows best.
async fn is_of_a_later_version(tx: &mut Tx, prefix: &Prefix) -> Result<bool, StoreError> {
    for set in SETS {
        if done(tx, prefix, set).await? > number(set) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns what the migrations make on this very server, from a schema that nobody else ever sees. Expressions print differently
/// from release to release of PostgreSQL.
async fn scratch(tx: &mut Tx, prefix: &Prefix) -> Result<Catalogue, StoreError> {
    let schema = format!("scratch_{}", Uuid::now_v7().simple());
    sqlx::raw_sql(AssertSqlSafe(format!("SAVEPOINT scratch; CREATE SCHEMA {schema}")))
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    for set in SETS {
        if done(tx, prefix, set).await? == 0 {
            continue;
        }
        for migration in set.migrations {
            let migration = prefix.sql_in(&schema, migration);
            sqlx::raw_sql(migration).execute(&mut **tx).await.map_err(backend)?;
        }
    }
    let made = Catalogue::of(tx, &schema).await?;
    sqlx::raw_sql("ROLLBACK TO SAVEPOINT scratch").execute(&mut **tx).await.map_err(backend)?;
    Ok(made.renamed(&schema, prefix.as_str()).of_roles(prefix))
}

async fn apply(tx: &mut Tx, prefix: &Prefix, set: &Set) -> Result<(), StoreError> {
    let done = done(tx, prefix, set).await?;
    if done == 0 && !set.wanted {
        return Ok(());
    }
    let numbered = (1_i64..).zip(set.migrations);
    for (number, migration) in numbered.filter(|(number, _)| *number > done) {
        sql(tx, prefix, migration).await?;
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
    let made = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'migrations')";
    if !sqlx::query_scalar(made).bind(prefix.as_str()).fetch_one(&mut **tx).await.map_err(backend)? {
        return Ok(0);
    }
    let done = "SELECT coalesce(max(number), 0) FROM notion_import.migrations WHERE name = $1";
    sqlx::query_scalar(prefix.sql(done)).bind(set.name).fetch_one(&mut **tx).await.map_err(backend)
}

fn number(set: &Set) -> i64 {
    (1_i64..).zip(set.migrations).map(|(number, _)| number).max().unwrap_or(0)
}

async fn join(tx: &mut Tx, login: &Login) -> Result<(), StoreError> {
    for grant in login.joining() {
        sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut **tx).await.map_err(backend)?;
    }
    Ok(())
}

async fn sql(tx: &mut Tx, prefix: &Prefix, file: &str) -> Result<(), StoreError> {
    sqlx::raw_sql(prefix.sql(file)).execute(&mut **tx).await.map_err(backend)?;
    Ok(())
}

//! How a file comes to have the tables this version knows.

use notion_import_core::StoreError;
use sqlx::SqlitePool;

use crate::database::{Tx, begin, commit};
use crate::error::backend;

/// A numbered series of migrations: the first is number 1, and none is ever changed once it is released.
struct Set {
    name: &'static str,
    migrations: &'static [&'static str],
}

const SETS: &[Set] = &[
    Set {
        name: "core",
        migrations: &[
            include_str!("../migrations/core/0001_connections.sql"),
            include_str!("../migrations/core/0002_documents.sql"),
            include_str!("../migrations/core/0003_audit.sql"),
        ],
    },
    // A host with a gate of its own never gets these tables.
    #[cfg(feature = "gate")]
    Set {
        name: "gate",
        migrations: &[
            include_str!("../migrations/gate/0001_access.sql"),
            include_str!("../migrations/gate/0002_reads.sql"),
        ],
    },
];

/// Runs what has not been run yet, all in one transaction: two processes that open a new file take turns.
pub(crate) async fn run(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut tx = begin(writer).await?;
    let table = "CREATE TABLE IF NOT EXISTS notion_import_migrations (\
                     name TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (name, number)\
                 ) STRICT, WITHOUT ROWID";
    sqlx::raw_sql(table).execute(&mut *tx).await.map_err(backend)?;
    for set in SETS {
        apply(&mut tx, set).await?;
    }
    commit(tx).await
}

async fn apply(tx: &mut Tx, set: &Set) -> Result<(), StoreError> {
    let done: i64 =
        sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM notion_import_migrations WHERE name = ?")
            .bind(set.name)
            .fetch_one(&mut **tx)
            .await
            .map_err(backend)?;
    let numbered = (1_i64..).zip(set.migrations);
    for (number, migration) in numbered.filter(|(number, _)| *number > done) {
        sqlx::raw_sql(*migration).execute(&mut **tx).await.map_err(backend)?;
        sqlx::query("INSERT INTO notion_import_migrations (name, number) VALUES (?, ?)")
            .bind(set.name)
            .bind(number)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
    }
    Ok(())
}

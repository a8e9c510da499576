//! The least that a read and a write of a database can cost: by the same driver, with nothing of the stores around it.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::bench::Failure;
use crate::documents;

/// Reads and writes that are counted.
const TIMES: usize = 500;

/// What is typical of either.
#[derive(Clone, Copy, Default)]
pub struct Floor {
    /// `SELECT 1`.
    pub select: Duration,
    /// An `INSERT` of a document's text, in a transaction of its own.
    pub insert: Duration,
}

const TABLE: &str = "CREATE TABLE bare (id TEXT PRIMARY KEY, body TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO bare VALUES ($1, $2)";

impl Floor {
    /// Measures PostgreSQL, in a table beside those of the stores.
    pub async fn of_postgres(db: &mut PgConnection) -> Result<Self, Failure> {
        sqlx::raw_sql("DROP TABLE IF EXISTS bare").execute(&mut *db).await?;
        sqlx::raw_sql(TABLE).execute(&mut *db).await?;
        let (mut selects, mut inserts, text) = (Vec::new(), Vec::new(), documents::text("Bare"));
        for _ in 0..TIMES {
            let began = Instant::now();
            sqlx::query("SELECT 1").fetch_one(&mut *db).await?;
            selects.push(began.elapsed());
            let (id, began) = (Uuid::new_v4().to_string(), Instant::now());
            sqlx::query(INSERT).bind(id).bind(&text).execute(&mut *db).await?;
            inserts.push(began.elapsed());
        }
        Ok(Self { select: median(selects), insert: median(inserts) })
    }

    /// Measures SQLite in a file of its own in this folder, which is as careful as that of the stores.
    pub async fn of_sqlite(folder: &Path) -> Result<Self, Failure> {
        let options =
            SqliteConnectOptions::new().filename(folder.join("bare.sqlite")).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut db = SqliteConnection::connect_with(&options).await?;
        sqlx::raw_sql(TABLE).execute(&mut db).await?;
        let (mut selects, mut inserts, text) = (Vec::new(), Vec::new(), documents::text("Bare"));
        for _ in 0..TIMES {
            let began = Instant::now();
            sqlx::query("SELECT 1").fetch_one(&mut db).await?;
            selects.push(began.elapsed());
            let (id, began) = (Uuid::new_v4().to_string(), Instant::now());
            sqlx::query(INSERT).bind(id).bind(&text).execute(&mut db).await?;
            inserts.push(began.elapsed());
        }
        Ok(Self { select: median(selects), insert: median(inserts) })
    }
}

/// The time in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

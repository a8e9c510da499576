//! The file, its connections and its transactions.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notion_import_core::store::private;
use notion_import_core::{FolderBlobs, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlitePool, Transaction};
use tokio::task::spawn_blocking;

use crate::error::backend;
use crate::migrations;

/// How long a writer waits for another process to finish its own writing.
const PATIENCE: Duration = Duration::from_secs(30);
const READERS: u32 = 4;
const FILE: &str = "library.db";

/// The first file of the folder, by which it is known for a library's.
const LOCK: &str = "library.lock";

/// Connections, documents and, with the feature `gate`, who may read them, on one SQLite file.
///
/// Clones share the file. Every call that writes is one transaction that begins as a writer, so none fails halfway because
/// another was faster.
#[derive(Clone, Debug)]
pub struct Sqlite {
    // SQLite has one writer at a time anyway: queueing for it here is fair, and waiting for the file is not.
    writer: SqlitePool,
    readers: SqlitePool,
    blobs: FolderBlobs,
}

/// A transaction. Dropped before it is committed, it never was.
pub(crate) type Tx = Transaction<'static, sqlx::Sqlite>;

impl Sqlite {
    /// Opens the library in the folder `data`, and makes both if they are not there.
    ///
    /// The folder is for the library alone: if other users of the machine may enter it or read its files, they may no longer, so that
    /// what tenants keep and every connection's reference stay with the user this runs as.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the folder or the file in it cannot be opened, narrowed, written or brought up to date, or the folder
    /// is somebody else's, one for several users, such as `/tmp`, or open to others and full of other things; [`StoreError::StorageFull`] if the disk has no room.
    pub async fn open(data: impl AsRef<Path>) -> Result<Self, StoreError> {
        let data = data.as_ref();
        let file = data.join(FILE);
        let _opening = lock(data.to_owned()).await?;
        let blobs = FolderBlobs::open(data.join("blobs")).await?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered is still there after a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted is overwritten.
            .pragma("secure_delete", "ON")
            .busy_timeout(PATIENCE);
        let writer = pool(1).connect_with(options.clone()).await.map_err(backend)?;
        migrations::run(&writer).await?;
        let options = options.pragma("query_only", "ON");
        let readers = pool(READERS).connect_with(options).await.map_err(backend)?;
        Ok(Self { writer, readers, blobs })
    }

    /// The files that belong to the documents.
    pub fn blobs(&self) -> FolderBlobs {
        self.blobs.clone()
    }

    /// Leaves nothing of what was deleted in the file beside the file, unless somebody reads from that at the moment.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await.map_err(backend)?;
        Ok(())
    }

    /// Waits for what is being written and lets go of the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) async fn write(&self) -> Result<Tx, StoreError> {
        begin(&self.writer).await
    }

    /// A transaction that sees one state of the file and changes nothing.
    pub(crate) async fn snapshot(&self) -> Result<Tx, StoreError> {
        self.readers.begin().await.map_err(backend)
    }
}

/// Connections of which none is used again after a transaction on it could not be ended.
///
/// SQLite itself rolls back what fails for want of room. The `ROLLBACK` that follows fails then, and sqlx counts the transaction as
/// open for as long as the connection lives: every later one would be refused, or see what was there long ago.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        // A local file's connections do not go stale, and without any the next would have to make files, for which there may be no room.
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|connection, _| {
            Box::pin(async move {
                // A rollback that is under way is through by the time of the answer.
                connection.ping().await?;
                let is_usable = !connection.is_in_transaction();
                if !is_usable {
                    tracing::warn!("a transaction could not be ended: its connection is closed");
                }
                Ok(is_usable)
            })
        })
}

/// Waits until nobody else opens the file: whoever finds it on the way to its journal mode is turned away at once, however patient.
/// Then makes the folder and what is in it this user's own. SQLite gives the files it makes beside its file the rights of that.
async fn lock(data: PathBuf) -> Result<File, StoreError> {
    let locking = spawn_blocking(move || {
        private::take(&data, LOCK)?;
        let lock = private::file(&data.join(LOCK))?;
        lock.lock()?;
        own(&data.join(FILE))?;
        for beside in ["-wal", "-shm", "-journal"] {
            private::narrow_file(&data.join(format!("{FILE}{beside}")))?;
        }
        Ok(lock)
    });
    locking.await.map_err(StoreError::backend)?.map_err(|error: io::Error| StoreError::backend(error))
}

/// Makes the file, or narrows it by its name: to open and close a file that this process has open ends the locks that SQLite has on it.
fn own(file: &Path) -> io::Result<()> {
    match private::new_file(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => private::narrow_file(file),
        made => made.map(drop),
    }
}

pub(crate) async fn begin(writer: &SqlitePool) -> Result<Tx, StoreError> {
    // A transaction that reads first and writes later fails if another wrote meanwhile; this one waits its turn before reading.
    writer.begin_with("BEGIN IMMEDIATE").await.map_err(backend)
}

pub(crate) async fn commit(tx: Tx) -> Result<(), StoreError> {
    tx.commit().await.map_err(backend)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use notion_import_core::testing::suite::{content, content_manager, minute, page};
    use notion_import_core::{Connection as Reference, DocumentStore, TenantId};

    use super::*;

    async fn linked(sqlite: &Sqlite, connection: &Reference) -> usize {
        sqlite.linked(connection, None, 99).await.unwrap().len()
    }

    #[tokio::test]
    async fn a_full_file_stops_one_write_and_no_other() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        let connection = Reference::new(TenantId::fresh(), "notion");
        let (manager, small) = (content_manager(connection.tenant), content(&page("Small"), "Text"));
        sqlite.import(&manager, &connection, &small, minute(1)).await.unwrap();
        let large = content(&page("Large"), &"Text ".repeat(100_000));
        for _ in 0..3 {
            let mut writer = sqlite.writer.acquire().await.unwrap();
            let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *writer).await.unwrap();
            let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::raw_sql(limit).execute(&mut *writer).await.unwrap();
            drop(writer);
            let refused = sqlite.import(&manager, &connection, &large, minute(2)).await.unwrap_err();
            assert!(matches!(refused, StoreError::StorageFull(_)), "{refused:?}");
            assert_eq!(linked(&sqlite, &connection).await, 1, "nothing of it is there");
            // The limit is gone with the connection it was set on: the next one begins a transaction of its own.
            sqlite.import(&manager, &connection, &small, minute(3)).await.unwrap();
        }
        sqlite.import(&manager, &connection, &large, minute(4)).await.unwrap();
        assert_eq!(linked(&sqlite, &connection).await, 2);
    }

    #[tokio::test]
    async fn a_reader_whose_transaction_could_not_be_ended_is_not_used_again() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        for _ in 0..READERS + 1 {
            let mut tx = sqlite.readers.begin().await.unwrap();
            // What SQLite does by itself after some errors.
            sqlx::raw_sql("ROLLBACK").execute(&mut *tx).await.unwrap();
        }
        for _ in 0..READERS + 1 {
            sqlite.readers.begin_with("BEGIN DEFERRED").await.unwrap();
        }
    }
}

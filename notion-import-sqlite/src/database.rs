//! The file, its connections and its transactions.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notion_import_core::error::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlitePool, Transaction};
use tokio::task::spawn_blocking;

use crate::blobs::Folder;
use crate::migrations;

/// How long a writer waits for another process to finish its own writing.
const PATIENCE: Duration = Duration::from_secs(30);
const READERS: u32 = 4;

/// Connections, documents and, with the feature `gate`, who may read them, on one SQLite file.
///
/// Clones share the file. Every call that writes is one transaction that begins as a writer, so none fails halfway because
/// another was faster.
#[derive(Clone, Debug)]
pub struct Sqlite {
    // SQLite has one writer at a time anyway: queueing for it here is fair, and waiting for the file is not.
    writer: SqlitePool,
    readers: SqlitePool,
    blobs: Folder,
}

/// A transaction. Dropped before it is committed, it never was.
pub(crate) type Tx = Transaction<'static, sqlx::Sqlite>;

impl Sqlite {
    /// It opens the library in the folder `data`, and makes both if they are not there.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the folder or the file in it cannot be opened, written or brought up to date.
    pub async fn open(data: impl AsRef<Path>) -> Result<Self, StoreError> {
        let data = data.as_ref();
        tokio::fs::create_dir_all(data).await.map_err(StoreError::backend)?;
        let blobs = Folder::open(data.join("blobs")).await?;
        let _opening = lock(data.join("library.lock")).await?;
        let options = SqliteConnectOptions::new()
            .filename(data.join("library.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered is still there after a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let one = SqlitePoolOptions::new().max_connections(1);
        let writer = one.connect_with(options.clone()).await.map_err(StoreError::backend)?;
        migrations::run(&writer).await?;
        let many = SqlitePoolOptions::new().max_connections(READERS);
        let readers =
            many.connect_with(options.pragma("query_only", "ON")).await.map_err(StoreError::backend)?;
        Ok(Self { writer, readers, blobs })
    }

    /// The files that belong to the documents.
    pub fn blobs(&self) -> Folder {
        self.blobs.clone()
    }

    /// It waits for what is being written and lets go of the file.
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
    #[cfg(feature = "gate")]
    pub(crate) async fn snapshot(&self) -> Result<Tx, StoreError> {
        self.readers.begin().await.map_err(StoreError::backend)
    }
}

/// It waits until nobody else opens the file: whoever finds it on the way to its journal mode is turned away at once, however patient.
async fn lock(path: PathBuf) -> Result<File, StoreError> {
    let locking = spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock().map(|()| file)
    });
    locking.await.map_err(StoreError::backend)?.map_err(StoreError::backend)
}

pub(crate) async fn begin(writer: &SqlitePool) -> Result<Tx, StoreError> {
    // A transaction that reads first and writes later fails if another wrote meanwhile; this one waits its turn before reading.
    writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::backend)
}

pub(crate) async fn commit(tx: Tx) -> Result<(), StoreError> {
    tx.commit().await.map_err(StoreError::backend)
}

//! The stores on SQLite keep every promise.

use std::sync::Arc;

use notion_import_core::testing::suite;
use notion_import_core::testing::suite::{Files, Reading, blobs, connections, documents, reading, sweeping};
use notion_import_sqlite::Sqlite;
use tempfile::TempDir;

/// A library of its own for every promise; the folders go when the test does.
async fn fresh(folders: &std::cell::RefCell<Vec<TempDir>>) -> Sqlite {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).await.unwrap();
    folders.borrow_mut().push(folder);
    sqlite
}

#[tokio::test]
async fn connections_keep_every_promise() {
    let folders = Default::default();
    suite::uphold(connections::PROMISES, async || Arc::new(fresh(&folders).await) as _).await;
}

#[tokio::test]
async fn documents_keep_every_promise() {
    let folders = Default::default();
    suite::uphold(documents::PROMISES, async || Arc::new(fresh(&folders).await) as _).await;
}

#[tokio::test]
async fn documents_are_read_as_promised() {
    let folders = Default::default();
    let fresh = async || {
        let sqlite = Arc::new(fresh(&folders).await);
        Reading { documents: sqlite.clone(), reader: sqlite }
    };
    suite::uphold(reading::PROMISES, fresh).await;
}

#[tokio::test]
async fn blobs_keep_every_promise() {
    let folders = Default::default();
    suite::uphold(blobs::PROMISES, async || Arc::new(fresh(&folders).await.blobs()) as _).await;
}

#[tokio::test]
async fn documents_and_blobs_keep_every_promise() {
    let folders = Default::default();
    let fresh = async || {
        let sqlite = fresh(&folders).await;
        Files { blobs: Arc::new(sqlite.blobs()), documents: Arc::new(sqlite) }
    };
    suite::uphold(sweeping::PROMISES, fresh).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn access_keeps_every_promise() {
    let folders = Default::default();
    let fresh = async || suite::Library::of(Arc::new(fresh(&folders).await));
    suite::uphold(suite::access::PROMISES, fresh).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn stores_of_one_library_keep_every_promise() {
    let folders = Default::default();
    let fresh = async || suite::Audited::of(Arc::new(fresh(&folders).await));
    suite::uphold(suite::audited::PROMISES, fresh).await;
    suite::uphold(suite::erasing::PROMISES, fresh).await;
}

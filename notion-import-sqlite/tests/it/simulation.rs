//! Syncs over SQLite in a world in which everything happens.

#![cfg(feature = "gate")]

use std::sync::{Arc, Mutex};

use notion_import_core::MemoryBlobs;
use notion_import_core::testing::simulation::{self, Stores, histories};
use notion_import_sqlite::Sqlite;

#[tokio::test]
async fn whatever_happens_a_sync_keeps_its_promises() {
    let folders = Mutex::new(Vec::new());
    // Each has a folder of its own: what is due is everybody's.
    let fresh = async || {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Arc::new(Sqlite::open(folder.path()).await.unwrap());
        folders.lock().unwrap().push(folder);
        Stores {
            documents: sqlite.clone(),
            access: sqlite.clone(),
            connections: sqlite,
            blobs: Arc::<MemoryBlobs>::default(),
        }
    };
    simulation::run(0..histories(200, 2_000), fresh).await;
}

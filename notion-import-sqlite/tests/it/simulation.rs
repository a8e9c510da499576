//! Syncs over SQLite in a world in which everything happens.

#![cfg(feature = "gate")]

use std::sync::Arc;

use notion_import_core::MemoryBlobs;
use notion_import_core::testing::simulation::{self, Stores, histories};
use notion_import_sqlite::Sqlite;

#[tokio::test]
async fn whatever_happens_a_sync_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Arc::new(Sqlite::open(folder.path()).await.unwrap());
    let stores = Stores {
        documents: sqlite.clone(),
        access: sqlite.clone(),
        connections: sqlite,
        blobs: Arc::<MemoryBlobs>::default(),
    };
    // Each history is a tenant of its own.
    simulation::run(0..histories(100, 2_000), async || stores.clone()).await;
}

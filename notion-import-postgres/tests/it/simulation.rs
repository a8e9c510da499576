//! Syncs over PostgreSQL in a world in which everything happens.

#![cfg(feature = "gate")]

use std::sync::{Arc, Mutex};

use notion_import_core::MemoryBlobs;
use notion_import_core::testing::simulation::{self, Stores, histories};

use crate::cluster::Database;

#[tokio::test]
async fn whatever_happens_a_sync_keeps_its_promises() {
    let databases = Mutex::new(Vec::new());
    // Each has a database of its own: what is due is everybody's.
    let fresh = async || {
        let database = Database::empty().await;
        let postgres = Arc::new(database.open(4).await);
        databases.lock().unwrap().push(database);
        Stores {
            documents: postgres.clone(),
            access: postgres.clone(),
            connections: postgres,
            blobs: Arc::<MemoryBlobs>::default(),
        }
    };
    simulation::run(0..histories(20, 2_000), fresh).await;
}

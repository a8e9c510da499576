//! Syncs over PostgreSQL in a world in which everything happens.

#![cfg(feature = "gate")]

use std::sync::Arc;

use notion_import_core::MemoryBlobs;
use notion_import_core::testing::simulation::{self, Stores, histories};

use crate::cluster::Database;

#[tokio::test]
async fn whatever_happens_a_sync_keeps_its_promises() {
    let database = Database::empty().await;
    let postgres = Arc::new(database.open(4).await);
    let fresh = async || Stores {
        documents: postgres.clone(),
        access: postgres.clone(),
        connections: postgres.clone(),
        blobs: Arc::<MemoryBlobs>::default(),
    };
    simulation::run(0..histories(200, 2_000), fresh).await;
}

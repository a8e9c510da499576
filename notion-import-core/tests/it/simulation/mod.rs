//! The sync in a world in which everything happens.

use std::sync::Arc;

use notion_import_core::testing::simulation::{self, MUTANTS, Stores, histories};
use notion_import_core::{MemoryBlobs, MemoryConnections, MemoryLibrary};

async fn fresh() -> Stores {
    let library = Arc::<MemoryLibrary>::default();
    Stores {
        documents: library.clone(),
        access: library,
        connections: Arc::<MemoryConnections>::default(),
        blobs: Arc::<MemoryBlobs>::default(),
    }
}

#[tokio::test]
async fn whatever_happens_a_sync_keeps_its_promises() {
    simulation::run(0..histories(2_000, 200_000), fresh).await;
}

#[tokio::test]
async fn each_fault_that_is_built_in_is_found() {
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        let began = std::time::Instant::now();
        match simulation::found_with(mutant, 0..histories(2_000, 2_000), fresh).await {
            Some(found) => eprintln!("{mutant} {:?}: {}", began.elapsed(), found.lines().last().unwrap()),
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

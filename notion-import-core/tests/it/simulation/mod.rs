//! The sync in a world in which everything happens.

use std::sync::Arc;

use notion_import_core::testing::simulation::{self, MUTANTS, Stores, histories};
use notion_import_core::testing::suite::{self, documents};
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
async fn a_library_that_fences_nobody_breaks_its_promises() {
    let _built_in = simulation::built_in("no fencing");
    let broken = suite::broken(documents::PROMISES, async || Arc::<MemoryLibrary>::default() as _).await;
    assert!(!broken.is_empty());
}

#[tokio::test]
async fn each_fault_that_is_built_in_is_found() {
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        match simulation::found_with(mutant, 0..2_000, fresh).await {
            Some(found) => println!("{mutant}: {}", found.lines().last().unwrap_or_default()),
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

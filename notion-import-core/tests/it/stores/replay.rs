//! The audit rebuilds who could read what: so many random histories, in memory. `NOTION_IMPORT_SOAK=1` tries ten times as many.

use std::sync::Arc;

use notion_import_core::MemoryLibrary;
use notion_import_core::testing::simulation::histories;
use notion_import_core::testing::suite::{Library, access};

#[tokio::test]
async fn the_audit_rebuilds_every_moment_of_a_thousand_histories() {
    let library = Library::of(Arc::new(MemoryLibrary::default()));
    access::replayed(library, 0..histories(1_000, 10_000)).await.unwrap();
}

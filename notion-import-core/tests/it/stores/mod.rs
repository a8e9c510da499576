//! The stores in memory keep every promise.

mod leaky;

use std::sync::Arc;

use notion_import_core::library::memory::{MemoryBlobs, MemoryConnections, MemoryLibrary};
use notion_import_core::testing::suite::{
    self, Files, Library, access, blobs, connections, documents, sweeping,
};

#[tokio::test]
async fn memory_connections_keep_every_promise() {
    suite::uphold(connections::PROMISES, async || Arc::new(MemoryConnections::default()) as _).await;
}

#[tokio::test]
async fn memory_documents_keep_every_promise() {
    suite::uphold(documents::PROMISES, async || Arc::new(MemoryLibrary::default()) as _).await;
}

#[tokio::test]
async fn memory_blobs_keep_every_promise() {
    suite::uphold(blobs::PROMISES, async || Arc::new(MemoryBlobs::default()) as _).await;
}

#[tokio::test]
async fn memory_access_keeps_every_promise() {
    let fresh = async || {
        let library = Arc::new(MemoryLibrary::default());
        Library { documents: library.clone(), access: library }
    };
    suite::uphold(access::PROMISES, fresh).await;
}

#[tokio::test]
async fn memory_documents_and_blobs_keep_every_promise() {
    let fresh = async || Files {
        documents: Arc::new(MemoryLibrary::default()),
        blobs: Arc::new(MemoryBlobs::default()),
    };
    suite::uphold(sweeping::PROMISES, fresh).await;
}

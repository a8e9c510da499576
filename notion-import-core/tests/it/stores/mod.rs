//! The stores in memory keep every promise.

mod bucket;
mod disk;
mod downloads;
mod leaky;
mod replay;

use std::sync::Arc;

use notion_import_core::testing::suite;
use notion_import_core::testing::suite::{
    Audited, Files, Library, Reading, access, audited, blobs, connections, documents, erasing, reading,
    sweeping,
};
use notion_import_core::{MemoryAudit, MemoryBlobs, MemoryConnections, MemoryLibrary, MemoryTenants};

#[tokio::test]
async fn memory_connections_keep_every_promise() {
    suite::uphold(connections::PROMISES, async || Arc::new(MemoryConnections::default()) as _).await;
}

#[tokio::test]
async fn memory_documents_keep_every_promise() {
    suite::uphold(documents::PROMISES, async || Arc::new(MemoryLibrary::default()) as _).await;
}

#[tokio::test]
async fn memory_documents_are_read_as_promised() {
    let fresh = async || {
        let library = Arc::new(MemoryLibrary::default());
        Reading { documents: library.clone(), reader: library }
    };
    suite::uphold(reading::PROMISES, fresh).await;
}

#[tokio::test]
async fn memory_blobs_keep_every_promise() {
    suite::uphold(blobs::PROMISES, async || Arc::new(MemoryBlobs::default()) as _).await;
}

#[tokio::test]
async fn memory_access_keeps_every_promise() {
    let fresh = async || Library::of(Arc::new(MemoryLibrary::default()));
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

#[tokio::test]
async fn memory_stores_of_one_library_keep_every_promise() {
    let fresh = async || {
        let audit = MemoryAudit::default();
        let library = MemoryLibrary::audited_in(audit.clone());
        let connections = MemoryConnections::audited_in(audit);
        let tenants = Arc::new(MemoryTenants::new(library.clone(), connections.clone()));
        let library = Library::of(Arc::new(library));
        Audited { library, connections: Arc::new(connections), tenants }
    };
    suite::uphold(audited::PROMISES, fresh).await;
    suite::uphold(erasing::PROMISES, fresh).await;
}

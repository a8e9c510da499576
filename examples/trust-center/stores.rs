//! Where the demo keeps things.

use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use notion_import_core::connection::ConnectionStore;
use notion_import_core::error::StoreError;
use notion_import_core::library::blob::BlobStore;
use notion_import_core::library::document::DocumentStore;
use notion_import_core::library::gate::{AccessStore, NewNdaVersion};
use notion_import_core::library::memory::{MemoryBlobs, MemoryConnections, MemoryLibrary};
use notion_import_sqlite::Sqlite;

use crate::people::COMPANIES;

/// Every store, behind its trait: nothing else in the demo knows which ones they are.
#[derive(Clone)]
pub struct Stores {
    pub connections: Arc<dyn ConnectionStore>,
    pub documents: Arc<dyn DocumentStore>,
    pub access: Arc<dyn AccessStore>,
    pub blobs: Arc<dyn BlobStore>,
}

impl Stores {
    /// It opens them in a directory, or keeps nothing.
    pub async fn open(data: Option<&Path>) -> Result<Self, StoreError> {
        let stores = match data {
            Some(data) => Self::in_sqlite(&Sqlite::open(data).await?),
            None => Self::in_memory(),
        };
        stores.prepare_ndas().await?;
        Ok(stores)
    }

    fn in_sqlite(sqlite: &Sqlite) -> Self {
        Self {
            connections: Arc::new(sqlite.clone()),
            documents: Arc::new(sqlite.clone()),
            access: Arc::new(sqlite.clone()),
            blobs: Arc::new(sqlite.blobs()),
        }
    }

    fn in_memory() -> Self {
        let library = MemoryLibrary::default();
        Self {
            connections: Arc::new(MemoryConnections::default()),
            documents: Arc::new(library.clone()),
            access: Arc::new(library),
            blobs: Arc::new(MemoryBlobs::default()),
        }
    }

    /// Without an NDA, documents that require one open to nobody, so every company begins with one.
    async fn prepare_ndas(&self) -> Result<(), StoreError> {
        for company in &COMPANIES {
            if self.access.ndas(company.tenant).await?.0.is_some() {
                continue;
            }
            let nda = NewNdaVersion {
                id: company.nda,
                title: format!("Mutual non-disclosure agreement with {}", company.name),
                text: include_str!("seed/nda.md").replace("{company}", company.name),
                ask_again: false,
            };
            self.access.publish_nda(&company.admin(), &nda, Utc::now()).await?;
            self.access.set_default_nda(&company.admin(), Some(company.nda)).await?;
        }
        Ok(())
    }
}

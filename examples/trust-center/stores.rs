//! Where the demo keeps things.

use std::sync::Arc;

use chrono::Utc;
use notion_import_core::{
    AccessStore, AuditLog, BlobStore, ConnectionStore, DocumentStore, MemoryAudit, MemoryBlobs,
    MemoryConnections, MemoryLibrary, MemoryTenants, NewNdaVersion, StoreError, TenantStore,
};
use notion_import_sqlite::Sqlite;

use crate::app::StartError;
use crate::database::{self, Queue};
use crate::folder::Folder;
use crate::people::{COMPANIES, Company};

/// Every store, behind its trait: nothing else in the demo knows which ones they are.
#[derive(Clone)]
pub struct Stores {
    pub connections: Arc<dyn ConnectionStore>,
    pub documents: Arc<dyn DocumentStore>,
    pub access: Arc<dyn AccessStore>,
    pub audit: Arc<dyn AuditLog>,
    pub tenants: Arc<dyn TenantStore>,
    pub blobs: Arc<dyn BlobStore>,
    /// The queue of the database they are kept in, if it has one.
    pub queue: Option<Queue>,
}

impl Stores {
    /// Opens them in a database and a folder, in a folder alone, or keeps nothing.
    pub async fn open(folder: Option<&Folder>, database_url: Option<&str>) -> Result<Self, StartError> {
        let stores = match (folder, database_url) {
            (None, _) => Self::in_memory(),
            (Some(folder), None) => Self::in_sqlite(&Sqlite::open(folder.path()).await?),
            (Some(folder), Some(url)) => database::stores(url, folder).await?,
        };
        stores.prepare_ndas().await?;
        stores.prepare_contacts().await?;
        Ok(stores)
    }

    fn in_sqlite(sqlite: &Sqlite) -> Self {
        Self {
            connections: Arc::new(sqlite.clone()),
            documents: Arc::new(sqlite.clone()),
            access: Arc::new(sqlite.clone()),
            audit: Arc::new(sqlite.clone()),
            tenants: Arc::new(sqlite.clone()),
            blobs: Arc::new(sqlite.blobs()),
            queue: None,
        }
    }

    fn in_memory() -> Self {
        let audit = MemoryAudit::default();
        let library = MemoryLibrary::audited_in(audit.clone());
        let connections = MemoryConnections::audited_in(audit.clone());
        Self {
            tenants: Arc::new(MemoryTenants::new(library.clone(), connections.clone())),
            connections: Arc::new(connections),
            documents: Arc::new(library.clone()),
            access: Arc::new(library),
            audit: Arc::new(audit),
            blobs: Arc::new(MemoryBlobs::default()),
            queue: None,
        }
    }

    /// Those that were not erased.
    async fn companies(&self) -> Result<Vec<&'static Company>, StoreError> {
        let mut companies = Vec::new();
        for company in &COMPANIES {
            let start = self.audit.audit_since(company.tenant, 0, 0).await?.start;
            if start.is_none_or(|start| start.state.is_some()) {
                companies.push(company);
            }
        }
        Ok(companies)
    }

    /// Every company begins with contacts; adding them again changes nothing.
    async fn prepare_contacts(&self) -> Result<(), StoreError> {
        for company in self.companies().await? {
            for contact in &company.contacts {
                let details = contact.details().ok_or(StoreError::Corrupt("contact"))?;
                self.access.add_contact(&company.admin(), contact.id, &details, Utc::now()).await?;
            }
        }
        Ok(())
    }

    /// Without an NDA, documents that require one open to nobody, so every company begins with one. One instance at a time
    /// comes here.
    async fn prepare_ndas(&self) -> Result<(), StoreError> {
        for company in self.companies().await? {
            let (default, ndas) = self.access.ndas(company.tenant).await?;
            if default.is_some() {
                continue;
            }
            let nda = NewNdaVersion {
                id: company.nda,
                expected: 0,
                title: format!("Mutual non-disclosure agreement with {}", company.name),
                text: include_str!("seed/nda.md").replace("{company}", company.name),
                ask_again: false,
            };
            if ndas.iter().all(|known| known.id != nda.id) {
                self.access.publish_nda(&company.admin(), &nda, Utc::now()).await?;
            }
            self.access.set_default_nda(&company.admin(), Some(company.nda), Utc::now()).await?;
        }
        Ok(())
    }
}

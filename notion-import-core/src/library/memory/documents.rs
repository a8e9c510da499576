//! Documents in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audit::MemoryAudit;
use super::lock;
#[cfg(feature = "gate")]
use super::readers::Access;
use crate::actor::{Action, Actor, Insider};
use crate::connection::Connection;
use crate::error::StoreError;
use crate::id::{ConnectionId, DocumentId, NotionId, TenantId};
use crate::library::audit::{AuditEntry, AuditLog, AuditPage, AuditQuery};
use crate::library::batch::{Batch, StoredDocument};
use crate::library::blob::BlobId;
use crate::library::document::{
    Document, DocumentReader, DocumentStore, Imported, Link, Linked, NewContent, StoredFile, SyncCursor,
    SyncPatch, Version,
};
use crate::library::erasure::Erasure;
use crate::mutant;

/// Documents in memory and, with the feature `gate`, who may read them.
#[derive(Clone, Default)]
pub struct MemoryLibrary {
    pub(super) audit: MemoryAudit,
    tenants: Arc<Mutex<HashMap<TenantId, Tenant>>>,
}

/// Everything of one tenant: what belongs to another cannot be reached from here.
#[derive(Default)]
pub(super) struct Tenant {
    pub(super) documents: BTreeMap<DocumentId, Shelved>,
    by_source: HashMap<NotionId, DocumentId>,
    /// By the databases of their sources.
    by_database: BTreeSet<(NotionId, DocumentId)>,
    syncs: HashMap<ConnectionId, SyncState>,
    #[cfg(feature = "gate")]
    pub(super) access: Access,
}

/// A document with all that belongs to it.
pub(super) struct Shelved {
    pub(super) kept: StoredDocument,
    /// Oldest first.
    pub(super) versions: Vec<Version>,
}

/// What is known of a connection's writers.
#[derive(Default)]
struct SyncState {
    /// The highest that has patched.
    generation: u64,
    /// The highest that has detached.
    detached: u64,
    cursor: Option<SyncCursor>,
}

impl Tenant {
    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.documents.values().map(|shelved| &shelved.kept.document)
    }

    pub(super) fn newest(&self, after: Option<DocumentId>, limit: usize) -> Vec<&Document> {
        let mut newest: Vec<&Document> = self.all().collect();
        newest.sort_by_key(|document| std::cmp::Reverse((document.created_at, document.id)));
        let start = match after {
            None => Some(0),
            Some(after) => newest.iter().position(|document| document.id == after).map(|at| at + 1),
        };
        newest.into_iter().skip(start.unwrap_or(usize::MAX)).take(limit).collect()
    }
}

impl MemoryLibrary {
    /// Builds an empty library that writes to this audit. The default has one of its own.
    pub fn audited_in(audit: MemoryAudit) -> Self {
        Self { audit, ..Self::default() }
    }

    /// Takes up what changed, with what the audit says of it.
    fn shelve(&self, tenant: TenantId, shelves: &mut Tenant, batch: &Batch) {
        shelves.shelve(batch);
        for entry in batch.entries() {
            self.audit.insert(tenant, entry.clone());
        }
    }

    pub(super) fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Tenant>> {
        lock(&self.tenants)
    }

    /// Takes all that is kept of a tenant but what its former connections may not do.
    pub(super) fn erase(&self, actor: &Actor, now: DateTime<Utc>) -> Erasure {
        let mut tenants = self.tenants();
        let entries = self.audit.erase(actor.tenant);
        if entries == 0 {
            return Erasure::default();
        }
        let erased = tenants.get_mut(&actor.tenant).map(Tenant::erase).unwrap_or_default();
        self.audit.insert(actor.tenant, Erasure::entry(actor, now));
        Erasure { entries, ..erased }
    }

    /// Looks at a tenant; at an empty one if nothing is kept of it.
    pub(super) fn read<T>(&self, tenant: TenantId, look: impl FnOnce(&Tenant) -> T) -> T {
        match self.tenants().get(&tenant) {
            Some(tenant) => look(tenant),
            None => look(&Tenant::default()),
        }
    }
}

#[async_trait]
impl AuditLog for MemoryLibrary {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit.audit(actor, query).await
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        self.audit.audit_since(tenant, after, limit).await
    }
}

#[async_trait]
impl DocumentReader for MemoryLibrary {
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| tenant.newest(after, limit).into_iter().cloned().collect()))
    }

    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            let shelved = tenant.documents.get(&id).into_iter();
            shelved.flat_map(|shelved| shelved.versions.iter().rev()).cloned().collect()
        }))
    }
}

#[async_trait]
impl DocumentStore for MemoryLibrary {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.entry(connection.tenant).or_default();
        tenant.admit(connection)?;
        let known: Vec<_> =
            contents.iter().filter_map(|content| tenant.of_source(content.source.id)).collect();
        let mut batch = Batch::of(known.iter().map(|shelved| shelved.kept.clone()));
        let imported = batch.import(actor, connection, contents, now)?;
        self.shelve(connection.tenant, tenant, &batch);
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.entry(connection.tenant).or_default();
        tenant.accept(connection)?;
        let known = patches.iter().filter_map(|patch| tenant.documents.get(&patch.document));
        let mut batch = Batch::of(known.map(|shelved| shelved.kept.clone()));
        batch.patch(connection, patches);
        self.shelve(connection.tenant, tenant, &batch);
        if let Some(cursor) = cursor {
            tenant.sync(connection).advance(cursor);
        }
        Ok(())
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        Ok(self.read(connection.tenant, |tenant| tenant.linked(Some(connection.id), after, limit)))
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        Ok(self.read(tenant, |tenant| tenant.linked(None, after, limit)))
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        Ok(self.read(tenant, |tenant| {
            let found: BTreeSet<_> = sources.iter().flat_map(|source| tenant.linked_to(*source)).collect();
            found.iter().filter_map(|id| tenant.documents.get(id)?.linked()).collect()
        }))
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        Ok(self.read(tenant, |tenant| {
            let files = tenant.documents.values().flat_map(Shelved::files);
            files.map(|file| file.blob.id).collect()
        }))
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        Ok(self.read(connection.tenant, |tenant| tenant.syncs.get(&connection.id)?.cursor))
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.entry(connection.tenant).or_default();
        tenant.accept(connection)?;
        *tenant.sync(connection) =
            SyncState { generation: connection.generation, detached: connection.generation, cursor: None };
        let mut batch = Batch::of(tenant.documents.values().map(|shelved| shelved.kept.clone()));
        let detached = batch.detach(connection);
        self.shelve(connection.tenant, tenant, &batch);
        Ok(detached)
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Import)?;
        let mut tenants = self.tenants();
        let tenant = tenants.get_mut(&actor.tenant).ok_or(StoreError::NotFound)?;
        let shelved = tenant.documents.get(&document).ok_or(StoreError::NotFound)?;
        let mut batch = Batch::of([shelved.kept.clone()]);
        batch.unlink(actor, now);
        self.shelve(actor.tenant, tenant, &batch);
        Ok(())
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Import)?;
        let mut tenants = self.tenants();
        let tenant = tenants.get_mut(&actor.tenant).ok_or(StoreError::NotFound)?;
        let shelved = tenant.documents.get(&document).ok_or(StoreError::NotFound)?;
        let source = shelved.kept.document.unlinked.as_ref().map(|link| link.source.id);
        let other = source.and_then(|source| tenant.of_source(source));
        let mut batch = Batch::of(other.into_iter().chain([shelved]).map(|shelved| shelved.kept.clone()));
        batch.relink(actor, document, now)?;
        self.shelve(actor.tenant, tenant, &batch);
        Ok(())
    }
}

impl Tenant {
    fn erase(&mut self) -> Erasure {
        let erased = Erasure {
            documents: self.documents.len() as u64,
            #[cfg(feature = "gate")]
            contacts: self.access.people.known().count() as u64,
            ..Erasure::default()
        };
        let mut syncs = mem::take(&mut self.syncs);
        syncs.values_mut().for_each(|sync| sync.cursor = None);
        #[cfg(feature = "gate")]
        let access = Access { site_revision: self.access.site_revision + 1, ..Access::default() };
        *self = Self {
            syncs,
            #[cfg(feature = "gate")]
            access,
            ..Self::default()
        };
        erased
    }

    /// Lets an importer through, unless a later generation has detached the connection.
    fn admit(&mut self, importer: &Connection) -> Result<(), StoreError> {
        if importer.generation < self.sync(importer).detached { Err(StoreError::Fenced) } else { Ok(()) }
    }

    /// Notes the generation of a sync, unless a later one has patched already.
    fn accept(&mut self, writer: &Connection) -> Result<(), StoreError> {
        let sync = self.sync(writer);
        if writer.generation < sync.generation && !mutant::is("no fencing") {
            return Err(StoreError::Fenced);
        }
        sync.generation = writer.generation;
        Ok(())
    }

    fn sync(&mut self, connection: &Connection) -> &mut SyncState {
        self.syncs.entry(connection.id).or_default()
    }

    /// Those linked through a connection, or through none any more.
    fn linked(&self, through: Option<ConnectionId>, after: Option<DocumentId>, limit: usize) -> Vec<Linked> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later =
            self.documents.range((start, Bound::Unbounded)).filter_map(|(_, shelved)| shelved.linked());
        later.filter(|known| known.link.connection == through).take(limit).collect()
    }

    /// Those whose source has this id.
    fn linked_to(&self, source: NotionId) -> impl Iterator<Item = DocumentId> {
        let (first, last) = (DocumentId::new(Uuid::nil()), DocumentId::new(Uuid::max()));
        let in_database = self.by_database.range((source, first)..=(source, last));
        self.by_source.get(&source).into_iter().copied().chain(in_database.map(|(_, document)| *document))
    }

    fn of_source(&self, source: NotionId) -> Option<&Shelved> {
        self.documents.get(self.by_source.get(&source)?)
    }

    /// Takes up what changed.
    fn shelve(&mut self, batch: &Batch) {
        for kept in batch.changed() {
            let id = kept.document.id;
            let shelved = self.documents.entry(id).or_insert_with(|| Shelved::new(kept));
            if let Some(Link { source, .. }) = &shelved.kept.document.link {
                self.by_source.remove(&source.id);
                if let Some(database) = source.database() {
                    self.by_database.remove(&(database, id));
                }
            }
            if let Some(Link { source, .. }) = &kept.document.link {
                self.by_source.insert(source.id, id);
                self.by_database.extend(source.database().map(|database| (database, id)));
            }
            shelved.kept = kept.clone();
        }
        for (id, version) in batch.versions() {
            self.documents.entry(id).and_modify(|shelved| shelved.versions.push(version.clone()));
        }
    }
}

impl Shelved {
    fn new(kept: &StoredDocument) -> Self {
        Self { kept: kept.clone(), versions: Vec::new() }
    }

    fn files(&self) -> impl Iterator<Item = &StoredFile> {
        self.kept.document.files().chain(self.versions.iter().flat_map(Version::files))
    }

    fn linked(&self) -> Option<Linked> {
        self.kept.clone().linked()
    }
}

impl SyncState {
    fn advance(&mut self, to: SyncCursor) {
        let before = self.cursor.filter(|_| !mutant::is("watermark moves back"));
        let reached = before.map_or(to.watermark, |cursor| cursor.watermark.max(to.watermark));
        self.cursor = Some(SyncCursor { watermark: reached });
    }
}

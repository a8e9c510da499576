//! Documents in memory.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::lock;
#[cfg(feature = "gate")]
use super::readers::Access;
use crate::connection::{Connection, ConnectionRef};
use crate::error::StoreError;
use crate::id::{DocumentId, NotionId, TenantId, VersionNumber};
use crate::library::access::{Action, Actor};
use crate::library::audit::{AuditEntry, AuditEvent};
use crate::library::document::{
    Document, DocumentStore, Imported, Linked, NewContent, SyncCursor, SyncPatch, Version,
};

/// Documents in memory and, with the feature `gate`, who may read them.
#[derive(Clone, Default)]
pub struct MemoryLibrary {
    tenants: Arc<Mutex<HashMap<TenantId, Tenant>>>,
}

/// Everything of one tenant: what belongs to another cannot be reached from here.
#[derive(Default)]
pub(super) struct Tenant {
    pub(super) documents: BTreeMap<DocumentId, Kept>,
    by_source: HashMap<NotionId, DocumentId>,
    syncs: HashMap<ConnectionRef, Sync>,
    #[cfg(feature = "gate")]
    pub(super) access: Access,
}

pub(super) struct Kept {
    pub(super) document: Document,
    pub(super) newest: Version,
    pub(super) older: Vec<Version>,
    imported_edit: DateTime<Utc>,
    settled: bool,
    pub(super) history: Vec<AuditEntry>,
}

/// What is known of a connection's writers.
#[derive(Default)]
struct Sync {
    /// The highest that has patched.
    generation: u64,
    /// The highest that has detached.
    detached: u64,
    cursor: Option<SyncCursor>,
}

impl MemoryLibrary {
    pub(super) fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Tenant>> {
        lock(&self.tenants)
    }

    /// It looks at a tenant; at an empty one if nothing is kept of it.
    pub(super) fn read<T>(&self, tenant: TenantId, look: impl FnOnce(&Tenant) -> T) -> T {
        match self.tenants().get(&tenant) {
            Some(tenant) => look(tenant),
            None => look(&Tenant::default()),
        }
    }
}

#[async_trait]
impl DocumentStore for MemoryLibrary {
    async fn import(
        &self,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.entry(connection.tenant).or_default();
        tenant.admit(connection)?;
        let known = tenant.by_source.get(&content.source.id).copied();
        match known.and_then(|id| tenant.documents.get_mut(&id)) {
            Some(kept) => Ok(kept.import(connection, content, now)),
            None => Ok(tenant.create(connection, content, now)),
        }
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
        for patch in patches {
            if let Some(kept) = tenant.documents.get_mut(&patch.document) {
                kept.patch(connection, patch);
            }
        }
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
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.read(connection.tenant, |tenant| {
            let later = tenant.documents.range((start, Bound::Unbounded)).map(|(_, kept)| kept);
            later.filter(|kept| kept.belongs_to(connection)).filter_map(Kept::linked).take(limit).collect()
        }))
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        Ok(self.read(tenant, |tenant| {
            let known = sources.iter().filter_map(|source| tenant.by_source.get_key_value(source));
            let documents: BTreeMap<_, _> =
                known.filter_map(|(_, id)| tenant.documents.get_key_value(id)).collect();
            documents.into_values().filter_map(Kept::linked).collect()
        }))
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        Ok(self.read(connection.tenant, |tenant| tenant.syncs.get(&connection.reference)?.cursor))
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.entry(connection.tenant).or_default();
        tenant.accept(connection)?;
        *tenant.sync(connection) =
            Sync { generation: connection.generation, detached: connection.generation, cursor: None };
        let linked = tenant.documents.values_mut().filter(|kept| kept.belongs_to(connection));
        let links = linked.filter_map(|kept| kept.document.link.as_mut());
        Ok(links.map(|link| link.connection = None).count() as u64)
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
        let kept = tenant.documents.get_mut(&document).ok_or(StoreError::NotFound)?;
        if let Some(link) = kept.document.link.take() {
            tenant.by_source.remove(&link.source.id);
            kept.history.push(AuditEntry {
                at: now,
                member: Some(actor.member),
                event: AuditEvent::Unlinked,
            });
        }
        Ok(())
    }
}

impl Tenant {
    /// It lets an importer through, unless a later generation has detached the connection.
    fn admit(&mut self, importer: &Connection) -> Result<(), StoreError> {
        if importer.generation < self.sync(importer).detached { Err(StoreError::Fenced) } else { Ok(()) }
    }

    /// It notes the generation of a sync, unless a later one has patched already.
    fn accept(&mut self, writer: &Connection) -> Result<(), StoreError> {
        let sync = self.sync(writer);
        if writer.generation < sync.generation {
            return Err(StoreError::Fenced);
        }
        sync.generation = writer.generation;
        Ok(())
    }

    fn sync(&mut self, connection: &Connection) -> &mut Sync {
        self.syncs.entry(connection.reference.clone()).or_default()
    }

    fn create(&mut self, connection: &Connection, content: &NewContent, now: DateTime<Utc>) -> Imported {
        let id = DocumentId::fresh();
        let kept = Kept {
            document: content.first(connection, id, now),
            newest: content.version(VersionNumber(1), now),
            older: Vec::new(),
            imported_edit: content.source.edited_at,
            settled: content.settled,
            history: Vec::new(),
        };
        self.by_source.insert(content.source.id, id);
        self.documents.insert(id, kept);
        Imported::Created(id)
    }
}

impl Kept {
    fn import(&mut self, connection: &Connection, content: &NewContent, now: DateTime<Utc>) -> Imported {
        if content.refresh(&mut self.document, connection, now) {
            self.note_title(now);
        }
        self.imported_edit = content.source.edited_at;
        self.settled = content.settled;
        let id = self.document.id;
        if content.says_the_same(&self.newest.content, &self.newest.attachments) {
            return Imported::Unchanged(id);
        }
        let number = VersionNumber(self.newest.number.0 + 1);
        self.older.push(std::mem::replace(&mut self.newest, content.version(number, now)));
        self.document.latest = number;
        Imported::NewVersion(id, number)
    }

    fn patch(&mut self, connection: &Connection, patch: &SyncPatch) {
        if let Some(done) = patch.apply(connection, &mut self.document) {
            self.settled |= done.settled;
            if done.retitled {
                self.note_title(patch.checked_at);
            }
        }
    }

    fn note_title(&mut self, at: DateTime<Utc>) {
        self.history.push(AuditEntry { at, member: None, event: AuditEvent::TitleFollowed });
    }

    fn belongs_to(&self, connection: &Connection) -> bool {
        let link = self.document.link.as_ref();
        link.and_then(|link| link.connection.as_ref()) == Some(&connection.reference)
    }

    fn linked(&self) -> Option<Linked> {
        Some(Linked {
            document: self.document.id,
            title: self.document.title.clone(),
            link: self.document.link.clone()?,
            digest: self.newest.content.digest(),
            imported_edit: self.imported_edit,
            settled: self.settled,
        })
    }
}

impl Sync {
    fn advance(&mut self, to: SyncCursor) {
        let reached = self.cursor.map_or(to.watermark, |cursor| cursor.watermark.max(to.watermark));
        self.cursor = Some(SyncCursor { watermark: reached });
    }
}

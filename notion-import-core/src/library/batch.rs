//! What imports and patches make of documents. A store hands in what it keeps and writes back what changed, so no two differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::audit::{AuditEvent, NewEntry, Subject};
use super::basis::{ReadState, VersionDigest};
use super::document::{Document, Imported, Linked, NewContent, SyncPatch, Version};
use super::refresh::Patched;
use crate::actor::Actor;
use crate::connection::Connection;
use crate::error::{Conflict, StoreError};
use crate::id::{DocumentId, NotionId, VersionNumber};

/// A document as a store keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StoredDocument {
    /// The document.
    pub document: Document,
    /// What its newest version says.
    pub digest: VersionDigest,
    /// How its source was read last.
    pub read: ReadState,
}

impl StoredDocument {
    /// What sync needs to know of it; none if it is not linked.
    pub fn linked(self) -> Option<Linked> {
        let Self { document: Document { id, title, link, latest, .. }, digest, read } = self;
        Some(Linked { document: id, title, link: link?, latest, digest, read })
    }

    /// The source it is linked to.
    pub fn source(&self) -> Option<NotionId> {
        self.document.link.as_ref().map(|link| link.source.id)
    }
}

/// Documents that are changed together: first as they are kept, then as they are to be kept.
///
/// A store begins with the documents that a call is about, all of one tenant: for an import those whose
/// [`source`](StoredDocument::source) is among the contents; for a patch those that the patches name; for a detach those linked through
/// the connection, and those that were unlinked from it; for an unlink the one; for giving a link back that, and what is linked to its
/// source. Then it writes [`changed`](Self::changed), [`versions`](Self::versions) and
/// [`entries`](Self::entries), in the same transaction. The generation of the connection is the store's to compare: a batch knows of
/// none. Most patches find nothing new: a store that keeps the times of the looks apart writes [`rewritten`](Self::rewritten) and
/// [`checked`](Self::checked) instead of all that changed.
#[derive(Debug, Default)]
pub struct Batch {
    kept: BTreeMap<DocumentId, StoredDocument>,
    by_source: HashMap<NotionId, DocumentId>,
    changed: BTreeSet<DocumentId>,
    rewritten: BTreeSet<DocumentId>,
    versions: BTreeMap<DocumentId, Vec<Version>>,
    entries: Vec<NewEntry>,
}

impl Batch {
    /// Documents to change.
    pub fn of(kept: impl IntoIterator<Item = StoredDocument>) -> Self {
        let kept: BTreeMap<_, _> = kept.into_iter().map(|kept| (kept.document.id, kept)).collect();
        let by_source = kept.iter().filter_map(|(id, kept)| Some((kept.source()?, *id))).collect();
        Self { kept, by_source, ..Self::default() }
    }

    /// The documents as they are to be kept, changed or not.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.kept.values().map(|kept| &kept.document)
    }

    /// Imports contents one after the other, so that of two with one source the second meets the first.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import through the connection.
    pub fn import(
        &mut self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        actor.may_import_into(connection.tenant)?;
        contents.iter().map(|content| self.import_one(actor, connection, content, now)).collect()
    }

    /// Applies patches one after the other, and skips those that do not apply.
    pub fn patch(&mut self, connection: &Connection, patches: &[SyncPatch]) {
        for patch in patches {
            let Some(kept) = self.kept.get_mut(&patch.document) else { continue };
            let Some(patched) = patch.apply(connection, kept) else { continue };
            let Patched::Refreshed { is_retitled, draft } = patched else {
                self.changed.insert(patch.document);
                continue;
            };
            self.rewrite(patch.document);
            let entry = |event| NewEntry::of_system(patch.began_at, Subject::Document(patch.document), event);
            if let Some(version) = draft {
                self.add(patch.document, connection, *version, entry);
            }
            if is_retitled {
                self.entries.push(entry(AuditEvent::TitleFollowed));
            }
        }
    }

    fn rewrite(&mut self, document: DocumentId) {
        self.changed.insert(document);
        self.rewritten.insert(document);
    }

    /// Takes the connection from all documents that it holds, and returns how many those are; and from what was unlinked from it.
    pub fn detach(&mut self, connection: &Connection) -> u64 {
        let (mut detached, mut count) = (Vec::new(), 0);
        for (id, Document { link, unlinked, .. }) in
            self.kept.iter_mut().map(|(id, kept)| (*id, &mut kept.document))
        {
            count += u64::from(link.as_ref().is_some_and(|link| link.connection == Some(connection.id)));
            for link in link.iter_mut().chain(unlinked.as_deref_mut()) {
                if link.connection == Some(connection.id) {
                    link.connection = None;
                    detached.push(id);
                }
            }
        }
        detached.into_iter().for_each(|id| self.rewrite(id));
        count
    }

    /// Takes the documents' links from them. The actor is known to be allowed to.
    pub fn unlink(&mut self, actor: &Actor, now: DateTime<Utc>) {
        let mut unlinked = Vec::new();
        for (id, kept) in &mut self.kept {
            if let Some(link) = kept.document.link.take() {
                self.by_source.remove(&link.source.id);
                kept.document.unlinked = Some(Box::new(link));
                unlinked.push(*id);
            }
        }
        for id in unlinked {
            self.rewrite(id);
            self.entries.push(NewEntry::of(actor, now, Subject::Document(id), AuditEvent::Unlinked));
        }
    }

    /// Gives a document the link back that was taken from it, if one was. The actor is known to be allowed to.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the document is not among them, [`Conflict::LinkedElsewhere`] if another is linked to its source.
    pub fn relink(&mut self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let kept = self.kept.get_mut(&id).ok_or(StoreError::NotFound)?;
        let Some(link) = kept.document.unlinked.take() else { return Ok(()) };
        if self.by_source.contains_key(&link.source.id) {
            return Err(Conflict::LinkedElsewhere.into());
        }
        self.by_source.insert(link.source.id, id);
        kept.document.link = Some(*link);
        self.rewrite(id);
        self.entries.push(NewEntry::of(actor, now, Subject::Document(id), AuditEvent::Relinked));
        Ok(())
    }

    /// The documents to write, new ones and changed ones, in the order of their ids.
    pub fn changed(&self) -> impl Iterator<Item = &StoredDocument> {
        self.changed.iter().filter_map(|id| self.kept.get(id))
    }

    /// Those of them of which more changed than the time of the last look.
    pub fn rewritten(&self) -> impl Iterator<Item = &StoredDocument> {
        self.rewritten.iter().filter_map(|id| self.kept.get(id))
    }

    /// The time of the last look of each that changed and is linked.
    pub fn checked(&self) -> impl Iterator<Item = (DocumentId, DateTime<Utc>)> {
        self.changed().filter_map(|kept| Some((kept.document.id, kept.document.link.as_ref()?.checked_at)))
    }

    /// The versions to add, each document's in their order.
    pub fn versions(&self) -> impl Iterator<Item = (DocumentId, &Version)> {
        self.versions.iter().flat_map(|(id, versions)| versions.iter().map(|version| (*id, version)))
    }

    /// Returns what to add to the tenant's audit, in this order.
    pub fn entries(&self) -> &[NewEntry] {
        &self.entries
    }

    fn import_one(
        &mut self,
        actor: &Actor,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        match self.by_source.get(&content.source.id) {
            Some(id) => self.update(*id, actor, connection, content, now),
            None => Ok(self.create(actor, connection, content, now)),
        }
    }

    fn create(
        &mut self,
        actor: &Actor,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Imported {
        let id = DocumentId::fresh();
        let document = content.first(connection, id, now);
        let kept = StoredDocument { document, digest: content.digest(), read: content.read };
        self.kept.insert(id, kept);
        self.by_source.insert(content.source.id, id);
        self.rewrite(id);
        let entry = |event| NewEntry::of(actor, now, Subject::Document(id), event);
        self.add(id, connection, content.version(VersionNumber(1), now), entry);
        Imported::Created(id)
    }

    fn update(
        &mut self,
        id: DocumentId,
        actor: &Actor,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let kept = self.kept.get_mut(&id).ok_or(StoreError::Corrupt("source_id"))?;
        let digest = content.digest();
        let is_unchanged = kept.digest == digest;
        let is_retitled = content.refresh(&mut kept.document, connection, now);
        (kept.digest, kept.read) = (digest, content.read);
        let next = VersionNumber(kept.document.latest.0 + u32::from(!is_unchanged));
        kept.document.latest = next;
        self.rewrite(id);
        let entry = |event| NewEntry::of(actor, now, Subject::Document(id), event);
        if !is_unchanged {
            self.add(id, connection, content.version(next, now), entry);
        }
        if is_retitled {
            self.entries.push(entry(AuditEvent::TitleFollowed));
        }
        Ok(if is_unchanged { Imported::Unchanged(id) } else { Imported::NewVersion(id, next) })
    }

    fn add(
        &mut self,
        id: DocumentId,
        connection: &Connection,
        version: Version,
        entry: impl Fn(AuditEvent) -> NewEntry,
    ) {
        let (number, digest) = (version.number, version.digest());
        self.entries.push(entry(AuditEvent::Imported { version: number, digest, connection: connection.id }));
        self.versions.entry(id).or_default().push(version);
    }
}

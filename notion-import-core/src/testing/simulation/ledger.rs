//! What the processes did to the stores, and what of it breaks a promise.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connection::Connection;
use crate::id::{ConnectionId, DocumentId};
use crate::library::document::{Found, Imported, NewContent, Reading, SyncPatch};

/// What the processes did. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    /// The highest generation that has written, of each connection.
    written: HashMap<ConnectionId, u64>,
    /// The claims whose holders were told that they are lost.
    lost: HashSet<(ConnectionId, u64)>,
    /// How many versions imports have made of each document, and how many more syncs may have.
    versions: HashMap<DocumentId, (u32, u32)>,
    /// What was ever written down to be gone.
    gone: HashSet<DocumentId>,
    /// What was closed because of that.
    closed: HashSet<DocumentId>,
    broken: Vec<String>,
}

impl Ledger {
    /// Something is about to be written.
    pub(super) fn patches(&self, connection: &Connection) {
        let mut entries = self.lock();
        if entries.lost.contains(&(connection.id, connection.generation)) {
            entries.broken.push("whoever lost its lease goes on".to_owned());
        }
    }

    pub(super) fn patched(&self, connection: &Connection, patches: &[SyncPatch]) {
        let mut entries = self.lock();
        entries.gone.extend(patches.iter().filter(|patch| patch.found.is_gone()).map(|patch| patch.document));
        for patch in patches {
            if let (Found::Source { reading: Some(Reading { draft: Some(_), .. }), .. }, Some((_, drafts))) =
                (&patch.found, entries.versions.get_mut(&patch.document))
            {
                *drafts += 1;
            }
        }
        let highest = entries.written.entry(connection.id).or_default();
        if *highest > connection.generation {
            let broken = format!("generation {} wrote after {highest}", connection.generation);
            entries.broken.push(broken);
        } else {
            *highest = connection.generation;
        }
    }

    pub(super) fn lost(&self, connection: &Connection) {
        self.lock().lost.insert((connection.id, connection.generation));
    }

    pub(super) fn imported(&self, imported: &[Imported], contents: &[NewContent]) {
        let mut entries = self.lock();
        for (imported, content) in imported.iter().zip(contents) {
            if content.state.is_gone() {
                entries.gone.insert(imported.document());
            }
            match imported {
                Imported::Created(id) => drop(entries.versions.insert(*id, (1, 0))),
                Imported::NewVersion(id, version) => drop(entries.versions.insert(*id, (version.0, 0))),
                Imported::Unchanged(_) => {}
            }
        }
    }

    /// Something is closed because it is gone.
    pub(super) fn closes(&self, document: DocumentId) {
        let mut entries = self.lock();
        if !entries.gone.contains(&document) {
            entries.broken.push("a document is closed that nobody wrote down to be gone".to_owned());
        }
        entries.closed.insert(document);
    }

    /// Whether a document was ever closed because it was gone.
    pub(super) fn has_closed(&self, document: DocumentId) -> bool {
        self.lock().closed.contains(&document)
    }

    /// How many versions of each document imports have made, at least, and with what syncs may have made since.
    pub(super) fn versions(&self) -> HashMap<DocumentId, RangeInclusive<u32>> {
        let versions = &self.lock().versions;
        versions.iter().map(|(id, (imported, drafts))| (*id, *imported..=imported + drafts)).collect()
    }

    pub(super) fn take_broken(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().broken)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

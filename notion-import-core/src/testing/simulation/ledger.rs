//! What the processes did to the stores, and what of it breaks a promise.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connection::Connection;
use crate::id::{ConnectionId, DocumentId};
use crate::library::document::Imported;

/// What the processes did. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    /// The highest generation that has written, of each connection.
    written: HashMap<ConnectionId, u64>,
    /// The claims whose holders were told that they are lost.
    lost: HashSet<(ConnectionId, u64)>,
    /// How many versions imports have made.
    versions: HashMap<DocumentId, u32>,
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

    pub(super) fn patched(&self, connection: &Connection) {
        let mut entries = self.lock();
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

    pub(super) fn imported(&self, imported: &[Imported]) {
        let mut entries = self.lock();
        for imported in imported {
            match imported {
                Imported::Created(id) => drop(entries.versions.insert(*id, 1)),
                Imported::NewVersion(id, version) => drop(entries.versions.insert(*id, version.0)),
                Imported::Unchanged(_) => {}
            }
        }
    }

    /// How many versions of each document imports have made.
    pub(super) fn versions(&self) -> HashMap<DocumentId, u32> {
        self.lock().versions.clone()
    }

    pub(super) fn take_broken(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().broken)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

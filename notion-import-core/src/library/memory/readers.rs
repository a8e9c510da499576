//! What a tenant in memory knows of its readers.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::documents::Tenant;
use super::people::People;
use super::reads::Reads;
use crate::id::{ContactId, DocumentId, NdaId, VersionNumber};
use crate::library::access::{AccessFacts, Assignment, NdaState, Viewer};
use crate::library::document::{Document, Version};
use crate::library::gate::{AcceptanceEntry, AcceptanceQuery, AdminDocument, NdaText, PublicDocument};
use crate::library::standing::Standing;

/// What a tenant has decided about its readers.
#[derive(Default)]
pub(super) struct Access {
    pub(super) standings: BTreeMap<DocumentId, Standing>,
    pub(super) site_revision: u64,
    pub(super) assignments: Vec<Assignment>,
    pub(super) default_nda: Option<NdaId>,
    pub(super) ndas: BTreeMap<NdaId, Nda>,
    pub(super) acceptances: Vec<AcceptanceEntry>,
    pub(super) people: People,
    pub(super) reads: Reads,
}

#[derive(Default)]
pub(super) struct Nda {
    pub(super) accept_from: u32,
    pub(super) texts: Vec<NdaText>,
}

impl Tenant {
    pub(super) fn document(&self, id: DocumentId) -> Option<&Document> {
        self.documents.get(&id).map(|shelved| &shelved.kept.document)
    }

    pub(super) fn standing_of(&self, id: DocumentId) -> Standing {
        self.access.standings.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn admin(&self, document: &Document) -> AdminDocument {
        AdminDocument::new(document.clone(), self.standing_of(document.id))
    }

    /// What is known of a contact and one document, or all.
    pub(super) fn facts(&self, contact: Option<ContactId>, document: Option<DocumentId>) -> AccessFacts {
        let Access { assignments, default_nda, acceptances, people, .. } = &self.access;
        let theirs = |kept: &&Assignment| {
            Some(kept.contact) == contact && document.is_none_or(|document| kept.document == document)
        };
        let accepted = acceptances.iter().filter(|entry| Some(entry.contact) == contact);
        AccessFacts {
            contact: contact.map(|id| people.row(id).state()).unwrap_or_default(),
            default_nda: *default_nda,
            ndas: self.access.states(),
            assignments: assignments.iter().filter(theirs).cloned().collect(),
            acceptances: accepted.map(AcceptanceEntry::acceptance).collect(),
        }
    }

    pub(super) fn shown(
        &self,
        viewer: &Viewer,
        document: &Document,
        now: DateTime<Utc>,
    ) -> Option<PublicDocument> {
        let facts = self.facts(viewer.contact(), Some(document.id));
        let standing = self.standing_of(document.id);
        standing.shown(document.tenant, document.id, viewer, &facts, now)
    }

    pub(super) fn version(&self, id: DocumentId, number: VersionNumber) -> Option<&Version> {
        self.documents.get(&id)?.versions.iter().find(|version| version.number == number)
    }
}

impl Access {
    /// Newest first.
    pub(super) fn accepted(&self, query: &AcceptanceQuery) -> Vec<AcceptanceEntry> {
        let mut wanted: Vec<_> =
            self.acceptances.iter().filter(|entry| query.matches(entry)).cloned().collect();
        wanted.sort_by_key(|entry| Reverse(entry.id));
        wanted.truncate(query.limit);
        wanted
    }

    pub(super) fn states(&self) -> Vec<NdaState> {
        let state = |(id, nda): (&NdaId, &Nda)| NdaState {
            id: *id,
            current: nda.current(),
            accept_from: nda.accept_from,
        };
        self.ndas.iter().map(state).collect()
    }
}

impl Nda {
    pub(super) fn current(&self) -> u32 {
        self.texts.last().map_or(0, |text| text.version)
    }
}

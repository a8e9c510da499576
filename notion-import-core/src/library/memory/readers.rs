//! What a tenant in memory knows of its readers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::documents::Tenant;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, VersionNumber};
use crate::library::access::{Acceptance, AccessFacts, Assignment, DocumentFacts, NdaState, Viewer};
use crate::library::document::{Document, Version};
use crate::library::gate::{AdminDocument, NdaText, PublicDocument};
use crate::library::standing::Standing;

/// What a tenant has decided about its readers.
#[derive(Default)]
pub(super) struct Access {
    pub(super) standings: BTreeMap<DocumentId, Standing>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) default_nda: Option<NdaId>,
    pub(super) ndas: BTreeMap<NdaId, Nda>,
    pub(super) acceptances: Vec<(ContactId, Acceptance)>,
}

pub(super) struct Nda {
    pub(super) accept_from: u32,
    pub(super) texts: Vec<NdaText>,
}

impl Tenant {
    pub(super) fn standing(&mut self, id: DocumentId) -> &mut Standing {
        self.access.standings.entry(id).or_default()
    }

    pub(super) fn document(&self, id: DocumentId) -> Option<&Document> {
        self.documents.get(&id).map(|shelved| &shelved.kept.document)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.documents.values().map(|shelved| &shelved.kept.document)
    }

    pub(super) fn standing_of(&self, id: DocumentId) -> Standing {
        self.access.standings.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn admin(&self, document: &Document) -> AdminDocument {
        let Document { tenant, id, .. } = *document;
        let standing = self.standing_of(id);
        AdminDocument {
            document: document.clone(),
            facts: standing.facts(tenant, id),
            published_title: standing.title,
            revision: standing.revision,
        }
    }

    pub(super) fn facts(
        &self,
        contact: Option<ContactId>,
        document: &Document,
    ) -> (DocumentFacts, AccessFacts) {
        let Document { tenant, id, .. } = *document;
        let Access { assignments, default_nda, acceptances, .. } = &self.access;
        let theirs = |a: &&Assignment| a.document == id && Some(a.contact) == contact;
        let accepted = acceptances.iter().filter(|(who, _)| Some(*who) == contact);
        let facts = AccessFacts {
            default_nda: *default_nda,
            ndas: self.access.states(),
            assignments: assignments.iter().filter(theirs).cloned().collect(),
            acceptances: accepted.map(|(_, acceptance)| *acceptance).collect(),
        };
        (self.standing_of(id).facts(tenant, id), facts)
    }

    pub(super) fn shown(
        &self,
        viewer: &Viewer,
        document: &Document,
        now: DateTime<Utc>,
    ) -> Option<PublicDocument> {
        let (_, facts) = self.facts(viewer.contact(), document);
        self.access.standings.get(&document.id)?.clone().shown(
            document.tenant,
            document.id,
            viewer,
            &facts,
            now,
        )
    }

    pub(super) fn version(&self, id: DocumentId, number: VersionNumber) -> Option<&Version> {
        self.documents.get(&id)?.versions.iter().find(|version| version.number == number)
    }
}

impl Access {
    pub(super) fn has(&self, nda: Option<NdaId>) -> Result<(), StoreError> {
        match nda {
            Some(nda) if !self.ndas.contains_key(&nda) => Err(StoreError::NotFound),
            Some(_) | None => Ok(()),
        }
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

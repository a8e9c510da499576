//! Whether somebody could read a document, in which version, and why.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AcceptanceRecord, AccessState, AssignmentRecord};
use crate::actor::Agent;
use crate::id::DocumentId;
use crate::library::access::{AcceptedNda, Allow, Decision, Deny, DocumentFacts, Viewer, decide};
use crate::library::audit::AuditEntry;
use crate::library::basis::VersionDigest;

/// Which entry of the audit says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Provenance {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Agent,
}

impl Provenance {
    pub(super) const fn of(entry: &AuditEntry) -> Self {
        let AuditEntry { number, at, by, .. } = *entry;
        Self { number, at, by }
    }
}

/// Whether somebody could read a document at a moment, in which version, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessAnswer {
    /// The document, as far as it decides.
    pub document: DocumentFacts,
    /// The digest of the version that was shown; none if none was.
    pub digest: Option<VersionDigest>,
    /// What [`decide`] says.
    pub decision: Decision,
    /// By which the level was set; none if it was that of every new document.
    pub leveled: Option<Provenance>,
    /// By which the version was published, or the document withdrawn; none if it never was published.
    pub published: Option<Provenance>,
    /// By which the contact was added, shut out, let back in or erased.
    pub contact: Option<Provenance>,
    /// The assignment that lets in; if none does, the last that did, or would if nothing else stood against it.
    pub assignment: Option<AssignmentRecord>,
    /// The acceptances that count; if an NDA is not accepted, those of it that do not, oldest first.
    pub acceptances: Vec<AcceptanceRecord>,
}

impl AccessState {
    /// Returns whether a viewer could read a document at a moment, given this state; none if the tenant had no such document.
    ///
    /// A contact's [`verified`](Viewer::Contact::verified) is the host's to know and in no audit: to ask what the tenant let them
    /// read, say that it is so. A member's role is that of the [`Viewer`], whatever it was then.
    pub fn answer(&self, viewer: &Viewer, id: DocumentId, at: DateTime<Utc>) -> Option<AccessAnswer> {
        let record = self.documents.get(&id)?;
        // Another tenant's contact of the same id is somebody else.
        let contact = match viewer {
            Viewer::Contact { tenant, id, .. } if *tenant == self.tenant => Some(*id),
            Viewer::Contact { .. } | Viewer::Anonymous | Viewer::Member(_) => None,
        };
        let (document, facts) = self.facts(contact, id)?;
        let decision = decide(self.tenant, viewer, &document, &facts, at);
        let known = contact.and_then(|contact| self.contacts.get(&contact));
        let theirs = || record.assignments.iter().filter(|made| Some(made.assignment.contact) == contact);
        let given = || known.into_iter().flat_map(|contact| &contact.acceptances);
        let (assignment, acceptances) = match &decision {
            Decision::Allow(Allow::Public | Allow::Staff) => (None, Vec::new()),
            Decision::Allow(Allow::Assigned(id) | Allow::AssignedWaived(id)) => {
                (theirs().find(|made| made.assignment.id == *id), Vec::new())
            }
            Decision::Allow(Allow::AssignedWithNda(id, accepted)) => {
                let counts = |given: &&AcceptanceRecord| {
                    let is_it = |one: &AcceptedNda| one.nda == given.nda && one.version == given.version;
                    given.voided.is_none() && accepted.iter().any(is_it)
                };
                let counting = given().filter(counts).copied().collect();
                (theirs().find(|made| made.assignment.id == *id), counting)
            }
            Decision::Deny(Deny::NdaNotAccepted(nda, _)) => {
                (theirs().next_back(), given().filter(|given| given.nda == *nda).copied().collect())
            }
            Decision::Deny(
                Deny::ForeignTenant
                | Deny::NotPublished
                | Deny::Internal
                | Deny::NotSignedIn
                | Deny::Unverified
                | Deny::Blocked
                | Deny::NotAssigned
                | Deny::NdaNotConfigured,
            ) => (theirs().next_back(), Vec::new()),
        };
        Some(AccessAnswer {
            digest: document.publication.version().and_then(|shown| record.versions.get(&shown)).copied(),
            decision,
            leveled: record.leveled,
            published: record.published,
            contact: known.and_then(|contact| contact.stood),
            assignment: assignment.cloned(),
            acceptances,
            document,
        })
    }

    /// Returns the answers for every document that the tenant had, newest document first, beginning after `after`.
    pub fn answers<'a>(
        &'a self,
        viewer: &'a Viewer,
        at: DateTime<Utc>,
        after: Option<DocumentId>,
    ) -> impl Iterator<Item = AccessAnswer> + 'a {
        let older = self.documents.keys().rev().copied();
        older
            .skip_while(move |id| after.is_some_and(|after| *id >= after))
            .filter_map(move |id| self.answer(viewer, id, at))
    }
}

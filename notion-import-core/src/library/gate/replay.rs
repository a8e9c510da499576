//! The audit replayed: from its entries alone, who could read which words at a time.

mod answer;
mod record;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::answer::{AccessAnswer, Provenance};
pub use self::record::{AcceptanceRecord, AssignmentRecord};
use self::record::{ContactRecord, DocumentRecord, NdaRecord};
use super::NewAssignment;
use crate::actor::Actor;
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId, NdaId, TenantId};
use crate::library::access::{AccessFacts, ContactState, DocumentFacts, NdaState};
use crate::library::audit::{AuditEntry, AuditEvent, AuditLog, AuditPage, AuditQuery, AuditStart, Subject};

/// Entries in one call.
const PAGE: usize = 500;

/// Who may read what in a tenant, as its audit tells it from the first entry on: what [`decide`](crate::decide) is given of every
/// document and contact, and which entries say so.
///
/// [`AccessStore::as_of`](super::AccessStore::as_of) makes one of a moment. Each entry is applied by what the act itself went
/// through, so that an act and its replay cannot differ; the conformance suite holds every store to that. What is a customer's text
/// is in no entry: a document's title, an NDA's words, and what is known of a person, who may be erased since and is an id here.
///
/// An audit that does not add up (an entry is missing, or is about what no entry before it made) is an error and no answer. One whose
/// beginning was cut begins with what the entries came to that are gone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessState {
    tenant: TenantId,
    /// The last entry that was applied; 0 if none was.
    number: u64,
    /// The latest time that an entry names which was applied.
    at: Option<DateTime<Utc>>,
    documents: BTreeMap<DocumentId, DocumentRecord>,
    default_nda: Option<NdaId>,
    ndas: BTreeMap<NdaId, NdaRecord>,
    contacts: BTreeMap<ContactId, ContactRecord>,
}

impl AccessState {
    /// Returns the state of a tenant that has done nothing yet: it has no documents.
    pub const fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            number: 0,
            at: None,
            documents: BTreeMap::new(),
            default_nda: None,
            ndas: BTreeMap::new(),
            contacts: BTreeMap::new(),
        }
    }

    /// Returns the number of the last entry that was applied; 0 if none was.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Reads on in the tenant's audit, page by page, and applies all entries up to a moment, from the one after the last that was
    /// applied. A host that asks often keeps a state and calls this.
    ///
    /// The order of the entries is that of their numbers. Where a clock went back, an entry's time is before that of the one it
    /// follows; it counts as of that one's time then, since it cannot have happened earlier. So the state of any moment is one that
    /// the tenant was in: that before the first entry of a later time.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may read the tenant's whole audit, [`Conflict::NoLongerKept`] if the audit of that moment
    /// is kept no longer, [`StoreError::Corrupt`] if it does not add up.
    pub async fn advance(
        &mut self,
        log: &(impl AuditLog + ?Sized),
        actor: &Actor,
        to: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if actor.tenant != self.tenant {
            return Err(StoreError::Denied);
        }
        AuditQuery::newest(PAGE).permit(actor)?;
        self.follow(log, to).await
    }

    /// Reads on, as [`advance`](Self::advance) does, for the system.
    pub(super) async fn follow(
        &mut self,
        log: &(impl AuditLog + ?Sized),
        to: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        loop {
            let AuditPage { start, entries } = log.audit_since(self.tenant, self.number, PAGE).await?;
            if let Some(start) = start {
                *self = Self::cut_at(self.tenant, &start, to)?;
            }
            for entry in &entries {
                if entry.at > to {
                    return Ok(());
                }
                self.apply(entry)?;
            }
            if entries.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Returns what the entries came to that are gone.
    fn cut_at(tenant: TenantId, start: &AuditStart, to: DateTime<Utc>) -> Result<Self, StoreError> {
        let AuditStart { number, at, state } = start;
        if to < *at {
            return Err(Conflict::NoLongerKept.into());
        }
        let Some(state) = state else {
            return Ok(Self { number: *number, at: Some(*at), ..Self::new(tenant) });
        };
        let state: Self = serde_json::from_str(state).map_err(|_| UNFIT)?;
        fits(state.tenant == tenant && state.number == *number)?;
        Ok(state)
    }

    /// Returns from where the audit starts once every entry is gone that was applied; none if none was.
    pub(crate) fn as_start(&self) -> Result<Option<AuditStart>, StoreError> {
        let Some(at) = self.at else { return Ok(None) };
        let state = serde_json::to_string(self).map_err(|_| UNFIT)?;
        Ok(Some(AuditStart { number: self.number, at, state: Some(state) }))
    }

    /// Applies the tenant's next entry.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is not the next, or does not fit to those before.
    pub fn apply(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        fits(entry.number == self.number + 1)?;
        let AuditEntry { at, event, .. } = entry;
        let said = Provenance::of(entry);
        match event {
            AuditEvent::Imported { version, digest, .. } => {
                let Subject::Document(id) = entry.subject else { return Err(UNFIT) };
                self.documents.entry(id).or_default().versions.insert(*version, *digest);
            }
            AuditEvent::LevelChanged { from, .. } => {
                let document = self.document(entry)?;
                fits(document.standing.level == *from)?;
                document.standing.apply(event, *at);
                document.leveled = Some(said);
            }
            AuditEvent::Published { version, .. } => {
                let document = self.document(entry)?;
                fits(document.versions.contains_key(version))?;
                document.standing.apply(event, *at);
                document.published = Some(said);
            }
            AuditEvent::Withdrawn => {
                let document = self.document(entry)?;
                fits(document.standing.publication.version().is_some())?;
                document.standing.apply(event, *at);
                document.published = Some(said);
            }
            AuditEvent::Listed { listed, .. } => {
                let document = self.document(entry)?;
                fits(document.standing.listed != *listed)?;
                document.standing.apply(event, *at);
            }
            AuditEvent::NdaRequired { from, to } => {
                fits(to.is_none_or(|nda| self.ndas.contains_key(&nda)))?;
                let document = self.document(entry)?;
                fits(document.standing.nda == *from)?;
                document.standing.apply(event, *at);
            }
            AuditEvent::Assigned { assignment, contact, expires_at, nda_waiver } => {
                let Subject::Document(document) = entry.subject else { return Err(UNFIT) };
                let (contact, expires_at, nda_waiver) = (*contact, *expires_at, nda_waiver.clone());
                let new = NewAssignment { document, contact, expires_at, nda_waiver };
                let made = AssignmentRecord::new(new.assignment(*assignment), said);
                self.document(entry)?.assignments.push(made);
            }
            AuditEvent::Revoked { assignment } => {
                let mut made = self.document(entry)?.assignments.iter_mut();
                made.find(|made| made.assignment.id == *assignment).ok_or(UNFIT)?.revoke(said);
            }
            AuditEvent::NdaPublished { version, digest, ask_again } => {
                let Subject::Nda(id) = entry.subject else { return Err(UNFIT) };
                let kept = self.ndas.get(&id).map(|nda| nda.state);
                let state = NdaState::next(kept, id, *ask_again);
                fits(state.current == *version)?;
                let nda = self.ndas.entry(id).or_insert_with(|| NdaRecord::new(state));
                nda.state = state;
                nda.digests.insert(*version, *digest);
            }
            AuditEvent::DefaultNda { from, to } => {
                fits(self.default_nda == *from && to.is_none_or(|nda| self.ndas.contains_key(&nda)))?;
                self.default_nda = *to;
            }
            AuditEvent::NdaAccepted { nda, version } => {
                let digests = self.ndas.get(nda).map(|nda| &nda.digests).ok_or(UNFIT)?;
                let digest = *digests.get(version).ok_or(UNFIT)?;
                let given =
                    AcceptanceRecord { nda: *nda, version: *version, digest, given: said, voided: None };
                self.contact(entry)?.acceptances.push(given);
            }
            AuditEvent::AcceptanceVoided { nda } => self.contact(entry)?.void(*nda, said),
            AuditEvent::ContactAdded | AuditEvent::ContactUnblocked { .. } => {
                self.contact(entry)?.stands(ContactState::Known, said);
            }
            AuditEvent::ContactBlocked => self.contact(entry)?.stands(ContactState::Blocked, said),
            AuditEvent::ContactErased => self.contact(entry)?.stands(ContactState::Unknown, said),
            AuditEvent::TenantErased => *self = Self { at: self.at, ..Self::new(self.tenant) },
            // Nobody may read more or less, or another version.
            AuditEvent::TitlePublished { .. }
            | AuditEvent::TitleFollowed
            | AuditEvent::Renamed
            | AuditEvent::Unlinked
            | AuditEvent::Relinked
            | AuditEvent::CategoryChanged
            | AuditEvent::AccessRequested { .. }
            | AuditEvent::RequestApproved { .. }
            | AuditEvent::RequestDeclined { .. }
            | AuditEvent::RequestWithdrawn { .. }
            | AuditEvent::Subscribed { .. }
            | AuditEvent::Unsubscribed { .. }
            | AuditEvent::LogsCut { .. }
            | AuditEvent::ConnectionBegun { .. }
            | AuditEvent::ConnectionConfirmed { .. }
            | AuditEvent::ConnectionRenewed { .. }
            | AuditEvent::IdentityRefused { .. }
            | AuditEvent::NeedsReauth
            | AuditEvent::Disconnected
            | AuditEvent::ConnectionRemoved
            | AuditEvent::ConnectionAbandoned => {}
        }
        self.number = entry.number;
        self.at = self.at.max(Some(entry.at));
        Ok(())
    }

    /// Returns what [`decide`](crate::decide) needs to know of one document and, if one is named, of a contact, as
    /// [`AccessStore::facts`](super::AccessStore::facts) did then; none if the tenant had no such document.
    pub fn facts(&self, contact: Option<ContactId>, id: DocumentId) -> Option<(DocumentFacts, AccessFacts)> {
        let document = self.documents.get(&id)?;
        let known = contact.and_then(|contact| self.contacts.get(&contact));
        let theirs = |made: &&AssignmentRecord| Some(made.assignment.contact) == contact;
        let made = document.assignments.iter().filter(theirs);
        let given = known.into_iter().flat_map(|contact| &contact.acceptances);
        let facts = AccessFacts {
            contact: known.map(|contact| contact.state).unwrap_or_default(),
            default_nda: self.default_nda,
            ndas: self.ndas.values().map(|nda| nda.state).collect(),
            assignments: made.map(|made| made.assignment.clone()).collect(),
            acceptances: given.map(AcceptanceRecord::acceptance).collect(),
        };
        Some((document.standing.facts(self.tenant, id), facts))
    }

    fn document(&mut self, entry: &AuditEntry) -> Result<&mut DocumentRecord, StoreError> {
        match entry.subject {
            Subject::Document(id) => self.documents.get_mut(&id).ok_or(UNFIT),
            Subject::Connection(_) | Subject::Nda(_) | Subject::Contact(_) | Subject::Tenant(_) => Err(UNFIT),
        }
    }

    fn contact(&mut self, entry: &AuditEntry) -> Result<&mut ContactRecord, StoreError> {
        match entry.subject {
            Subject::Contact(id) => Ok(self.contacts.entry(id).or_default()),
            Subject::Connection(_) | Subject::Nda(_) | Subject::Document(_) | Subject::Tenant(_) => {
                Err(UNFIT)
            }
        }
    }
}

/// What an entry is that does not fit to those before.
const UNFIT: StoreError = StoreError::Corrupt("audit");

fn fits(does: bool) -> Result<(), StoreError> {
    if does { Ok(()) } else { Err(UNFIT) }
}

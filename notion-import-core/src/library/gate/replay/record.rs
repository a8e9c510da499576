//! What the audit has said of documents, NDAs and contacts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Provenance;
use crate::id::{NdaId, VersionNumber};
use crate::library::access::{Acceptance, Assignment, ContactState, NdaState};
use crate::library::basis::VersionDigest;
use crate::library::blob::BlobId;
use crate::library::standing::Standing;

/// An assignment, and which entries say what of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AssignmentRecord {
    /// The assignment.
    pub assignment: Assignment,
    /// By which it was made.
    pub made: Provenance,
    /// By which it was taken back.
    pub revoked: Option<Provenance>,
}

impl AssignmentRecord {
    pub(super) const fn new(assignment: Assignment, made: Provenance) -> Self {
        Self { assignment, made, revoked: None }
    }

    /// The first time counts.
    pub(super) fn revoke(&mut self, said: Provenance) {
        let first = self.revoked.get_or_insert(said);
        self.assignment.revoked_at = Some(first.at);
    }
}

/// A contact's acceptance of a version of an NDA, and which entries say what of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptanceRecord {
    /// Which NDA.
    pub nda: NdaId,
    /// Which version of it.
    pub version: u32,
    /// The digest of that version's text.
    pub digest: BlobId,
    /// By which it was given.
    pub given: Provenance,
    /// By which it was declared void.
    pub voided: Option<Provenance>,
}

impl AcceptanceRecord {
    /// Returns what [`decide`](crate::decide) is given of it.
    pub fn acceptance(&self) -> Acceptance {
        let Self { nda, version, voided, .. } = *self;
        Acceptance { nda, version, voided_at: voided.map(|said| said.at) }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct DocumentRecord {
    pub(super) standing: Standing,
    pub(super) versions: BTreeMap<VersionNumber, VersionDigest>,
    /// By which its level is what it is; none if it never changed.
    pub(super) leveled: Option<Provenance>,
    /// By which its publication is what it is; none if it never was published.
    pub(super) published: Option<Provenance>,
    /// Oldest first.
    pub(super) assignments: Vec<AssignmentRecord>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct NdaRecord {
    pub(super) state: NdaState,
    pub(super) digests: BTreeMap<u32, BlobId>,
}

impl NdaRecord {
    pub(super) const fn new(state: NdaState) -> Self {
        Self { state, digests: BTreeMap::new() }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct ContactRecord {
    pub(super) state: ContactState,
    /// By which that is so.
    pub(super) stood: Option<Provenance>,
    /// Oldest first.
    pub(super) acceptances: Vec<AcceptanceRecord>,
}

impl ContactRecord {
    pub(super) const fn stands(&mut self, state: ContactState, said: Provenance) {
        (self.state, self.stood) = (state, Some(said));
    }

    pub(super) fn void(&mut self, nda: NdaId, said: Provenance) {
        for given in self.acceptances.iter_mut().filter(|given| given.nda == nda) {
            given.voided.get_or_insert(said);
        }
    }
}

//! Changes to who may read what, as people ask for them.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::actor::Agent;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, VersionNumber};
use crate::library::access::{AccessLevel, Assignment, AssignmentId};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::blob::BlobId;

/// A change of level, as a person asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LevelChange {
    /// The level it was when the person decided. Not looked at when narrowing: that always works.
    pub from: AccessLevel,
    /// The level it is to be.
    pub to: AccessLevel,
    /// The revision it was then. Not looked at when narrowing.
    pub revision: u64,
    /// Why; required for widening.
    pub reason: String,
}

/// A version to be shown, as a person asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publish {
    /// Which version.
    pub version: VersionNumber,
    /// The revision when the person decided.
    pub revision: u64,
}

/// An assignment to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAssignment {
    /// To what.
    pub document: DocumentId,
    /// Who.
    pub contact: ContactId,
    /// Until when; none for no end.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why no NDA is needed, if it is waived.
    pub nda_waiver: Option<String>,
}

impl NewAssignment {
    /// It fails if the NDA is waived without a reason.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] then.
    pub fn check(&self) -> Result<(), StoreError> {
        let reasoned = self.nda_waiver.as_ref().is_none_or(|reason| !reason.trim().is_empty());
        if reasoned { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// The assignment it makes.
    pub fn assignment(&self, id: AssignmentId) -> Assignment {
        Assignment {
            id,
            contact: self.contact,
            document: self.document,
            expires_at: self.expires_at,
            revoked_at: None,
            nda_waived: self.nda_waiver.is_some(),
        }
    }
}

/// A version of an NDA. It never changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NdaText {
    /// Which NDA.
    pub id: NdaId,
    /// Which version of it, counted from 1.
    pub version: u32,
    /// What it is called.
    pub title: String,
    /// What it says, as Markdown.
    pub text: String,
}

impl NdaText {
    /// What an acceptance is bound to.
    pub fn digest(&self) -> BlobId {
        BlobId::of(self.text.as_bytes())
    }
}

/// A version of an NDA to be published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewNdaVersion {
    /// Which NDA; a new one if the tenant has none of this id.
    pub id: NdaId,
    /// What it is called.
    pub title: String,
    /// What it says, as Markdown.
    pub text: String,
    /// Whether everybody has to accept anew. If not, the acceptances of older versions that count now keep counting.
    pub ask_again: bool,
}

/// A contact's acceptance of an NDA, as it comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAcceptance {
    /// Who.
    pub contact: ContactId,
    /// Which NDA.
    pub nda: NdaId,
    /// The version that was shown.
    pub version: u32,
    /// The digest of the text that was shown.
    pub digest: BlobId,
    /// The address they came from, if the host knows it: for the audit.
    pub address: Option<IpAddr>,
}

impl NewAcceptance {
    /// Returns what the audit says of it.
    pub const fn entry(&self, at: DateTime<Utc>) -> NewEntry {
        let Self { contact, nda, version, address, .. } = *self;
        let event = AuditEvent::NdaAccepted { nda, version };
        NewEntry { at, by: Agent::Contact(contact), address, subject: Subject::Contact(contact), event }
    }
}

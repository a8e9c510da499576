//! Changes to who may read what, as people ask for them.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::AcceptanceEntry;
use crate::actor::Agent;
use crate::error::{Conflict, StoreError};
use crate::id::{AcceptanceId, ContactId, DocumentId, NdaId, VersionNumber};
#[cfg(doc)]
use crate::library::access::DocumentFacts;
use crate::library::access::{AccessLevel, Assignment, AssignmentId, NdaState};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::blob::BlobId;
use crate::library::title::{given_reason, title};

/// What a person had before them when they decided on a change, and why they did. Whatever shows a document to more people
/// needs all three; what narrows needs none.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Expected {
    /// The level it had.
    pub level: AccessLevel,
    /// The revision it had.
    pub revision: u64,
    /// Why.
    pub reason: String,
}

/// A change of level, as a person asked for it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct LevelChange {
    /// The level it is to be.
    pub to: AccessLevel,
    /// What it was decided on. Not looked at when narrowing: that always works.
    pub expected: Expected,
}

/// A version to be shown, what it is to be called and how far it is to be open, as a person asked for it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Publish {
    /// Which version.
    pub version: VersionNumber,
    /// The title that readers are to see.
    pub title: String,
    /// The level that it is to be shown at; none for the one that the document has.
    #[serde(default)]
    pub level: Option<AccessLevel>,
    /// What it was decided on. Only the revision is looked at, unless a level is named or readers are let in who were not
    /// ([`DocumentFacts::opens`]).
    pub expected: Expected,
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
    /// How many days ahead an end may be.
    pub const DAYS: RangeInclusive<i64> = 1..=3650;

    /// Fails if it ends too soon or too late, or if the NDA is waived without a reason.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] for the end, [`Conflict::NoReason`] for the reason.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (first, last) = (TimeDelta::days(*Self::DAYS.start()), TimeDelta::days(*Self::DAYS.end()));
        if self.expires_at.is_some_and(|end| !(first..=last).contains(&(end - now))) {
            return Err(StoreError::OutOfRange("expires_at"));
        }
        self.nda_waiver.as_deref().map(given_reason).transpose()?;
        Ok(())
    }

    /// Whether it takes the place of an assignment: a contact has one live assignment to a document.
    pub fn replaces(&self, kept: &Assignment, now: DateTime<Utc>) -> bool {
        kept.contact == self.contact && kept.document == self.document && kept.is_live(now)
    }

    /// The assignment it makes. It ends at a whole microsecond, as fine as every store keeps a time.
    pub fn assignment(&self, id: AssignmentId) -> Assignment {
        Assignment {
            id,
            contact: self.contact,
            document: self.document,
            expires_at: self.expires_at.map(|end| end.trunc_subsecs(6)),
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
    /// The version that is current, 0 for a new NDA: whoever writes the next one has read it.
    pub expected: u32,
    /// Whether everybody has to accept anew. If not, the acceptances of older versions that count now keep counting.
    pub ask_again: bool,
}

impl NewNdaVersion {
    /// Returns how the NDA stands with it, given how it stands.
    ///
    /// # Errors
    /// [`Conflict::Changed`] if its current version is not the one that was expected.
    pub fn next(&self, kept: Option<NdaState>) -> Result<NdaState, StoreError> {
        if kept.map_or(0, |kept| kept.current) != self.expected {
            return Err(Conflict::Changed.into());
        }
        Ok(NdaState::next(kept, self.id, self.ask_again))
    }

    /// The text it makes, under this number. Its title is cleaned as that of a document is.
    pub fn numbered(&self, version: u32) -> NdaText {
        NdaText { id: self.id, version, title: title(&self.title), text: self.text.clone() }
    }
}

/// A contact's acceptance of an NDA, as it comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAcceptance {
    /// The document that led to it.
    pub document: DocumentId,
    /// Which NDA.
    pub nda: NdaId,
    /// The version that was shown.
    pub version: u32,
    /// The digest of the text that was shown.
    pub digest: BlobId,
    /// The address they came from, if the host knows it.
    pub address: Option<IpAddr>,
}

impl NewAcceptance {
    /// Returns the acceptance it makes, once this contact has accepted. Its time is a whole microsecond, as fine as every store keeps one.
    pub fn acceptance(&self, id: AcceptanceId, contact: ContactId, at: DateTime<Utc>) -> AcceptanceEntry {
        let Self { document, nda, version, digest, address } = *self;
        let at = at.trunc_subsecs(6);
        AcceptanceEntry { id, at, contact, address, nda, version, digest, document, voided_at: None }
    }

    /// Returns what the audit says of it, once this contact has accepted.
    pub const fn entry(&self, contact: ContactId, at: DateTime<Utc>) -> NewEntry {
        let Self { nda, version, address, .. } = *self;
        let event = AuditEvent::NdaAccepted { nda, version };
        NewEntry { at, by: Agent::Contact(contact), address, subject: Subject::Contact(contact), event }
    }

    /// Fails unless it is of the text that is current now.
    ///
    /// # Errors
    /// [`Conflict::NotCurrent`] otherwise.
    pub fn check(&self, current: &NdaText) -> Result<(), StoreError> {
        let is_it =
            self.nda == current.id && self.version == current.version && self.digest == current.digest();
        if is_it { Ok(()) } else { Err(Conflict::NotCurrent.into()) }
    }
}

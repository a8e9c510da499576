//! Who has accepted which NDA: records that can be handed over.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::actor::{Action, Actor, Denied};
use crate::id::{AcceptanceId, ContactId, DocumentId, NdaId};
use crate::library::access::Acceptance;
use crate::library::blob::BlobId;

/// One contact's acceptance of one version of an NDA. Nothing of it changes but that it may be declared void.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptanceEntry {
    /// Which one. A later one is greater.
    pub id: AcceptanceId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub contact: ContactId,
    /// From which address, where the host knows it.
    pub address: Option<IpAddr>,
    /// Which NDA.
    pub nda: NdaId,
    /// Which version of it.
    pub version: u32,
    /// The digest of the text that was shown, which is that [version's](super::NdaText::digest).
    pub digest: BlobId,
    /// The document that led to it.
    pub document: DocumentId,
    /// When it was declared void.
    pub voided_at: Option<DateTime<Utc>>,
}

impl AcceptanceEntry {
    /// Returns what [`decide`](crate::decide) is given of it.
    pub const fn acceptance(&self) -> Acceptance {
        let Self { nda, version, voided_at, .. } = *self;
        Acceptance { nda, version, voided_at }
    }
}

/// Which acceptances to return, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AcceptanceQuery {
    /// This one only.
    pub id: Option<AcceptanceId>,
    /// Of this NDA only.
    pub nda: Option<NdaId>,
    /// Of versions of this number only.
    pub version: Option<u32>,
    /// By this contact only.
    pub contact: Option<ContactId>,
    /// Only older ones than this: the last of the page before.
    pub before: Option<AcceptanceId>,
    /// At most so many.
    pub limit: usize,
}

impl AcceptanceQuery {
    /// Fails unless the actor may read the tenant's acceptances. They name contacts and addresses, so they are for those who let
    /// contacts in.
    ///
    /// # Errors
    /// [`Denied`] otherwise.
    pub const fn permit(actor: &Actor) -> Result<(), Denied> {
        actor.may(Action::Assign)
    }

    /// Asks for one acceptance.
    pub fn one(id: AcceptanceId) -> Self {
        Self { id: Some(id), limit: 1, ..Self::default() }
    }

    /// Asks for those by this contact alone.
    #[must_use]
    pub fn by(&self, contact: ContactId) -> Self {
        Self { contact: Some(contact), ..self.clone() }
    }

    /// Returns whether an acceptance is among those that are asked for, whatever their number.
    pub fn matches(&self, entry: &AcceptanceEntry) -> bool {
        self.id.is_none_or(|id| entry.id == id)
            && self.nda.is_none_or(|nda| entry.nda == nda)
            && self.version.is_none_or(|version| entry.version == version)
            && self.contact.is_none_or(|contact| entry.contact == contact)
            && self.before.is_none_or(|before| entry.id < before)
    }
}

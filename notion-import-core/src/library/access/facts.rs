//! What is known of a document and of who asks for it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AccessLevel, Direction};
use crate::actor::Actor;
use crate::id::{ContactId, DocumentId, NdaId, TenantId, VersionNumber};

/// Who is asking to read, already authenticated by the host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Viewer {
    /// Nobody known.
    Anonymous,
    /// Somebody outside the tenant who is known to it.
    Contact {
        /// The tenant that knows them.
        tenant: TenantId,
        /// Who.
        id: ContactId,
        /// Whether they have shown that the e-mail address is theirs.
        verified: bool,
    },
    /// A member of a tenant.
    Member(Actor),
}

impl Viewer {
    /// The contact this is, if it is one.
    pub const fn contact(&self) -> Option<ContactId> {
        match self {
            Self::Contact { id, .. } => Some(*id),
            Self::Anonymous | Self::Member(_) => None,
        }
    }
}

/// Whether a document has a version that may be shown outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "state", content = "version", rename_all = "snake_case")]
pub enum Publication {
    /// Not yet.
    #[default]
    Draft,
    /// This version.
    Published(VersionNumber),
    /// No longer.
    Archived,
}

/// What of a document decides who may read it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct DocumentFacts {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which one.
    pub id: DocumentId,
    /// How far it is open.
    pub level: AccessLevel,
    /// Which version is shown, if any.
    pub publication: Publication,
    /// Whether people who may not read it may know that it exists.
    pub listed: bool,
    /// An NDA it requires beside the tenant's default.
    pub nda: Option<NdaId>,
}

/// How a tenant stands to a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactState {
    /// Nobody it knows, or no longer.
    #[default]
    Unknown,
    /// Somebody it knows.
    Known,
    /// Somebody it has shut out.
    Blocked,
}

/// What is known about one contact and one document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct AccessFacts {
    /// How the tenant stands to the contact.
    pub contact: ContactState,
    /// The tenant's default NDA.
    pub default_nda: Option<NdaId>,
    /// The NDAs that may be required, as they stand now.
    pub ndas: Vec<NdaState>,
    /// This contact's assignments to this document, dead ones included.
    pub assignments: Vec<Assignment>,
    /// What this contact has accepted.
    pub acceptances: Vec<Acceptance>,
}

/// Names one assignment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssignmentId(pub Uuid);

/// One contact let in to one document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// Which one.
    pub id: AssignmentId,
    /// Who.
    pub contact: ContactId,
    /// To what.
    pub document: DocumentId,
    /// Until when; none for no end.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether the NDA was waived for it, by a person with a reason that is in the audit.
    pub nda_waived: bool,
}

impl DocumentFacts {
    /// Returns whether readers outside are let in who are not now, if a version is shown at this level
    /// (`Publish`): it takes level, revision and reason then.
    pub fn opens(&self, to: AccessLevel) -> bool {
        self.publication.opens(self.level, to)
    }

    /// Returns whether a change to this level takes a version that is shown with it: it widens what shows nothing.
    pub fn needs_publication(&self, to: AccessLevel) -> bool {
        self.publication.is_needed(self.level, to)
    }
}

impl Publication {
    /// Returns the version that is shown, if any.
    pub const fn version(self) -> Option<VersionNumber> {
        match self {
            Self::Published(version) => Some(version),
            Self::Draft | Self::Archived => None,
        }
    }

    /// Returns whether showing a version at the level `to` lets in readers outside who were not at the level `from`.
    pub fn opens(self, from: AccessLevel, to: AccessLevel) -> bool {
        match to {
            AccessLevel::Internal => false,
            AccessLevel::RequiresNda | AccessLevel::Restricted | AccessLevel::Public => {
                self.version().is_none() || from.direction(to) == Direction::Widening
            }
        }
    }

    /// Returns whether nothing is shown that the wider level `to` would open.
    pub fn is_needed(self, from: AccessLevel, to: AccessLevel) -> bool {
        self.version().is_none() && from.direction(to) == Direction::Widening
    }

    /// The name and the version that a store keeps of it.
    pub const fn kept(self) -> (&'static str, Option<VersionNumber>) {
        match self {
            Self::Draft => ("draft", None),
            Self::Published(version) => ("published", Some(version)),
            Self::Archived => ("archived", None),
        }
    }

    /// Returns what a store has kept. What is not known, written by a later version or by hand, is unpublished.
    pub fn from_kept(state: &str, version: Option<VersionNumber>) -> Self {
        match (state, version) {
            ("draft", _) => Self::Draft,
            ("archived", _) => Self::Archived,
            ("published", Some(version)) => Self::Published(version),
            _ => {
                tracing::error!("a document has a publication this version does not know; it is unpublished");
                Self::Draft
            }
        }
    }
}

impl Assignment {
    /// Whether it lets in now: it was not taken back and has not ended.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// An NDA as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct NdaState {
    /// Which one.
    pub id: NdaId,
    /// The version to be accepted now.
    pub current: u32,
    /// The oldest version whose acceptance still counts.
    pub accept_from: u32,
}

impl NdaState {
    /// Returns how an NDA stands once its next version is published, given how it stands before that.
    pub fn next(kept: Option<Self>, id: NdaId, ask_again: bool) -> Self {
        let Self { current, accept_from, .. } = kept.unwrap_or(Self { id, current: 0, accept_from: 1 });
        let current = current + 1;
        Self { id, current, accept_from: if ask_again { current } else { accept_from } }
    }
}

/// A version of an NDA that a contact has accepted and that counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AcceptedNda {
    /// Which NDA.
    pub nda: NdaId,
    /// Which version of it.
    pub version: u32,
}

/// One contact's acceptance of one version of an NDA.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Acceptance {
    /// Which NDA.
    pub nda: NdaId,
    /// Which version of it.
    pub version: u32,
    /// When it was declared void.
    pub voided_at: Option<DateTime<Utc>>,
}

//! A document's history.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::access::{AccessLevel, AssignmentId};
use crate::id::{ContactId, MemberId, NdaId, VersionNumber};

/// One line of a document's history. It names ids and levels, no texts but a person's reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Which member; none for a sync.
    pub member: Option<MemberId>,
    /// What.
    pub event: AuditEvent,
}

/// What happened to a document or to who may read it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AuditEvent {
    /// Its title followed the source's.
    TitleFollowed,
    /// Somebody gave it a title, or let it follow the source again.
    Renamed,
    /// It was unlinked from its source.
    Unlinked,
    /// Its level changed.
    LevelChanged {
        /// From this.
        from: AccessLevel,
        /// To this.
        to: AccessLevel,
        /// For this reason.
        reason: String,
    },
    /// A version was published.
    Published {
        /// Which one.
        version: VersionNumber,
    },
    /// It was withdrawn.
    Withdrawn,
    /// Whether outsiders may know of it changed.
    Listed {
        /// To this.
        listed: bool,
    },
    /// The NDA it requires beside the default changed.
    NdaRequired {
        /// To this.
        nda: Option<NdaId>,
    },
    /// A contact was let in.
    Assigned {
        /// By this assignment.
        assignment: AssignmentId,
        /// This contact.
        contact: ContactId,
        /// Why no NDA is needed, if it was waived.
        nda_waiver: Option<String>,
    },
    /// An assignment was taken back.
    Revoked {
        /// This one.
        assignment: AssignmentId,
    },
}

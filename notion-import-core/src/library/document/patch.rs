//! What a sync finds out about a document.

use chrono::{DateTime, Utc};

use super::{NewContent, Source, SourceState};
use crate::id::{DocumentId, VersionNumber};
use crate::library::basis::ReadState;

/// What a sync found out about one document. It has no level and no publication, and no file but those of a [draft](Reading::draft): a
/// stored icon or cover in it stands for the one that is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct SyncPatch {
    /// Which document.
    pub document: DocumentId,
    /// When the source began to be looked at.
    pub began_at: DateTime<Utc>,
    /// The document as it was known then. If it has moved on since, the patch says less.
    pub against: Against,
    /// What was found.
    pub found: Found,
}

/// What a patch was made against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Against {
    /// When the source had last been looked at.
    pub checked_at: DateTime<Utc>,
    /// The number of the newest version.
    pub latest: VersionNumber,
    /// How the source had last been read.
    pub read: ReadState,
}

/// What a look at a source found.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// What is known already, all of it.
    Unchanged,
    /// The source answered.
    Source {
        /// What it says of itself.
        source: Box<Source>,
        /// How it stands.
        state: SourceState,
        /// What reading it whole brought, if it was read.
        reading: Option<Reading>,
        /// The [code](crate::Error::code) of what kept it from being read, if it should have been.
        trouble: Option<String>,
    },
    /// Notion says it is not there for this connection.
    NotShared,
    /// Notion says the same, and what it stood in is not there either, or is in the trash.
    ParentGone,
    /// There was no answer that says anything about it; the [code](crate::Error::code) says why.
    Trouble(String),
}

impl Found {
    /// Returns how the source stands, if that was told.
    pub const fn state(&self) -> Option<SourceState> {
        match self {
            Self::Source { state, .. } => Some(*state),
            Self::NotShared => Some(SourceState::NotShared),
            Self::ParentGone => Some(SourceState::ParentGone),
            Self::Unchanged | Self::Trouble(_) => None,
        }
    }

    /// Returns whether the source was found to be gone.
    pub fn is_gone(&self) -> bool {
        self.state().is_some_and(SourceState::is_gone)
    }
}

/// What reading a source whole brought.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// How it was read.
    pub read: ReadState,
    /// Whether it said something else than the newest version.
    pub differs: bool,
    /// What it said, if that is to be the newest version from now on, which nobody outside sees.
    pub draft: Option<Box<NewContent>>,
}

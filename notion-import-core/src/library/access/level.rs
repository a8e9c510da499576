//! How far a document is open.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a document is open. There is no order: a level is never a ceiling for another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Members of the tenant only.
    #[default]
    Internal,
    /// Assigned contacts who accepted every required NDA.
    RequiresNda,
    /// Assigned contacts.
    Restricted,
    /// Everybody.
    Public,
}

/// Which way a change of level goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Towards fewer readers.
    Narrowing,
    /// Towards more readers.
    Widening,
    /// Neither.
    Same,
}

impl AccessLevel {
    /// Every level, from the narrowest to the widest.
    pub const ALL: [Self; 4] = [Self::Internal, Self::RequiresNda, Self::Restricted, Self::Public];

    /// Which way a change from this level to `to` goes.
    pub fn direction(self, to: Self) -> Direction {
        match (to.openness()).cmp(&self.openness()) {
            std::cmp::Ordering::Less => Direction::Narrowing,
            std::cmp::Ordering::Equal => Direction::Same,
            std::cmp::Ordering::Greater => Direction::Widening,
        }
    }

    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::RequiresNda => "requires_nda",
            Self::Restricted => "restricted",
            Self::Public => "public",
        }
    }

    const fn openness(self) -> u8 {
        match self {
            Self::Internal => 0,
            Self::RequiresNda => 1,
            Self::Restricted => 2,
            Self::Public => 3,
        }
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the wire name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an access level")]
pub struct UnknownLevel;

impl FromStr for AccessLevel {
    type Err = UnknownLevel;
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}

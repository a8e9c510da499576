//! Places in lists, and the pages that begin there.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::StoreError;
use crate::id::DocumentId;

/// A place in a list: that of the document that stood there when it was read, wherever the document is by now.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cursor {
    /// What the list is ordered by.
    pub key: Key,
    /// The document.
    pub id: DocumentId,
}

/// What a list is ordered by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Key {
    /// A moment, in microseconds since 1970.
    At(i64),
    /// A title, folded.
    Title(String),
}

impl Cursor {
    /// Returns the moment.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if it is of a list in another order, or none that a store could keep.
    pub fn at(&self) -> Result<DateTime<Utc>, StoreError> {
        let at = match &self.key {
            Key::At(micros) => DateTime::from_timestamp_micros(*micros),
            Key::Title(_) => None,
        };
        at.filter(|at| (0..=9999).contains(&at.year())).ok_or(StoreError::OutOfRange("cursor"))
    }

    /// Returns the title, folded.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if it is of a list in another order.
    pub fn title(&self) -> Result<&str, StoreError> {
        match &self.key {
            Key::Title(title) => Ok(title),
            Key::At(_) => Err(StoreError::OutOfRange("cursor")),
        }
    }
}

/// For an address, without what an address would have to escape.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::At(micros) => write!(f, "{}.at.{micros}", self.id),
            Key::Title(title) => write!(f, "{}.title.{}", self.id, hex::encode(title)),
        }
    }
}

/// The text is no place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.splitn(3, '.');
        let (id, kind, key) = (parts.next(), parts.next(), parts.next());
        let id = id.and_then(|id| id.parse().ok()).ok_or(InvalidCursor)?;
        let key = match (kind, key) {
            (Some("at"), Some(micros)) => Key::At(micros.parse().map_err(|_| InvalidCursor)?),
            (Some("title"), Some(title)) => {
                let title = hex::decode(title).map_err(|_| InvalidCursor)?;
                let title = String::from_utf8(title).map_err(|_| InvalidCursor)?;
                // None is in a folded title, and not every store takes each.
                Key::Title(
                    Some(title).filter(|title| !title.contains(char::is_control)).ok_or(InvalidCursor)?,
                )
            }
            _ => return Err(InvalidCursor),
        };
        Ok(Self { key, id })
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a page of a list begins.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Place {
    /// With the first document.
    #[default]
    Start,
    /// Behind this place.
    After(Cursor),
    /// So that it ends before this place.
    Before(Cursor),
}

impl Place {
    /// Returns the cursor, if there is one.
    pub const fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::Start => None,
            Self::After(cursor) | Self::Before(cursor) => Some(cursor),
        }
    }

    /// Returns whether a store reads the list from its end to its beginning.
    pub const fn is_backward(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    /// Returns where a store reads on that has read this far.
    pub(super) fn then(&self, last: Cursor) -> Self {
        if self.is_backward() { Self::Before(last) } else { Self::After(last) }
    }
}

/// One page of a list, in the order of the list.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ListPage<T> {
    /// The documents.
    pub documents: Vec<T>,
    /// What the page before this one ends before; none if this is the first.
    pub previous: Option<Cursor>,
    /// What the page after this one begins behind; none if this is the last.
    pub next: Option<Cursor>,
}

impl<T> ListPage<T> {
    /// Makes a page of what a store has read from a place on, in the order that it [reads](Place::is_backward) in, one more than the
    /// page is to have.
    pub fn cut(mut read: Vec<T>, place: &Place, limit: usize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let is_more = read.len() > limit;
        read.truncate(limit);
        if place.is_backward() {
            read.reverse();
        }
        let (first, last) = (read.first().map(&cursor), read.last().map(&cursor));
        let (previous, next) = match place {
            Place::Start => (None, last.filter(|_| is_more)),
            Place::After(after) => (first.or_else(|| Some(after.clone())), last.filter(|_| is_more)),
            Place::Before(before) => (first.filter(|_| is_more), last.or_else(|| Some(before.clone()))),
        };
        Self { documents: read, previous, next }
    }
}

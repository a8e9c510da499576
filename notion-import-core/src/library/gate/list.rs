//! Which documents a member wants to see, and in which order.

use std::collections::HashMap;

use super::{AdminDocument, Cursor, Key, Place};
use crate::id::ConnectionId;
use crate::library::access::{AccessLevel, Publication};
use crate::library::document::{Document, Link, SourceState};
use crate::library::title::{folded, title};

/// Which of a tenant's documents a member wants to see, in which order, and which page of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DocumentQuery {
    /// Which of them.
    pub filter: DocumentFilter,
    /// In which order.
    pub order: DocumentOrder,
    /// Where the page begins.
    pub place: Place,
    /// How many documents it has at most.
    pub limit: usize,
}

impl DocumentQuery {
    /// Asks for the newest documents, so many at most.
    pub fn newest(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Asks for the next page of the same list, where there is one.
    #[must_use]
    pub fn after(self, next: Option<Cursor>) -> Self {
        Self { place: next.map_or(Place::Start, Place::After), ..self }
    }
}

/// Which documents: those of which all of it is true. The default is every document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct DocumentFilter {
    /// Every [word](Self::words) of it stands in the working title.
    pub text: String,
    /// They have this level.
    pub level: Option<AccessLevel>,
    /// They are shown, or not.
    pub state: Option<PublicationState>,
    /// Their sources stand like this.
    pub source: Option<SourceFilter>,
    /// They are linked through this connection.
    pub connection: Option<ConnectionId>,
}

impl DocumentFilter {
    /// Returns the words that a title is searched for, folded as the titles are: without case and accents. A document is found by
    /// parts of words too.
    pub fn words(&self) -> Vec<String> {
        words(&self.text)
    }

    /// Returns whether it asks for anything that standings say.
    pub fn is_about_standings(&self) -> bool {
        self.level.is_some() || self.state.is_some()
    }

    /// Returns whether it asks for nothing else.
    pub fn is_about_standings_alone(&self) -> bool {
        self.words().is_empty() && self.source.is_none() && self.connection.is_none()
    }

    /// Returns how many documents it leaves as far as it is about standings, given how many stand how.
    pub fn among(&self, counts: &DocumentCounts) -> u64 {
        let is_wanted = |(level, state): &(AccessLevel, PublicationState)| {
            self.level.is_none_or(|of| of == *level) && self.state.is_none_or(|of| of == *state)
        };
        counts.0.iter().filter(|(stands, _)| is_wanted(stands)).map(|(_, count)| count).sum()
    }

    /// Returns whether the document is one of them.
    pub fn matches(&self, known: &AdminDocument) -> bool {
        let Self { text: _, level, state, source, connection } = *self;
        let link = known.document.link.as_ref();
        let words = folded(&known.document.title.text);
        self.words().iter().all(|word| words.contains(word.as_str()))
            && level.is_none_or(|level| known.facts.level == level)
            && state.is_none_or(|state| PublicationState::of(known.facts.publication) == state)
            && source.is_none_or(|source| source.matches(link))
            && connection.is_none_or(|id| link.and_then(|link| link.connection) == Some(id))
    }
}

/// More words than anybody types are not looked for.
const MOST_WORDS: usize = 16;

pub(super) fn words(text: &str) -> Vec<String> {
    folded(&title(text)).split_whitespace().take(MOST_WORDS).map(str::to_owned).collect()
}

/// Whether a version of a document is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PublicationState {
    /// None was yet.
    Draft,
    /// One is.
    Published,
    /// One was.
    Archived,
}

impl PublicationState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Archived];

    /// Returns the state of a publication.
    pub const fn of(publication: Publication) -> Self {
        match publication {
            Publication::Draft => Self::Draft,
            Publication::Published(_) => Self::Published,
            Publication::Archived => Self::Archived,
        }
    }

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

/// How the source of a document stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SourceFilter {
    /// What is kept may be out of date: any of the others but [`Trouble`](Self::Trouble).
    Stale,
    /// A sync found that the source says something else by now.
    UpdateAvailable,
    /// The source is archived.
    Archived,
    /// The source is [gone](SourceState::is_gone).
    Gone,
    /// The document is linked through no connection any more.
    Detached,
    /// The document is linked to no source.
    Unlinked,
    /// Something keeps the source from being looked at or read.
    Trouble,
}

impl SourceFilter {
    /// Every filter.
    pub const ALL: [Self; 7] = [
        Self::Stale,
        Self::UpdateAvailable,
        Self::Archived,
        Self::Gone,
        Self::Detached,
        Self::Unlinked,
        Self::Trouble,
    ];

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::UpdateAvailable => "update_available",
            Self::Archived => "archived",
            Self::Gone => "gone",
            Self::Detached => "detached",
            Self::Unlinked => "unlinked",
            Self::Trouble => "trouble",
        }
    }

    /// Returns whether a document with this link is one of them.
    pub fn matches(self, link: Option<&Link>) -> bool {
        let Some(link) = link else { return matches!(self, Self::Unlinked | Self::Stale) };
        match self {
            Self::Stale => {
                link.state != SourceState::Present || link.update_available || link.connection.is_none()
            }
            Self::UpdateAvailable => link.update_available,
            Self::Archived => link.state == SourceState::Archived,
            Self::Gone => link.state.is_gone(),
            Self::Detached => link.connection.is_none(),
            Self::Unlinked => false,
            Self::Trouble => link.trouble.is_some(),
        }
    }
}

/// In which order documents are listed. Of two that are equal in it the lesser id comes first, or last where the latest comes first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum DocumentOrder {
    /// By when they were first imported, the latest first.
    #[default]
    Newest,
    /// By when their sources were [last edited](Document::edited_at), the latest first.
    Edited,
    /// By the working title, without case and accents.
    Title,
}

impl DocumentOrder {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Edited, Self::Title];

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Edited => "edited",
            Self::Title => "title",
        }
    }

    /// Returns whether the greatest comes first.
    pub const fn is_descending(self) -> bool {
        match self {
            Self::Newest | Self::Edited => true,
            Self::Title => false,
        }
    }

    /// Returns where a document stands in this order.
    pub fn cursor(self, document: &Document) -> Cursor {
        let key = match self {
            Self::Newest => Key::At(document.created_at.timestamp_micros()),
            Self::Edited => Key::At(document.edited_at().timestamp_micros()),
            Self::Title => Key::Title(folded(&document.title.text)),
        };
        Cursor { key, id: document.id }
    }
}

/// How many documents there are, by level and by whether they are shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DocumentCounts(HashMap<(AccessLevel, PublicationState), u64>);

impl DocumentCounts {
    /// Counts so many more.
    pub fn add(&mut self, level: AccessLevel, state: PublicationState, count: u64) {
        *self.0.entry((level, state)).or_default() += count;
    }

    /// Counts the documents that have no standing, given how many there are in all: they stand as every new document does.
    #[must_use]
    pub fn with_the_rest_of(mut self, all: u64) -> Self {
        let rest = all.saturating_sub(self.all());
        self.add(AccessLevel::default(), PublicationState::Draft, rest);
        self
    }

    /// Returns how many there are.
    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns how many have this level.
    pub fn of_level(&self, level: AccessLevel) -> u64 {
        self.0.iter().filter(|((of, _), _)| *of == level).map(|(_, count)| count).sum()
    }

    /// Returns how many are shown, or not.
    pub fn of_state(&self, state: PublicationState) -> u64 {
        self.0.iter().filter(|((_, of), _)| *of == state).map(|(_, count)| count).sum()
    }
}

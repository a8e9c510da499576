//! Which documents of a site a viewer may know of, page by page.

use super::list::words;
use super::{Cursor, Key, ListPage, Place, PublicDocument};
use crate::id::DocumentId;
use crate::library::title::folded;

/// Which of the documents that a viewer may know of are to be listed, by their published titles.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ReadableQuery {
    /// Every word of it stands in the published title, as for a [`DocumentFilter`](super::DocumentFilter).
    pub text: String,
    /// They are among these, if any are named.
    pub among: Option<Vec<DocumentId>>,
    /// They are of this category, however it is spelled; none for every document.
    pub category: Option<String>,
    /// In which order.
    pub order: ReadableOrder,
    /// Where the page begins.
    pub place: Place,
    /// How many documents it has at most.
    pub limit: usize,
}

impl ReadableQuery {
    /// Asks for the first documents, so many at most.
    pub fn first(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Asks for what may be known of these documents.
    pub fn among(documents: Vec<DocumentId>) -> Self {
        Self { limit: documents.len(), among: Some(documents), ..Self::default() }
    }

    /// Asks for the next page of the same list, where there is one.
    #[must_use]
    pub fn after(self, next: Option<Cursor>) -> Self {
        Self { place: next.map_or(Place::Start, Place::After), ..self }
    }

    /// Returns the words that titles are searched for, folded as the titles are.
    pub fn words(&self) -> Vec<String> {
        words(&self.text)
    }

    /// Returns the category, folded as [`Standing::shelf`](crate::library::standing::Standing::shelf) is.
    pub fn shelf(&self) -> Option<String> {
        self.category.as_deref().map(folded)
    }

    /// Returns whether a document is one of them.
    pub fn matches(&self, shown: &PublicDocument) -> bool {
        let title = folded(&shown.title);
        let shelf = || shown.category.as_deref().map(folded).unwrap_or_default();
        self.words().iter().all(|word| title.contains(word.as_str()))
            && self.among.as_ref().is_none_or(|among| among.contains(&shown.id))
            && self.shelf().is_none_or(|wanted| wanted == shelf())
    }
}

/// In which order the documents of a site are listed. Of two that are equal in it the lesser id comes first, or last where the latest comes
/// first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ReadableOrder {
    /// By the published title, without case and accents.
    #[default]
    Title,
    /// By when the version that is shown was published, the latest first.
    Newest,
}

impl ReadableOrder {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::Title, Self::Newest];

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Newest => "newest",
        }
    }

    /// Returns whether the greatest comes first.
    pub const fn is_descending(self) -> bool {
        match self {
            Self::Title => false,
            Self::Newest => true,
        }
    }

    /// Returns where a document stands in this order.
    pub fn cursor(self, document: &PublicDocument) -> Cursor {
        let key = match self {
            Self::Title => Key::Title(folded(&document.title)),
            Self::Newest => Key::At(document.published_at.timestamp_micros()),
        };
        Cursor { key, id: document.id }
    }
}

/// A page of what a viewer may know of, as a store fills it. Which published documents those are is decided after they are read, so
/// that it may take several readings.
#[derive(Debug)]
pub struct ReadablePage {
    order: ReadableOrder,
    place: Place,
    limit: usize,
    read_on: Place,
    batch: usize,
    is_done: bool,
    shown: Vec<PublicDocument>,
}

/// No reading takes more rows.
const LARGEST_BATCH: usize = 2_000;

impl ReadablePage {
    /// Begins a page.
    pub fn of(query: &ReadableQuery) -> Self {
        let ReadableQuery { order, place, limit, .. } = query;
        Self {
            order: *order,
            place: place.clone(),
            limit: *limit,
            read_on: place.clone(),
            // One more than the page has says whether there is another.
            batch: limit.saturating_add(1),
            is_done: false,
            shown: Vec::new(),
        }
    }

    /// Returns from where on the store is to read, and how many documents; none once the page is full or nothing is left.
    pub fn wanted(&self) -> Option<(Place, usize)> {
        let is_full = self.shown.len() > self.limit;
        (!self.is_done && !is_full).then(|| (self.read_on.clone(), self.batch))
    }

    /// Takes what was read: where each document stands, and what the viewer may know of it.
    pub fn take(&mut self, read: Vec<(Cursor, Option<PublicDocument>)>) {
        self.is_done = read.len() < self.batch;
        if let Some((last, _)) = read.last() {
            self.read_on = self.place.then(last.clone());
        }
        self.shown.extend(read.into_iter().filter_map(|(_, shown)| shown));
        self.batch = self.batch.max(self.batch.saturating_mul(2).min(LARGEST_BATCH));
    }

    /// Returns the page.
    pub fn done(self) -> ListPage<PublicDocument> {
        ListPage::cut(self.shown, &self.place, self.limit, |shown| self.order.cursor(shown))
    }
}

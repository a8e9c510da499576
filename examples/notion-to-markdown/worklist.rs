//! What is still to be read, each thing once, however many ways lead to it.

use std::collections::{HashSet, VecDeque};

use notion_import_core::id::NotionId;
use notion_import_core::library::document::SourceKind;

/// Something to read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lead {
    /// A page, or a row.
    Page(NotionId),
    /// A table of rows.
    DataSource(NotionId),
    /// A database, which only leads to its data sources.
    Database(NotionId),
}

impl Lead {
    /// What search found.
    pub fn found(id: NotionId, kind: SourceKind) -> Self {
        match kind {
            SourceKind::Page => Self::Page(id),
            SourceKind::DataSource => Self::DataSource(id),
        }
    }

    /// Which one.
    pub fn id(self) -> NotionId {
        match self {
            Self::Page(id) | Self::DataSource(id) | Self::Database(id) => id,
        }
    }

    /// Whether it becomes Markdown.
    fn is_document(self) -> bool {
        match self {
            Self::Page(_) | Self::DataSource(_) => true,
            Self::Database(_) => false,
        }
    }
}

/// The leads not yet followed, and all that were ever known.
#[derive(Default)]
pub struct Worklist {
    open: VecDeque<Lead>,
    known: HashSet<Lead>,
    documents: u64,
}

impl Worklist {
    /// Takes a lead in, unless it is known.
    pub fn add(&mut self, lead: Lead) {
        if self.known.insert(lead) {
            self.documents += u64::from(lead.is_document());
            self.open.push_back(lead);
        }
    }

    /// Gives the next lead to follow.
    pub fn next(&mut self) -> Option<Lead> {
        self.open.pop_front()
    }

    /// How many documents are known so far.
    pub fn documents(&self) -> u64 {
        self.documents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_followed_once_and_only_documents_are_counted() {
        let id: NotionId = "35261e8ce0a380c89f000123456789ab".parse().unwrap();
        let mut work = Worklist::default();
        for lead in [Lead::Page(id), Lead::Database(id), Lead::Page(id)] {
            work.add(lead);
        }
        assert_eq!(work.documents(), 1);
        assert_eq!(
            [work.next(), work.next(), work.next()],
            [Some(Lead::Page(id)), Some(Lead::Database(id)), None]
        );
        work.add(Lead::Page(id));
        assert_eq!(work.next(), None);
    }
}

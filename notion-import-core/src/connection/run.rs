//! What a run did: how a connection's history tells of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many runs of a connection are kept.
pub const RUNS_KEPT: usize = 100;

/// What a run did, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RunSummary {
    /// What it was begun for.
    pub occasion: Occasion,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What Notion was asked.
    pub requests: Requests,
    /// Linked documents whose source was looked at.
    pub checked: u32,
    /// Linked documents whose metadata or source state changed.
    pub changed: u32,
    /// Linked documents whose source could not be looked at: how many, by a stable code that says why.
    pub failed: BTreeMap<String, u32>,
    /// What the run itself ended with, as a stable code; none if it did all that it was to do.
    pub failure: Option<String>,
}

/// What a run was begun for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// It was due: all that is linked is looked at.
    #[default]
    Due,
    /// Somebody asked for it: all that is linked is looked at.
    Person,
    /// Somebody asked for some documents alone.
    PersonOnSome,
    /// A hint named what is looked at.
    Hint,
}

impl Occasion {
    /// Returns the name that it has everywhere.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Person => "person",
            Self::PersonOnSome => "person_on_some",
            Self::Hint => "hint",
        }
    }
}

/// Requests that were sent to Notion, each try counted, by what they ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Requests {
    /// Searches.
    pub search: u32,
    /// Queries of a data source's rows.
    pub query: u32,
    /// Looks at what a page, a data source or a database says of itself.
    pub look: u32,
    /// Blocks, and lists of them.
    pub blocks: u32,
    /// Everything else: properties, views, people.
    pub other: u32,
}

impl Requests {
    /// Returns how many those are.
    pub const fn total(&self) -> u32 {
        let Self { search, query, look, blocks, other } = *self;
        search + query + look + blocks + other
    }
}

//! What was asked of Notion, and the words of its answers, as they come.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notion_import_core::notion::{Exchange, Word};
use notion_import_core::{Error, ImporterBuilder};

/// Counts that are kept while an importer works. Clones share them.
#[derive(Clone, Default)]
pub struct Survey(Arc<Mutex<Counts>>);

/// How often what was seen.
#[derive(Default)]
pub struct Counts {
    /// Requests, by what they ask for.
    pub requests: BTreeMap<&'static str, u64>,
    /// Those of them that failed, by code.
    pub failures: BTreeMap<&'static str, u64>,
    /// The longest wait that Notion has asked for.
    pub longest_wait: Duration,
    /// The longest that a request took.
    pub slowest: Duration,
    /// Notion's words, by what was asked for.
    pub words: BTreeMap<(&'static str, Word), u64>,
}

impl Survey {
    /// Makes an importer tell of every request.
    pub fn of(&self, builder: ImporterBuilder) -> ImporterBuilder {
        let survey = self.clone();
        builder.on_exchange(move |exchange| survey.add(exchange))
    }

    /// What was counted until now.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, exchange: Exchange<'_>) {
        let words = exchange.words();
        let mut counts = self.counts();
        *counts.requests.entry(exchange.route).or_default() += 1;
        counts.slowest = counts.slowest.max(exchange.took);
        if let Some(error) = exchange.error {
            *counts.failures.entry(error.code()).or_default() += 1;
            let asked = if let Error::Notion(notion) = error { notion.retry_after } else { None };
            counts.longest_wait = counts.longest_wait.max(asked.unwrap_or_default());
        }
        for word in words {
            *counts.words.entry((exchange.route, word)).or_default() += 1;
        }
    }
}

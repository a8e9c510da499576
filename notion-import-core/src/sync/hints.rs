//! What search and queries show as edited: cheap for much, and proof of nothing that is missing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::look::Look;
use super::outcome::Outcome;
use super::plan::{self, Plan, Urgency};
use super::{SyncTask, ends_the_run};
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::{Linked, SourceParent};
use crate::notion::endpoints::{Found, QueryKind};
use crate::notion::page::Page;
use crate::notion::server_time::Moment;
use crate::source::Seen;

/// A workspace may list any number of pages; what lies beyond is looked at one by one like all that hints do not show.
const MOST: usize = 5000;

/// What was shown.
pub(super) struct Hints {
    /// Of the documents that it is news of.
    news: HashMap<NotionId, Look>,
    /// The last edit of a row, by data source.
    rows: HashMap<NotionId, DateTime<Utc>>,
    /// The last edit that search shows; none if it was not gone through.
    pub(super) newest: Option<DateTime<Utc>>,
}

impl Hints {
    /// Takes what is said of a document, if that is news.
    pub(super) fn take(&mut self, known: &Linked) -> Option<Look> {
        self.news.remove(&known.link.source.id)
    }

    /// What is said of a document.
    pub(super) fn urgency(&self, known: &Linked) -> Urgency {
        let source = &known.link.source;
        match self.rows.get(&source.id) {
            _ if self.news.contains_key(&source.id) => Urgency::Shown,
            Some(edited) if *edited > source.edited_at => Urgency::Hinted,
            _ => Urgency::Unknown,
        }
    }

    fn note(
        &mut self,
        linked: &HashMap<NotionId, &Linked>,
        began: Moment,
        seen: Seen,
        page: Option<Box<Page>>,
    ) {
        if let Some(SourceParent::DataSource(id)) = seen.source.parent {
            let last = self.rows.entry(id).or_insert(seen.source.edited_at);
            *last = (*last).max(seen.source.edited_at);
        }
        if linked.get(&seen.source.id).is_some_and(|known| plan::is_news(known, &seen)) {
            self.news.insert(seen.source.id, Look { began, seen, page });
        }
    }
}

impl SyncTask<'_> {
    /// Asks what was edited lately, or on the first run for all there is.
    pub(super) async fn hints(
        &self,
        linked: &HashMap<NotionId, &Linked>,
        plan: &Plan,
        outcome: &mut Outcome,
    ) -> Result<Hints, Error> {
        let mut hints = Hints { news: HashMap::new(), rows: HashMap::new(), newest: None };
        match self.search(linked, plan, &mut hints).await {
            Ok(newest) => {
                outcome.answered();
                hints.newest = newest;
            }
            Err(error) if ends_the_run(&error) => return Err(error),
            Err(error) => outcome.missed(error),
        }
        let Some(since) = plan.since else { return Ok(hints) };
        for data_source in &plan.data_sources {
            let began = self.api.moment();
            match self.api.rows_edited_since(*data_source, since).all().await {
                Ok(rows) => {
                    outcome.answered();
                    for page in rows {
                        let Some(seen) = Seen::of_page(&page) else { continue };
                        hints.note(linked, began, seen, Some(Box::new(page)));
                    }
                }
                Err(error) if ends_the_run(&error) => return Err(error),
                // The rows are looked at one by one then, and each answer stands for itself.
                Err(error) => outcome.missed(error),
            }
        }
        Ok(hints)
    }

    /// Goes through what search shows, and returns the last edit in it.
    async fn search(
        &self,
        linked: &HashMap<NotionId, &Linked>,
        plan: &Plan,
        hints: &mut Hints,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let (mut newest, mut count) = (None, 0);
        let mut listing = self.api.search("", QueryKind::Any).shown_only();
        while count < MOST {
            let began = self.api.moment();
            let Some(shown) = listing.next_page().await? else { break };
            for found in shown {
                let (seen, page) = match found {
                    Found::Page(page) => (Seen::of_page(&page), Some(page)),
                    Found::DataSource(data_source) => (Seen::of_data_source(&data_source), None),
                    Found::Other => (None, None),
                };
                let Some(seen) = seen else { continue };
                if plan.since.is_some_and(|since| seen.source.edited_at < since) {
                    return Ok(newest);
                }
                count += 1;
                newest = newest.max(Some(seen.source.edited_at));
                hints.note(linked, began, seen, page);
            }
        }
        Ok(newest)
    }
}

//! What search and queries show as edited: cheap for much, and proof of nothing that is missing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::look::Look;
use super::outcome::Outcome;
use super::plan::{self, Plan, Rows, Urgency};
use super::{SyncTask, ends_the_run};
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::{Linked, SourceKind, SourceParent, SourceState};
use crate::mutant;
use crate::notion::endpoints::{Found, QueryKind};
use crate::notion::page::Page;
use crate::source::Seen;

/// A workspace may list any number of pages; what lies beyond is looked at one by one like all that hints do not show.
const MOST: usize = 5000;

/// What was shown.
pub(super) struct Hints {
    /// What tells as much as a look: all that is news, and rows as they are known where all were asked for.
    looks: HashMap<NotionId, Look>,
    /// Data sources of which all rows were listed, or that are not there any more: rows that were not shown do not stand there.
    listed: HashSet<NotionId>,
    /// Data sources that were edited since, or a row of which was: how they stand is told by a look only, which sees both.
    edited: HashSet<NotionId>,
    /// The last edit that search shows; none if it was not gone through.
    pub(super) newest: Option<DateTime<Utc>>,
}

impl Hints {
    /// Takes what is said of a document, if that tells as much as a look.
    pub(super) fn take(&mut self, known: &Linked) -> Option<Look> {
        self.looks.remove(&known.link.source.id)
    }

    /// What is said of a document.
    pub(super) fn urgency(&self, known: &Linked) -> Urgency {
        let source = &known.link.source;
        let is_missing = || {
            let is_listed = plan::rows_of(known).is_some_and(|id| self.listed.contains(&id));
            is_listed && known.link.connection.is_some() && known.link.state == SourceState::Present
        };
        if self.looks.contains_key(&source.id) {
            Urgency::Shown
        } else if self.edited.contains(&source.id) || is_missing() {
            Urgency::Hinted
        } else {
            Urgency::Unknown
        }
    }

    /// Notes what was shown. If `all` rows were asked for, that which is no news tells as much as a look.
    fn note(&mut self, linked: &HashMap<NotionId, &Linked>, all: bool, look: Look) {
        let seen = &look.seen;
        let is_news_of = |id: &NotionId| linked.get(id).is_some_and(|known| plan::is_news(known, seen));
        if let Some(SourceParent::DataSource(id)) = seen.source.parent
            && is_news_of(&id)
        {
            self.edited.insert(id);
        }
        let Some(known) = linked.get(&seen.source.id) else { return };
        let is_news = plan::is_news(known, seen);
        match seen.source.kind {
            SourceKind::DataSource if is_news => drop(self.edited.insert(seen.source.id)),
            SourceKind::Page if is_news || (all && plan::is_as_known(known, seen)) => {
                self.looks.insert(seen.source.id, look);
            }
            SourceKind::DataSource | SourceKind::Page => {}
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
        let mut hints =
            Hints { looks: HashMap::new(), listed: HashSet::new(), edited: HashSet::new(), newest: None };
        if mutant::is("no hints") {
            return Ok(hints);
        }
        match self.search(linked, plan, &mut hints).await {
            Ok(newest) => {
                outcome.answered();
                hints.newest = newest;
            }
            Err(error) if ends_the_run(&error) => return Err(error),
            Err(error) => outcome.missed(error),
        }
        if mutant::is("no row queries") {
            return Ok(hints);
        }
        for (data_source, rows) in &plan.data_sources {
            match self.rows(linked, plan.since, *data_source, *rows, &mut hints).await {
                Ok(()) => outcome.answered(),
                Err(error) if ends_the_run(&error) => return Err(error),
                // The rows are looked at one by one then, and each answer stands for itself.
                Err(error) => {
                    if error.is_not_found() {
                        hints.listed.insert(*data_source);
                    }
                    outcome.missed(error);
                }
            }
        }
        Ok(hints)
    }

    /// Asks for all rows of a data source if that is worth it, else for those edited lately.
    async fn rows(
        &self,
        linked: &HashMap<NotionId, &Linked>,
        since: Option<DateTime<Utc>>,
        data_source: NotionId,
        rows: Rows,
        hints: &mut Hints,
    ) -> Result<(), Error> {
        if let Some(most) = rows.scan()
            && self.scan(linked, data_source, most, hints).await?
        {
            return Ok(());
        }
        let Some(since) = since else { return Ok(()) };
        let began = self.api.moment();
        for page in self.api.rows_edited_since(data_source, since).all().await? {
            let Some(seen) = Seen::of_page(&page) else { continue };
            hints.note(linked, false, Look { began, seen, page: Some(Box::new(page)) });
        }
        Ok(())
    }

    /// Asks for all rows of a data source, with at most so many requests, and returns whether these were enough.
    async fn scan(
        &self,
        linked: &HashMap<NotionId, &Linked>,
        data_source: NotionId,
        most: usize,
        hints: &mut Hints,
    ) -> Result<bool, Error> {
        let mut listing = self.api.rows::<Page>(data_source);
        let mut cost = 0;
        while cost < most {
            let began = self.api.moment();
            let Some(rows) = listing.next_page().await? else { break };
            cost += 1;
            for page in rows {
                let Some(seen) = Seen::of_page(&page) else { continue };
                hints.note(linked, true, Look { began, seen, page: Some(Box::new(page)) });
            }
        }
        let is_whole = listing.is_done();
        // How much more it would have cost is not known: it is not tried again until twice as much is at stake.
        let cost = if is_whole { cost } else { 2 * cost + 1 };
        self.costs.learn(self.connection.tenant, data_source, cost);
        if is_whole {
            hints.listed.insert(data_source);
        }
        Ok(is_whole)
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
                let is_older = |since| match mutant::is("exclusive watermark") {
                    false => seen.source.edited_at < since,
                    true => seen.source.edited_at <= since,
                };
                if plan.since.is_some_and(is_older) {
                    return Ok(newest);
                }
                count += 1;
                newest = newest.max(Some(seen.source.edited_at));
                hints.note(linked, false, Look { began, seen, page });
            }
        }
        Ok(newest)
    }
}

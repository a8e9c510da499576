//! Keeping the metadata of linked documents true to their sources. A sync never touches a level, a publication or content.

mod plan;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use crate::connection::{Connection, Identity};
use crate::error::Error;
use crate::id::NotionId;
use crate::import::{Fetcher, Pick, Shape};
use crate::library::document::{Content, DocumentStore, Linked, SyncCursor, SyncPatch};
use crate::notion::client::Api;
use crate::notion::endpoints::QueryKind;
use crate::options::options;
use crate::source::{self, Seen};
use plan::Plan;

/// Requests in flight at once while documents are verified.
const CONCURRENCY: usize = 8;

/// A workspace may list any number of pages; what lies beyond is verified one by one like all that hints do not show.
const MOST_HINTS: usize = 5000;

/// Linked documents read from, and patches written to, the store in one go.
const BATCH: usize = 200;

options! {
    /// How a sync behaves.
    pub struct SyncOptions {
        /// Up to so many documents are verified one by one in every run; of more, enough that each is in time.
        pub verify_at_once: usize = 1000,
        /// Within this time each document is verified, whatever search shows: a day by default.
        pub verified_within: Duration = Duration::from_secs(24 * 60 * 60),
        /// How often a run comes: every four hours by default. A schedule puts its own interval here.
        pub every: Duration = Duration::from_secs(4 * 60 * 60),
    }
}

/// What a sync did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SyncReport {
    /// Linked documents whose source was looked at.
    pub checked: u32,
    /// Of these, the ones of which something changed.
    pub changed: u32,
    /// Linked documents whose source could not be looked at this time. What is known of them stays.
    pub failed: u32,
}

/// One sync of one connection.
pub(crate) struct SyncTask<'a> {
    pub(crate) api: Api,
    pub(crate) fetcher: Fetcher<'a>,
    pub(crate) documents: &'a dyn DocumentStore,
    pub(crate) identity: Option<&'a dyn Identity>,
    pub(crate) connection: &'a Connection,
    pub(crate) options: SyncOptions,
}

impl SyncTask<'_> {
    /// Looks at everything that is linked, as far as the budget goes.
    pub(crate) async fn run(&self) -> Result<SyncReport, Error> {
        let started = self.now();
        let cursor = self.documents.cursor(self.connection).await?;
        let linked = self.linked().await?;
        let plan = plan::plan(&linked, cursor, &self.options);
        let seen = self.hints(&plan).await?;
        self.relink(&linked, &seen, self.fetcher.clock.instant()).await?;
        let mut report = SyncReport::default();
        let confirmed: Vec<&Linked> =
            linked.iter().filter(|known| plan::confirmed(known, &seen).is_some()).collect();
        self.settle(&confirmed, &seen, &mut report).await?;
        self.verify(&plan::to_verify(&linked, &seen, plan.budget), &mut report).await?;
        if report.failed == 0 {
            let read_until = self.fetcher.clock.instant();
            self.keep(&[], Some(plan::advance(cursor, started)), read_until).await?;
        }
        Ok(report)
    }

    /// Looks at some sources only, as a webhook or a person asks.
    pub(crate) async fn refresh(&self, sources: &[NotionId]) -> Result<SyncReport, Error> {
        let mut linked = self.documents.linked_by_source(self.connection.tenant, sources).await?;
        let ours = Some(self.connection.id);
        linked.retain(|known| known.link.connection.is_none() || known.link.connection == ours);
        let mut report = SyncReport::default();
        self.verify(&linked.iter().collect::<Vec<_>>(), &mut report).await?;
        Ok(report)
    }

    fn now(&self) -> DateTime<Utc> {
        self.fetcher.clock.now()
    }

    async fn linked(&self) -> Result<Vec<Linked>, Error> {
        let mut all: Vec<Linked> = Vec::new();
        loop {
            let after = all.last().map(|known| known.document);
            let batch = self.documents.linked(self.connection, after, BATCH).await?;
            let is_last = batch.len() < BATCH;
            all.extend(batch);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Asks what was edited lately, or on the first run for all there is: cheap for much, but proof of nothing that is missing.
    async fn hints(&self, plan: &Plan) -> Result<HashMap<NotionId, Seen>, Error> {
        let mut seen = HashMap::new();
        let mut listing = self.api.search("", QueryKind::Any).shown_only();
        let is_old = |found: &Seen| plan.since.is_some_and(|since| found.source.edited_at < since);
        'pages: while seen.len() < MOST_HINTS
            && let Some(page) = listing.next_page().await?
        {
            for found in page.iter().filter_map(Seen::found) {
                if is_old(&found) {
                    break 'pages;
                }
                seen.insert(found.source.id, found);
            }
        }
        let Some(since) = plan.since else { return Ok(seen) };
        for data_source in &plan.data_sources {
            match self.api.rows_edited_since(*data_source, since).all().await {
                Ok(rows) => {
                    seen.extend(rows.iter().filter_map(Seen::of_page).map(|row| (row.source.id, row)))
                }
                // The rows are verified one by one then, and each answer stands for itself.
                Err(error) if error.kind().is_of_one_source() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    /// A document left over from an earlier connection is linked again as soon as this one shows its source.
    async fn relink(
        &self,
        linked: &[Linked],
        seen: &HashMap<NotionId, Seen>,
        read_until: Instant,
    ) -> Result<(), Error> {
        let ours: std::collections::HashSet<_> = linked.iter().map(|known| known.link.source.id).collect();
        let others: Vec<NotionId> = seen.keys().filter(|id| !ours.contains(id)).copied().collect();
        for sources in others.chunks(BATCH) {
            let mut detached = self.documents.linked_by_source(self.connection.tenant, sources).await?;
            detached.retain(|known| known.link.connection.is_none());
            let patches: Vec<SyncPatch> = detached
                .iter()
                .filter_map(|known| seen.get(&known.link.source.id).map(|seen| self.diff(known, seen, None)))
                .collect();
            self.keep(&patches, None, read_until).await?;
        }
        Ok(())
    }

    /// Writes down what hints have confirmed.
    async fn settle(
        &self,
        confirmed: &[&Linked],
        seen: &HashMap<NotionId, Seen>,
        report: &mut SyncReport,
    ) -> Result<(), Error> {
        for batch in confirmed.chunks(BATCH) {
            // Boxed, or the compiler cannot tell that the sync may move between threads.
            let mut concluding = Vec::with_capacity(batch.len());
            for known in batch {
                if let Some(seen) = seen.get(&known.link.source.id) {
                    concluding.push(self.conclude(known, seen).boxed());
                }
            }
            let looks = stream::iter(concluding).buffered(CONCURRENCY).collect().await;
            self.write(batch, looks, report).await?;
        }
        Ok(())
    }

    /// Asks about documents one by one.
    async fn verify(&self, open: &[&Linked], report: &mut SyncReport) -> Result<(), Error> {
        for batch in open.chunks(BATCH) {
            let mut looking = Vec::with_capacity(batch.len());
            for known in batch {
                looking.push(self.verify_one(known).boxed());
            }
            let looks = stream::iter(looking).buffered(CONCURRENCY).collect().await;
            self.write(batch, looks, report).await?;
        }
        Ok(())
    }

    async fn verify_one(&self, known: &Linked) -> Result<SyncPatch, Error> {
        match source::metadata(&self.api, known.link.source.id, known.link.source.kind).await {
            Ok(seen) => self.conclude(known, &seen).await,
            Err(error) if error.is_not_found() => Ok(plan::gone(known, self.now())),
            Err(error) => Err(error),
        }
    }

    /// Reads the content again where only that can tell whether it has changed.
    async fn conclude(&self, known: &Linked, seen: &Seen) -> Result<SyncPatch, Error> {
        if !plan::needs_reading(known, seen, self.now()) {
            return Ok(self.diff(known, seen, None));
        }
        match self.has_changed(known).await {
            Ok(changed) => Ok(self.diff(known, seen, Some(changed))),
            Err(error) if error.kind().is_of_one_source() => Ok(self.diff(known, seen, None)),
            Err(error) => Err(error),
        }
    }

    /// Whether neither shape a source can be read in is what was imported.
    async fn has_changed(&self, known: &Linked) -> Result<bool, Error> {
        let pick = Pick { id: known.link.source.id, kind: known.link.source.kind, shape: Shape::Best };
        for shape in [Shape::Best, Shape::Markdown] {
            let fresh = self.fetcher.fetch(pick.shaped(shape)).await?.content.content;
            if fresh.digest() == known.digest {
                return Ok(false);
            }
            // Without a file both shapes are the same: what was read need not be read again.
            if let Content::Markdown(_) = fresh {
                break;
            }
        }
        Ok(true)
    }

    /// Stores what was read until then, if the connection still led where it was confirmed to lead.
    async fn keep(
        &self,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
        read_until: Instant,
    ) -> Result<(), Error> {
        if let Some(identity) = self.identity {
            identity.keep(self.connection, read_until).await?;
        }
        Ok(self.documents.patch(self.connection, patches, cursor).await?)
    }

    fn diff(&self, known: &Linked, seen: &Seen, reread: Option<bool>) -> SyncPatch {
        plan::diff(known, seen, reread, self.now())
    }

    /// Writes what was concluded. What is wrong with one document is counted; what is wrong with the connection ends the sync,
    /// after the rest was written.
    async fn write(
        &self,
        batch: &[&Linked],
        looks: Vec<Result<SyncPatch, Error>>,
        report: &mut SyncReport,
    ) -> Result<(), Error> {
        let read_until = self.fetcher.clock.instant();
        let known: HashMap<_, _> = batch.iter().map(|known| (known.document, *known)).collect();
        let mut patches = Vec::with_capacity(looks.len());
        let mut failure = None;
        for look in looks {
            match look {
                Ok(patch) => {
                    report.checked += 1;
                    report.changed +=
                        u32::from(known.get(&patch.document).is_some_and(|k| plan::changes(k, &patch)));
                    patches.push(patch);
                }
                Err(error) => {
                    report.failed += 1;
                    if !error.kind().is_of_one_source() {
                        failure = failure.or(Some(error));
                    }
                }
            }
        }
        self.keep(&patches, None, read_until).await?;
        failure.map_or(Ok(()), Err)
    }
}

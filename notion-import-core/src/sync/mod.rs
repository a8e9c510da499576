//! Keeping the metadata of linked documents true to their sources, and telling where an update waits. A sync never touches a level or
//! a publication.

mod absent;
mod costs;
mod hints;
mod look;
mod outcome;
mod plan;
mod watch;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

pub(crate) use self::costs::RowCosts;
use self::look::Look;
use self::outcome::Outcome;
use self::plan::{Plan, Why};
pub(crate) use self::watch::Watch;
pub use self::watch::{Phase, Progress};
use crate::connection::{Connection, Identity};
use crate::error::{Error, ErrorKind};
use crate::id::{DocumentId, NotionId};
use crate::import::{Fetcher, Once};
use crate::library::document::{DocumentStore, Linked, SyncCursor, SyncPatch, WhenGone};
use crate::mutant;
use crate::notion::client::Api;
use crate::options::options;

/// Requests in flight at once while documents are verified.
const CONCURRENCY: usize = 8;

/// Linked documents read from, and patches written to, the store in one go.
const BATCH: usize = 200;

options! {
    /// How a sync behaves.
    pub struct SyncOptions {
        /// Up to so many documents are verified one by one in every run, whether or not it is time; of more, enough that each is in
        /// time.
        pub verify_at_once: usize = 100,
        /// Up to so many sources are read whole in every run, to tell whether they say something else than what was imported; of more,
        /// enough that each is in time.
        pub read_at_once: usize = 200,
        /// Whether an update that a reading brings is kept as the newest version at once, which nobody outside sees until a member
        /// publishes it, instead of being told to wait.
        pub drafts: bool = false,
        /// Within this time each document is verified, whatever search shows: a day by default. If runs come less often, each verifies
        /// every document.
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
    /// Linked documents whose source could not be looked at or read this time. What is known of them stays.
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
    pub(crate) watch: Watch,
    pub(crate) costs: RowCosts,
    /// Whether what sources stood in is gone, too.
    pub(crate) parents: Once<bool>,
    pub(crate) when_gone: Option<&'a dyn WhenGone>,
}

/// A source that is to be read whole. What was seen of it is written down.
struct Unread<'a> {
    why: Why,
    known: &'a Linked,
    look: Look,
    /// Whether that was news.
    is_news: bool,
}

impl SyncTask<'_> {
    /// Looks at everything that is linked, and at what was linked through connections that are gone, as far as the budget goes.
    pub(crate) async fn run(&self) -> Result<SyncReport, Error> {
        let cursor = self.documents.cursor(self.connection).await?;
        let linked = self.linked().await?;
        self.tell_gone(linked.iter().filter(|known| known.link.state.is_gone()).map(|known| known.document))
            .await?;
        let cost = |data_source| self.costs.of(self.connection.tenant, data_source);
        let plan = plan::plan(&linked, cursor, &self.options, cost, self.time(self.api.moment()));
        let by_source: HashMap<_, _> = linked.iter().map(|known| (known.link.source.id, known)).collect();
        let mut outcome = Outcome::told(&self.watch);
        let mut hints = self.hints(&by_source, &plan, &mut outcome).await?;
        let now = self.time(self.api.moment());
        if mutant::is("watermark before the end") {
            let cursor = plan::advance(cursor, hints.newest);
            self.keep(&[], cursor, self.fetcher.clock.instant()).await?;
        }
        if mutant::is("watermark from now") {
            hints.newest = hints.newest.map(|_| self.api.moment().wall);
        }
        let to_look = plan::to_look(&linked, &plan, &self.options, now, |known| hints.urgency(known));
        let news = linked.iter().filter_map(|known| Some((known, Some(hints.take(known)?))));
        let all = news.chain(to_look.into_iter().map(|known| (known, None)));
        self.verify(all.collect(), &plan, &mut outcome).await?;
        if let Some(cursor) = plan::advance(cursor, hints.newest) {
            self.keep(&[], Some(cursor), self.fetcher.clock.instant()).await?;
        }
        Ok(outcome.report)
    }

    /// Looks at some sources only, as a webhook or a person asks.
    pub(crate) async fn refresh(&self, sources: &[NotionId]) -> Result<SyncReport, Error> {
        let mut linked = self.documents.linked_by_source(self.connection.tenant, sources).await?;
        let ours = Some(self.connection.id);
        linked.retain(|known| known.link.connection.is_none() || known.link.connection == ours);
        let mut outcome = Outcome::told(&self.watch);
        let plan = plan::plan_for(&linked, &self.options, self.time(self.api.moment()));
        self.verify(linked.iter().map(|known| (known, None)).collect(), &plan, &mut outcome).await?;
        Ok(outcome.report)
    }

    /// The documents of the connection, and those of none any more.
    async fn linked(&self) -> Result<Vec<Linked>, Error> {
        let mut all: Vec<Linked> = Vec::new();
        for is_ours in [true, false] {
            let begin = all.len();
            loop {
                let after = all[begin..].last().map(|known| known.document);
                let batch = match is_ours {
                    true => self.documents.linked(self.connection, after, BATCH).await?,
                    false => self.documents.detached(self.connection.tenant, after, BATCH).await?,
                };
                let is_last = batch.len() < BATCH;
                all.extend(batch);
                if is_last {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// Looks at documents that nothing was seen of, judges what was seen, and reads whole what has to be, as far as the budget goes.
    async fn verify(
        &self,
        documents: Vec<(&Linked, Option<Look>)>,
        plan: &Plan,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.watch.expect(documents.len());
        let mut unread = Vec::new();
        let mut documents = documents.into_iter();
        loop {
            let batch: Vec<_> = documents.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            // Boxed, or the compiler cannot tell that the sync may move between threads.
            let mut looking = Vec::with_capacity(batch.len());
            for (known, look) in batch {
                let began = self.api.moment();
                looking.push(
                    async move {
                        let looked = match look {
                            Some(look) => self.judge(known, look, plan).await,
                            None => self.look(known, plan).await,
                        };
                        (known, began, looked)
                    }
                    .boxed(),
                );
            }
            let mut patches = Vec::new();
            let mut looks = stream::iter(looking).buffered(CONCURRENCY);
            let mut ended = Ok(());
            while let Some((known, began, looked)) = looks.next().await {
                ended = match looked {
                    Ok(looked) => {
                        let is_news = outcome.found(known, &looked.patch);
                        // What is to be read is done with when it was: what the budget leaves comes first in the next run.
                        if is_news || looked.unread.is_none() {
                            patches.push(looked.patch);
                        }
                        unread.extend(looked.unread.map(|(why, look)| Unread { why, known, look, is_news }));
                        Ok(())
                    }
                    Err(error) if ends_the_run(&error) => Err(error),
                    Err(error) => {
                        outcome.failed(known, error, |found| self.patch(known, began, found));
                        outcome.check()
                    }
                };
                if ended.is_err() {
                    break;
                }
            }
            drop(looks);
            self.write(patches, outcome).await?;
            ended?;
        }
        outcome.end()?;
        self.read_whole(unread, plan, outcome).await
    }

    /// Reads what the budget allows, the most urgent first, and beside that what has its turn to be read again.
    async fn read_whole(
        &self,
        unread: Vec<Unread<'_>>,
        plan: &Plan,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let (again, mut urgent): (Vec<_>, Vec<_>) =
            unread.into_iter().partition(|unread| unread.why == Why::Again);
        urgent.sort_by_key(|unread| (unread.why, unread.known.read.read_at, unread.known.document));
        urgent.truncate(plan.readings);
        let reading = urgent.into_iter().chain(again).map(|Unread { known, look, is_news, .. }| {
            async move { (known, is_news, self.read(known, look).await) }.boxed()
        });
        let mut reading = stream::iter(reading.collect::<Vec<_>>()).buffered(CONCURRENCY).ready_chunks(BATCH);
        while let Some(read) = reading.next().await {
            let (mut patches, mut ended) = (Vec::new(), Ok(()));
            for (known, is_news, read) in read {
                match read {
                    Ok(patch) => {
                        outcome.read(known, is_news, &patch);
                        patches.push(patch);
                    }
                    Err(error) => ended = ended.and(Err(error)),
                }
            }
            self.write(patches, outcome).await?;
            ended?;
        }
        Ok(())
    }

    /// Writes what was found, and what failed while others were answered.
    async fn write(&self, mut patches: Vec<SyncPatch>, outcome: &mut Outcome) -> Result<(), Error> {
        patches.extend(outcome.take_failures());
        if patches.is_empty() {
            return Ok(());
        }
        self.keep(&patches, None, self.fetcher.clock.instant()).await
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
        self.documents.patch(self.connection, patches, cursor).await?;
        self.tell_gone(patches.iter().filter(|patch| patch.found.is_gone()).map(|patch| patch.document)).await
    }

    /// Tells of documents whose source is gone. It was written down before: whoever is told can see that, and after a crash is told again.
    async fn tell_gone(&self, documents: impl Iterator<Item = DocumentId>) -> Result<(), Error> {
        let Some(when_gone) = self.when_gone else { return Ok(()) };
        for document in documents {
            when_gone.gone(self.connection.tenant, document, self.fetcher.clock.now()).await?;
        }
        Ok(())
    }
}

/// Whether an error says something about all that is left to do: what one source meets, and what passes, costs that source alone.
fn ends_the_run(error: &Error) -> bool {
    let kind = error.kind();
    mutant::is("failure ends the run") || !kind.is_of_one_source() && kind != ErrorKind::Unavailable
}

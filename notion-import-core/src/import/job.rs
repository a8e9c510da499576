//! Importing one thing, or many at once: looked up, read, stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use futures_util::Stream;
use futures_util::stream::{self, StreamExt};

use super::reader::{CONCURRENCY, Known, Obtained, Reader};
use super::{ImportEvent, ImportOutcome, Pick, Shape};
use crate::actor::Actor;
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::{DocumentStore, Imported, Linked, NewContent, SourceKind};
use crate::notion::row::Row;
use crate::telemetry;

/// Documents looked up in one go.
const BATCH: usize = 200;

/// An import through one connection.
pub(crate) struct Job<'a> {
    pub(crate) actor: Actor,
    /// Of many things, reading one may take as long as its limit says, and storing it as long again.
    pub(crate) reader: Reader<'a>,
    pub(crate) documents: &'a dyn DocumentStore,
}

/// What was read, and until when.
type Content = (Box<NewContent>, Instant);

/// What is to be imported.
struct Prepared {
    picks: Vec<Pick>,
    /// What is over before it begins.
    failed: Vec<ImportOutcome>,
    /// The documents there were of it at the beginning.
    known: HashMap<NotionId, Linked>,
}

impl<'a> Job<'a> {
    /// Imports one page or data source. A page that was read before and has not been edited since costs one request.
    pub(crate) async fn one(&self, pick: Pick) -> Result<Imported, Error> {
        let importing = async {
            self.admit().await?;
            let known = self.linked(&[pick]).await?;
            let reading = read(&self.reader, pick, known.get(&pick.id)).await?;
            self.store(pick, reading).await
        };
        let outcome = self.reader.timely(importing).await;
        tell(&outcome);
        outcome
    }

    /// Imports many, several at a time, and tells of each as it is done. One that fails does not stop the others.
    ///
    /// Each is stored as soon as it is read, one after the other: so nothing that is done is lost with the process, and nothing
    /// of the store is held while whoever listens deals with an event, perhaps by asking the same store.
    pub(crate) fn many(self, picks: Vec<Pick>) -> impl Stream<Item = ImportEvent> + Send + 'a {
        let job = Arc::new(self);
        let preparing = job.clone();
        stream::once(async move { preparing.prepare(picks).await }).flat_map(move |prepared| {
            let Prepared { picks, failed, known } = prepared;
            let total = ImportEvent::Total(picks.len() + failed.len());
            let (storer, known) = (job.clone(), Arc::new(known));
            let reading = job.reader.clone().many(stream::iter(picks), move |reader, pick| {
                let known = known.clone();
                async move { read(&reader, pick, known.get(&pick.id)).await }
            });
            // Those whose reading has ended are taken together, so that one answer about the connection is good for all.
            let storing =
                reading.ready_chunks(CONCURRENCY).flat_map(stream::iter).then(move |(pick, reading)| {
                    let job = storer.clone();
                    async move { job.finish(pick, reading).await }
                });
            let outcomes = stream::iter(failed).chain(storing).inspect(|outcome| tell(&outcome.result));
            stream::iter([total]).chain(outcomes.map(ImportEvent::Finished))
        })
    }

    async fn prepare(&self, picks: Vec<Pick>) -> Prepared {
        if let Err(error) = self.reader.timely(self.admit()).await {
            return Prepared {
                picks: Vec::new(),
                failed: failed_all(picks, error).collect(),
                known: HashMap::new(),
            };
        }
        let (picks, mut failed) = self.expand(picks).await;
        match self.reader.timely(self.linked(&picks)).await {
            Ok(known) => Prepared { picks, failed, known },
            Err(error) => {
                failed.extend(failed_all(picks, error));
                Prepared { picks: Vec::new(), failed, known: HashMap::new() }
            }
        }
    }

    /// Takes the databases apart that are wanted as rows. One that cannot be read is an outcome already.
    async fn expand(&self, picks: Vec<Pick>) -> (Vec<Pick>, Vec<ImportOutcome>) {
        let (mut expanded, mut failed) = (Vec::new(), Vec::new());
        for pick in picks {
            match (pick.kind, pick.shape) {
                (SourceKind::DataSource, Shape::Rows) => {
                    match self.reader.timely(self.reader.fetcher.rows(pick.id)).await {
                        Ok(rows) => expanded.extend(rows.iter().filter_map(as_pick)),
                        Err(error) => failed.push(ImportOutcome { pick, result: Err(error) }),
                    }
                }
                (SourceKind::DataSource | SourceKind::Page, _) => expanded.push(pick),
            }
        }
        (expanded, failed)
    }

    /// Lets the import begin, if the connection leads where it was confirmed to lead.
    async fn admit(&self) -> Result<(), Error> {
        let connection = self.reader.fetcher.connection;
        self.actor.may_import_into(connection.tenant)?;
        match self.reader.identity {
            Some(identity) => identity.begin(connection).await,
            None => Ok(()),
        }
    }

    /// Looks up the documents of some picks.
    async fn linked(&self, picks: &[Pick]) -> Result<HashMap<NotionId, Linked>, Error> {
        let mut linked = HashMap::new();
        for batch in picks.chunks(BATCH) {
            let sources: Vec<NotionId> = batch.iter().map(|pick| pick.id).collect();
            let found =
                self.documents.linked_by_source(self.reader.fetcher.connection.tenant, &sources).await?;
            linked.extend(found.into_iter().map(|known| (known.link.source.id, known)));
        }
        Ok(linked)
    }

    async fn finish(&self, pick: Pick, reading: Result<Obtained<Content>, Error>) -> ImportOutcome {
        let result = match reading {
            Ok(reading) => self.reader.timely(self.store(pick, reading)).await,
            Err(error) => Err(error),
        };
        ImportOutcome { pick, result }
    }

    /// Hands what was read to the store. What was held when it was looked up may be gone by now.
    async fn store(&self, pick: Pick, reading: Obtained<Content>) -> Result<Imported, Error> {
        let (content, read_until) = match reading {
            Obtained::Fetched((content, read_until)) => (*content, read_until),
            Obtained::Held(page) => {
                let known = self.linked(&[pick]).await?;
                let fetcher = &self.reader.fetcher;
                if let Some(known) = known.get(&pick.id)
                    && Box::pin(fetcher.holds(known, &page, pick.shape)).await?
                {
                    return Ok(Imported::Unchanged(known.document));
                }
                let fetched = Box::pin(fetcher.fetch_from(pick, page.last_edited_time)).await?;
                (fetched.content, fetcher.clock.instant())
            }
        };
        let (connection, now) = (self.reader.fetcher.connection, self.reader.fetcher.clock.now());
        if let Some(identity) = self.reader.identity {
            identity.keep(connection, read_until).await?;
        }
        Ok(self.documents.import(&self.actor, connection, &content, now).await?)
    }
}

/// Reads one, or looks only, where that shows that it need not be read.
async fn read(reader: &Reader<'_>, pick: Pick, known: Option<&Linked>) -> Result<Obtained<Content>, Error> {
    let reader = reader.reading_again(known);
    let fetcher = &reader.fetcher;
    let known = known.filter(|known| fetcher.may_hold(known));
    let obtained = reader.read(pick, known.map(Known::Document)).await?;
    // The blocks go at once: many that are read wait for the store together.
    Ok(obtained.map(|fetched| (Box::new(fetched.content), fetcher.clock.instant())))
}

fn tell(outcome: &Result<Imported, Error>) {
    telemetry::imported(outcome.as_ref().map(|imported| imported.name()));
}

fn as_pick(row: &Row) -> Option<Pick> {
    match row {
        Row::Page(page) => page.id.map(Pick::page),
        Row::DataSource(source) => source.id.map(Pick::data_source),
    }
}

/// Returns what becomes of all of them if the import cannot begin: each meets the same error.
fn failed_all(picks: Vec<Pick>, error: Error) -> impl Iterator<Item = ImportOutcome> {
    let cause = Arc::new(error);
    picks.into_iter().map(move |pick| ImportOutcome { pick, result: Err(Error::shared(&cause)) })
}

//! Bringing one page or database into the library: read, convert or download, and hand to the store.

mod basis;
mod convert;
mod fetch;
mod media;
mod properties;
mod tree;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{self, StreamExt};

pub(crate) use fetch::Fetcher;
pub use fetch::{Child, Fetched};
pub(crate) use media::Downloads;
pub use tree::TreeLimits;

use crate::connection::Connection;
pub use crate::download::DownloadLimits;
use crate::error::{Error, StoreError};
use crate::id::NotionId;
use crate::library::document::{DocumentStore, Imported, Linked, SourceKind};
use crate::notion::pace::UNDER_WAY;
use crate::notion::page::Page;
use crate::transport::within;

/// Pages imported at once, if they are so small that each has but one request under way. The pace of the connection bounds them
/// further: none is begun while those that are have something to ask.
const CONCURRENCY: usize = UNDER_WAY;

/// Documents looked up in one go.
const BATCH: usize = 200;

/// What an import keeps within, and what it reaches out to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportOptions {
    /// The largest file that is kept, in bytes.
    pub largest_file: u64,
    /// The largest image that is kept, in bytes.
    pub largest_image: u64,
    /// How long a file may take.
    pub downloads: DownloadLimits,
    /// How much of a page is read.
    pub tree: TreeLimits,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            largest_file: 100 << 20,
            largest_image: 20 << 20,
            downloads: DownloadLimits::default(),
            tree: TreeLimits::default(),
        }
    }
}

/// Something to import.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pick {
    /// Its id: a page's or a data source's.
    pub id: NotionId,
    /// What it is.
    pub kind: SourceKind,
    /// What is made of it.
    pub shape: Shape,
}

impl Pick {
    /// A page, as its file or as Markdown.
    pub const fn page(id: NotionId) -> Self {
        Self { id, kind: SourceKind::Page, shape: Shape::Best }
    }

    /// A data source, as one table.
    pub const fn data_source(id: NotionId) -> Self {
        Self { id, kind: SourceKind::DataSource, shape: Shape::Best }
    }

    /// The same, in another shape.
    #[must_use]
    pub const fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }
}

/// What is made of a page or a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Shape {
    /// Of a page with a supported file that file, else Markdown; of a database one table.
    #[default]
    Best,
    /// Markdown, even if there is a file: files are attachments, as images are.
    Markdown,
    /// Of a database its rows, a document each; of a page as `Best`.
    Rows,
}

/// How an import is getting on. Dropping the stream of these cancels what is still open.
#[derive(Debug)]
pub enum Event {
    /// So many things are to be imported, now that databases have been taken apart into rows where that was asked for.
    Total(usize),
    /// One is done.
    Finished(Outcome),
}

/// What became of one pick.
#[derive(Debug)]
pub struct Outcome {
    /// Which one; a row has a pick of its own.
    pub pick: Pick,
    /// What the import did, or why it did nothing.
    pub result: Result<Imported, Error>,
}

/// What became of reading one.
enum Reading {
    /// The library had it already, when it was looked up.
    Held(Box<Page>),
    /// It was read.
    Fetched(Box<Fetched>),
}

/// It imports one page or data source. A page that was read before and has not been edited since costs one request.
pub(crate) async fn one(
    fetcher: &Fetcher<'_>,
    documents: &dyn DocumentStore,
    connection: &Connection,
    pick: Pick,
) -> Result<Imported, Error> {
    let known = linked(documents, connection, &[pick]).await?;
    let reading = read(fetcher, pick, known.get(&pick.id)).await?;
    store(fetcher, documents, connection, pick, reading).await
}

/// It reads one, or looks only, where that shows that it need not be read.
async fn read(fetcher: &Fetcher<'_>, pick: Pick, known: Option<&Linked>) -> Result<Reading, Error> {
    let mut edited_at = None;
    if pick.kind == SourceKind::Page
        && let Some(known) = known.filter(|known| fetcher.may_hold(known))
    {
        let page = fetcher.api.page(pick.id).await?;
        if fetcher.holds(known, &page, pick.shape) {
            return Ok(Reading::Held(Box::new(page)));
        }
        edited_at = page.last_edited_time;
    }
    Ok(Reading::Fetched(Box::new(fetcher.fetch_from(pick, edited_at).await?)))
}

/// It hands what was read to the store. What was held when it was looked up may be gone by now.
async fn store(
    fetcher: &Fetcher<'_>,
    documents: &dyn DocumentStore,
    connection: &Connection,
    pick: Pick,
    reading: Reading,
) -> Result<Imported, Error> {
    let fetched = match reading {
        Reading::Fetched(fetched) => *fetched,
        Reading::Held(page) => {
            let known = linked(documents, connection, &[pick]).await?;
            match known.get(&pick.id).filter(|known| fetcher.holds(known, &page, pick.shape)) {
                Some(known) => return Ok(Imported::Unchanged(known.document)),
                None => fetcher.fetch_from(pick, page.last_edited_time).await?,
            }
        }
    };
    Ok(documents.import(connection, &fetched.content, fetcher.clock.now()).await?)
}

/// It looks up the documents of some picks.
async fn linked(
    documents: &dyn DocumentStore,
    connection: &Connection,
    picks: &[Pick],
) -> Result<HashMap<NotionId, Linked>, StoreError> {
    let mut linked = HashMap::new();
    for batch in picks.chunks(BATCH) {
        let sources: Vec<NotionId> = batch.iter().map(|pick| pick.id).collect();
        let found = documents.linked_by_source(connection.tenant, &sources).await?;
        linked.extend(found.into_iter().map(|known| (known.link.source.id, known)));
    }
    Ok(linked)
}

/// It imports many, several at a time, and tells of each as it is done. One that fails does not stop the others.
///
/// Each is stored as soon as it is read, one after the other: so nothing that is done is lost with the process, and nothing of
/// the store is held while whoever listens deals with an event, perhaps by asking the same store.
pub(crate) fn many<'a>(
    fetcher: Fetcher<'a>,
    documents: &'a dyn DocumentStore,
    connection: &'a Connection,
    picks: Vec<Pick>,
    limit: Duration,
) -> impl Stream<Item = Event> + Send + 'a {
    let fetcher = Arc::new(fetcher);
    let preparing = fetcher.clone();
    stream::once(async move { prepare(&preparing, documents, connection, picks).await }).flat_map(
        move |Prepared { picks, failed, known }| {
            let total = picks.len() + failed.len();
            let (reader, storer, known) = (fetcher.clone(), fetcher.clone(), Arc::new(known));
            let imports = stream::iter(picks)
                .map(move |pick| {
                    let (fetcher, known) = (reader.clone(), known.clone());
                    async move { (pick, begin(&fetcher, pick, known.get(&pick.id), limit).await) }
                })
                .buffer_unordered(CONCURRENCY)
                .then(move |(pick, reading)| {
                    let fetcher = storer.clone();
                    async move {
                        let result = match reading {
                            Ok(reading) => store(&fetcher, documents, connection, pick, reading).await,
                            Err(error) => Err(error),
                        };
                        Outcome { pick, result }
                    }
                });
            stream::iter([Event::Total(total)])
                .chain(stream::iter(failed).chain(imports).map(Event::Finished))
        },
    )
}

/// It reads one as soon as there is room for it. What it waits for that is not counted.
async fn begin(
    fetcher: &Fetcher<'_>,
    pick: Pick,
    known: Option<&Linked>,
    limit: Duration,
) -> Result<Reading, Error> {
    let fetcher = Fetcher { api: fetcher.api.begin().await?, ..fetcher.clone() };
    within(&*fetcher.clock, limit, read(&fetcher, pick, known)).await.unwrap_or(Err(Error::Overdue))
}

/// What is to be imported.
struct Prepared {
    picks: Vec<Pick>,
    /// What is over before it begins.
    failed: Vec<Outcome>,
    /// The documents there were of it at the beginning.
    known: HashMap<NotionId, Linked>,
}

async fn prepare(
    fetcher: &Fetcher<'_>,
    documents: &dyn DocumentStore,
    connection: &Connection,
    picks: Vec<Pick>,
) -> Prepared {
    let (picks, mut failed) = expand(fetcher, picks).await;
    match linked(documents, connection, &picks).await {
        Ok(known) => Prepared { picks, failed, known },
        Err(error) => {
            let cause = Arc::new(error);
            let error = || Error::Store(StoreError::backend(cause.clone()));
            failed.extend(picks.into_iter().map(|pick| Outcome { pick, result: Err(error()) }));
            Prepared { picks: Vec::new(), failed, known: HashMap::new() }
        }
    }
}

/// It takes the databases apart that are wanted as rows. One that cannot be read is an outcome already.
async fn expand(fetcher: &Fetcher<'_>, picks: Vec<Pick>) -> (Vec<Pick>, Vec<Outcome>) {
    let (mut expanded, mut failed) = (Vec::new(), Vec::new());
    for pick in picks {
        match (pick.kind, pick.shape) {
            (SourceKind::DataSource, Shape::Rows) => match fetcher.row_ids(pick.id).await {
                Ok(rows) => expanded.extend(rows.into_iter().map(Pick::page)),
                Err(error) => failed.push(Outcome { pick, result: Err(error) }),
            },
            (SourceKind::DataSource | SourceKind::Page, _) => expanded.push(pick),
        }
    }
    (expanded, failed)
}

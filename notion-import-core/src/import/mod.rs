//! Bringing one page or database into the library: read, convert or download, and hand to the store.

mod basis;
mod convert;
mod fetch;
mod media;
mod properties;
mod tree;

use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{self, StreamExt};

pub(crate) use fetch::Fetcher;
pub use fetch::{Child, Fetched};
pub(crate) use media::Downloads;
pub use tree::TreeLimits;

use crate::connection::Connection;
pub use crate::download::DownloadLimits;
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::{DocumentStore, Imported, SourceKind};
use crate::notion::pace::UNDER_WAY;
use crate::transport::within;

/// Pages imported at once, if they are so small that each has but one request under way. The pace of the connection bounds them
/// further: none is begun while those that are have something to ask.
const CONCURRENCY: usize = UNDER_WAY;

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

/// It imports one page or data source. A page that was read before and has not been edited since costs one request.
pub(crate) async fn one(
    fetcher: &Fetcher<'_>,
    documents: &dyn DocumentStore,
    connection: &Connection,
    pick: Pick,
) -> Result<Imported, Error> {
    let linked = documents.linked_by_source(connection.tenant, &[pick.id]).await?;
    let mut edited_at = None;
    if pick.kind == SourceKind::Page
        && let Some(known) = linked.first().filter(|known| fetcher.may_hold(known))
    {
        let seen = fetcher.api.page(pick.id).await?;
        if fetcher.holds(known, &seen, pick.shape) {
            return Ok(Imported::Unchanged(known.document));
        }
        edited_at = seen.last_edited_time;
    }
    let fetched = fetcher.fetch_from(pick, edited_at).await?;
    Ok(documents.import(connection, &fetched.content, fetcher.clock.now()).await?)
}

/// It imports many, several at a time, and tells of each as it is done. One that fails does not stop the others.
///
/// Each is stored as soon as it is read, so nothing that is done is lost with the process: reading a page takes many times as
/// long as storing it, and storing rows together would gain nothing.
pub(crate) fn many<'a>(
    fetcher: Fetcher<'a>,
    documents: &'a dyn DocumentStore,
    connection: &'a Connection,
    picks: Vec<Pick>,
    limit: Duration,
) -> impl Stream<Item = Event> + Send + 'a {
    let fetcher = std::sync::Arc::new(fetcher);
    let expanding = fetcher.clone();
    stream::once(async move { expand(&expanding, picks).await }).flat_map(move |(picks, failed)| {
        let fetcher = fetcher.clone();
        let total = picks.len() + failed.len();
        let imports =
            stream::iter(picks)
                .map(move |pick| {
                    let fetcher = fetcher.clone();
                    async move {
                        Outcome { pick, result: begin(&fetcher, documents, connection, pick, limit).await }
                    }
                })
                .buffer_unordered(CONCURRENCY);
        stream::iter([Event::Total(total)]).chain(stream::iter(failed).chain(imports).map(Event::Finished))
    })
}

/// It imports one as soon as there is room for it. What it waits for that is not counted.
async fn begin(
    fetcher: &Fetcher<'_>,
    documents: &dyn DocumentStore,
    connection: &Connection,
    pick: Pick,
    limit: Duration,
) -> Result<Imported, Error> {
    let fetcher = Fetcher { api: fetcher.api.begin().await?, ..fetcher.clone() };
    let importing = one(&fetcher, documents, connection, pick);
    within(&*fetcher.clock, limit, importing).await.unwrap_or(Err(Error::Overdue))
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

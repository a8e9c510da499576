//! Bringing one page or database into the library: read, convert or download, and hand to the store.

mod around;
mod basis;
mod convert;
mod database;
mod directory;
mod fetch;
mod job;
mod media;
mod once;
mod properties;
mod reader;
mod shown;
mod tree;
mod views;
mod witness;

pub(crate) use database::Databases;
pub(crate) use directory::Directory;
pub use directory::KnownTitles;
pub(crate) use fetch::Fetcher;
pub use fetch::{Child, Fetched, Original};
pub(crate) use job::Job;
pub(crate) use media::Downloads;
pub(crate) use once::Once;
pub(crate) use reader::Reader;
pub(crate) use shown::{Choices, OnShown};
pub use tree::TreeLimits;
pub use views::ViewName;

use chrono::{DateTime, Utc};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::browse::Entry;
pub use crate::download::DownloadLimits;
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::{Imported, SourceKind};
use crate::options::options;

options! {
    /// What an import keeps within, and what it reaches out to.
    pub struct ImportOptions {
        /// The largest file that is kept, in bytes.
        pub largest_file: u64 = 100 << 20,
        /// The largest image that is kept, in bytes.
        pub largest_image: u64 = 20 << 20,
        /// How long a file may take.
        pub downloads: DownloadLimits = DownloadLimits::default(),
        /// How much of a page is read.
        pub tree: TreeLimits = TreeLimits::default(),
        /// Whether the transcripts of meetings are read: every word that was spoken.
        pub transcripts: bool = false,
        /// What becomes of the databases that Notion shows inside a page.
        pub inline_databases: InlineDatabases = InlineDatabases::Tables,
        /// How many rows of each such database are read. What lies beyond is reported.
        pub inline_rows: usize = 100,
        /// How many requests a run may spend on what stands around its pages: titles of others that they refer to, how numbers are shown,
        /// and roll-ups and formulas that rest on more references than a page gives. One run is one import of however many pages. What
        /// is not asked for is reported.
        pub lookups: u32 = 1_000,
        /// Whether Notion is asked beside the blocks which of them it does not show. It costs one request more each time a page is read, and
        /// up to five of `lookups` where blocks are missing or its answer is cut off; twice as many where the version of its Markdown cannot
        /// be named.
        pub completeness: bool = false,
    }
}

/// What becomes of the databases that Notion shows inside a page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum InlineDatabases {
    /// Each is a table in its place, below a link to it. It costs the requests of a small database.
    #[default]
    Tables,
    /// Each is a link to it.
    Links,
}

/// Something to import.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Pick {
    /// Its id: a page's or a data source's.
    pub id: NotionId,
    /// What it is.
    pub kind: SourceKind,
    /// What is made of it.
    #[serde(default)]
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

impl Entry {
    /// Returns the pick that imports it: a page as its file or as Markdown, a data source as one table.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use notion_import_core::{Actor, Connection, Error, Imported, Importer, MemberId, MemoryBlobs, MemoryLibrary, OtherKind, Pick, Query, Role, StaticToken, TenantId};
    /// # use notion_import_core::testing::{SimClock, World, WorldTransport};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (world, clock) = (World::new(7), SimClock::new("2026-11-22T08:00:00Z".parse()?));
    /// # let author = world.at("2026-11-22T07:00:00Z".parse()?);
    /// # let workspace = author.workspace("Acme");
    /// # let policy = author.page(workspace, "Security policy");
    /// # let tokens = Arc::new(StaticToken::new(world.grant(workspace, [policy]).token));
    /// # let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    /// # let transport = Arc::new(WorldTransport::new(world.clone(), clock.clone()));
    /// # let importer = Importer::builder(tokens, documents, blobs).through(transport, Arc::new(clock)).build()?;
    /// # let connection = Connection::new(TenantId::fresh(), "acme");
    /// # let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
    /// let listing = importer.browse(&actor, &connection, &Query::default()).await?;
    /// let imported = importer.import_one(&actor, &connection, listing.entries[0].pick()).await?;
    /// assert!(matches!(imported, Imported::Created(_)));
    ///
    /// // What is picked as something else is not imported, and the error says what it is.
    /// let mistaken = Pick::data_source(listing.entries[0].source.id);
    /// let error = importer.import_one(&actor, &connection, mistaken).await.unwrap_err();
    /// assert!(matches!(error, Error::OtherKind(OtherKind::Page)));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn pick(&self) -> Pick {
        Pick { id: self.source.id, kind: self.source.kind, shape: Shape::Best }
    }
}

/// Something to read, and what is known of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Wanted {
    /// What to read.
    pub pick: Pick,
    /// The last edit of the page when it was read before. If it shows no later one it is not read again, which costs one request.
    /// Of a data source nothing like it can be known: its rows come and go without a trace in it.
    pub known_edit: Option<DateTime<Utc>>,
}

impl From<Pick> for Wanted {
    fn from(pick: Pick) -> Self {
        Self { pick, known_edit: None }
    }
}

/// What came of reading something.
#[derive(Clone, PartialEq, Debug)]
pub enum FetchOutcome<B> {
    /// The page was not edited until then, since it was read before, and it is not in the trash.
    Unedited(DateTime<Utc>),
    /// What was read, and the store that has its files.
    Fetched(Box<Fetched>, B),
}

/// What is made of a page or a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum ImportEvent {
    /// So many things are to be imported, now that databases have been taken apart into rows where that was asked for.
    Total(usize),
    /// One is done.
    Finished(ImportOutcome),
}

/// What became of one pick.
#[derive(Debug)]
pub struct ImportOutcome {
    /// Which one; a row has a pick of its own.
    pub pick: Pick,
    /// What the import did, or why it did nothing.
    pub result: Result<Imported, Error>,
}

/// As an object with what was imported or with an error, of which it says no more than the code and the kind.
impl Serialize for ImportOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut outcome = serializer.serialize_struct("ImportOutcome", 3)?;
        outcome.serialize_field("pick", &self.pick)?;
        outcome.serialize_field("imported", &self.result.as_ref().ok())?;
        outcome.serialize_field("error", &self.result.as_ref().err())?;
        outcome.end()
    }
}

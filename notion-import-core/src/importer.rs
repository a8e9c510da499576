//! The front door: one line per flow.

mod builder;
mod parts;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{Stream, TryStreamExt, stream};
use tracing::Instrument;

pub use builder::{ImporterBuilder, Timeouts};
use parts::span;

use crate::actor::Actor;
use crate::browse::{self, Entry, Listing, Query};
use crate::connection::{Connection, Identity, TokenSource, Workspace};
use crate::download::Downloader;
pub use crate::download::External;
use crate::error::{Error, StoreError};
use crate::id::{NotionId, TenantId};
use crate::import::{
    Choices, FetchOutcome, Fetched, Fetcher, ImportEvent, ImportOptions, KnownTitles, Pick, ViewName, Wanted,
};
use crate::library::blob::BlobStore;
use crate::library::document::{DocumentStore, Imported, Shown, Source, WhenGone};
pub use crate::library::sweep::GRACE;
use crate::library::sweep::sweep;
use crate::notion::client::Client;
pub use crate::notion::client::Retry;
use crate::notion::endpoints::QueryKind;
pub use crate::source::SEARCH_LAG;
use crate::source::{self, Seen};
use crate::sync::{RowCosts, SyncOptions, SyncReport, Watch};
use crate::transport::{Clock, all_within};

/// Browses, imports and syncs. Clones share everything, the pace of each connection included, so a process needs one.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use notion_import_core::testing::{SimClock, World, WorldTransport, paragraph};
/// use notion_import_core::transport::Clock;
/// use notion_import_core::{
///     Actor, Connection, Importer, MemberId, MemoryBlobs, MemoryLibrary, Query, Role, StaticToken, TenantId,
/// };
///
/// # let world = World::new(7);
/// # let clock = SimClock::new("2026-11-22T08:00:00Z".parse()?);
/// # let author = world.at(clock.now());
/// # let workspace = author.workspace("Acme");
/// # let policy = author.page(workspace, "Security policy");
/// # author.append(policy, [paragraph("We encrypt everything.")]);
/// # let grant = world.grant(workspace, [policy]);
/// # clock.advance(std::time::Duration::from_secs(600));
/// // A fake Notion, where a host names a token of its own and leaves out `through`.
/// let tokens = StaticToken::new(grant.token.clone());
/// let transport = WorldTransport::new(world.clone(), clock.clone());
/// let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
/// let importer = Importer::builder(Arc::new(tokens), Arc::new(library.clone()), Arc::new(blobs))
///     .through(Arc::new(transport), Arc::new(clock.clone()))
///     .build()?;
/// let connection = Connection::new(TenantId::fresh(), "acme");
/// let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::ContentManager);
///
/// let listing = importer.browse(&actor, &connection, &Query::default()).await?;
/// importer.import_one(&actor, &connection, listing.entries[0].pick()).await?;
///
/// author.set_title(policy, "Security policy 2027");
/// clock.advance(std::time::Duration::from_secs(4 * 60 * 60));
/// assert_eq!(importer.sync(&connection).await?.changed, 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Importer {
    client: Client,
    downloader: Downloader,
    documents: Arc<dyn DocumentStore>,
    blobs: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
    import: ImportOptions,
    choices: Choices,
    sync: SyncOptions,
    timeouts: Timeouts,
    identity: Option<Arc<dyn Identity>>,
    known: KnownTitles,
    watch: Watch,
    costs: RowCosts,
    when_gone: Option<Arc<dyn WhenGone>>,
}

/// What a person begins takes the [`Actor`], who must be allowed to import into the connection's tenant. The rest acts for the system
/// and asks for no role: [`fetch`](Self::fetch), [`fetch_into`](Self::fetch_into), [`metadata`](Self::metadata),
/// [`workspace`](Self::workspace), [`listed`](Self::listed), [`rows`](Self::rows), [`data_sources`](Self::data_sources),
/// [`views`](Self::views), [`sync`](Self::sync), [`refresh`](Self::refresh) and [`sweep_files`](Self::sweep_files).
impl Importer {
    /// An importer over these stores, with every option at its default.
    ///
    /// # Errors
    /// As [`ImporterBuilder::build`].
    pub fn new(
        tokens: Arc<dyn TokenSource>,
        documents: Arc<dyn DocumentStore>,
        blobs: Arc<dyn BlobStore>,
    ) -> Result<Self, Error> {
        Self::builder(tokens, documents, blobs).build()
    }

    /// An importer over these stores, with options to set.
    pub fn builder(
        tokens: Arc<dyn TokenSource>,
        documents: Arc<dyn DocumentStore>,
        blobs: Arc<dyn BlobStore>,
    ) -> ImporterBuilder {
        ImporterBuilder::new(tokens, documents, blobs)
    }

    /// Returns the same importer with titles that the host knows: what a page refers to is called by these without a request. They are of
    /// one connection, for another may not see them.
    #[must_use]
    pub fn knowing(&self, known: KnownTitles) -> Self {
        Self { known, ..self.clone() }
    }

    /// Returns the same importer, for data sources of which somebody chose what is shown. An import keeps the choice with the document:
    /// later imports and syncs show the same until there is another choice. It says nothing of pages that show the data source inside.
    #[must_use]
    pub fn showing(&self, chosen: HashMap<NotionId, Shown>) -> Self {
        Self { choices: self.choices.choosing(chosen), ..self.clone() }
    }

    /// Searches the titles of what the connection can see, or lists what was edited last, for a member of its tenant.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import; Notion's, the token source's and the store's, here as in every other flow.
    pub async fn browse(
        &self,
        actor: &Actor,
        connection: &Connection,
        query: &Query,
    ) -> Result<Listing, Error> {
        actor.may_import_into(connection.tenant)?;
        let api = self.client.on(connection).interactive();
        let searching = browse::search(&api, &*self.documents, connection, query);
        self.reading("browse", connection, self.timeouts.browse, searching).await
    }

    /// Finds what a link or an id leads to that a member of the connection's tenant has pasted, whether search shows it or not. Nothing
    /// for what is no link to Notion.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import; [`Error::is_not_found`] if the page is not shared with the connection.
    pub async fn resolve_link(
        &self,
        actor: &Actor,
        connection: &Connection,
        text: &str,
    ) -> Result<Vec<Entry>, Error> {
        actor.may_import_into(connection.tenant)?;
        let api = self.client.on(connection).interactive();
        let looking = browse::resolve_link(&api, &*self.documents, connection, text);
        self.reading("resolve_link", connection, self.timeouts.browse, looking).await
    }

    /// Imports one page or data source, as a member of the connection's tenant.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import; [`Error::OtherKind`] if what was picked as
    /// a page is none, or as a data source. On any error the library is as it was.
    pub async fn import_one(
        &self,
        actor: &Actor,
        connection: &Connection,
        pick: Pick,
    ) -> Result<Imported, Error> {
        self.job(actor, connection).one(pick).instrument(span("import_one", connection.tenant)).await
    }

    /// Imports many, several at a time, and tells of each as it is done. Dropping the stream cancels the rest; what is done stays.
    /// Reading goes on only while the stream is asked for its next event, so whoever does more with one than note it, such as asking
    /// Notion through the same connection, does that in a task of its own. Asking the stores is always safe.
    pub fn import<'a>(
        &'a self,
        actor: &Actor,
        connection: &'a Connection,
        picks: Vec<Pick>,
    ) -> impl Stream<Item = ImportEvent> + Send + use<'a> {
        self.job(actor, connection).many(picks)
    }

    /// Reads a page or data source as an import would, files included, and stores no document.
    ///
    /// # Errors
    /// Notion's and the blob store's.
    pub async fn fetch(&self, connection: &Connection, pick: Pick) -> Result<Fetched, Error> {
        self.reading("fetch", connection, self.timeouts.import, self.fetcher(connection).fetch(pick)).await
    }

    /// Does the same and keeps the files in a store of the caller's choice: one for each document, for instance.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_into(
        &self,
        blobs: &dyn BlobStore,
        connection: &Connection,
        pick: Pick,
    ) -> Result<Fetched, Error> {
        let fetcher = Fetcher { blobs, ..self.fetcher(connection) };
        self.reading("fetch", connection, self.timeouts.import, fetcher.fetch(pick)).await
    }

    /// Reads many as [`fetch`](Self::fetch) does, several at a time, and hands on each as it is done, whatever comes of the others.
    /// Each has its files in a store of its own, which is made when its turn has come. More may be wanted while the stream is read.
    /// As with [`import`](Self::import), reading goes on only while the stream is asked for its next.
    pub fn fetch_many<'a, B: BlobStore + 'a>(
        &'a self,
        connection: &'a Connection,
        wanted: impl Stream<Item = Wanted> + Send + 'a,
        blobs_for: impl Fn(Pick) -> Result<B, StoreError> + Send + Sync + 'a,
    ) -> impl Stream<Item = (Wanted, Result<FetchOutcome<B>, Error>)> + Send + 'a {
        let blobs_for = Arc::new(blobs_for);
        self.reader(connection).many(wanted, move |reader, wanted| {
            let blobs_for = blobs_for.clone();
            async move {
                self.begin(connection).await?;
                reader.read_into(wanted, &*blobs_for).await
            }
        })
    }

    /// Looks at what a page or data source says of itself, its last edit for instance, without reading its content.
    ///
    /// # Errors
    /// Notion's.
    pub async fn metadata(&self, connection: &Connection, pick: Pick) -> Result<Source, Error> {
        let api = self.client.on(connection).interactive();
        let looking = async {
            let looked = source::metadata(&api, pick.id, pick.kind).await;
            source::or_other_kind(&api, pick.id, pick.kind, looked).await
        };
        Ok(self.reading("metadata", connection, self.timeouts.browse, looking).await?.source)
    }

    /// Lists everything that search shows of what matches, last edited first, as search knows it: it shows edits late, so that
    /// [`edited_at`](Source::edited_at) proves an edit but never that there was none. What it does not list may exist all the same:
    /// pages and data sources have [`children`](Fetched::children). Where Notion says that it shows only a part, the last that comes
    /// is [`Error::Incomplete`]. As in a browse, it fails within seconds where Notion cannot be reached.
    pub fn listed<'a>(
        &'a self,
        connection: &'a Connection,
        words: &str,
    ) -> impl Stream<Item = Result<Source, Error>> + Send + 'a {
        let found =
            self.client.on(connection).interactive().search(words, QueryKind::Any).shown_first().stream();
        let found =
            found.try_filter_map(|found| async move { Ok(Seen::found(&found).map(|seen| seen.source)) });
        let listing = stream::once(async move { self.begin(connection).await.map(|()| found) }).try_flatten();
        all_within(&*self.clock, self.timeouts.sync, listing)
    }

    /// Asks which workspace the connection leads to.
    ///
    /// # Errors
    /// Notion's.
    pub async fn workspace(&self, connection: &Connection) -> Result<Workspace, Error> {
        let api = self.client.on(connection).interactive();
        self.reading("workspace", connection, self.timeouts.browse, api.me()).await
    }

    /// Lists the rows of a data source that are pages.
    ///
    /// # Errors
    /// Notion's.
    pub async fn rows(&self, connection: &Connection, data_source: NotionId) -> Result<Vec<NotionId>, Error> {
        let fetcher = self.fetcher(connection);
        let rows = self.reading("rows", connection, self.timeouts.import, fetcher.rows(data_source)).await?;
        Ok(rows.iter().filter_map(|row| row.page()?.id).collect())
    }

    /// Lists the data sources of a database.
    ///
    /// # Errors
    /// Notion's.
    pub async fn data_sources(
        &self,
        connection: &Connection,
        database: NotionId,
    ) -> Result<Vec<NotionId>, Error> {
        let api = self.client.on(connection);
        let database =
            self.reading("data_sources", connection, self.timeouts.import, api.database(database)).await?;
        Ok(database.data_sources.iter().filter_map(|named| named.id).collect())
    }

    /// Lists the views of a data source that show rows, in the order of its database: what [`showing`](Self::showing) can choose. For a
    /// person who waits.
    ///
    /// # Errors
    /// Notion's; [`Error::OtherKind`] if it is no data source.
    pub async fn views(
        &self,
        connection: &Connection,
        data_source: NotionId,
    ) -> Result<Vec<ViewName>, Error> {
        let fetcher = self.fetcher(connection);
        let fetcher = Fetcher { api: fetcher.api.clone().interactive(), ..fetcher };
        self.reading("views", connection, self.timeouts.browse, fetcher.views(data_source)).await
    }

    /// Refreshes the metadata of everything that is linked through the connection, and marks where an update is available.
    ///
    /// # Errors
    /// [`Error::needs_reconnect`] if Notion no longer accepts the connection. What was found until then is kept.
    pub async fn sync(&self, connection: &Connection) -> Result<SyncReport, Error> {
        self.reading("sync", connection, self.timeouts.sync, self.syncing(connection).run()).await
    }

    /// Does the same for some sources only, as a webhook asks.
    ///
    /// # Errors
    /// As [`sync`](Self::sync).
    pub async fn refresh(&self, connection: &Connection, sources: &[NotionId]) -> Result<SyncReport, Error> {
        self.reading("refresh", connection, self.timeouts.sync, self.syncing(connection).refresh(sources))
            .await
    }

    /// Removes the tenant's files that no document refers to and that were put longer ago than `grace`, and returns how many
    /// those are. A file that is removed may stay until the next sweep. To be called now and then, such as daily with
    /// [`GRACE`]; no import may take longer than `grace`, since its document comes last.
    ///
    /// # Errors
    /// The stores'.
    pub async fn sweep_files(&self, tenant: TenantId, grace: Duration) -> Result<u64, Error> {
        let before =
            TimeDelta::from_std(grace).ok().and_then(|grace| self.clock.now().checked_sub_signed(grace));
        // Longer ago than there were clocks: nothing is.
        let Some(before) = before else { return Ok(0) };
        let sweeping = sweep(&*self.documents, &*self.blobs, tenant, before);
        Ok(sweeping.instrument(span("sweep_files", tenant)).await?)
    }

    /// Builds the same importer for syncs that come this often.
    pub(crate) fn synced_every(mut self, interval: Duration) -> Self {
        self.sync.every = interval;
        self
    }

    /// Builds the same importer for one run, which accounts for itself here and gives up where Notion keeps it waiting for longer
    /// than `patience` at a time.
    pub(crate) fn watched(&self, watch: &Watch, patience: Duration) -> Self {
        let client = self.client.counting(watch.tally(), patience);
        Self { client, watch: watch.clone(), ..self.clone() }
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(crate) fn blobs(&self) -> &Arc<dyn BlobStore> {
        &self.blobs
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn documents(&self) -> &Arc<dyn DocumentStore> {
        &self.documents
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

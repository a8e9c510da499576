//! What an importer is made of.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Importer;
use crate::connection::{Identity, TokenSource};
use crate::download::{Downloader, External, Guard};
use crate::error::Error;
use crate::id::NotionId;
use crate::import::{Choices, ImportOptions, KnownTitles, OnShown};
use crate::library::blob::BlobStore;
use crate::library::document::{DocumentStore, Shown, WhenGone};
use crate::notion::client::{Client, Observers, Retry};
use crate::notion::exchange::Exchange;
use crate::options::options;
use crate::sync::{RowCosts, SyncOptions, Watch};
use crate::transport::{Clock, Http, SystemClock, Transport};

options! {
    /// How long things may take. What takes longer ends in an error, and leaves nothing half done.
    pub struct Timeouts {
        /// One request to Notion and its answer, 75 seconds at most: Notion itself gives up after a minute.
        pub attempt: Duration = Duration::from_secs(75),
        /// What a person waits for: browsing, finding what a pasted link leads to, looking at metadata. Where Notion cannot be reached
        /// they hear of it within seconds: a request is sent three times at most, and not again once no connection was made for 8 seconds.
        pub browse: Duration = Duration::from_secs(2 * 60),
        /// One page or data source, from the first request to the store. Notion may let through no more than 180 requests a minute;
        /// of many that are imported, each waits for its turn before that.
        pub import: Duration = Duration::from_secs(2 * 60 * 60),
        /// A sync of all that is linked, or a list of all that search shows. What was found until then is kept.
        pub sync: Duration = Duration::from_secs(4 * 60 * 60),
    }
}

/// What an [`Importer`] is made of.
pub struct ImporterBuilder {
    tokens: Arc<dyn TokenSource>,
    documents: Arc<dyn DocumentStore>,
    blobs: Arc<dyn BlobStore>,
    guard: Guard,
    import: ImportOptions,
    shown: OnShown,
    sync: SyncOptions,
    when_gone: Option<Arc<dyn WhenGone>>,
    timeouts: Timeouts,
    identity: Option<Arc<dyn Identity>>,
    observers: Observers,
    #[cfg(feature = "testing")]
    stand: Option<(Arc<dyn Transport>, Arc<dyn Clock>)>,
}

impl ImporterBuilder {
    /// Builds one with every option at its default.
    pub(super) fn new(
        tokens: Arc<dyn TokenSource>,
        documents: Arc<dyn DocumentStore>,
        blobs: Arc<dyn BlobStore>,
    ) -> Self {
        Self {
            tokens,
            documents,
            blobs,
            guard: Guard::default(),
            import: ImportOptions::default(),
            shown: Arc::new(|_| Shown::default()),
            sync: SyncOptions::default(),
            when_gone: None,
            timeouts: Timeouts::default(),
            identity: None,
            observers: Observers::default(),
            #[cfg(feature = "testing")]
            stand: None,
        }
    }

    /// Trusts one origin (scheme, host and port, nothing more) to serve files, wherever it is: a stand-in, or the host of another
    /// `NOTION_API_URL`.
    #[must_use]
    pub fn trust_origin(mut self, origin: &Url) -> Self {
        self.guard.trust(origin);
        self
    }

    /// Fetches files that Notion does not host, or leaves them links (the default).
    #[must_use]
    pub fn external_files(mut self, external: External) -> Self {
        self.guard.fetch_external(external);
        self
    }

    /// Imports within these limits.
    #[must_use]
    pub fn import_options(mut self, options: ImportOptions) -> Self {
        self.import = options;
        self
    }

    /// Asks this, by the id of a data source, what of it is shown: in a document of its own, unless somebody
    /// [chose](Importer::showing) that, and inside pages. It must return soon, and the same for imports and syncs.
    #[must_use]
    pub fn databases(mut self, shown: impl Fn(NotionId) -> Shown + Send + Sync + 'static) -> Self {
        self.shown = Arc::new(shown);
        self
    }

    /// Syncs like this.
    #[must_use]
    pub fn sync_options(mut self, options: SyncOptions) -> Self {
        self.sync = options;
        self
    }

    /// Tells this of documents whose source a sync finds gone: `InternalWhenGone` (feature `gate`) closes them. Without it they stay as
    /// they are.
    #[must_use]
    pub fn when_gone(mut self, when_gone: Arc<dyn WhenGone>) -> Self {
        self.when_gone = Some(when_gone);
        self
    }

    /// Asks this whether a connection still leads to the workspace that was confirmed: before anything is read through it, and again
    /// before what was read is stored. A host whose tokens nobody can replace needs none.
    #[must_use]
    pub fn identity(mut self, identity: Arc<dyn Identity>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Gives up after these times.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Tells of each request to Notion that failed and is sent again, for a person who watches. It must return soon.
    #[must_use]
    pub fn on_retry(mut self, tell: impl Fn(Retry<'_>) + Send + Sync + 'static) -> Self {
        self.observers.on_retry = Some(Arc::new(tell));
        self
    }

    /// Tells of each request to Notion and what came of it, for a look at what a workspace holds: metrics there are by themselves
    /// ([`METRICS`](crate::METRICS)). It must return soon.
    #[must_use]
    pub fn on_exchange(mut self, tell: impl Fn(Exchange<'_>) + Send + Sync + 'static) -> Self {
        self.observers.on_exchange = Some(Arc::new(tell));
        self
    }

    /// Talks to a stand-in, under a clock of its own.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn through(mut self, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        self.stand = Some((transport, clock));
        self
    }

    /// Builds the importer.
    ///
    /// # Errors
    /// [`TransportError`](crate::error::TransportError) if the TLS backend cannot be set up.
    pub fn build(self) -> Result<Importer, Error> {
        #[cfg(feature = "testing")]
        if let Some((transport, clock)) = self.stand.clone() {
            let downloader = Downloader::through(transport.clone(), self.guard.clone(), clock.clone());
            return Ok(self.assemble(transport, clock, downloader));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let downloader = Downloader::new(self.guard.clone(), clock.clone())?;
        Ok(self.assemble(Arc::new(Http::new()?), clock, downloader))
    }

    /// What of it decides about downloads. A new setting does not compile until it was looked at here; one that opens anything is
    /// to be set to its widest where forbidden addresses are tested.
    #[cfg(feature = "testing")]
    pub(crate) fn downloads(self) -> (Guard, ImportOptions) {
        let Self {
            guard,
            import,
            tokens: _,
            documents: _,
            blobs: _,
            sync: _,
            when_gone: _,
            shown: _,
            timeouts: _,
            identity: _,
            observers: _,
            stand: _,
        } = self;
        (guard, import)
    }

    fn assemble(
        self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        downloader: Downloader,
    ) -> Importer {
        Importer {
            client: Client::new(transport, clock.clone(), self.tokens, self.timeouts.attempt, self.observers),
            downloader,
            documents: self.documents,
            blobs: self.blobs,
            clock,
            import: self.import,
            choices: Choices::of_host(self.shown),
            sync: self.sync,
            timeouts: self.timeouts,
            identity: self.identity,
            known: KnownTitles::default(),
            watch: Watch::default(),
            costs: RowCosts::default(),
            when_gone: self.when_gone,
        }
    }
}

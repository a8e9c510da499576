//! Downloads alone, as an import makes them.

use std::sync::Arc;

use url::Url;

use super::Switchboard;
use crate::download::{Accept, DownloadLimits, Downloader, External, Guard, Wanted};
use crate::error::{DownloadError, Error};
use crate::id::TenantId;
use crate::importer::ImporterBuilder;
use crate::library::blob::BlobStore;
use crate::library::document::StoredFile;
use crate::transport::{SharedClock, SystemClock};

/// Downloads alone, as an import makes them.
#[derive(Clone)]
pub struct Download {
    guard: Guard,
    wire: Option<Switchboard>,
    clock: SharedClock,
    limits: DownloadLimits,
    cap: u64,
}

impl Default for Download {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            wire: None,
            clock: Arc::new(SystemClock),
            limits: DownloadLimits::default(),
            cap: 100 << 20,
        }
    }
}

impl Download {
    /// Downloads as an importer of this builder would.
    pub fn of(builder: ImporterBuilder) -> Self {
        let (guard, options) = builder.downloads();
        Self { guard, limits: options.downloads, cap: options.largest_file, ..Self::default() }
    }

    /// Goes over this wire instead of the network.
    #[must_use]
    pub fn over(mut self, wire: &Switchboard) -> Self {
        self.wire = Some(wire.clone());
        self
    }

    /// Waits by this clock.
    #[must_use]
    pub fn under(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Trusts an origin, as [`trust_origin`](crate::importer::ImporterBuilder::trust_origin) does.
    #[must_use]
    pub fn trusting(mut self, origin: &Url) -> Self {
        self.guard.trust(origin);
        self
    }

    /// Fetches what Notion does not host, or does not.
    #[must_use]
    pub fn external(mut self, external: External) -> Self {
        self.guard.fetch_external(external);
        self
    }

    /// Keeps to these limits.
    #[must_use]
    pub fn within(mut self, limits: DownloadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes files of at most so many bytes.
    #[must_use]
    pub fn cap(mut self, cap: u64) -> Self {
        self.cap = cap;
        self
    }

    /// Downloads a document.
    ///
    /// # Errors
    /// As an import would meet them.
    pub async fn document(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        url: &str,
    ) -> Result<StoredFile, Error> {
        let url = Url::parse(url).map_err(|_| DownloadError::Refused("it is no address"))?;
        let (guard, clock) = (self.guard.clone(), self.clock.clone());
        let downloader = match &self.wire {
            Some(wire) => Downloader::over(Arc::new(wire.clone()), guard, clock),
            None => Downloader::new(guard, clock).map_err(DownloadError::Transport)?,
        };
        let (accept, cap, limits) = (Accept::Document, self.cap, self.limits);
        downloader.store(blobs, tenant, &Wanted { url: &url, name: None, accept, cap, limits }).await
    }
}

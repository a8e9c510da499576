//! The only code that connects to an address a page's author wrote: guarded, bounded, streamed.

mod guard;
mod media;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};
use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

pub use guard::External;
pub(crate) use guard::Guard;
pub(crate) use media::Accept;

use crate::error::{Cause, DownloadError, Error, StoreError, TransportError};
use crate::id::TenantId;
use crate::library::blob::{BlobStore, ByteStream};
use crate::library::document::StoredFile;
use crate::library::file_name::file_name;
use crate::notion::file;
use crate::transport::{Body, Clock, Http, Request, Response, Transport};

/// How often a file server may send us on.
const HOPS: u32 = 3;

/// How often a download that broke off is begun anew.
const TRIES: u32 = 6;

/// Enough of a file to tell what it is.
const HEAD: usize = 8 << 10;

/// No file may take longer, however steadily it drips.
const LONGEST: Duration = Duration::from_secs(600);

/// Fetches files and keeps them as blobs.
#[derive(Clone)]
pub(crate) struct Downloader {
    guard: Guard,
    /// It vets every address it connects to.
    guarded: Arc<dyn Transport>,
    /// It serves exact origins that code trusts, and nothing else.
    trusted: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

/// A file to fetch.
pub(crate) struct Wanted<'a> {
    /// Where it is.
    pub(crate) url: &'a Url,
    /// What its author calls it, if anything.
    pub(crate) name: Option<&'a str>,
    /// What it may be.
    pub(crate) accept: Accept,
    /// How large it may be, in bytes.
    pub(crate) cap: u64,
}

impl Downloader {
    pub(crate) fn new(guard: Guard, clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        let guarded = Arc::new(Http::vetting(guard::is_public)?);
        let trusted = Arc::new(Http::new()?);
        Ok(Self { guard, guarded, trusted, clock })
    }

    /// It sends everything through one transport; the guard still judges every address.
    #[cfg(feature = "testing")]
    pub(crate) fn through(transport: Arc<dyn Transport>, guard: Guard, clock: Arc<dyn Clock>) -> Self {
        Self { guard, guarded: transport.clone(), trusted: transport, clock }
    }

    /// It downloads a file into the tenant's blobs, wholly or not at all.
    pub(crate) async fn store(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        wanted: &Wanted<'_>,
    ) -> Result<StoredFile, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            let deadline = self.clock.sleep(LONGEST);
            let outcome = tokio::select! {
                outcome = self.try_store(blobs, tenant, wanted) => outcome,
                () = deadline => Err(DownloadError::Transport(TransportError::Timeout).into()),
            };
            match outcome {
                Err(error) if tried < TRIES && is_worth_trying_again(&error) => {
                    self.clock.sleep(Duration::from_millis(250) * 2_u32.pow(tried)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_store(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        wanted: &Wanted<'_>,
    ) -> Result<StoredFile, Error> {
        let response = self.open(wanted.url).await?;
        let (head, rest) = peek(response.body).await.map_err(DownloadError::Transport)?;
        let author_name = wanted
            .name
            .map(str::to_owned)
            .or_else(|| file::file_name(wanted.url.as_str()))
            .unwrap_or_default();
        let media_type = wanted.accept.detect(&head, &author_name).ok_or(DownloadError::Type)?;
        let whole: ByteStream = stream::once(async { Ok(head) })
            .chain(rest.map(|part| part.map_err(|error| Box::new(error) as Cause)))
            .boxed();
        let blob = blobs.put(tenant, whole, wanted.cap).await.map_err(download_error)?;
        Ok(StoredFile { blob, name: file_name(&author_name, media_type), media_type: media_type.to_owned() })
    }

    /// It follows redirects by hand, for the guard judges every hop.
    async fn open(&self, url: &Url) -> Result<Response, DownloadError> {
        let mut url = url.clone();
        for _ in 0..=HOPS {
            let transport = match self.guard.judge(&url)? {
                guard::Verdict::Trusted => &self.trusted,
                guard::Verdict::Guarded => &self.guarded,
            };
            let request =
                Request { method: Method::GET, url: url.clone(), headers: HeaderMap::new(), body: None };
            let response = transport.send(request).await.map_err(DownloadError::Transport)?;
            match response.status {
                StatusCode::OK => return Ok(response),
                status if status.is_redirection() => url = next_hop(&url, &response)?,
                // What S3 answers to a signature that is no longer valid.
                StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST | StatusCode::GONE => {
                    return Err(DownloadError::Expired);
                }
                status => return Err(DownloadError::Status(status)),
            }
        }
        Err(DownloadError::Refused("too many redirects"))
    }
}

fn next_hop(from: &Url, response: &Response) -> Result<Url, DownloadError> {
    let location = response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    location.and_then(|to| from.join(to).ok()).ok_or(DownloadError::Refused("a redirect to nowhere"))
}

/// It reads enough of the body to tell what it is.
async fn peek(body: Body) -> Result<(Bytes, Body), TransportError> {
    let mut body = body.fuse();
    let mut head = BytesMut::new();
    while head.len() < HEAD {
        match body.next().await {
            Some(part) => head.extend_from_slice(&part?),
            None => break,
        }
    }
    Ok((head.freeze(), body.boxed()))
}

fn download_error(error: StoreError) -> Error {
    match error {
        StoreError::TooLarge { cap } => DownloadError::TooLarge { cap }.into(),
        StoreError::Interrupted(cause) => {
            DownloadError::Transport(TransportError::Interrupted(Some(cause))).into()
        }
        other => other.into(),
    }
}

/// An expired address stays expired: a fresh one must be read first.
fn is_worth_trying_again(error: &Error) -> bool {
    error.is_transient() && !matches!(error, Error::Download(DownloadError::Expired))
}

//! The only code that connects to an address a page's author wrote: guarded, bounded, streamed.

mod answer;
mod exchange;
mod guard;
mod incoming;
mod limits;
mod media;
mod wire;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use data_url::DataUrl;
use data_url::forgiving_base64::DecodeError;
use futures_util::stream::{self, StreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::Url;

pub use guard::External;
pub(crate) use guard::Guard;
pub use limits::DownloadLimits;
pub(crate) use media::{Accept, is_shown};
#[cfg(feature = "testing")]
pub(crate) use wire::Stream;
pub(crate) use wire::Wire;

use self::answer::Rest;
use self::exchange::{Exchange, NotPublic, Vet};
use self::incoming::Incoming;
use self::wire::SystemWire;
use crate::error::{DownloadError, Error, ErrorKind, StoreError, TransportError};
use crate::id::TenantId;
use crate::library::blob::BlobStore;
use crate::library::document::StoredFile;
use crate::library::file_name::file_name;
use crate::notion::address::lasting_text;
use crate::notion::file;
use crate::telemetry;
use crate::transport::{Clock, Request, Response, Transport};

/// How often a file server may send us on.
const HOPS: u32 = 3;

/// How often a download that broke off and cannot go on is begun anew.
const TRIES: u32 = 6;

/// Enough of a file to tell what it is.
const HEAD: usize = 16 << 10;

/// Fetches files and keeps them as blobs.
#[derive(Clone)]
pub(crate) struct Downloader {
    guard: Guard,
    /// Dials public addresses only.
    guarded: Arc<dyn Transport>,
    /// Serves exact origins that code trusts, and nothing else.
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
    /// How long it may take.
    pub(crate) limits: DownloadLimits,
}

/// A file that is its own address.
pub(crate) struct Inline<'a> {
    /// What its author calls it, if anything.
    pub(crate) name: Option<&'a str>,
    /// What it may be.
    pub(crate) accept: Accept,
    /// How large it may be, in bytes.
    pub(crate) cap: u64,
}

impl Downloader {
    pub(crate) fn new(guard: Guard, clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        Ok(Self::over(Arc::new(SystemWire::new()?), guard, clock))
    }

    /// Dials over this wire.
    pub(crate) fn over(wire: Arc<dyn Wire>, guard: Guard, clock: Arc<dyn Clock>) -> Self {
        let exchange = |vet: Vet| Arc::new(Exchange { wire: wire.clone(), vet });
        Self { guard, guarded: exchange(guard::is_public), trusted: exchange(|_| true), clock }
    }

    /// Sends everything through one transport; the guard still judges every address.
    #[cfg(feature = "testing")]
    pub(crate) fn through(transport: Arc<dyn Transport>, guard: Guard, clock: Arc<dyn Clock>) -> Self {
        Self { guard, guarded: transport.clone(), trusted: transport, clock }
    }

    /// Whether it fetches what Notion does not host.
    pub(crate) fn fetches_external(&self) -> bool {
        self.guard.external() == External::Fetch
    }

    /// Downloads a file into the tenant's blobs, wholly or not at all.
    pub(crate) async fn store(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        wanted: &Wanted<'_>,
    ) -> Result<StoredFile, Error> {
        let began = self.clock.instant();
        let stored = tokio::select! {
            stored = self.keep_trying(blobs, tenant, wanted) => stored,
            () = self.clock.sleep(wanted.limits.whole) => {
                Err(DownloadError::Transport(TransportError::Timeout).into())
            }
        };
        let size = stored.as_ref().map(|stored| stored.blob.size);
        telemetry::downloaded(size, self.clock.instant() - began);
        stored
    }

    /// Keeps a file that is its own address, a `data:` URL, by the same rules: what it says of its type counts for nothing.
    pub(crate) async fn store_inline(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        address: &str,
        wanted: &Inline<'_>,
    ) -> Result<StoredFile, Error> {
        let bytes = inline_bytes(address, wanted.cap)?;
        let head = &bytes[..bytes.len().min(HEAD)];
        let name = lasting_text(wanted.name.unwrap_or_default());
        let media_type = wanted.accept.detect(head, &name).ok_or(DownloadError::Type)?;
        let body = stream::once(async move { Ok(Bytes::from(bytes)) }).boxed();
        let blob = blobs.put(tenant, body, wanted.cap).await.map_err(download_error)?;
        Ok(StoredFile { blob, name: file_name(&name, media_type), media_type: media_type.to_owned() })
    }

    async fn keep_trying(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        wanted: &Wanted<'_>,
    ) -> Result<StoredFile, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.try_store(blobs, tenant, wanted).await {
                Err(error) if tried < TRIES && is_worth_trying_again(&error) => {
                    self.clock.sleep(incoming::wait(tried)).await;
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
        let mut file = Incoming::open(self, wanted.url, wanted.limits).await?;
        if file.size().is_some_and(|size| size > wanted.cap) {
            return Err(DownloadError::TooLarge { cap: wanted.cap }.into());
        }
        let head = peek(&mut file).await?;
        let author_name = wanted
            .name
            .map(str::to_owned)
            .or_else(|| file::file_name(wanted.url.as_str()))
            .unwrap_or_default();
        let author_name = lasting_text(&author_name);
        let media_type = wanted.accept.detect(&head, &author_name).ok_or(DownloadError::Type)?;
        let blob = blobs.put(tenant, file.after(head), wanted.cap).await.map_err(download_error)?;
        Ok(StoredFile { blob, name: file_name(&author_name, media_type), media_type: media_type.to_owned() })
    }

    /// Asks for a file, or the rest of one. It follows redirects by hand, for the guard judges every hop.
    async fn ask(
        &self,
        url: &Url,
        rest: Option<&Rest<'_>>,
        limits: DownloadLimits,
    ) -> Result<Response, DownloadError> {
        let mut url = url.clone();
        for _ in 0..=HOPS {
            let response = self.hop(&url, rest, limits).await?;
            match response.status {
                StatusCode::OK => return Ok(response),
                StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if rest.is_some() => {
                    return Ok(response);
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => url = next_hop(&url, &response)?,
                // What S3 answers to a signature that is no longer valid.
                StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST | StatusCode::GONE => {
                    return Err(DownloadError::Expired);
                }
                status => return Err(DownloadError::Status(status)),
            }
        }
        Err(DownloadError::Refused("too many redirects"))
    }

    async fn hop(
        &self,
        url: &Url,
        rest: Option<&Rest<'_>>,
        limits: DownloadLimits,
    ) -> Result<Response, DownloadError> {
        let transport = match self.guard.judge(url)? {
            guard::Verdict::Trusted => &self.trusted,
            guard::Verdict::Guarded => &self.guarded,
        };
        let request = Request { method: Method::GET, url: url.clone(), headers: headers(rest), body: None };
        tokio::select! {
            biased;
            response = transport.send(request) => response.map_err(refused),
            () = self.clock.sleep(limits.silence) => Err(DownloadError::Transport(TransportError::Timeout)),
        }
    }
}

/// Decodes a `data:` URL, up to the cap.
fn inline_bytes(address: &str, cap: u64) -> Result<Vec<u8>, DownloadError> {
    let broken = || DownloadError::Unusable("it is in its own address, and broken");
    let address = DataUrl::process(address.trim()).map_err(|_| broken())?;
    let mut bytes = Vec::new();
    let decoded = address.decode(|part| {
        if bytes.len() as u64 + part.len() as u64 > cap {
            return Err(DownloadError::TooLarge { cap });
        }
        bytes.extend_from_slice(part);
        Ok(())
    });
    match decoded {
        Ok(_) => Ok(bytes),
        Err(DecodeError::WriteError(error)) => Err(error),
        Err(DecodeError::InvalidBase64(_)) => Err(broken()),
    }
}

fn headers(rest: Option<&Rest<'_>>) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([
        (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (header::USER_AGENT, HeaderValue::from_static(concat!("notion-import/", env!("CARGO_PKG_VERSION")))),
    ]);
    if let Some(Rest { from, told }) = rest
        && let (Ok(range), Some(validator)) = (format!("bytes={from}-").try_into(), &told.validator)
    {
        headers.insert(header::RANGE, range);
        headers.insert(header::IF_RANGE, validator.clone());
    }
    headers
}

fn next_hop(from: &Url, response: &Response) -> Result<Url, DownloadError> {
    let location = response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    location.and_then(|to| from.join(to).ok()).ok_or(DownloadError::Refused("a redirect to nowhere"))
}

/// Reads enough of the file to tell what it is.
async fn peek(file: &mut Incoming) -> Result<Bytes, DownloadError> {
    let mut head = BytesMut::new();
    while head.len() < HEAD
        && let Some(part) = file.next().await?
    {
        head.extend_from_slice(&part);
    }
    Ok(head.freeze())
}

/// Tells an address that was not dialled from one that did not answer.
fn refused(error: TransportError) -> DownloadError {
    if let TransportError::Connect(Some(cause)) = &error
        && let Some(cause) = cause.downcast_ref::<std::io::Error>()
        && cause.get_ref().is_some_and(|cause| cause.is::<NotPublic>())
    {
        return DownloadError::Refused("its host is not on the public internet");
    }
    DownloadError::Transport(error)
}

fn download_error(error: StoreError) -> Error {
    match error {
        StoreError::TooLarge { cap } => DownloadError::TooLarge { cap }.into(),
        StoreError::Interrupted(cause) => match cause.downcast::<DownloadError>() {
            Ok(error) => (*error).into(),
            Err(cause) => DownloadError::Transport(TransportError::Interrupted(Some(cause))).into(),
        },
        other => other.into(),
    }
}

/// Whether it may succeed within seconds. There is no more room by then.
fn is_worth_trying_again(error: &Error) -> bool {
    match error {
        Error::Download(error) => is_worth_asking_again(error),
        other => other.is_transient() && other.kind() != ErrorKind::StorageFull,
    }
}

/// Whether the same address may give it within seconds. One that has expired stays so: a fresh one must be read first. A server
/// that drips has had its time.
fn is_worth_asking_again(error: &DownloadError) -> bool {
    let is_spent = matches!(error, DownloadError::Expired | DownloadError::TooSlow);
    error.kind().is_transient() && !is_spent
}

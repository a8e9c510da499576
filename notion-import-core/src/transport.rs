//! One HTTP exchange, and the clock. Both are sealed: hosts never see them, the test kit replaces them, so a
//! whole sync can run under virtual time without a socket.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::error::{Error, TransportError};
use crate::tls;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, or `POST` for the two reads Notion spells that way.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers; secret ones are marked sensitive, so `Debug` hides them.
    pub headers: HeaderMap,
    /// A JSON body, if any.
    pub body: Option<Bytes>,
}

/// A stream of body bytes; it ends in an error if the body breaks off.
pub type Body = BoxStream<'static, Result<Bytes, TransportError>>;

/// What came back.
pub struct Response {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not yet read.
    pub body: Body,
}

impl Response {
    /// Reads the body to its end, or fails once it is longer than `cap` bytes.
    pub async fn bytes(mut self, cap: u64) -> Result<Bytes, TransportError> {
        let mut whole = BytesMut::new();
        while let Some(part) = self.body.next().await {
            let part = part?;
            if (whole.len() + part.len()) as u64 > cap {
                return Err(TransportError::TooLarge { cap });
            }
            whole.extend_from_slice(&part);
        }
        Ok(whole.freeze())
    }
}

/// One HTTP exchange. Redirects are answers, not followed.
#[async_trait]
pub trait Transport: Send + Sync + sealed::Sealed {
    /// Sends the request and returns as soon as the head of the answer is there.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// Two clocks that nobody sets wrong by the same mistake may still differ by this.
pub(crate) const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);

/// Time, as the library sees it.
#[async_trait]
pub trait Clock: Send + Sync + sealed::Sealed {
    /// The current time. Somebody may set it, forward or back.
    fn now(&self) -> DateTime<Utc>;
    /// A moment of the monotonic clock: what lies between two of them has really passed.
    fn instant(&self) -> Instant;
    /// Returns after `duration` has passed.
    async fn sleep(&self, duration: Duration);
}

/// The system's clock, slept on with tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn instant(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// HTTP through reqwest, for APIs: no redirects, no cookies, bounded times.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// Notion itself gives up after a minute; anything slower is broken.
const ATTEMPT: Duration = Duration::from_secs(75);

impl Http {
    /// Builds the client.
    ///
    /// # Errors
    /// [`TransportError::Connect`] if the TLS backend or the system's certificates cannot be loaded.
    pub fn new() -> Result<Self, TransportError> {
        let mut tls = tls::client()?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        client().tls_backend_preconfigured(tls).timeout(ATTEMPT).build().map(Self).map_err(classify)
    }
}

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .user_agent(concat!("notion-import/", env!("CARGO_PKG_VERSION")))
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut builder = self.0.request(request.method, request.url).headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let response = builder.send().await.map_err(classify)?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes_stream().map(|part| part.map_err(classify)).boxed(),
        })
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    // A connection that is not made in time is none, and no slow answer.
    if error.is_connect() {
        TransportError::Connect(Some(Box::new(error)))
    } else if error.is_timeout() {
        TransportError::Timeout
    } else if error.is_body() || error.is_decode() {
        TransportError::Interrupted(Some(Box::new(error)))
    } else {
        TransportError::Connect(Some(Box::new(error)))
    }
}

/// A clock that several hold.
pub type SharedClock = Arc<dyn Clock>;

/// Gives something so long to happen; if that is not enough, it ends in the error `late`.
pub(crate) async fn within<T, E>(
    clock: &dyn Clock,
    limit: Duration,
    awaited: impl Future<Output = Result<T, E>>,
    late: E,
) -> Result<T, E> {
    tokio::select! {
        biased;
        outcome = awaited => outcome,
        () = clock.sleep(limit) => Err(late),
    }
}

/// Gives a stream so long in all, and then ends it in an error. What passes while nobody waits for it is not counted.
pub(crate) fn all_within<'a, T: Send + 'a>(
    clock: &'a dyn Clock,
    limit: Duration,
    items: impl Stream<Item = Result<T, Error>> + Send + 'a,
) -> impl Stream<Item = Result<T, Error>> + Send + 'a {
    stream::try_unfold((items.boxed(), limit), move |(mut items, left)| async move {
        let began = clock.instant();
        let next = within(clock, left, items.try_next(), Error::Overdue).await?;
        let left = left.saturating_sub(clock.instant() - began);
        Ok(next.map(|item| (item, (items, left))))
    })
}

pub(crate) mod sealed {
    pub trait Sealed {}
    impl Sealed for super::SystemClock {}
    impl Sealed for super::Http {}
}

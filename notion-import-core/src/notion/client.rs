//! The typed, read-only client: one request at a time, asked again where that is safe. Every call here is a read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{failure, teaches_budget};
use super::exchange::{Exchange, OnExchange, route};
use super::rate_limit::{NoPermit, Priority, RateLimiter, RateLimiters, RequestPermit};
use super::server_time::{Moment, ServerTime};
use super::tally::Tally;
use crate::connection::{ApiAccess, Connection, TokenSource};
use crate::error::{
    AccessError, Error, ErrorKind, Fault, NotionCode, NotionError, StoreError, TransportError,
};
use crate::random;
use crate::telemetry;
use crate::transport::{Clock, Request, SharedClock, Transport, within};

/// The version of Notion's API that is asked for, on every request.
pub const NOTION_VERSION: &str = "2026-03-11";

/// How often a request is sent before its failure is final.
const TRIES: u32 = 6;

/// The same where a person waits for the answer.
const TRIES_OF_A_PERSON: u32 = 3;

/// A person is not kept waiting for another try, if there was no way to Notion for so long in all.
const PATIENCE: Duration = Duration::from_secs(8);

/// How often it may be told to wait, beside that: each time it is waited as long as was asked.
const REFUSALS: u32 = 30;

/// No answer of the API is longer; one that is, is none of Notion's.
const LONGEST_ANSWER: u64 = 64 << 20;

/// Waits between tries double from the first to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A request to Notion that failed and is sent again.
#[derive(Clone, Copy, Debug)]
pub struct Retry<'a> {
    /// Why.
    pub error: &'a Error,
    /// How often it was sent until now.
    pub sent: u32,
    /// How long it waits before that.
    pub wait: Duration,
}

/// Whoever is told of each request that is sent again.
pub(crate) type OnRetry = Arc<dyn Fn(Retry<'_>) + Send + Sync>;

/// Whoever is told of what becomes of requests.
#[derive(Clone, Default)]
pub(crate) struct Observers {
    pub(crate) on_retry: Option<OnRetry>,
    pub(crate) on_exchange: Option<OnExchange>,
}

/// Access to Notion for any number of connections, each at its own limiter. Clones share everything.
#[derive(Clone)]
pub(crate) struct Client {
    transport: Arc<dyn Transport>,
    clock: SharedClock,
    tokens: Arc<dyn TokenSource>,
    /// How long one request may take.
    attempt: Duration,
    observers: Observers,
    limiters: RateLimiters,
    server: ServerTime,
    tally: Tally,
    /// Whoever is to wait for longer than this before a request fails instead.
    patience: Duration,
}

/// Notion as one connection sees it.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    connection: Connection,
    limiter: RateLimiter,
    priority: Priority,
    /// The permit that the next request has already, if one was waited for.
    permit: Arc<Mutex<Option<RequestPermit>>>,
}

/// One thing to ask.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    /// Below `/v1/`.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a Value>,
    /// Whoever asks can ask for less at a time, if that is too much.
    pub(super) is_divisible: bool,
}

impl Client {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        clock: SharedClock,
        tokens: Arc<dyn TokenSource>,
        attempt: Duration,
        observers: Observers,
    ) -> Self {
        let (limiters, server, tally) = (RateLimiters::default(), ServerTime::default(), Tally::default());
        Self {
            transport,
            clock,
            tokens,
            attempt,
            observers,
            limiters,
            server,
            tally,
            patience: Duration::MAX,
        }
    }

    /// Returns the same, which counts what it sends here, and fails rather than wait for Notion longer than `patience` at a time.
    pub(crate) fn counting(&self, tally: &Tally, patience: Duration) -> Self {
        Self { tally: tally.clone(), patience, ..self.clone() }
    }

    /// Notion through a connection, for one thing that runs by itself.
    pub(crate) fn on(&self, connection: &Connection) -> Api {
        Api {
            client: self.clone(),
            connection: connection.clone(),
            limiter: self.limiters.of(connection, self.clock.instant()),
            priority: Priority::Begun(0),
            permit: Arc::default(),
        }
    }

    /// Asks nothing through the connection again, whoever still tries.
    pub(crate) fn close(&self, connection: &Connection) {
        self.limiters.of(connection, self.clock.instant()).close();
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns the time as it may be kept: no clock that runs far ahead is believed alone.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.server.no_later(Moment { wall: self.clock.now(), monotonic: self.clock.instant() })
    }
}

impl Api {
    /// Returns this moment by our clocks.
    pub(crate) fn moment(&self) -> Moment {
        Moment { wall: self.client.clock.now(), monotonic: self.client.clock.instant() }
    }

    /// Returns what is known of the time at Notion, from answers to any connection.
    pub(crate) fn server(&self) -> &ServerTime {
        &self.client.server
    }

    /// The same, for a person who waits: it overtakes what runs by itself.
    pub(crate) fn interactive(mut self) -> Self {
        self.priority = Priority::Interactive;
        self
    }

    /// The same, for many small things: what others have begun goes first.
    pub(crate) fn patient(mut self) -> Self {
        self.priority = Priority::New;
        self
    }

    /// Waits until there is room for something new beside what is begun, and returns the same with a permit for the first
    /// request.
    pub(crate) async fn begin(&self) -> Result<Self, Error> {
        let permit = self.permit(Priority::New).await?;
        Ok(Self { priority: permit.begins(), permit: Arc::new(Mutex::new(Some(permit))), ..self.clone() })
    }

    /// Reads one object. `path` is below `/v1/`.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Error> {
        self.get_with(path, &[]).await
    }

    /// Reads one object in a certain way.
    pub(super) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        self.ask(&Question { method: Method::GET, path, query, body: None, is_divisible: false }).await
    }

    /// Asks until there is an answer, or a failure that asking again does not mend.
    pub(super) async fn ask<T: DeserializeOwned>(&self, question: &Question<'_>) -> Result<T, Error> {
        let clock = &self.client.clock;
        let (mut tried, mut refused, mut lost) = (0, 0, Duration::ZERO);
        loop {
            let waited_for = self.permit.lock().unwrap_or_else(PoisonError::into_inner).take();
            let permit = match waited_for {
                Some(permit) => permit,
                None => self.permit(self.priority).await?,
            };
            let sent = clock.instant();
            let error = match self.exchange(permit, question).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match error.kind() == ErrorKind::RateLimited {
                true => refused += 1,
                false => (tried, lost) = (tried + 1, lost + (clock.instant() - sent)),
            }
            // Everything here is a read, so whatever may go better the next time is asked again.
            let is_final = refused >= REFUSALS || self.has_tried_enough(&error, tried, lost);
            if is_final || !error.is_transient() {
                return Err(error);
            }
            telemetry::asking_again(&error, tried, refused);
            let told = if let Error::Notion(notion) = &error { notion.retry_after } else { None };
            let wait = told.unwrap_or_else(|| backoff(tried));
            if let Some(tell) = &self.client.observers.on_retry {
                tell(Retry { error: &error, sent: tried + refused, wait });
            }
            // A wait that was asked for is kept by the limiter, for everything on this connection.
            if told.is_none() {
                clock.sleep(wait).await;
            }
            if question.is_divisible && is_too_much(&error) {
                return Err(error);
            }
        }
    }

    /// Whether a person waits in vain, who rather hears of it, or whoever runs by itself, who may have all the time.
    fn has_tried_enough(&self, error: &Error, tried: u32, lost: Duration) -> bool {
        let is_cut_off = matches!(error, Error::Transport(TransportError::Connect(_)));
        // It is tried again once in half a minute or less often, which is more than a person waits.
        let is_failing = matches!(error, Error::Access(AccessError { fault: Fault::RefreshFailing, .. }));
        match self.priority {
            Priority::Interactive => {
                is_failing || tried >= TRIES_OF_A_PERSON || (is_cut_off && lost >= PATIENCE)
            }
            Priority::Begun(_) | Priority::New => tried >= TRIES,
        }
    }

    async fn permit(&self, priority: Priority) -> Result<RequestPermit, Error> {
        let began = self.client.clock.instant();
        let permit = self.limiter.acquire(&self.client.clock, priority, self.client.patience).await;
        if permit.is_ok() {
            telemetry::waited(priority.is_interactive(), self.client.clock.instant() - began);
        }
        permit.map_err(|none| match none {
            NoPermit::Closed => StoreError::Fenced.into(),
            NoPermit::Paused(wait) => paused(wait).into(),
        })
    }

    /// Asks once, and once more if there is other access than what Notion no longer accepts.
    async fn exchange<T: DeserializeOwned>(
        &self,
        permit: RequestPermit,
        question: &Question<'_>,
    ) -> Result<T, Error> {
        let tokens = &self.client.tokens;
        let access = self.access().await?;
        let outcome = self.exchange_by(&access, permit, question).await;
        if !outcome.as_ref().is_err_and(is_unauthorized) || !tokens.renew(&self.connection, &access).await? {
            return outcome;
        }
        let permit = self.permit(self.priority).await?;
        let access = self.access().await?;
        self.exchange_by(&access, permit, question).await
    }

    async fn access(&self) -> Result<ApiAccess, Error> {
        let access = self.client.tokens.access(&self.connection).await.map_err(Error::from);
        access.inspect_err(telemetry::no_access)
    }

    async fn exchange_by<T: DeserializeOwned>(
        &self,
        access: &ApiAccess,
        permit: RequestPermit,
        question: &Question<'_>,
    ) -> Result<T, Error> {
        let request = request(access, question)?;
        let began = self.client.clock.instant();
        let (answer, outcome) = match self.answer(request, permit, question).await {
            Ok(answer) => {
                let read = decode(&answer);
                (answer, read)
            }
            Err(error) => (Bytes::new(), Err(error)),
        };
        let (route, took) = (route(question.path), self.client.clock.instant() - began);
        let error = outcome.as_ref().err();
        telemetry::exchanged(route, error, took);
        if let Some(tell) = &self.client.observers.on_exchange {
            tell(Exchange { route, took, error, answer: &answer });
        }
        outcome
    }

    /// Returns the text of an answer that is Notion's and no error.
    async fn answer(
        &self,
        request: Request,
        mut permit: RequestPermit,
        question: &Question<'_>,
    ) -> Result<Bytes, Error> {
        let host = request.url.host_str().map(str::to_owned);
        permit.sent();
        self.client.tally.count(question.path);
        let (clock, limit) = (&*self.client.clock, self.client.attempt);
        let sending = self.send(request);
        let (status, headers, bytes) = within(clock, limit, sending, TransportError::Timeout).await?;
        self.client.server.hear(host.as_deref(), &headers, clock.instant());
        // A page of HTML with status 200 is an edge's or a mistyped proxy's, not Notion's.
        if status == StatusCode::OK && bytes.trim_ascii_start().starts_with(b"{") {
            permit.accepted();
            self.client.server.read(&bytes, clock.instant());
            return Ok(bytes);
        }
        let error = failure(status, &headers, &bytes, &*self.client.tokens, self.client.clock.now());
        conclude(permit, &error, &bytes);
        Err(error)
    }

    async fn send(&self, request: Request) -> Result<(StatusCode, HeaderMap, Bytes), TransportError> {
        let response = self.client.transport.send(request).await?;
        let (status, headers) = (response.status, response.headers.clone());
        Ok((status, headers, response.bytes(LONGEST_ANSWER).await?))
    }
}

/// What Notion has said to others on this connection.
fn paused(wait: Duration) -> NotionError {
    let (status, code) = (StatusCode::TOO_MANY_REQUESTS, NotionCode::RateLimited);
    NotionError { status, code, request_id: None, retry_after: Some(wait) }
}

/// Tells the limiter what an answer that is no success says about it.
fn conclude(permit: RequestPermit, error: &Error, body: &[u8]) {
    let Error::Notion(notion) = error else { return permit.unseen() };
    let told = notion.retry_after.map(|wait| wait.max(Duration::from_secs(1)));
    match (notion.code, told) {
        (NotionCode::RateLimited, Some(wait)) if teaches_budget(body) => permit.refused(wait),
        (NotionCode::RateLimited, _) => permit.paused(told.unwrap_or(LONGEST_WAIT)),
        (NotionCode::Overloaded, _) => permit.paused(told.unwrap_or(LONGEST_WAIT)),
        (NotionCode::Blocked, _) | (_, None) => permit.accepted(),
        (_, Some(wait)) => permit.paused(wait),
    }
}

fn request(access: &ApiAccess, question: &Question<'_>) -> Result<Request, Error> {
    let url = access.base.join(question.path, question.query);
    let mut headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (
            access.version_header.parse().map_err(|_| Error::Access(Fault::Operator.into()))?,
            HeaderValue::from_static(NOTION_VERSION),
        ),
    ]);
    headers.extend(access.headers.clone());
    if question.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let body = question.body.map(|body| Bytes::from(body.to_string()));
    Ok(Request { method: question.method.clone(), url, headers, body })
}

/// JSON that ends too early has broken off on the way, even if the exchange did not.
fn decode<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(answer).map_err(|error| match error.is_data() {
        true => Error::Malformed("not the object that was asked for"),
        // Its text would quote the answer.
        false => Error::Transport(TransportError::Interrupted(None)),
    })
}

fn is_unauthorized(error: &Error) -> bool {
    matches!(error, Error::Notion(notion) if notion.code == NotionCode::Unauthorized)
}

fn is_too_much(error: &Error) -> bool {
    matches!(error, Error::Notion(notion) if notion.code == NotionCode::TooSlow)
}

fn backoff(tried: u32) -> Duration {
    let full = FIRST_WAIT.saturating_mul(1 << tried.min(8)).min(LONGEST_WAIT);
    full.mul_f64(random::between(0.5, 1.0))
}

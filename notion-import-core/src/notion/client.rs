//! The typed, read-only client: one request at a time, asked again where that is safe. Every call here is a read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::answer::{failure, teaches_budget};
use super::pace::{Closed, Pace, Paces};
use crate::connection::{ApiAccess, Connection, TokenSource};
use crate::error::{Error, Fault, NotionCode, StoreError};
use crate::transport::{Clock, Request, Transport};

/// The version of Notion's API that is asked for, on every request.
pub const NOTION_VERSION: &str = "2026-03-11";

/// How often a request is sent before its failure is final.
const TRIES: u32 = 6;

/// No answer of the API is longer; one that is, is none of Notion's.
const LONGEST_ANSWER: u64 = 64 << 20;

/// Waits between tries double from the first to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Access to Notion for any number of connections, each at its own pace. Clones share everything.
#[derive(Clone)]
pub(crate) struct Client {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    tokens: Arc<dyn TokenSource>,
    paces: Paces,
}

/// Notion as one connection sees it.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    connection: Connection,
    pace: Pace,
}

impl Client {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        tokens: Arc<dyn TokenSource>,
    ) -> Self {
        Self { transport, clock, tokens, paces: Paces::default() }
    }

    pub(crate) fn on(&self, connection: &Connection) -> Api {
        Api { client: self.clone(), connection: connection.clone(), pace: self.paces.of(connection) }
    }

    /// It asks nothing through the connection again, whoever still tries.
    pub(crate) fn close(&self, connection: &Connection) {
        self.paces.of(connection).close();
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

impl Api {
    /// It reads one object. `path` is below `/v1/`.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        decode(&self.ask(&Method::GET, path, query, None).await?)
    }

    /// It reads through one of the two reads that Notion spells as `POST`.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &Value) -> Result<T, Error> {
        decode(&self.ask(&Method::POST, path, &[], Some(body)).await?)
    }

    /// It asks until there is an answer, or a failure that asking again does not mend.
    async fn ask(
        &self,
        method: &Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Bytes, Error> {
        let clock = self.client.clock();
        let mut tried = 0;
        loop {
            self.pace.turn(clock).await.map_err(|Closed| StoreError::Fenced)?;
            let error = match self.exchange(method, path, query, body).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tried += 1;
            if tried >= TRIES || !is_worth_asking_again(&error) {
                return Err(error);
            }
            tracing::debug!(code = error.code(), tried, "asking Notion again");
            // A wait that was asked for is kept by the pace, for everything on this connection.
            if error.retry_after().is_none() {
                clock.sleep(backoff(tried)).await;
            }
        }
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Bytes, Error> {
        let access = self.client.tokens.access(&self.connection).await?;
        let request = request(&access, method, path, query, body)?;
        let response = self.client.transport.send(request).await?;
        let (status, headers) = (response.status, response.headers.clone());
        let bytes = response.bytes(LONGEST_ANSWER).await?;
        let now = self.client.clock.now();
        // A page of HTML with status 200 is an edge's or a mistyped proxy's, not Notion's.
        if status == StatusCode::OK && bytes.trim_ascii_start().starts_with(b"{") {
            self.pace.accepted(now);
            return Ok(bytes);
        }
        let error = failure(status, &headers, &bytes, &*self.client.tokens, now);
        self.learn(&error, &bytes);
        Err(error)
    }

    fn learn(&self, error: &Error, body: &[u8]) {
        let now = self.client.clock.now();
        let Error::Notion(notion) = error else { return };
        match notion.code {
            NotionCode::RateLimited if teaches_budget(body) => {
                self.pace
                    .refused(now, notion.retry_after.unwrap_or(LONGEST_WAIT).max(Duration::from_secs(1)));
            }
            NotionCode::RateLimited | NotionCode::Overloaded => {
                self.pace.pause(now, notion.retry_after.unwrap_or(FIRST_WAIT).max(Duration::from_secs(1)));
            }
            _ => self.pace.accepted(now),
        }
    }
}

fn request(
    access: &ApiAccess,
    method: &Method,
    path: &[&str],
    query: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Request, Error> {
    let url = join(&access.base, path, query).ok_or(Error::Access(Fault::Operator.into()))?;
    let mut headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (
            access.version_header.parse().map_err(|_| Error::Access(Fault::Operator.into()))?,
            HeaderValue::from_static(NOTION_VERSION),
        ),
    ]);
    headers.extend(access.headers.clone());
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let body = body.map(|body| Bytes::from(body.to_string()));
    Ok(Request { method: method.clone(), url, headers, body })
}

/// It appends to the base's path, for a proxy's base may have one.
fn join(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push("v1").extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Some(url)
}

fn decode<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(answer).map_err(|_| Error::Malformed("not the object that was asked for"))
}

/// Everything here is a read, so whatever may go better the next time is asked again.
fn is_worth_asking_again(error: &Error) -> bool {
    match error {
        Error::Access(access) => matches!(access.fault, Fault::Transient | Fault::AccountPause(_)),
        other => other.is_transient(),
    }
}

fn backoff(tried: u32) -> Duration {
    let full = FIRST_WAIT.saturating_mul(1 << tried.min(8)).min(LONGEST_WAIT);
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_appended_to_the_base_and_escaped() {
        let check = |base: &str, expected: &str| {
            let url =
                join(&Url::parse(base).unwrap(), &["blocks", "a/b", "children"], &[("page_size", "100")]);
            assert_eq!(url.unwrap().as_str(), expected);
        };
        check("https://api.notion.com", "https://api.notion.com/v1/blocks/a%2Fb/children?page_size=100");
        check(
            "https://api.nango.dev/proxy/",
            "https://api.nango.dev/proxy/v1/blocks/a%2Fb/children?page_size=100",
        );
        check("http://h:1/prefix/proxy", "http://h:1/prefix/proxy/v1/blocks/a%2Fb/children?page_size=100");
    }
}

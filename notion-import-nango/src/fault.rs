//! Who speaks in an answer, and whose fault it tells.
//!
//! One status means different things in different mouths: Notion's 401 ends one tenant's connection, Nango's 401
//! is a wrong API key and ends nobody's.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use notion_import_core::{AccessError, Fault};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::pause;

/// What Nango said when it refused: the cause inside an [`AccessError`]. Its message is left out, since it can
/// quote what the tenant's side answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// Nango's code, if it is one known here.
    pub code: &'static str,
    /// The account's limit, if that is what was refused by.
    pub limit: Option<Limit>,
}

/// The limit on the requests of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many it may make in a minute, if Nango says so.
    pub requests: Option<u64>,
    /// How long it has to wait.
    pub wait: Duration,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nango refused: {} {}", self.status.as_u16(), self.code)?;
        let Some(Limit { requests, wait }) = self.limit else { return Ok(()) };
        f.write_str(", the account's limit")?;
        if let Some(requests) = requests {
            write!(f, " of {requests} requests a minute")?;
        }
        write!(f, " is used up for another {} s", wait.as_secs())
    }
}

impl std::error::Error for Refused {}

/// An answer that is well-formed but not what the protocol says, or none of Nango's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Unexpected(&'static str);

/// Something between here and Nango, or between Nango and Notion, answered instead of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what answered {} is neither Nango nor Notion", .0.as_u16())]
struct InBetween(StatusCode);

pub(crate) fn unexpected(what: &'static str) -> AccessError {
    AccessError { fault: Fault::Operator, source: Some(Box::new(Unexpected(what))) }
}

/// What is said where a web page comes instead of JSON.
pub(crate) const WEB_PAGE: &str = "Nango's address leads to a web page: the base URL is not that of its API";

/// Tells what a failure means that reached us instead of Notion's answer, and who refused.
pub(crate) fn explain(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> AccessError {
    match Speaker::of(body) {
        Speaker::Nango(refusal) => {
            let fault = refusal.fault(status, headers, now);
            AccessError { fault, source: Some(refusal.shown(status, headers, fault, now).into()) }
        }
        // Notion's own words are never a fault of Nango's.
        Speaker::Notion => Fault::Transient.into(),
        Speaker::Network => AccessError {
            fault: Fault::Transient,
            source: Some(Unexpected("Nango could not reach Notion").into()),
        },
        Speaker::Gateway => gateway(status, headers),
    }
}

/// Whose words a body is.
pub(crate) enum Speaker {
    /// `{"object":"error"}`.
    Notion,
    /// `{"error":{"code"}}`.
    Nango(Refusal),
    /// A bare `{"message","code","method"}`: Nango could not reach Notion.
    Network,
    /// No JSON, or not of these: something in between.
    Gateway,
}

impl Speaker {
    /// Nothing but what tells them apart is read: an answer can hold credentials.
    pub fn of(body: &[u8]) -> Self {
        if serde_json::from_slice::<OfNotion>(body).is_ok_and(|said| said.object == "error") {
            Self::Notion
        } else if let Ok(OfNango { error }) = serde_json::from_slice(body) {
            Self::Nango(error)
        } else if serde_json::from_slice::<OfNetwork>(body).is_ok() {
            Self::Network
        } else {
            Self::Gateway
        }
    }
}

#[derive(Deserialize)]
struct OfNotion {
    object: String,
}

#[derive(Deserialize)]
struct OfNango {
    error: Refusal,
}

#[derive(Deserialize)]
struct OfNetwork {
    #[serde(rename = "message")]
    _message: IgnoredAny,
    #[serde(rename = "method")]
    _method: IgnoredAny,
}

/// Nango's own refusal. Its message and payload may quote others, so they are looked at and never shown.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    code: String,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    payload: Value,
}

/// What Nango says while it goes on trying to renew credentials; anything else of a 424 is its last word.
const TRIES_AGAIN: [&str; 2] = [
    "A recent refresh attempt failed. Backing off before retrying.",
    "The external API returned an error when trying to refresh the access token. Please try again later.",
];

/// What a code of Nango's is about.
#[derive(Clone, Copy)]
enum Meaning {
    /// The key, the integration, the plan, or a request of ours that Nango does not understand.
    SetUp,
    /// The account's rate limit.
    Limit,
    /// There is no such connection.
    Missing,
    /// The credentials could not be refreshed.
    Refresh,
    /// Anything: the message tells more.
    Server,
}

/// Every code documented, in alphabetical order.
const CODES: [(&str, Meaning); 36] = [
    ("base_url_override_disabled", Meaning::SetUp),
    ("base_url_override_not_allowed", Meaning::SetUp),
    ("connection_not_found", Meaning::Missing),
    ("connection_refresh_backoff", Meaning::Refresh),
    ("connection_refresh_exhausted", Meaning::Refresh),
    ("credentials_refresh_failed", Meaning::Refresh),
    ("deprecated_authentication", Meaning::SetUp),
    ("feature_disabled", Meaning::SetUp),
    ("forbidden", Meaning::SetUp),
    ("generic_error_support", Meaning::Server),
    ("integration_not_allowed", Meaning::SetUp),
    ("invalid_body", Meaning::SetUp),
    ("invalid_connect_session_token_format", Meaning::SetUp),
    ("invalid_content_type", Meaning::SetUp),
    ("invalid_credentials", Meaning::Refresh),
    ("invalid_headers", Meaning::SetUp),
    ("invalid_json", Meaning::SetUp),
    ("invalid_permissions", Meaning::SetUp),
    ("invalid_query_params", Meaning::SetUp),
    ("invalid_secret_key_format", Meaning::SetUp),
    ("invalid_uri_params", Meaning::SetUp),
    ("malformed_auth_header", Meaning::SetUp),
    ("missing_auth_header", Meaning::SetUp),
    ("not_found", Meaning::SetUp),
    ("plan_limit", Meaning::SetUp),
    ("proxy_request_failed", Meaning::Server),
    ("resource_capped", Meaning::SetUp),
    ("server_error", Meaning::Server),
    ("too_many_request", Meaning::Limit),
    ("unknown_account", Meaning::SetUp),
    ("unknown_connect_session_token", Meaning::SetUp),
    ("unknown_connection", Meaning::Missing),
    ("unknown_environment", Meaning::SetUp),
    ("unknown_integration", Meaning::SetUp),
    ("unknown_provider_config", Meaning::SetUp),
    ("unsupported_provider", Meaning::SetUp),
];

impl Refusal {
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    pub fn says(&self, words: &str) -> bool {
        self.message.as_str().is_some_and(|message| message.contains(words))
    }

    /// The refusal as a cause that may be shown.
    fn shown(&self, status: StatusCode, headers: &HeaderMap, fault: Fault, now: DateTime<Utc>) -> Refused {
        let known = CODES.iter().find(|(code, _)| self.is(code));
        let limit = match fault {
            Fault::AccountPause(until) => {
                let wait = (until - now).to_std().unwrap_or_default();
                Some(Limit { requests: pause::limit(headers), wait })
            }
            Fault::Operator
            | Fault::ConnectionMissing
            | Fault::AnotherNamespace
            | Fault::CredentialsRefused
            | Fault::RefreshFailing
            | Fault::Transient => None,
        };
        Refused { status, code: known.map_or("with a code not known here", |(code, _)| code), limit }
    }

    fn fault(&self, status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Fault {
        let Some((_, meaning)) = CODES.iter().find(|(code, _)| self.is(code)) else {
            return unknown(status, headers, now);
        };
        match meaning {
            Meaning::SetUp => Fault::Operator,
            Meaning::Limit => Fault::AccountPause(now + pause::after_refusal(headers, now)),
            Meaning::Missing => Fault::ConnectionMissing,
            Meaning::Refresh => self.refresh(status),
            Meaning::Server => self.server(status, headers, now),
        }
    }

    /// Nango tries a refresh on four days before it gives up and answers 424. Until then it may yet succeed, and
    /// nobody is sent to the consent page for an outage.
    ///
    /// The proxy names a back-off by its code. A connection that is read says `invalid_credentials` to everything, and what it is
    /// only in the payload, or in one of two sentences.
    fn refresh(&self, status: StatusCode) -> Fault {
        let named = ["type", "code"].iter().find_map(|name| self.payload[name].as_str());
        match named.unwrap_or(&self.code) {
            "connection_refresh_backoff" => Fault::RefreshFailing,
            "connection_refresh_exhausted" => Fault::CredentialsRefused,
            _ if status != StatusCode::FAILED_DEPENDENCY => Fault::RefreshFailing,
            _ if TRIES_AGAIN.iter().any(|sentence| self.says(sentence)) => Fault::RefreshFailing,
            _ => Fault::CredentialsRefused,
        }
    }

    fn server(&self, status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Fault {
        if self.says("Failed to get connection credentials") {
            self.refresh(status)
        } else if self.says("Failed to get connection") && status.is_client_error() {
            Fault::ConnectionMissing
        } else {
            unknown(status, headers, now)
        }
    }
}

fn unknown(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Fault {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Fault::AccountPause(now + pause::after_refusal(headers, now)),
        _ if passes_by_itself(status) => Fault::Transient,
        _ => Fault::Operator,
    }
}

fn gateway(status: StatusCode, headers: &HeaderMap) -> AccessError {
    if status.is_success() {
        // Nango answers an unknown path with its dashboard, so a wrong base URL looks like a success.
        return if is_html(headers) { unexpected(WEB_PAGE) } else { Fault::Transient.into() };
    }
    // An edge that takes us for a robot says 403, and thinks better of it.
    let mistaken = status == StatusCode::FORBIDDEN;
    let fault = if mistaken || passes_by_itself(status) { Fault::Transient } else { Fault::Operator };
    AccessError { fault, source: Some(InBetween(status).into()) }
}

fn passes_by_itself(status: StatusCode) -> bool {
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_server_error() || later.contains(&status)
}

fn is_html(headers: &HeaderMap) -> bool {
    let mime = headers.get(header::CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).unwrap_or_default();
    mime.trim_start().to_ascii_lowercase().starts_with("text/html")
}

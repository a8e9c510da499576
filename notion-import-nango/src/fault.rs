//! Who speaks in an answer, and whose fault it tells.
//!
//! One status means different things in different mouths: Notion's 401 ends one tenant's connection, Nango's 401
//! is a wrong API key and ends nobody's.

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use notion_import_core::{AccessError, Fault};
use serde::Deserialize;
use serde_json::Value;

use crate::pause;

/// What Nango said when it refused: the cause inside an [`AccessError`]. Its message is left out, since it can
/// quote what the tenant's side answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Nango answered {status} {code}")]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// Nango's code, if it is one known here.
    pub code: &'static str,
}

/// An answer that is well-formed but not what the protocol says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Unexpected(&'static str);

pub(crate) fn unexpected(what: &'static str) -> AccessError {
    AccessError { fault: Fault::Operator, source: Some(Box::new(Unexpected(what))) }
}

/// Tells what a failure means that reached us instead of Notion's answer.
pub(crate) fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Fault {
    match Speaker::of(body) {
        Speaker::Nango(refusal) => refusal.fault(status, headers, now),
        // A network error on the way from Nango to Notion; and Notion's own words are never a fault of Nango's.
        Speaker::Network | Speaker::Notion => Fault::Transient,
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
    pub fn of(body: &[u8]) -> Self {
        let Ok(Value::Object(mut object)) = serde_json::from_slice(body) else { return Self::Gateway };
        if object.get("object").is_some_and(|kind| kind == "error") {
            return Self::Notion;
        }
        if let Some(refusal) = object.remove("error").and_then(|error| serde_json::from_value(error).ok()) {
            return Self::Nango(refusal);
        }
        match object.get("message").and(object.get("method")) {
            Some(_) => Self::Network,
            None => Self::Gateway,
        }
    }
}

/// Nango's own refusal. Its message may quote others, so it is looked at and never shown.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    code: String,
    #[serde(default)]
    message: Value,
}

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
    /// It will be tried again, but not yet.
    BackOff,
    /// Anything: the message tells more.
    Server,
}

/// Every code documented, in alphabetical order.
const CODES: [(&str, Meaning); 36] = [
    ("base_url_override_disabled", Meaning::SetUp),
    ("base_url_override_not_allowed", Meaning::SetUp),
    ("connection_not_found", Meaning::Missing),
    ("connection_refresh_backoff", Meaning::BackOff),
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
    pub fn shown(&self, status: StatusCode) -> Refused {
        let known = CODES.iter().find(|(code, _)| self.is(code));
        Refused { status, code: known.map_or("with a code not known here", |(code, _)| code) }
    }

    pub fn fault(&self, status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Fault {
        let Some((_, meaning)) = CODES.iter().find(|(code, _)| self.is(code)) else {
            return unknown(status, headers, now);
        };
        match meaning {
            Meaning::SetUp => Fault::Operator,
            Meaning::Limit => Fault::AccountPause(now + pause::after_refusal(headers, now)),
            Meaning::Missing => Fault::ConnectionMissing,
            Meaning::Refresh => self.refresh(status),
            Meaning::BackOff => Fault::Transient,
            Meaning::Server => self.server(status, headers, now),
        }
    }

    /// Nango tries a refresh on four days before it gives up and answers 424. Until then it may yet succeed, and
    /// nobody is sent to the consent page for an outage.
    fn refresh(&self, status: StatusCode) -> Fault {
        let given_up = status == StatusCode::FAILED_DEPENDENCY || self.is("connection_refresh_exhausted");
        if given_up && !self.says("backoff") { Fault::CredentialsRefused } else { Fault::Transient }
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

fn gateway(status: StatusCode, headers: &HeaderMap) -> Fault {
    if status.is_success() {
        // Nango answers an unknown path with its dashboard, so a wrong base URL looks like a success.
        return if is_html(headers) { Fault::Operator } else { Fault::Transient };
    }
    // An edge that takes us for a robot says 403, and thinks better of it.
    let mistaken = status == StatusCode::FORBIDDEN;
    if mistaken || passes_by_itself(status) { Fault::Transient } else { Fault::Operator }
}

fn passes_by_itself(status: StatusCode) -> bool {
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_server_error() || later.contains(&status)
}

fn is_html(headers: &HeaderMap) -> bool {
    let mime = headers.get(header::CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).unwrap_or_default();
    mime.trim_start().to_ascii_lowercase().starts_with("text/html")
}

//! What a world says back, and how Notion words a refusal.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::state::State;

/// What happens on the wire. A door carries it out.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An answer.
    Response(Answer),
    /// The connection is reset; there is no answer.
    Reset,
    /// The answer's head promises all of it, and the connection breaks after some of it.
    Cut {
        /// The answer that is cut.
        answer: Answer,
        /// How many bytes of the body arrive.
        after: usize,
    },
    /// The whole answer, slowly.
    Drip {
        /// The answer.
        answer: Answer,
        /// How many bytes arrive at a time.
        chunk: usize,
        /// How long it pauses before each.
        pause: Duration,
    },
}

impl Reply {
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Response(answer) | Self::Cut { answer, .. } | Self::Drip { answer, .. } => {
                Some(answer.status.as_u16())
            }
            Self::Reset => None,
        }
    }

    /// The same, with the time in its head.
    pub(super) fn dated(mut self, date: DateTime<Utc>) -> Self {
        if let Self::Response(answer) | Self::Cut { answer, .. } | Self::Drip { answer, .. } = &mut self
            && let Ok(date) = HeaderValue::try_from(date.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        {
            answer.headers.entry(header::DATE).or_insert(date);
        }
        self
    }
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    pub(super) fn new(status: StatusCode, mime: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let answer = Self { status, headers: HeaderMap::new(), body };
        let length = answer.body.len();
        answer.with(header::CONTENT_TYPE, mime).with(header::CONTENT_LENGTH, &length.to_string())
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("unprintable"));
        self.headers.insert(name, value);
        self
    }

    /// A JSON answer as Notion's servers send it, through their edge proxy.
    pub(super) fn json(status: StatusCode, body: &Value, request_id: &str) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
            .with(HeaderName::from_static("x-notion-request-id"), request_id)
            .with(HeaderName::from_static("cf-ray"), &ray(request_id))
    }
}

/// The edge proxy's own number for a request.
pub(super) fn ray(request_id: &str) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    format!("{digits}-FRA")
}

/// A refusal in Notion's words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub additional: Option<Value>,
    pub retry_after: Option<u64>,
    /// Set if only a mistake in the client can cause this.
    pub violation: bool,
}

pub(super) type Outcome<T = Value> = Result<T, Refusal>;

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), additional: None, retry_after: None, violation: false }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_error", message)
    }

    pub fn missing(kind: &str, id: impl std::fmt::Display) -> Self {
        let message = format!(
            "Could not find {kind} with ID: {id}. Make sure the relevant pages and databases are shared with your \
             connection."
        );
        Self::new(StatusCode::NOT_FOUND, "object_not_found", message)
    }

    pub fn limited(reason: &str, retry_after: u64) -> Self {
        let message = "You have been rate limited. Please try again in a few minutes.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
            .additional(json!({"rate_limit_reason": reason, "retry_after": retry_after.to_string()}))
            .retry_after(retry_after)
    }

    pub fn additional(mut self, additional: Value) -> Self {
        self.additional = Some(additional);
        self
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub fn violation(mut self) -> Self {
        self.violation = true;
        self
    }

    pub fn answer(&self, request_id: &str) -> Answer {
        let mut body = json!({
            "object": "error", "status": self.status.as_u16(), "code": self.code, "message": self.message,
            "request_id": request_id,
        });
        if let Some(additional) = &self.additional {
            body["additional_data"] = additional.clone();
        }
        let answer = Answer::json(self.status, &body, request_id);
        match self.retry_after {
            Some(seconds) => answer.with(header::RETRY_AFTER, &seconds.to_string()),
            None => answer,
        }
    }
}

impl State {
    /// The id of the answer being given.
    pub fn request_id(&self) -> String {
        self.uuid("request", self.log.answered).to_string()
    }
}

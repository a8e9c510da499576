//! What is asked, and Nango's words for what it answers.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use notion_import_core::testing::Answer;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A request, read.
pub(super) struct Asked {
    pub method: Method,
    /// As sent: still percent-encoded.
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn segments(&self) -> Vec<String> {
        let decode = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        self.path.trim_start_matches('/').split('/').map(decode).collect()
    }

    pub fn pairs(&self) -> Vec<(String, String)> {
        let query = self.query.as_deref().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, with no field that is not known.
    pub fn json<T: DeserializeOwned>(&self) -> Outcome<T> {
        let mime = self.header("content-type").unwrap_or("application/json");
        if !mime.starts_with("application/json") {
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_content_type"));
        }
        let value: Value =
            serde_json::from_slice(&self.body).map_err(|_| Refusal::invalid("invalid_json", "not JSON"))?;
        serde_json::from_value(value).map_err(|error| {
            let said = error.to_string();
            Refusal::validation("invalid_body", &said, &named(&said))
        })
    }

    /// No query parameter but these is accepted.
    pub fn only(&self, known: &[&str]) -> Outcome<()> {
        match self.pairs().iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Refusal::validation(
                "invalid_query_params",
                &format!("Unrecognized key: \"{name}\""),
                &[],
            )),
            None => Ok(()),
        }
    }

    /// A parameter that says yes or no, in one of the words that Nango knows; not said, it is no.
    pub fn flag(&self, name: &str) -> Outcome<bool> {
        let said = self.parameter(name).unwrap_or_else(|| "false".to_owned());
        match said.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "y" | "enabled" => Ok(true),
            "false" | "0" | "no" | "off" | "n" | "disabled" => Ok(false),
            _ => Err(Refusal::validation("invalid_query_params", "Invalid option", &[name])),
        }
    }

    pub fn parameter(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

pub(super) type Outcome<T> = Result<T, Refusal>;

/// A refusal in Nango's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: Value,
    pub retry_after: Option<u64>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &str) -> Self {
        Self { status, error: json!({ "code": code }), retry_after: None }
    }

    pub fn invalid(code: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code).saying(message)
    }

    /// What is wrong with what was sent, and where.
    pub fn validation(code: &str, message: &str, path: &[&str]) -> Self {
        let errors = json!([{ "code": "custom", "message": message, "path": path }]);
        Self::new(StatusCode::BAD_REQUEST, code).with("errors", errors)
    }

    pub fn saying(self, message: &str) -> Self {
        self.with("message", message.into())
    }

    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.error[field] = value;
        self
    }

    pub fn answer(&self) -> Answer {
        let mut answer = reply(self.status, &json!({ "error": self.error }));
        if let Some(seconds) = self.retry_after {
            answer.headers.insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// The field that serde names.
fn named(said: &str) -> Vec<&str> {
    said.split('`').nth(1).into_iter().collect()
}

pub(super) fn reply(status: StatusCode, body: &Value) -> Answer {
    typed(status, "application/json; charset=utf-8", body.to_string())
}

pub(super) fn html(status: StatusCode, body: String) -> Answer {
    let mut answer = typed(status, "text/html; charset=utf-8", body);
    let mut add = |name: HeaderName, value| answer.headers.insert(name, HeaderValue::from_static(value));
    add(header::CACHE_CONTROL, "no-store");
    add(header::REFERRER_POLICY, "no-referrer");
    add(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'");
    answer
}

/// What the framework says of a call that there is not.
pub(super) fn no_such_call(asked: &Asked) -> Answer {
    let what = format!("Cannot {} {}", asked.method, asked.path).replace('&', "&amp;").replace('<', "&lt;");
    html(
        StatusCode::NOT_FOUND,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>{what}</pre>\n</body>\n</html>\n"
        ),
    )
}

pub(super) fn empty(status: StatusCode) -> Answer {
    Answer { status, headers: HeaderMap::new(), body: Bytes::new() }
}

fn typed(status: StatusCode, mime: &'static str, body: String) -> Answer {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(mime))]);
    Answer { status, headers, body: body.into() }
}

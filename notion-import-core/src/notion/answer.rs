//! What an answer means: who gave it, and whether to ask again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::connection::TokenSource;
use crate::error::{AccessError, Error, NotionCode, NotionError};

/// Notion's error object, as far as it is read. Its message is looked at, never kept.
#[derive(Deserialize)]
struct ErrorBody {
    object: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    request_id: Option<String>,
    #[serde(default)]
    additional_data: serde_json::Value,
}

/// It turns an answer that is no success into an error of whoever gave it.
pub(super) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    tokens: &dyn TokenSource,
    now: DateTime<Utc>,
) -> Error {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(notion) if notion.object == "error" => Error::Notion(NotionError {
            status,
            code: code(status, &notion),
            retry_after: retry_after(headers, &notion, now),
            request_id: notion.request_id,
        }),
        _ => Error::Access(AccessError::from(tokens.explain(status, headers, body, now))),
    }
}

fn code(status: StatusCode, body: &ErrorBody) -> NotionCode {
    match (status.as_u16(), body.code.as_str()) {
        (401, _) => NotionCode::Unauthorized,
        (403, _) => NotionCode::RestrictedResource,
        (404, _) => NotionCode::ObjectNotFound,
        (409, _) => NotionCode::Conflict,
        (429, _) if reason(body) == Some("public_api_request_blocked") => NotionCode::Blocked,
        (429, _) => NotionCode::RateLimited,
        (529, _) => NotionCode::Overloaded,
        (500 | 502 | 503 | 504, _) => NotionCode::Unavailable,
        (400, "validation_error") if body.message.contains("start_cursor") => NotionCode::InvalidCursor,
        (400, _) if body.message.contains("response time budget") => NotionCode::RenderingBudget,
        // A database asked for as a page, or the other way round: for this purpose it is not there.
        (400, "validation_error") if is_other_kind(&body.message) => NotionCode::ObjectNotFound,
        (400, _) => NotionCode::Validation,
        _ => NotionCode::Other,
    }
}

fn is_other_kind(message: &str) -> bool {
    [" is a database, not a ", " is a page, not a ", " is a block, not a ", " is a data source, not a "]
        .iter()
        .any(|kinds| message.contains(kinds))
}

fn reason(body: &ErrorBody) -> Option<&str> {
    body.additional_data.get("rate_limit_reason")?.as_str()
}

/// Whether a refusal is about the connection's own budget, so that it teaches its size.
pub(super) fn teaches_budget(body: &[u8]) -> bool {
    let reasons = serde_json::from_slice::<ErrorBody>(body).ok();
    reasons.as_ref().and_then(reason).is_none_or(|reason| reason == "public_api_request_rate_limit")
}

/// `Retry-After` as seconds or as a date; Notion repeats it in the body, where proxies that drop headers leave it.
fn retry_after(headers: &HeaderMap, body: &ErrorBody, now: DateTime<Utc>) -> Option<Duration> {
    let header = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let in_body = body.additional_data.get("retry_after").and_then(|value| value.as_str());
    header.or(in_body).and_then(|text| wait(text.trim(), now))
}

fn wait(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

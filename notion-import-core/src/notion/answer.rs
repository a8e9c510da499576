//! What an answer means: who gave it, and whether to ask again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::connection::TokenSource;
use crate::error::{Error, NotionCode, NotionError};

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

/// Turns an answer that is no success into an error of whoever gave it.
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
        _ => Error::Access(tokens.explain(status, headers, body, now)),
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
        (503, _) if advises_smaller_pages(body) => NotionCode::TooSlow,
        (500 | 502 | 503 | 504, _) => NotionCode::Unavailable,
        (400, "validation_error") if body.message.contains("start_cursor") => NotionCode::InvalidCursor,
        (400, _) if body.message.contains("response time budget") => NotionCode::RenderingBudget,
        // A database asked for as a page, or the other way round: for this purpose it is not there.
        (400, "validation_error") if is_other_kind(&body.message) => NotionCode::ObjectNotFound,
        (400, _) => NotionCode::Validation,
        _ => NotionCode::Other,
    }
}

/// A list that takes too long comes with guidance: one text or several.
fn advises_smaller_pages(body: &ErrorBody) -> bool {
    let advises = |text: &serde_json::Value| text.as_str().is_some_and(|text| text.contains("page_size"));
    match body.additional_data.get("retry_guidance") {
        Some(serde_json::Value::Array(texts)) => texts.iter().any(advises),
        Some(text) => advises(text),
        None => false,
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
    [header, in_body].into_iter().flatten().find_map(|text| wait(text.trim(), now))
}

fn wait(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000)
    }

    #[test]
    fn a_wait_is_read_as_seconds_or_as_a_date_from_the_header_or_else_from_the_body() {
        let check = |header: Option<&'static str>, in_body: Option<&str>, expected: Option<u64>| {
            let headers = header.map(|text| (header::RETRY_AFTER, HeaderValue::from_static(text)));
            let body = ErrorBody {
                object: "error".to_owned(),
                code: String::new(),
                message: String::new(),
                request_id: None,
                additional_data: json!({"retry_after": in_body}),
            };
            let found = retry_after(&headers.into_iter().collect(), &body, now());
            assert_eq!(found, expected.map(Duration::from_secs), "{header:?} {in_body:?}");
        };
        check(Some("7"), None, Some(7));
        check(Some(" 7 "), Some("9"), Some(7));
        check(None, Some("9"), Some(9));
        check(Some("soon"), Some("9"), Some(9));
        check(Some("86400"), None, Some(86_400));
        check(Some("Thu, 04 Oct 2024 00:00:30 GMT"), Some("9"), Some(9));
        check(Some("Fri, 04 Oct 2024 00:00:30 GMT"), None, Some(30));
        check(Some("Thu, 03 Oct 2024 00:00:00 GMT"), None, Some(0));
        check(Some("-5"), None, None);
        check(None, None, None);
    }

    #[test]
    fn advice_to_ask_for_less_is_told_from_other_trouble() {
        let check = |status: u16, guidance: serde_json::Value, expected: NotionCode| {
            let body = json!({
                "object": "error", "code": "service_unavailable", "message": "",
                "additional_data": {"retry_guidance": guidance},
            });
            let body: ErrorBody = serde_json::from_value(body).unwrap_or_else(|error| panic!("{error}"));
            let status = StatusCode::from_u16(status).unwrap_or_default();
            assert_eq!(code(status, &body), expected, "{body:?}", body = body.additional_data);
        };
        check(503, json!(["Retry with backoff.", "Use a smaller page_size."]), NotionCode::TooSlow);
        check(503, json!("Reduce page_size"), NotionCode::TooSlow);
        check(503, json!(["Retry later."]), NotionCode::Unavailable);
        check(503, serde_json::Value::Null, NotionCode::Unavailable);
        check(500, json!("Reduce page_size"), NotionCode::Unavailable);
    }
}

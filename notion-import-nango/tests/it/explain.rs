//! Whose fault an answer tells: every body of the documentation.

use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, StatusCode};
use notion_import_core::{Fault, TokenSource};

use crate::{moment, nango};

fn explain(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Fault {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    nango("https://api.nango.dev").explain(status, &headers, body.as_bytes(), moment()).fault
}

fn check(status: u16, body: &str, expected: Fault) {
    let json = [("content-type", "application/json")];
    assert_eq!(explain(status, &json, body), expected, "{status} {body}");
}

fn coded(status: u16, code: &str, expected: Fault) {
    check(status, &format!(r#"{{"error":{{"code":"{code}","message":"x","payload":{{}}}}}}"#), expected);
    check(status, &format!(r#"{{"error":{{"code":"{code}"}}}}"#), expected);
}

fn said(status: u16, code: &str, message: &str, expected: Fault) {
    check(status, &format!(r#"{{"error":{{"code":"{code}","message":"{message}"}}}}"#), expected);
}

#[test]
fn a_wrong_set_up_is_the_operators_fault_and_no_tenants() {
    let operator = |status, code| coded(status, code, Fault::Operator);
    operator(401, "missing_auth_header");
    operator(401, "malformed_auth_header");
    operator(401, "invalid_secret_key_format");
    operator(401, "unknown_account");
    operator(401, "deprecated_authentication");
    operator(401, "invalid_connect_session_token_format");
    operator(401, "unknown_connect_session_token");
    operator(401, "a_code_of_next_year");
    operator(402, "plan_limit");
    operator(403, "forbidden");
    operator(403, "invalid_permissions");
    operator(403, "a_code_of_next_year");
    operator(404, "unknown_provider_config");
    operator(400, "unknown_provider_config");
    operator(404, "not_found");
    operator(404, "feature_disabled");
    operator(400, "invalid_headers");
    operator(400, "invalid_body");
    operator(400, "invalid_query_params");
    operator(400, "invalid_uri_params");
    operator(400, "invalid_json");
    operator(400, "resource_capped");
    operator(400, "integration_not_allowed");
    operator(400, "base_url_override_disabled");
    operator(400, "base_url_override_not_allowed");
    operator(400, "unsupported_provider");
    operator(415, "invalid_content_type");
    operator(400, "server_error");
}

#[test]
fn a_missing_connection_is_told_from_one_whose_credentials_failed() {
    let missing = Fault::ConnectionMissing;
    said(400, "server_error", "Failed to get connection", missing);
    said(404, "server_error", "Failed to get connection", missing);
    coded(404, "unknown_connection", missing);
    coded(400, "unknown_connection", missing);

    let (failing, refused) = (Fault::RefreshFailing, Fault::CredentialsRefused);
    let quoted = "Failed to get connection credentials: 'Please try again later.'";
    said(400, "server_error", quoted, failing);
    said(503, "server_error", quoted, failing);
    said(424, "server_error", quoted, refused);
    let failed =
        "The external API returned an error when trying to refresh the access token. Please try again later.";
    let backs_off = "A recent refresh attempt failed. Backing off before retrying.";
    for sentence in [failed, backs_off] {
        said(424, "invalid_credentials", sentence, failing);
        said(424, "server_error", &format!("Failed to get connection credentials: '{sentence}'"), failing);
        said(424, "connection_refresh_backoff", sentence, failing);
    }
    let named = |named: &str, expected| {
        let body = format!(
            r#"{{"error":{{"code":"invalid_credentials","message":"x","payload":{{"type":"{named}"}}}}}}"#
        );
        check(424, &body, expected);
    };
    named("connection_refresh_backoff", failing);
    named("connection_refresh_exhausted", refused);
    coded(424, "connection_refresh_backoff", failing);
    coded(424, "connection_refresh_exhausted", refused);
    coded(424, "invalid_credentials", refused);
    coded(400, "invalid_credentials", failing);
    said(500, "server_error", "Failed to get connection", Fault::Transient);
}

#[test]
fn what_passes_by_itself_is_transient() {
    let transient = |status, body| check(status, body, Fault::Transient);
    transient(500, r#"{"message":"read ECONNRESET","code":"ECONNRESET","method":"get"}"#);
    transient(500, r#"{"message":"timeout","code":"ECONNABORTED","method":"post"}"#);
    transient(500, "");
    transient(502, "<html>Bad gateway</html>");
    transient(503, "upstream connect error");
    transient(504, "");
    transient(429, "error code: 1015");
    transient(403, "<html>Just a moment...</html>");
    transient(408, "");
    transient(500, r#"{"error":"a string"}"#);
    transient(500, r#"{"error":{"message":"no code"}}"#);
    transient(200, r#"{"object":"list","results":[{"#);
    coded(500, "server_error", Fault::Transient);
    coded(500, "generic_error_support", Fault::Transient);
    coded(500, "unhandled_plan_not_found", Fault::Transient);
    coded(500, "ECONNRESET", Fault::Transient);
    coded(503, "proxy_request_failed", Fault::Transient);
}

#[test]
fn notions_own_words_are_never_a_fault_of_nangos() {
    for (status, code) in [(401, "unauthorized"), (403, "restricted_resource"), (429, "rate_limited")] {
        let body = format!(
            r#"{{"object":"error","status":{status},"code":"{code}","error":{{"code":"forbidden"}}}}"#
        );
        check(status, &body, Fault::Transient);
    }
}

#[test]
fn what_is_not_nango_at_all_is_a_wrong_address() {
    let html = [("content-type", "text/html; charset=utf-8")];
    let page = "<!doctype html><title>Nango</title>";
    for status in [200, 301, 400, 401, 404] {
        assert_eq!(explain(status, &html, page), Fault::Operator, "{status}");
    }
    check(404, r#"{"error":"not here"}"#, Fault::Operator);
}

#[test]
fn nangos_own_429_pauses_the_account() {
    let check = |headers: &[(&'static str, &'static str)], seconds: i64| {
        let body = r#"{"error":{"code":"too_many_request","method":"POST","path":"/proxy/v1/search"}}"#;
        let expected = Fault::AccountPause(moment() + TimeDelta::seconds(seconds));
        assert_eq!(explain(429, headers, body), expected, "{headers:?}");
    };
    check(&[("retry-after", "0")], 1);
    check(&[("retry-after", "30"), ("x-ratelimit-reset", "1800000029")], 31);
    check(&[("x-ratelimit-limit", "200"), ("x-ratelimit-reset", "1800000029")], 29);
    check(&[], 60);
}

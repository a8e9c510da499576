//! The proxy: it puts the token in and hands on what Notion says.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use notion_import_core::testing::{Answer, Reply};
use notion_import_core::transport::Request;
use serde_json::json;
use url::Url;

use super::answer::{Asked, Outcome, Refusal, reply};
use super::stand_in::StandIn;
use super::state::State;

/// The only client headers that are handed on start with this.
const HANDED_ON: &str = "nango-proxy-";
/// The version the provider's template asks for unless the client does.
const OLD_VERSION: HeaderValue = HeaderValue::from_static("2022-06-28");

impl StandIn {
    pub(super) fn proxy(&self, asked: &Asked, state: &State) -> Outcome<Reply> {
        let token = self.token_for(asked, state)?;
        let rest = asked.path.trim_start_matches('/').strip_prefix("proxy").unwrap_or_default();
        let query = asked.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let url = Url::parse(&format!("https://api.notion.com{rest}{query}"))
            .map_err(|_| Refusal::invalid("invalid_uri_params", "not a path"))?;
        let bodiless = matches!(asked.method, Method::GET | Method::HEAD);
        let body = (!bodiless && !asked.body.is_empty()).then(|| asked.body.clone());
        let request = Request { method: asked.method.clone(), url, headers: upstream(asked, &token), body };
        Ok(match self.world().answer(&request, self.now()) {
            Reply::Reset => unreachable_upstream(&asked.method),
            Reply::Response(answer) if self.settings().unchunked && answer.status.is_success() => {
                Reply::Response(bare(answer))
            }
            answered => answered,
        })
    }

    fn token_for(&self, asked: &Asked, state: &State) -> Outcome<String> {
        let (integration, connection) =
            (required(asked, "provider-config-key")?, required(asked, "connection-id")?);
        check_options(asked)?;
        // Nango's own client always sends one, and means none by an empty one.
        if asked.header("base-url-override").is_some_and(|url| !url.is_empty()) {
            return Err(Refusal::invalid("base_url_override_disabled", "Base URL override is disabled"));
        }
        if integration != self.settings().integration_id {
            let message = "Integration does not exist";
            return Err(Refusal::new(StatusCode::NOT_FOUND, "unknown_provider_config").saying(message));
        }
        let found = state.connections.get(connection);
        let found = found.ok_or_else(|| Refusal::invalid("server_error", "Failed to get connection"))?;
        found.proxied()?;
        Ok(found.token.clone())
    }
}

fn required<'a>(asked: &'a Asked, name: &str) -> Outcome<&'a str> {
    let message = "Invalid input: expected string, received undefined";
    asked.header(name).ok_or_else(|| Refusal::validation("invalid_headers", message, &[name]))
}

/// What the client may say of the call has to make sense.
fn check_options(asked: &Asked) -> Outcome<()> {
    let is_wrong = |name: &str, text: &str| match name {
        "retries" => !text.trim().is_empty() && text.trim().parse::<f64>().is_err(),
        "retry-on" => text.split(',').any(|one| one.is_empty() || !one.bytes().all(|c| c.is_ascii_digit())),
        _ => !matches!(text, "true" | "false"),
    };
    let known = ["retries", "retry-on", "decompress", "forward-headers-on-redirect"];
    match known.iter().find(|name| asked.header(name).is_some_and(|text| is_wrong(name, text))) {
        Some(name) => Err(Refusal::validation("invalid_headers", "Invalid input", &[name])),
        None => Ok(()),
    }
}

/// What is left of the headers of an answer that Nango has read whole.
fn bare(mut answer: Answer) -> Answer {
    let kept = ["content-type", "mcp-session-id", "x-request-id", "x-correlation-id"];
    let all = std::mem::take(&mut answer.headers);
    let kept = kept.iter().filter_map(|name| Some((HeaderName::from_static(name), all.get(*name)?.clone())));
    answer.headers = kept.collect();
    answer
}

/// The template's headers, and over them the client's.
fn upstream(asked: &Asked, token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("notion-version", OLD_VERSION);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"));
    if let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {token}")) {
        bearer.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, bearer);
    }
    if let Some(mime) = asked.headers.get(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, mime.clone());
    }
    for (name, value) in &asked.headers {
        let Some(name) = name.as_str().strip_prefix(HANDED_ON) else { continue };
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.insert(name, value.clone());
        }
    }
    headers
}

/// Nango reports a network error bare, without its usual wrapper.
fn unreachable_upstream(method: &Method) -> Reply {
    let method = method.as_str().to_ascii_lowercase();
    let body = json!({ "message": "read ECONNRESET", "code": "ECONNRESET", "method": method });
    Reply::Response(reply(StatusCode::INTERNAL_SERVER_ERROR, &body))
}

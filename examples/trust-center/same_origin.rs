//! What every request has to satisfy, and what every answer says to the browser.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// It refuses writes that another site's page sent, and any request under a name that is not this machine's.
pub async fn guard(request: Request, next: Next) -> Response {
    let foreign = request.method() != Method::GET && !is_same_origin(request.headers());
    let mut response = match foreign || !is_local(request.headers()) {
        true => Problem::foreign().into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    say(header::CONTENT_SECURITY_POLICY, POLICY);
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::REFERRER_POLICY, "same-origin");
    say(header::CACHE_CONTROL, "no-store");
    response
}

/// Browsers say where a form was sent from, in one of two headers; whoever says neither is refused.
fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let (Some(origin), Some(host)) = (text(headers, "origin"), text(headers, "host")) else { return false };
    origin.strip_prefix("http://") == Some(host)
}

/// A name that somebody else's server resolves to this machine must not make its pages ours.
fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, "host") else { return false };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

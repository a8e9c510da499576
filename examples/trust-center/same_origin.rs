//! What every request has to satisfy.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Refuses writes that another site's page sent, and any request under a name that is not this machine's.
pub async fn guard(request: Request, next: Next) -> Response {
    let foreign = !request.method().is_safe() && !is_same_origin(request.headers());
    match foreign || !is_local(request.headers()) {
        true => Problem::foreign().into_response(),
        false => next.run(request).await,
    }
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

//! What every request has to satisfy.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::app::App;
use crate::problem::Problem;

/// Refuses writes that another site's page sent, and any request under a name that is not this site's.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (headers, public) = (request.headers(), app.public_url.as_ref());
    let writes = !request.method().is_safe();
    match is_ours(headers, public) && (!writes || is_same_origin(headers, public)) {
        true => next.run(request).await,
        false => Problem::foreign().into_response(),
    }
}

/// Browsers say where a form was sent from, in one of two headers; whoever says neither is refused.
fn is_same_origin(headers: &HeaderMap, public: Option<&Url>) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let (Some(origin), Some(host)) = (text(headers, "origin"), text(headers, "host")) else { return false };
    public.is_some_and(|url| url.origin().ascii_serialization() == origin)
        || (is_local(host) && origin.strip_prefix("http://") == Some(host))
}

/// A name that somebody else's server resolves to this machine must not make its pages ours.
fn is_ours(headers: &HeaderMap, public: Option<&Url>) -> bool {
    let Some(host) = text(headers, "host") else { return false };
    is_local(host) || public.is_some_and(|url| url.authority().eq_ignore_ascii_case(host))
}

fn is_local(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

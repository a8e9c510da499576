//! What everybody may keep, but asks about before showing it again: a document that closes is gone with the next request.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use notion_import_core::StoreError;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::language;
use crate::languages::Language;
use crate::people::Company;
use crate::problem::Problem;

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Marks an answer in which nothing is for one visitor alone.
pub fn everybodys(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, NO_CACHE);
    // Whoever is signed in gets another page at the same address.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("cookie"));
    response
}

/// Answers with what everybody may see of a company's site, unless whoever asks has it already: what it is called and the site's revision say
/// whether it is the same.
pub async fn by_revision(
    app: &App,
    company: &Company,
    headers: &HeaderMap,
    (name, language): (&str, Option<Language>),
    write: impl AsyncFnOnce() -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    // Read before the content: what changes in between makes that newer than its tag, and never older.
    let revision = app.revisions.of(company.tenant).await?;
    let code = language.map_or("", Language::code);
    let tag = tag(format!("{revision} {} {code} {} {name}", app.site, company.slug).as_bytes());
    let mut response = match unchanged_since(headers, &tag) {
        Some(unchanged) => unchanged,
        None => everybodys(tagged_by(write().await?, tag)),
    };
    if let Some(language) = language {
        language::say(response.headers_mut(), language);
    }
    Ok(response)
}

/// Returns the tag of these bytes.
pub fn tag(bytes: &[u8]) -> HeaderValue {
    #[allow(clippy::unwrap_used, reason = "digits and quotes make a header")]
    HeaderValue::try_from(format!("\"{}\"", digest(bytes))).unwrap()
}

/// Returns what names these bytes, such as those of a template that is part of many tags.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Gives an answer its tag.
pub fn tagged_by(mut response: Response, tag: HeaderValue) -> Response {
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Returns all that there is to say to whoever has what this tag names already; none to anybody else.
pub fn unchanged_since(asked: &HeaderMap, tag: &HeaderValue) -> Option<Response> {
    let known = asked.get(header::IF_NONE_MATCH)?;
    names(known, tag).then(|| everybodys(tagged_by(StatusCode::NOT_MODIFIED.into_response(), tag.clone())))
}

/// Tags every such answer by all that it shows, and says no more than that to whoever has it already.
pub async fn answer(request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let is_there = [StatusCode::OK, StatusCode::PARTIAL_CONTENT].contains(&response.status());
    if !is_there || response.headers().get(header::CACHE_CONTROL) != Some(&NO_CACHE) {
        return response;
    }
    let response = match tagged(response).await {
        Ok(response) => response,
        Err(error) => return Problem::from(StoreError::backend(error)).into_response(),
    };
    match (known, response.headers().get(header::ETAG)) {
        (Some(known), Some(tag)) if names(&known, tag) => unchanged(response),
        _ => response,
    }
}

/// What streams has its tag already.
async fn tagged(response: Response) -> Result<Response, axum::Error> {
    if response.headers().contains_key(header::ETAG) {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await?;
    head.headers.insert(header::ETAG, tag(&body));
    Ok(Response::from_parts(head, Body::from(body)))
}

fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn unchanged(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_RANGE);
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

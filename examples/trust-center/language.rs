//! Which language a visitor of a public site is spoken to in: the one they chose, else the one that their browser asks for.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::fields::Fields;
use crate::languages::{Language, accepted};
use crate::people::Company;
use crate::session;

/// Holds the code of a language, and nothing else.
const COOKIE: &str = "trust_center_language";

/// A year, in seconds.
const LIFETIME: u32 = 365 * 24 * 60 * 60;

/// Which language a request is answered in. What is no company's site speaks English.
pub fn of(uri: &Uri, headers: &HeaderMap) -> Language {
    if site(uri.path()).is_none() {
        return Language::default();
    }
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    chosen(uri).or_else(|| remembered(headers)).or_else(|| accepted(header?)).unwrap_or_default()
}

/// The company whose public site a path is on.
pub fn site(path: &str) -> Option<&'static Company> {
    Company::of_slug(path.strip_prefix("/t/")?.split('/').next()?)
}

/// Returns a path and a query as they are in each language, with what that calls itself.
pub fn addresses(uri: &Uri) -> Vec<(Language, &'static str, String)> {
    Language::ALL.map(|(language, name)| (language, name, address_in(uri, language))).into()
}

fn address_in(uri: &Uri, language: Language) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let asked = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    query.extend_pairs(asked.filter(|(name, _)| name != "lang")).append_pair("lang", language.code());
    format!("{}?{}", uri.path(), query.finish())
}

/// Says of each page of a public site which language it speaks, and remembers the one that the visitor chose.
pub async fn speak(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    let language = of(uri, headers);
    let is_site = site(uri.path()).is_some();
    let new = chosen(uri).filter(|chosen| is_site && remembered(headers) != Some(*chosen));
    let mut response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !is_site || !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return response;
    }
    say(response.headers_mut(), language);
    if let Some(cookie) = new.and_then(|language| cookie(&app, language)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
        // It is this browser's alone.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().remove(header::ETAG);
    }
    response
}

/// Says which language an answer speaks, and what that depends on where the answer may be kept.
pub fn say(headers: &mut HeaderMap, language: Language) {
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    if headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    }
}

fn chosen(uri: &Uri) -> Option<Language> {
    Language::of_code(Fields::read(uri.query()?.as_bytes()).text("lang"))
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    session::cookies(headers, COOKIE).find_map(Language::of_code)
}

fn cookie(app: &App, language: Language) -> Option<HeaderValue> {
    let is_secure = app.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    let secure = if is_secure { " Secure;" } else { "" };
    let code = language.code();
    let cookie = format!("{COOKIE}={code}; HttpOnly; SameSite=Lax; Max-Age={LIFETIME};{secure} Path=/t");
    HeaderValue::try_from(cookie).ok()
}

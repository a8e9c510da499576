//! What went wrong, as a page that says what to do.

use std::borrow::Cow;
use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use chrono::Utc;
use notion_import_core::{Conflict, Error, ErrorKind, MarkError, StoreError};

use crate::languages::{Language, Words};
use crate::pages::Address;
use crate::people::Company;
use crate::{language, words};

/// A page instead of the one that was asked for.
#[derive(Clone)]
pub struct Problem {
    status: StatusCode,
    title: Text,
    advice: Text,
    /// An address, and what it is called.
    way_out: Box<(Cow<'static, str>, Text)>,
    /// How long to wait before trying again, where that helps.
    retry_after: Option<Duration>,
}

/// What a page says.
#[derive(Clone)]
enum Text {
    /// To whoever is outside, in the language they are spoken to in.
    InEach(Phrase),
    /// The same, with a name in it.
    Naming(Phrase, String),
    /// As it is: to members in English, or chosen already.
    As(Cow<'static, str>),
}

/// Picks a phrase of a language's words.
type Phrase = fn(&'static Words) -> &'static str;

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    status: StatusCode,
    language: Language,
    title: Cow<'static, str>,
    advice: Cow<'static, str>,
    way_out: (Cow<'static, str>, Cow<'static, str>),
}

impl Text {
    fn of(self, language: Language) -> Cow<'static, str> {
        let words = language.words();
        match self {
            Self::InEach(phrase) => phrase(words).into(),
            Self::Naming(phrase, name) => words.fill(phrase(words), &[&name]).into(),
            Self::As(text) => text,
        }
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::As(text.into())
    }
}

impl Problem {
    fn new(status: StatusCode, title: impl Into<Text>, advice: impl Into<Cow<'static, str>>) -> Self {
        Self::saying(status, title.into(), Text::As(advice.into()))
    }

    /// One that people outside may see.
    fn outside(status: StatusCode, title: Phrase, advice: Phrase) -> Self {
        Self::saying(status, Text::InEach(title), Text::InEach(advice))
    }

    fn saying(status: StatusCode, title: Text, advice: Text) -> Self {
        let way_out = Box::new(("/".into(), Text::InEach(|words| words.to_start)));
        Self { status, title, advice, way_out, retry_after: None }
    }

    /// The same, with an address to go on at.
    pub fn with_way_out(self, address: String, name: &'static str) -> Self {
        Self { way_out: Box::new((address.into(), name.into())), ..self }
    }

    /// One answer for what is not there and for what must not be known to be there.
    pub fn not_found() -> Self {
        Self::outside(StatusCode::NOT_FOUND, |words| words.not_found, |words| words.not_found_advice)
    }

    /// A file that would say nothing of whom it is given to is not given away.
    pub fn unmarkable(company: &str, why: MarkError) -> Self {
        let advice: Phrase = match why {
            MarkError::TooLarge => |words| words.unmarkable_large,
            MarkError::Encrypted => |words| words.unmarkable_encrypted,
            _ => |words| words.unmarkable_other,
        };
        let title = Text::InEach(|words| words.unmarkable);
        Self::saying(why.status(), title, Text::Naming(advice, company.to_owned()))
    }

    pub fn members_only() -> Self {
        let advice = "These pages are for members of a company. Switch to one in the bar at the top of the start page.";
        Self::new(StatusCode::FORBIDDEN, "For members", advice)
    }

    pub fn not_your_role() -> Self {
        Self {
            way_out: Box::new(("/documents".into(), "To the documents".into())),
            ..Self::outside(
                StatusCode::FORBIDDEN,
                |words| words.not_allowed,
                |words| words.not_allowed_advice,
            )
        }
    }

    pub fn foreign() -> Self {
        Self::outside(StatusCode::FORBIDDEN, |words| words.refused, |words| words.refused_advice)
    }

    /// A link to sign in by was used, or is too old, or never was one.
    pub fn link_is_over() -> Self {
        Self::outside(StatusCode::GONE, |words| words.link_over, |words| words.link_over_advice)
    }

    /// Something in the form is missing or makes no sense.
    pub fn form(advice: impl Into<Cow<'static, str>>) -> Self {
        let title = Text::InEach(|words| words.missing);
        Self::saying(StatusCode::UNPROCESSABLE_ENTITY, title, Text::As(advice.into()))
    }

    pub fn moved_on() -> Self {
        Self::conflict(Conflict::Changed)
    }

    fn conflict(why: Conflict) -> Self {
        let (documents, integrations) =
            (("/documents", "To the documents"), ("/integrations", "To the integrations"));
        let (title, (to, name)): (Text, _) = match why {
            Conflict::Changed => (Text::InEach(|words| words.changed), documents),
            Conflict::NoReason => ("A reason is missing".into(), documents),
            Conflict::NotPublished => ("Nothing is published".into(), documents),
            Conflict::AddressTaken => ("Somebody has this address".into(), documents),
            Conflict::NotCurrent => (Text::InEach(|words| words.nda_changed), ("/", "To the start")),
            Conflict::NoLongerKept => ("It is kept no longer".into(), ("/audit", "To the audit")),
            Conflict::AttemptExists
            | Conflict::AnotherGrant
            | Conflict::NotFenced
            | Conflict::StillConnected => ("That cannot be now".into(), integrations),
            Conflict::LinkedElsewhere => ("Another document has its page".into(), documents),
            Conflict::AlreadyConnected => ("It is connected already".into(), integrations),
            Conflict::WorkspaceTaken => ("Another company has it".into(), integrations),
            Conflict::AnotherWorkspace => ("This is another workspace".into(), integrations),
        };
        let advice = match why {
            Conflict::Changed => Text::InEach(|words| words.changed_advice),
            Conflict::NotCurrent => Text::InEach(|words| words.nda_changed_advice),
            _ => words::conflict(why).into(),
        };
        Self {
            way_out: Box::new((to.into(), name.into())),
            ..Self::saying(StatusCode::CONFLICT, title, advice)
        }
    }

    /// The request came too slowly to be waited for.
    pub fn too_slow() -> Self {
        Self::outside(StatusCode::REQUEST_TIMEOUT, |words| words.too_slow, |words| words.too_slow_advice)
    }

    pub fn too_large() -> Self {
        Self::outside(StatusCode::PAYLOAD_TOO_LARGE, |words| words.too_large, |words| words.too_large_advice)
    }

    /// What the framework refuses by itself.
    fn refused(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::outside(status, |words| words.not_that_way, |words| words.not_that_way_advice)
            }
            _ if status.is_server_error() => Self { status, ..Self::broken() },
            _ => Self::outside(status, |words| words.not_understood, |words| words.not_understood_advice),
        }
    }

    /// Returns the page in a language, with the way back to the site that it is on.
    fn written(self, language: Language, site: Option<&'static Company>) -> String {
        let (to, name) = match site {
            Some(company) if !self.way_out.0.starts_with("/t/") => {
                let name = Text::Naming(|words| words.back_to, company.name.to_owned());
                (Address::Site(company).to_string().into(), name)
            }
            _ => *self.way_out,
        };
        let (title, advice) = (self.title.of(language), self.advice.of(language));
        let page = Page { status: self.status, language, title, advice, way_out: (to, name.of(language)) };
        page.render().unwrap_or_default()
    }

    fn of_kind(kind: ErrorKind, error: &Error) -> Self {
        match kind {
            ErrorKind::RateLimited if matches!(error, Error::Access(_)) => {
                Self::of_notion("Nango is busy", error)
            }
            ErrorKind::RateLimited => Self::of_notion("Notion is busy", error),
            ErrorKind::Unavailable | ErrorKind::SourceUnavailable => {
                Self::of_notion("Notion did not answer", error)
            }
            ErrorKind::SourceNotFound | ErrorKind::SourceRestricted => {
                Self::of_notion("Notion does not show this", error)
            }
            ErrorKind::SourceUnusable | ErrorKind::NotAccepted => {
                Self::of_notion("This cannot be taken", error)
            }
            ErrorKind::Malformed => Self::of_notion("Notion was not understood", error),
            ErrorKind::NeedsReconnect => Self::of_notion("Notion needs a new consent", error),
            ErrorKind::Operator => Self::of_notion("Notion cannot be used here", error),
            ErrorKind::NotFound => Self::not_found(),
            ErrorKind::Conflict => Self::moved_on(),
            ErrorKind::InvalidInput => {
                Self::outside(StatusCode::UNPROCESSABLE_ENTITY, |words| words.missing, |words| words.too_far)
            }
            ErrorKind::Denied => Self::not_your_role(),
            ErrorKind::StorageFull => Self::full(),
            ErrorKind::StorageUnavailable => Self::away(),
            ErrorKind::StorageFailed | ErrorKind::Corrupt => Self::broken(),
            ErrorKind::Cancelled => Self::new(kind.status(), "Stopped", words::reason(error)),
        }
    }

    fn of_notion(title: &'static str, error: &Error) -> Self {
        let way_out = Box::new(("/integrations".into(), "To the integrations".into()));
        let refusal = words::refusal(error).map(|refusal| format!(" ({refusal})")).unwrap_or_default();
        let advice = format!("{}{refusal}", words::reason(error));
        Self { way_out, ..Self::new(error.kind().status(), title, advice) }
    }

    fn full() -> Self {
        Self::outside(StatusCode::INSUFFICIENT_STORAGE, |words| words.full, |words| words.full_advice)
    }

    /// What is kept here cannot be reached at the moment.
    fn away() -> Self {
        Self::outside(StatusCode::SERVICE_UNAVAILABLE, |words| words.away, |words| words.away_advice)
    }

    fn broken() -> Self {
        Self::outside(StatusCode::INTERNAL_SERVER_ERROR, |words| words.broken, |words| words.broken_advice)
    }
}

/// Makes a page of whatever else goes wrong, such as what the framework refuses. On a public site it speaks the visitor's language.
pub async fn on_a_page(request: Request, next: Next) -> Response {
    let (language, site) =
        (language::of(request.uri(), request.headers()), language::site(request.uri().path()));
    let mut response = next.run(request).await;
    let mut page = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => response.map(|_| Body::from(problem.written(language, site))),
        None => match refused(&response) {
            Some(problem) => {
                let mut page = (response.status(), Html(problem.written(language, site))).into_response();
                for name in [header::ALLOW, header::CONTENT_RANGE] {
                    if let Some(value) = response.headers().get(&name) {
                        page.headers_mut().insert(name, value.clone());
                    }
                }
                page
            }
            None => return response,
        },
    };
    if site.is_some() {
        language::say(page.headers_mut(), language);
    }
    page.headers_mut().remove(header::CONTENT_LENGTH);
    page
}

/// What an answer says that is no page of ours.
fn refused(response: &Response) -> Option<Problem> {
    let (status, kind) = (response.status(), response.headers().get(header::CONTENT_TYPE));
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_problem = status.is_client_error() || status.is_server_error();
    (is_problem && !is_page).then(|| Problem::refused(status))
}

/// Logs what is for the operator: with the causes where it is a store of ours, which hold no customer's text.
pub fn log(error: &Error) {
    let (code, cause) = (error.code(), error as &dyn std::error::Error);
    match error.kind() {
        ErrorKind::StorageFull
        | ErrorKind::StorageUnavailable
        | ErrorKind::StorageFailed
        | ErrorKind::Corrupt => tracing::error!(code, error = cause, "our storage failed"),
        ErrorKind::Operator => {
            tracing::error!(code, error = cause, "the access to Notion does not work as it is set up");
        }
        ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::InvalidInput | ErrorKind::Denied => {}
        ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::SourceUnavailable
        | ErrorKind::SourceNotFound
        | ErrorKind::SourceRestricted
        | ErrorKind::SourceUnusable
        | ErrorKind::NotAccepted
        | ErrorKind::Malformed
        | ErrorKind::NeedsReconnect
        | ErrorKind::Cancelled => match error {
            Error::Access(_) => tracing::warn!(code, error = cause, "Notion was not reached"),
            _ => tracing::warn!(code, "Notion did not answer as hoped"),
        },
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

/// Status and `Retry-After` are what the library's table of kinds says; here are the words.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        log(&error);
        let page = match &error {
            Error::Store(StoreError::Conflict(why)) => Self::conflict(*why),
            error => Self::of_kind(error.kind(), error),
        };
        Self { status: error.kind().status(), retry_after: error.retry_after(Utc::now()), ..page }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be written");
        Self::broken()
    }
}

/// The page in English; [`on_a_page`] writes it anew in the visitor's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let page = self.clone().written(Language::default(), None);
        let mut response = (self.status, Html(page)).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use chrono::TimeDelta;
    use notion_import_core::{AccessError, Fault, NotionCode, NotionError};
    use tower::ServiceExt;

    use super::*;

    /// What it ends in, and what is answered: the status, the wait, and words on the page.
    type Row = (fn() -> Error, u16, Option<u64>, &'static str);

    fn of_notion(code: NotionCode, status: u16, seconds: Option<u64>) -> Error {
        let (status, retry_after) = (StatusCode::from_u16(status).unwrap(), seconds.map(Duration::from_secs));
        NotionError { status, code, request_id: None, retry_after }.into()
    }

    /// What a page answers that ends in this.
    async fn answered(ends_in: fn() -> Error) -> (u16, Option<u64>, String) {
        let router = Router::new().route("/", get(async move || Err::<(), Problem>(ends_in().into())));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        let (head, body) = response.into_parts();
        let wait = head.headers.get(header::RETRY_AFTER).map(|wait| wait.to_str().unwrap().parse().unwrap());
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        (head.status.as_u16(), wait, text)
    }

    fn of_conflict(conflict: Conflict) -> Error {
        StoreError::from(conflict).into()
    }

    fn paused() -> Error {
        AccessError::from(Fault::AccountPause(Utc::now() + TimeDelta::milliseconds(41_900))).into()
    }

    fn refused(fault: Fault, status: u16, code: &'static str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let refused = notion_import_nango::Refused { status, code, limit: None };
        AccessError { fault, source: Some(refused.into()) }.into()
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_marked_is_refused_with_what_to_do() {
        for (why, words) in [
            (
                MarkError::Encrypted,
                "is encrypted and cannot be marked with your name. Ask Halden Pay for one that is not.",
            ),
            (MarkError::Broken, "This file cannot be marked with your name. Ask Halden Pay for another."),
            (MarkError::TooLarge, "too large to be marked with your name. Ask Halden Pay for a smaller one."),
        ] {
            let response = Problem::unmarkable("Halden Pay", why).into_response();
            let (head, body) = response.into_parts();
            let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
            assert_eq!(head.status, StatusCode::FORBIDDEN);
            assert!(text.contains(words), "{text}");
        }
    }

    #[tokio::test]
    async fn each_error_is_answered_with_its_status_its_wait_and_what_to_do() {
        let rows: [Row; 28] = [
            (|| of_notion(NotionCode::RateLimited, 429, Some(7)), 503, Some(7), "takes no more requests"),
            (|| of_notion(NotionCode::Overloaded, 529, None), 503, Some(60), "takes no more requests"),
            (paused, 503, Some(42), "takes no more requests"),
            (|| AccessError::from(Fault::Transient).into(), 503, Some(60), "could not be reached"),
            (|| AccessError::from(Fault::Operator).into(), 500, None, "whoever runs this site"),
            (|| AccessError::from(Fault::CredentialsRefused).into(), 409, None, "can reconnect it"),
            (|| AccessError::from(Fault::ConnectionMissing).into(), 409, None, "not at Nango any more"),
            (|| AccessError::from(Fault::AnotherNamespace).into(), 500, None, "key of another environment"),
            (|| AccessError::from(Fault::RefreshFailing).into(), 503, Some(60), "grant is failing"),
            (
                || refused(Fault::Operator, 401, "unknown_account"),
                500,
                None,
                "mend it. (Nango refused: 401 unknown_account)",
            ),
            (
                || refused(Fault::Transient, 500, "server_error"),
                503,
                Some(60),
                "minutes. (Nango refused: 500 server_error)",
            ),
            (|| refused(Fault::RefreshFailing, 424, "x"), 503, Some(60), "(Nango refused: 424 x)"),
            (|| of_notion(NotionCode::ObjectNotFound, 404, None), 404, None, "Share it in Notion"),
            (|| Error::Malformed("not the object that was asked for"), 502, None, "could not be understood"),
            (|| StoreError::NotFound.into(), 404, None, "There is no page here"),
            (|| of_conflict(Conflict::Changed), 409, None, "Somebody changed this"),
            (|| of_conflict(Conflict::NoReason), 422, None, "give a reason"),
            (|| of_conflict(Conflict::NotPublished), 409, None, "Publish one first"),
            (|| of_conflict(Conflict::NotCurrent), 409, None, "read what it says now"),
            (|| of_conflict(Conflict::LinkedElsewhere), 409, None, "Unlink that one first"),
            (|| of_conflict(Conflict::WorkspaceTaken), 409, None, "by another company"),
            (|| of_conflict(Conflict::AnotherWorkspace), 409, None, "choose the same one"),
            (|| StoreError::Fenced.into(), 409, None, "Somebody changed this"),
            (|| StoreError::OutOfRange("expires_at").into(), 422, None, "further than it can go"),
            (|| StoreError::Denied.into(), 403, None, "Your role"),
            (|| StoreError::StorageFull("no room".into()).into(), 507, None, "Our storage is full"),
            (|| StoreError::unavailable("no server").into(), 503, Some(5), "does not answer at the moment"),
            (|| StoreError::backend("it is broken").into(), 500, None, "does not work at the moment"),
        ];
        for (ends_in, status, wait, words) in rows {
            let claim = format!("{:?}", ends_in());
            let (answered, waits, text) = answered(ends_in).await;
            assert_eq!((answered, waits), (status, wait), "{claim}");
            assert!(text.contains(words), "{claim}: {text}");
        }
    }
}

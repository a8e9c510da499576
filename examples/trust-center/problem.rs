//! What went wrong, as a page that says what to do.

use std::borrow::Cow;

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use notion_import_core::error::{Error, StoreError};

use crate::words;

/// Seconds until it is worth while to try again.
const SOON: HeaderValue = HeaderValue::from_static("5");

/// A page instead of the one that was asked for.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct Problem {
    status: StatusCode,
    title: &'static str,
    advice: String,
    /// An address, and what it is called.
    way_out: (Cow<'static, str>, &'static str),
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, advice: impl Into<String>) -> Self {
        Self { status, title, advice: advice.into(), way_out: ("/".into(), "To the start") }
    }

    /// The same, with an address to go on at.
    pub fn with_way_out(self, address: String, name: &'static str) -> Self {
        Self { way_out: (address.into(), name), ..self }
    }

    /// One answer for what is not there and for what must not be known to be there.
    pub fn not_found() -> Self {
        let advice = "There is no page here, or none that you may see. Check the address, or sign in.";
        Self::new(StatusCode::NOT_FOUND, "Not found", advice)
    }

    pub fn members_only() -> Self {
        let advice = "These pages are for members of a company. Switch to one in the bar at the top of the start page.";
        Self::new(StatusCode::FORBIDDEN, "For members", advice)
    }

    pub fn not_your_role() -> Self {
        let advice = "Your role does not allow this. Ask an administrator, or switch to one at the top.";
        Self {
            way_out: ("/documents".into(), "To the documents"),
            ..Self::new(StatusCode::FORBIDDEN, "Not allowed", advice)
        }
    }

    pub fn foreign() -> Self {
        let advice = "The request did not come from a page of this site, so nothing was changed. Go back and try again.";
        Self::new(StatusCode::FORBIDDEN, "Refused", advice)
    }

    /// Something in the form is missing or makes no sense.
    pub fn form(advice: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Something is missing", advice)
    }

    pub fn moved_on() -> Self {
        let advice = "Somebody changed this meanwhile, so nothing was done. Go back, look at it again, and decide anew.";
        Self {
            way_out: ("/documents".into(), "To the documents"),
            ..Self::new(StatusCode::CONFLICT, "It has changed", advice)
        }
    }

    /// The request came too slowly to be waited for.
    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "Too slow", "The request did not arrive in time. Try again.")
    }

    pub fn too_large() -> Self {
        let advice = "That is more than can be taken here. Send less.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", advice)
    }

    /// What the framework refuses by itself.
    fn refused(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                status,
                "Not that way",
                "This address does something else. Start from a page of this site.",
            ),
            _ if status.is_server_error() => Self { status, ..Self::broken() },
            _ => {
                Self::new(status, "Not understood", "The request makes no sense here. Go back and try again.")
            }
        }
    }

    fn full() -> Self {
        let advice = "Our storage is full, so this was not kept. Nothing was lost, and everything can still be read; it works \
                      again as soon as whoever runs this site has made room.";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "Our storage is full", advice)
    }

    /// What is kept here cannot be reached at the moment.
    fn away() -> Self {
        let advice =
            "Our database does not answer at the moment. Nothing was lost; try again in a few seconds.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "One moment, please", advice)
    }

    fn broken() -> Self {
        let advice = "Something here does not work at the moment. Nothing was lost; try again in a minute.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "That did not work", advice)
    }
}

/// Makes a page of whatever else goes wrong, such as what the framework refuses.
pub async fn on_a_page(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let (status, headers) = (response.status(), response.headers());
    let is_page =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut page = Problem::refused(status).into_response();
    if let Some(allow) = headers.get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allow.clone());
    }
    page
}

/// Logs why a store of ours did not do what it was asked, if that is what went wrong: with the causes, which hold no customer's text.
pub fn tell(error: &Error) {
    if let Error::Store(error) = error {
        tell_of_store(error);
    }
}

fn tell_of_store(error: &StoreError) {
    tracing::error!(code = error.code(), error = error as &dyn std::error::Error, "our storage failed");
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Conflict => Self::moved_on(),
            StoreError::OutOfRange(_) => {
                Self::form("That is further than it can go. Go back and choose less.")
            }
            StoreError::Denied => Self::not_your_role(),
            error => {
                tell_of_store(&error);
                match error {
                    StoreError::StorageFull(_) => Self::full(),
                    StoreError::Unavailable(_) => Self::away(),
                    _ => Self::broken(),
                }
            }
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            error if error.needs_reconnect() => Self {
                way_out: ("/integrations".into(), "To the integrations"),
                ..Self::new(StatusCode::BAD_GATEWAY, "Notion needs a new consent", words::reason(&error))
            },
            error => {
                tracing::warn!(code = error.code(), "Notion did not answer as hoped");
                Self {
                    way_out: ("/integrations".into(), "To the integrations"),
                    ..Self::new(StatusCode::BAD_GATEWAY, "Notion did not answer", words::reason(&error))
                }
            }
        }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be written");
        Self::broken()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let page = self.render().unwrap_or_default();
        let mut response = (self.status, Html(page)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        response
    }
}

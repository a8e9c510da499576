//! What went wrong, as a page that says what to do.

use std::borrow::Cow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use notion_import_core::error::{Error, StoreError};

use crate::words;

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

    fn broken() -> Self {
        let advice = "Something here does not work at the moment. Nothing was lost; try again in a minute.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "That did not work", advice)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Conflict => Self::moved_on(),
            StoreError::Denied => Self::not_your_role(),
            error => {
                tracing::error!(%error, "a store did not answer");
                Self::broken()
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
        (self.status, Html(page)).into_response()
    }
}

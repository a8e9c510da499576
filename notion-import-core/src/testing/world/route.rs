//! What a request asks for.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method, header::AsHeaderName};
use serde_json::Value;

use super::file;
use super::reply::{Outcome, Refusal};
use crate::transport::Request;

/// What of Notion an import may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `POST /v1/search`
    Search,
    /// `GET /v1/pages/{id}`
    Page,
    /// `GET /v1/pages/{id}/properties/{property}`
    Property,
    /// `GET /v1/pages/{id}/markdown`
    Markdown,
    /// `GET /v1/blocks/{id}`
    Block,
    /// `GET /v1/blocks/{id}/children`
    Children,
    /// `GET /v1/databases/{id}`
    Database,
    /// `GET /v1/data_sources/{id}`
    DataSource,
    /// `POST /v1/data_sources/{id}/query`
    Query,
    /// `GET /v1/views`
    Views,
    /// `GET /v1/views/{id}`
    View,
    /// `GET /v1/users/me`
    Me,
    /// A signed file URL.
    File,
}

/// A request, taken apart.
pub(super) struct Call {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    body: Option<Bytes>,
}

impl Call {
    pub fn of(request: &Request) -> Self {
        let owned = |(name, value): (Cow<str>, Cow<str>)| (name.into_owned(), value.into_owned());
        Self {
            method: request.method.clone(),
            path: request.url.path().to_owned(),
            query: request.url.query_pairs().map(owned).collect(),
            headers: request.headers.clone(),
            body: request.body.clone().filter(|body| !body.is_empty()),
        }
    }

    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn token(&self) -> Option<&str> {
        self.header(http::header::AUTHORIZATION)?.strip_prefix("Bearer ")
    }

    /// The JSON body; `{}` if there is none.
    pub fn json(&self) -> Outcome {
        let Some(body) = &self.body else { return Ok(Value::Object(serde_json::Map::new())) };
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
            Ok(_) | Err(_) => {
                let message = "Error parsing JSON body.";
                Err(Refusal::new(http::StatusCode::BAD_REQUEST, "invalid_json", message).violation())
            }
        }
    }

    /// The endpoint and the names in its path, or nothing Notion has or an import may want.
    pub fn route(&self) -> Option<(Endpoint, [&str; 2])> {
        if self.path.starts_with(file::PREFIX) {
            return Some((Endpoint::File, ["", ""]));
        }
        let segments: Vec<&str> = self.path.strip_prefix("/v1/")?.split('/').collect();
        match (self.method.as_str(), segments.as_slice()) {
            ("POST", ["search"]) => Some((Endpoint::Search, ["", ""])),
            ("GET", ["pages", page]) => Some((Endpoint::Page, [page, ""])),
            ("GET", ["pages", page, "properties", property]) => Some((Endpoint::Property, [page, property])),
            ("GET", ["pages", page, "markdown"]) => Some((Endpoint::Markdown, [page, ""])),
            ("GET", ["blocks", block]) => Some((Endpoint::Block, [block, ""])),
            ("GET", ["blocks", block, "children"]) => Some((Endpoint::Children, [block, ""])),
            ("GET", ["databases", database]) => Some((Endpoint::Database, [database, ""])),
            ("GET", ["data_sources", source]) => Some((Endpoint::DataSource, [source, ""])),
            ("POST", ["data_sources", source, "query"]) => Some((Endpoint::Query, [source, ""])),
            // By an old version.
            ("POST", ["databases", database, "query"]) => Some((Endpoint::Query, [database, ""])),
            ("GET", ["views"]) => Some((Endpoint::Views, ["", ""])),
            ("GET", ["views", view]) => Some((Endpoint::View, [view, ""])),
            ("GET", ["users", "me"]) => Some((Endpoint::Me, ["", ""])),
            _ => None,
        }
    }

    /// Refuses query parameters an endpoint does not have.
    pub fn only_parameters(&self, known: &[&str]) -> Outcome<()> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(not_present("query", name)),
            None => Ok(()),
        }
    }
}

/// Refuses fields a body does not have.
pub(super) fn only_fields(body: &Value, path: &str, known: &[&str]) -> Outcome<()> {
    let mut fields = body.as_object().into_iter().flatten();
    match fields.find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(not_present(path, name)),
        None => Ok(()),
    }
}

fn not_present(path: &str, name: &str) -> Refusal {
    Refusal::invalid(format!("{path} failed validation: {path}.{name} should be not present.")).violation()
}

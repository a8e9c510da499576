//! What came of one request, for whoever counts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::vocabulary::{Word, words};
use crate::error::Error;

/// A request to Notion, and what came of it. It holds no token, no address and no text, and gives out none.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// What was asked for, by Notion's name for it: `pages/{page_id}`, for instance.
    pub route: &'static str,
    /// How long it took, its wait for a permit not counted.
    pub took: Duration,
    /// Why it failed, if it did. It may be sent again, which is another exchange.
    pub error: Option<&'a Error>,
    pub(super) answer: &'a [u8],
}

/// Whoever is told of each exchange.
pub(crate) type OnExchange = Arc<dyn Fn(Exchange<'_>) + Send + Sync>;

impl Exchange<'_> {
    /// Returns Notion's words in the answer, each as often as it stands there: types and colours that this release knows, and those
    /// and fields that it does not. None, if there was no answer.
    ///
    /// The whole answer is read once more for it, so it is for a look at a workspace rather than for every request.
    pub fn words(&self) -> Vec<Word> {
        words(self.answer)
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, took, error, answer: _ } = self;
        f.debug_struct("Exchange").field("route", route).field("took", took).field("error", error).finish()
    }
}

/// Returns the name of what is at `path`, below `/v1/`.
pub(super) fn route(path: &[&str]) -> &'static str {
    match path {
        ["search"] => "search",
        ["pages", _] => "pages/{page_id}",
        ["pages", _, "markdown"] => "pages/{page_id}/markdown",
        ["pages", _, "properties", _] => "pages/{page_id}/properties/{property_id}",
        ["blocks", _] => "blocks/{block_id}",
        ["blocks", _, "children"] => "blocks/{block_id}/children",
        ["databases", _] => "databases/{database_id}",
        ["data_sources", _] => "data_sources/{data_source_id}",
        ["data_sources", _, "query"] => "data_sources/{data_source_id}/query",
        ["views"] => "views",
        ["views", _] => "views/{view_id}",
        ["users", "me"] => "users/me",
        _ => "other",
    }
}

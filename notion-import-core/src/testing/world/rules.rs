//! What a world may be made to do.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How this Notion behaves where Notion's behaviour varies or is undocumented.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Rules {
    /// How long an edit takes to show in search.
    pub search_lag: Duration,
    /// Whether each edit takes a time of its own, up to that.
    pub search_lags_apart: bool,
    /// The share, 0 to 1, of objects search never lists; granted roots are always listed.
    pub unlisted_share: f64,
    /// What a token may ask in a fixed 60-second window; `None` is without limit.
    pub requests_per_minute: Option<u32>,
    /// How many requests a second a token may ask, and how many at once; `None` is without limit.
    pub requests_per_second: Option<(u32, u32)>,
    /// Until when every token of every workspace is told to wait.
    pub workspace_paused_until: Option<DateTime<Utc>>,
    /// Whether API access is blocked outright, which no waiting helps.
    pub blocked: bool,
    /// After how many results a query is cut short.
    pub query_cap: usize,
    /// After how many results a search is; `None` is never, and then it says nothing of it.
    pub search_cap: Option<usize>,
    /// The answer to a database's id where a page's is wanted, and the like.
    pub wrong_kind: WrongKind,
    /// Whether a synced copy lists its original's blocks under its own id.
    pub copies_list_children: bool,
    /// Whether notes of a meeting list the blocks that they point to.
    pub meetings_list_parts: bool,
    /// Whether a page's Markdown can be asked for by the version of its syntax.
    pub markdown_versions: bool,
    /// How many blocks a page's Markdown shows.
    pub markdown_limit: usize,
    /// How long a signed file URL is good for.
    pub url_lifetime: Duration,
    /// How many seconds the `Date` of an answer is ahead of the time; `None` is without that header.
    pub date_ahead: Option<i64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            search_lag: Duration::ZERO,
            search_lags_apart: false,
            unlisted_share: 0.0,
            requests_per_minute: None,
            requests_per_second: None,
            workspace_paused_until: None,
            blocked: false,
            query_cap: 10_000,
            search_cap: None,
            wrong_kind: WrongKind::ValidationError,
            copies_list_children: true,
            meetings_list_parts: true,
            markdown_versions: true,
            markdown_limit: 20_000,
            url_lifetime: Duration::from_secs(3600),
            date_ahead: Some(0),
        }
    }
}

/// The answer to an id of the wrong kind. Notion documents one and has been seen to give the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WrongKind {
    /// 400 `validation_error`.
    ValidationError,
    /// 404 `object_not_found`.
    NotFound,
}

//! What was asked.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use http::Method;
use serde_json::Value;

use super::route::Endpoint;

/// Older requests are forgotten, so a demo can run for weeks; the counts are not.
const REMEMBERED: usize = 50_000;

/// A request the world has seen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// When.
    pub at: DateTime<Utc>,
    /// The method.
    pub method: Method,
    /// The path, without the query: a file's would carry its signature.
    pub path: String,
    /// The query's pairs; empty for files.
    pub query: Vec<(String, String)>,
    /// The JSON body, if there was one.
    pub body: Option<Value>,
    /// What was asked, if it is anything Notion has and an import may want.
    pub endpoint: Option<Endpoint>,
    /// What stands for the token, if one was sent.
    pub token: Option<String>,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
}

#[derive(Default)]
pub(super) struct Log {
    pub seen: VecDeque<Seen>,
    pub counts: BTreeMap<String, u64>,
    pub violations: Vec<String>,
    pub answered: u64,
}

impl Log {
    pub fn record(&mut self, seen: Seen) {
        if let Some(token) = &seen.token {
            *self.counts.entry(token.clone()).or_default() += 1;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(seen);
    }
}

//! Everything a stand-in remembers.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use notion_import_core::NotionId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// More requests than this are not remembered.
const LONGEST_LOG: usize = 50_000;

/// A request it has seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The connection it named, in the header `Connection-Id` or in the path.
    pub connection: Option<String>,
    /// Whether it asked Nango to retry.
    pub retries: bool,
    /// When it came.
    pub at: DateTime<Utc>,
    /// What it was answered.
    pub status: u16,
}

/// What became of a webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its body.
    pub body: Value,
    /// How often it was sent.
    pub attempts: u32,
    /// The last status; none if nobody answered.
    pub status: Option<u16>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct State {
    /// By token.
    pub sessions: BTreeMap<String, Session>,
    /// By connection id.
    pub connections: BTreeMap<String, Connection>,
    pub numbered: u64,
    // What happened, as opposed to what is: it does not outlive the process.
    #[serde(skip)]
    pub window: Option<Window>,
    #[serde(skip)]
    pub seen: VecDeque<Seen>,
    #[serde(skip)]
    pub deliveries: Vec<Delivery>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub tags: BTreeMap<String, String>,
    pub renews: Option<String>,
    pub expires_at: DateTime<Utc>,
    /// Consents that were begun in time and not finished yet.
    #[serde(default)]
    pub under_way: u32,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Connection {
    pub number: u64,
    pub tags: BTreeMap<String, String>,
    pub workspace: NotionId,
    pub bot: NotionId,
    /// The fake Notion's token.
    pub token: String,
    /// What a refresh puts in its place.
    #[serde(default)]
    pub next_token: Option<String>,
    /// What it may see there.
    #[serde(default)]
    pub pages: Vec<NotionId>,
    #[serde(default)]
    pub refresh: Refresh,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What becomes of an attempt to renew credentials. Only Notion's own tokens need none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Refresh {
    /// There is nothing to renew, or it is renewed.
    #[default]
    Works,
    /// The attempt fails, and there will be more.
    Fails,
    /// One failed just now, and the next is not made yet.
    BacksOff,
    /// None is made any more.
    Exhausted,
}

/// A minute of the account's limit.
pub(super) struct Window {
    pub ends: DateTime<Utc>,
    pub spent: u64,
}

impl State {
    pub fn record(&mut self, seen: Seen) {
        self.seen.push_back(seen);
        if self.seen.len() > LONGEST_LOG {
            self.seen.pop_front();
        }
    }

    /// The session of a token that has not expired.
    pub fn session(&self, token: &str, now: DateTime<Utc>) -> Option<&Session> {
        self.sessions.get(token).filter(|session| session.expires_at > now)
    }

    /// Begins a consent, and tells whether the link still works.
    pub fn set_out(&mut self, token: &str, now: DateTime<Utc>) -> bool {
        let session = self.sessions.get_mut(token).filter(|session| session.expires_at > now);
        session.map(|session| session.under_way = session.under_way.saturating_add(1)).is_some()
    }

    /// Finishes a consent. One that was begun in time needs but the row of its session, which is gone once it was closed.
    pub fn arrive(&mut self, token: &str, now: DateTime<Utc>) -> Option<Session> {
        let session = self.sessions.get_mut(token)?;
        if session.under_way == 0 && session.expires_at <= now {
            return None;
        }
        session.under_way = session.under_way.saturating_sub(1);
        Some(session.clone())
    }
}

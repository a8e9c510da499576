//! The subscription to Notion's own webhooks: what they are checked with, and what one is set up by.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::environment;

/// Anybody can send a token, so that the right one may not be the last.
const MOST_OFFERED: usize = 3;

/// Notion's are far shorter.
const LONGEST: usize = 256;

/// The verification tokens of subscriptions, and those that came while there was none.
pub struct Subscription {
    tokens: Vec<SecretString>,
    offered: Mutex<VecDeque<Offered>>,
}

/// A token that came, from Notion or from anybody.
#[derive(Clone)]
pub struct Offered {
    pub token: SecretString,
    pub at: DateTime<Utc>,
}

impl Subscription {
    /// With the tokens of `NOTION_WEBHOOK_TOKENS`, if there are any.
    pub fn from_environment() -> Self {
        Self { tokens: environment::secrets("NOTION_WEBHOOK_TOKENS"), offered: Mutex::default() }
    }

    /// Whether there is no token yet to check events with.
    pub fn is_to_be_set_up(&self) -> bool {
        self.tokens.is_empty()
    }

    /// What events are checked with.
    pub fn tokens(&self) -> &[SecretString] {
        &self.tokens
    }

    /// Keeps a token, in memory, for who sets the subscription up; not if it does not look like one.
    pub fn offer(&self, token: SecretString, at: DateTime<Utc>) -> bool {
        let text = token.expose_secret();
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_graphic()) {
            tracing::warn!(reason = "it is no verification token", "a webhook is refused");
            return false;
        }
        let mut offered = self.lock();
        offered.retain(|known| known.token.expose_secret() != text);
        offered.push_front(Offered { token, at });
        offered.truncate(MOST_OFFERED);
        tracing::warn!(
            "a verification token has come, as Notion's: Integrations, Check the set-up, shows it"
        );
        true
    }

    /// The tokens that came last, the newest first.
    pub fn offered(&self) -> Vec<Offered> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Offered>> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

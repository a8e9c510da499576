//! The rate limits: a fixed window or a bucket for each token, and two switches for all.

use chrono::{DateTime, TimeDelta, Utc};

use super::reply::{Outcome, Refusal};
use super::state::State;

/// What a token has spent since its window opened.
#[derive(Clone, Copy)]
pub(super) struct Window {
    opened: DateTime<Utc>,
    spent: u32,
}

/// What is left to a token of a budget that fills up at a rate.
#[derive(Clone, Copy)]
pub(super) struct Bucket {
    /// In thousandths of a request.
    tokens: i64,
    filled: DateTime<Utc>,
}

const LENGTH: TimeDelta = TimeDelta::seconds(60);

impl State {
    /// Counts a request against the limits, or refuses it.
    pub fn spend(&mut self, token: &str, now: DateTime<Utc>) -> Outcome<()> {
        if self.rules.blocked {
            return Err(Refusal::limited("public_api_request_blocked", 60));
        }
        if let Some(until) = self.rules.workspace_paused_until.filter(|until| now < *until) {
            return Err(Refusal::limited("public_api_space_request_rate_limit", seconds(until - now)));
        }
        self.draw(token, now)?;
        let Some(budget) = self.rules.requests_per_minute else { return Ok(()) };
        let window = self.windows.entry(token.to_owned()).or_insert(Window { opened: now, spent: 0 });
        if now - window.opened >= LENGTH {
            *window = Window { opened: now, spent: 0 };
        }
        if window.spent >= budget {
            return Err(Refusal::limited(
                "public_api_request_rate_limit",
                seconds(window.opened + LENGTH - now),
            ));
        }
        window.spent += 1;
        Ok(())
    }

    fn draw(&mut self, token: &str, now: DateTime<Utc>) -> Outcome<()> {
        let Some((rate, burst)) = self.rules.requests_per_second else { return Ok(()) };
        let (rate, depth) = (i64::from(rate.max(1)), i64::from(burst) * 1000);
        let bucket = self.buckets.entry(token.to_owned()).or_insert(Bucket { tokens: depth, filled: now });
        let filled = (now - bucket.filled).num_milliseconds().saturating_mul(rate);
        *bucket = Bucket { tokens: bucket.tokens.saturating_add(filled).min(depth), filled: now };
        if bucket.tokens < 1000 {
            let wait = TimeDelta::milliseconds((1000 - bucket.tokens).div_euclid(rate) + 1);
            return Err(Refusal::limited("public_api_request_rate_limit", seconds(wait)));
        }
        bucket.tokens -= 1000;
        Ok(())
    }
}

/// Whole seconds, rounded up: waiting less is refused again.
fn seconds(wait: TimeDelta) -> u64 {
    let milliseconds = u64::try_from(wait.num_milliseconds()).unwrap_or_default();
    milliseconds.div_ceil(1000).max(1)
}

//! The pause Nango's rate limit asks for: it counts per account, so every tenant waits; by a monotonic clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

/// Nango counts in windows of a minute.
const WINDOW: Duration = Duration::from_secs(60);
/// No header may stop all tenants for longer.
const LONGEST: Duration = Duration::from_secs(600);

/// Until when nobody asks.
#[derive(Default)]
pub(crate) struct Pause {
    until: Mutex<Option<Instant>>,
    /// What answers have said of the limit; 0 if nothing.
    limit: AtomicU64,
}

impl Pause {
    /// Lasts so long from now on, or longer: it is never shortened.
    pub fn extend(&self, now: Instant, wait: Duration) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Some(now + wait.min(LONGEST)));
    }

    /// How much is left of it; none if it is over.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

impl Pause {
    /// Remembers how many requests an answer says that the account may make in a minute.
    pub fn learn(&self, headers: &HeaderMap) {
        if let Some(limit) = limit(headers) {
            self.limit.store(limit, Ordering::Relaxed);
        }
    }

    /// How many that are, if it was said.
    pub fn limit(&self) -> Option<u64> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
    }
}

/// How long a 429 of Nango's asks to wait.
pub(crate) fn after_refusal(headers: &HeaderMap, now: DateTime<Utc>) -> Duration {
    let wait = match number(headers, header::RETRY_AFTER.as_str()) {
        // Nango rounds down, to 0 even.
        Some(seconds) => Duration::from_secs(seconds.saturating_add(1)),
        None => reset(headers, now).unwrap_or(WINDOW),
    };
    wait.min(LONGEST)
}

/// How many requests the account may make in a minute.
pub(crate) fn limit(headers: &HeaderMap) -> Option<u64> {
    number(headers, "x-ratelimit-limit")
}

/// How long the next window is away, if this answer was the last that the current one allows.
pub(crate) fn after_last(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let spent = number(headers, "x-ratelimit-remaining") == Some(0);
    spent.then(|| reset(headers, now)).flatten()
}

/// No window ends later than in a minute: what says so was compared with a clock that is wrong.
fn reset(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let at = DateTime::from_timestamp(number(headers, "x-ratelimit-reset")?.try_into().ok()?, 0)?;
    let wait = (at - now).to_std().ok().filter(|wait| !wait.is_zero())?;
    Some(wait.min(WINDOW))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn a_refusal_is_waited_out_whatever_its_headers_say() {
        let check = |pairs: &[(&'static str, &str)], seconds: u64| {
            let wait = after_refusal(&headers(pairs), now());
            assert_eq!(wait, Duration::from_secs(seconds), "{pairs:?}");
        };
        check(&[("retry-after", "0")], 1);
        check(&[("retry-after", "17")], 18);
        check(&[("retry-after", "17"), ("x-ratelimit-reset", "1800000040")], 18);
        check(&[("x-ratelimit-reset", "1800000040")], 40);
        check(&[("x-ratelimit-reset", "1799999990")], 60);
        check(&[], 60);
        check(&[("retry-after", "soon")], 60);
        check(&[("retry-after", "18446744073709551615")], 600);
        check(&[("x-ratelimit-reset", "18446744073709551615")], 60);
        check(&[("x-ratelimit-reset", "9999999999")], 60);
    }

    #[test]
    fn the_last_allowed_answer_starts_a_pause() {
        let check = |pairs: &[(&'static str, &str)], seconds: Option<u64>| {
            let wait = after_last(&headers(pairs), now());
            assert_eq!(wait, seconds.map(Duration::from_secs), "{pairs:?}");
        };
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000040")], Some(40));
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9999999999")], Some(60));
        check(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1800000040")], None);
        check(&[("x-ratelimit-remaining", "0")], None);
        check(&[], None);
    }

    #[test]
    fn a_pause_is_never_shortened() {
        let (pause, now) = (Pause::default(), Instant::now());
        pause.extend(now, WINDOW);
        pause.extend(now, Duration::ZERO);
        assert_eq!(pause.left(now), Some(WINDOW));
        assert_eq!(pause.left(now + WINDOW), None);
    }
}

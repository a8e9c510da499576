//! The pause Nango's rate limit asks for: it counts per account, so every tenant waits.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, header};

/// Nango counts in windows of a minute.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// No header may stop all tenants for longer.
const LONGEST: TimeDelta = TimeDelta::minutes(10);

/// Until when nobody asks.
#[derive(Default)]
pub(crate) struct Pause(Mutex<Option<DateTime<Utc>>>);

impl Pause {
    /// It is extended, never shortened.
    pub fn extend(&self, until: DateTime<Utc>) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *running = (*running).max(Some(until));
    }

    /// When the running pause ends; none if none is running.
    pub fn running(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.filter(|until| *until > now)
    }
}

/// When a 429 of Nango's says to come back.
pub(crate) fn after_refusal(headers: &HeaderMap, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = match number(headers, header::RETRY_AFTER.as_str()) {
        // Nango rounds down, to 0 even.
        Some(seconds) => seconds_of(seconds) + TimeDelta::seconds(1),
        None => reset(headers, now).map_or(WINDOW, |reset| reset - now),
    };
    now + wait.min(LONGEST)
}

/// When the next window begins, if this answer was the last that the current one allows.
pub(crate) fn after_last(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let spent = number(headers, "x-ratelimit-remaining") == Some(0);
    let reset = spent.then(|| reset(headers, now)).flatten()?;
    Some(reset.min(now + WINDOW))
}

fn reset(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = DateTime::from_timestamp(number(headers, "x-ratelimit-reset")?.try_into().ok()?, 0)?;
    (at > now).then_some(at)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn seconds_of(seconds: u64) -> TimeDelta {
    i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds).unwrap_or(LONGEST).min(LONGEST)
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
        let check = |pairs: &[(&'static str, &str)], seconds: i64| {
            let until = after_refusal(&headers(pairs), now());
            assert_eq!(until - now(), TimeDelta::seconds(seconds), "{pairs:?}");
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
        check(&[("x-ratelimit-reset", "9999999999")], 600);
    }

    #[test]
    fn the_last_allowed_answer_starts_a_pause() {
        let check = |pairs: &[(&'static str, &str)], seconds: Option<i64>| {
            let until = after_last(&headers(pairs), now());
            assert_eq!(until.map(|at| (at - now()).num_seconds()), seconds, "{pairs:?}");
        };
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000040")], Some(40));
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9999999999")], Some(60));
        check(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1800000040")], None);
        check(&[("x-ratelimit-remaining", "0")], None);
        check(&[], None);
    }

    #[test]
    fn a_pause_is_never_shortened() {
        let pause = Pause::default();
        let later = now() + WINDOW;
        pause.extend(later);
        pause.extend(now());
        assert_eq!(pause.running(now()), Some(later));
        assert_eq!(pause.running(later), None);
    }
}

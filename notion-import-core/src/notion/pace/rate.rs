//! A budget that fills up at a rate: so many a second, and a few at once.
//!
//! The rate is found by trying: it is raised until it is refused, and then halved in between until the highest that
//! was let through and the lowest that was refused are close. What counts is what was really sent: a busy machine
//! falls behind what it means to send.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::{Admission, GO};

/// By how much the rate is raised while nothing is refused.
const RAISE: f64 = 1.5;

/// By how much it is raised when, long after, more is tried.
const PROBE: f64 = 1.05;

/// The highest rate let through and the lowest refused are close enough.
const CLOSE: f64 = 1.02;

/// How long a rate that was found is kept before more is tried: twice as long after each try that is refused.
const SHORTEST_CALM: TimeDelta = TimeDelta::seconds(15);
const LONGEST_CALM: TimeDelta = TimeDelta::seconds(300);

/// A bucket may be deeper, but no large step waits for that: what is proven too early is refused later.
const DEEP: f64 = 8.0;

/// Whoever sleeps wakes a little late; so much of a request is not lost by that.
const LATENESS: f64 = 0.5;

/// A rate that was let through for so many seconds is not in doubt for one refusal.
const LONG: f64 = 30.0;

/// So much remains of it after each refusal that follows.
const DOUBT: f64 = 0.75;

/// No rate is believed to be lower, in requests a second.
const LOWEST: f64 = 0.5;

/// A bucket as deep as Notion's, filled as fast as it is believed to be.
#[derive(Debug)]
pub(super) struct Rate {
    /// Requests a second, as meant to be sent now.
    rate: f64,
    /// The highest rate that was let through.
    good: f64,
    /// The lowest rate that was refused.
    bad: Option<f64>,
    /// How many are let through at once after a pause.
    burst: f64,
    first: First,
    tokens: f64,
    filled_at: DateTime<Utc>,
    /// When the rate was set or the last pause was over, and how many requests were sent since.
    began: DateTime<Utc>,
    sent: f64,
    /// Refusals one soon after another.
    doubts: u32,
    /// The rate is found: nothing is tried for a while.
    is_found: bool,
    /// How long it is kept then.
    calm: TimeDelta,
    /// By how much it is raised next.
    raise: f64,
}

/// What the two refusals showed that a rate was first seen by.
#[derive(Clone, Copy, Debug)]
struct First {
    /// Requests between the two.
    let_through: usize,
    /// Seconds between the two.
    cycle: f64,
    /// The share of that which was a pause.
    share: f64,
}

impl Rate {
    /// After a pause so many requests were let through and the next was refused; `cycle` is how long both took, and `active`
    /// how long without the pause.
    pub(super) fn new(now: DateTime<Utc>, let_through: usize, cycle: TimeDelta, active: TimeDelta) -> Self {
        let cycle = seconds(cycle).max(0.1);
        let mut rate = Self {
            rate: LOWEST,
            good: LOWEST,
            bad: None,
            burst: 1.0,
            first: First { let_through, cycle, share: 1.0 - (seconds(active) / cycle).clamp(0.0, 1.0) },
            tokens: 0.0,
            filled_at: now,
            began: now,
            sent: 0.0,
            doubts: 0,
            is_found: false,
            calm: SHORTEST_CALM,
            raise: RAISE,
        };
        rate.estimate();
        rate
    }

    fn estimate(&mut self) {
        let let_through = self.first.let_through as f64;
        // The rest was let through because the bucket was filled up meanwhile.
        self.burst = (let_through * self.first.share).max(1.0);
        self.good = (let_through / self.first.cycle).max(LOWEST);
        self.rate = self.good * RAISE;
    }

    /// It starts to send at a moment, with nothing saved up.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        (self.tokens, self.filled_at) = (1.0, now);
        (self.began, self.sent) = (now, 0.0);
    }

    pub(super) fn admit(&mut self, now: DateTime<Utc>, may_try: bool) -> Admission {
        let filled = self.tokens + seconds(now - self.filled_at).max(0.0) * self.rate;
        // Shallower than Notion's, for requests bunch up on the way.
        self.tokens = filled.min((self.burst / 4.0).max(1.0) + LATENESS);
        self.filled_at = now;
        if self.tokens < 1.0 {
            return Admission::Later(self.filling());
        }
        self.tokens -= 1.0;
        self.sent += 1.0;
        self.judge(now, may_try);
        GO
    }

    /// One more was let through before the refusal that showed the burst.
    pub(super) fn learn_one_more(&mut self, now: DateTime<Utc>) {
        if self.bad.is_none() && now < self.began {
            self.first.let_through += 1;
            self.estimate();
        }
    }

    pub(super) fn given_back(&mut self) {
        self.tokens += 1.0;
        self.sent -= 1.0;
    }

    /// Notion's bucket was empty. It had held a burst at most, so all beyond that it was filled up with meanwhile.
    pub(super) fn refused(&mut self, now: DateTime<Utc>) {
        let lasted = seconds(now - self.began).max(0.05);
        self.doubts = if lasted > LONG { 1 } else { self.doubts + 1 };
        let filled = ((self.sent - self.burst) / lasted).max(LOWEST);
        // What bunched up on the way is refused once; what is too much, again.
        if self.doubts > 1 {
            self.good = filled.max(self.good * DOUBT).min(self.rate / CLOSE);
        } else if self.is_found {
            return;
        } else {
            self.good = filled.min(self.rate / CLOSE).max(self.good);
        }
        self.bad = Some(self.rate);
        self.next(now);
    }

    fn filling(&self) -> Duration {
        Duration::from_secs_f64((1.0 - self.tokens) / self.rate).max(Duration::from_millis(1))
    }

    /// It decides, after one more was sent, whether the rate is proven, and whether to try more.
    fn judge(&mut self, now: DateTime<Utc>, may_try: bool) {
        if self.is_found {
            if may_try && now - self.began > self.calm {
                self.bad = None;
                self.is_found = false;
                self.raise = PROBE;
                self.next(now);
            }
        } else if self.sent >= self.enough() {
            let really = self.sent / seconds(now - self.began).max(0.05);
            let is_pressed = really >= self.rate.min(self.good * CLOSE) * 0.99;
            self.good = self.good.max(really.min(self.rate));
            self.doubts = 0;
            if is_pressed {
                self.next(now);
            } else {
                // Nobody wants more, or the machine gives no more: that tries nothing.
                self.set(self.rate, now);
            }
        }
    }

    /// After so many requests a rate that is too high would have been refused, had it been as far off as it can be.
    fn enough(&self) -> f64 {
        let step = (self.rate / self.good - 1.0).max(CLOSE - 1.0);
        let depth = if step >= RAISE - 1.0 { self.burst.min(DEEP) } else { self.burst };
        (depth + 2.0) / step
    }

    fn next(&mut self, now: DateTime<Utc>) {
        match self.bad {
            None => {
                self.set(self.good * self.raise, now);
                self.raise = (2.0 * self.raise - 1.0).min(RAISE);
            }
            Some(bad) if bad > self.good * CLOSE * 1.001 => self.set((self.good + bad) / 2.0, now),
            Some(_) => {
                self.is_found = true;
                self.calm = (self.calm * 2).min(LONGEST_CALM);
                self.set(self.good, now);
            }
        }
    }

    fn set(&mut self, rate: f64, now: DateTime<Utc>) {
        self.rate = rate;
        (self.began, self.sent) = (now, 0.0);
    }
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}

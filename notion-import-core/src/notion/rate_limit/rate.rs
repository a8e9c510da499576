//! A budget that fills up at a rate: so many a second, and a few at once.
//!
//! The rate is found by trying. It is doubled until it is refused. A refusal shows what the bucket was filled up with
//! while it ran empty, and so about how high the rate is; from there it is raised step by step until it is refused
//! again. What counts is what was really let through: a busy machine falls behind what it means to send.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::budget::{Admission, GO};

/// Before anything is known of a rate it is doubled after so many requests.
const FEW: f64 = 8.0;

/// The largest and the smallest step by which a rate is raised, as a share of it.
const LARGEST_STEP: f64 = 0.1;
const SMALLEST_STEP: f64 = 0.02;

/// The first step when, long after, more is tried; each that is let through is followed by one twice as large.
const PROBE: f64 = 0.05;
const LARGEST_PROBE: f64 = 0.5;

/// How long a rate that was found is kept before more is tried: twice as long after each try that is refused.
const SHORTEST_CALM: Duration = Duration::from_secs(15);
const LONGEST_CALM: Duration = Duration::from_secs(300);

/// Whoever sleeps wakes a little late; so much of a request is not lost by that.
const LATENESS: f64 = 0.5;

/// A rate that was let through for so many seconds is not in doubt for one refusal.
const LONG: f64 = 30.0;

/// So much remains of it at least after each refusal that follows.
const DOUBT: f64 = 0.75;

/// No rate is believed to be lower, in requests a second.
const LOWEST: f64 = 0.5;

/// Shorter spans, in seconds, show nothing: answers bunch up on the way.
const SHORTEST_SPAN: f64 = 0.1;

/// A bucket as deep as Notion's, filled as fast as it is believed to be.
#[derive(Debug)]
pub(super) struct Rate {
    /// Requests a second, as meant to be sent now.
    rate: f64,
    /// The highest rate that was let through for long.
    proven: f64,
    stage: Stage,
    /// How many are let through at once after a pause.
    burst: f64,
    first: First,
    tokens: f64,
    filled_at: Instant,
    /// When the rate was set or the last pause was over, and how many requests were sent since.
    began: Instant,
    sent: f64,
    /// Refusals one soon after another.
    doubts: u32,
    /// How long a rate that is found is kept.
    calm: Duration,
}

/// How much of the rate is known.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Stage {
    /// Nothing: it is doubled until it is refused.
    Doubling,
    /// About how high it is: it is raised by this share each time it is let through.
    Climbing(f64),
    /// How high it is, but perhaps by now it is higher: it is raised by this share, and more each time it is let through.
    Probing(f64),
    /// All of it: nothing is tried for a while.
    Found,
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
    pub(super) fn new(now: Instant, let_through: usize, cycle: Duration, active: Duration) -> Self {
        let cycle = cycle.as_secs_f64().max(SHORTEST_SPAN);
        let share = 1.0 - (active.as_secs_f64() / cycle).clamp(0.0, 1.0);
        let mut rate = Self {
            rate: LOWEST,
            proven: LOWEST,
            stage: Stage::Doubling,
            burst: 1.0,
            first: First { let_through, cycle, share },
            tokens: 0.0,
            filled_at: now,
            began: now,
            sent: 0.0,
            doubts: 0,
            calm: SHORTEST_CALM,
        };
        rate.estimate();
        rate
    }

    fn estimate(&mut self) {
        let let_through = self.first.let_through as f64;
        // The rest was let through because the bucket was filled up meanwhile.
        self.burst = (let_through * self.first.share).max(1.0);
        self.proven = (let_through / self.first.cycle).max(LOWEST);
        self.rate = self.proven;
    }

    /// Starts to send at a moment, with nothing saved up.
    pub(super) fn begin(&mut self, now: Instant) {
        (self.tokens, self.filled_at) = (1.0, now);
        (self.began, self.sent) = (now, 0.0);
    }

    pub(super) fn admit(&mut self, now: Instant, may_try: bool) -> Admission {
        let filled = self.tokens + seconds(self.filled_at, now) * self.rate;
        // Shallower than Notion's, for requests bunch up on the way.
        self.tokens = filled.min((self.burst / 2.0).max(1.0) + LATENESS);
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
    pub(super) fn learn_one_more(&mut self, now: Instant) {
        if self.stage == Stage::Doubling && now < self.began {
            self.first.let_through += 1;
            self.estimate();
        }
    }

    pub(super) fn given_back(&mut self) {
        self.tokens += 1.0;
        self.sent -= 1.0;
    }

    /// Notion's bucket was empty, after all this was let through.
    pub(super) fn refused(&mut self, now: Instant, let_through: &VecDeque<Instant>) {
        let lasted = seconds(self.began, now);
        self.doubts = if lasted > LONG { 1 } else { self.doubts + 1 };
        // What bunched up on the way is refused once; what is too much, again.
        if self.stage == Stage::Found && self.doubts == 1 {
            return;
        }
        if self.doubts > 1 {
            self.proven *= DOUBT;
        }
        let shown = self.shown_by(now, let_through);
        let rate = shown.map_or(self.rate / 2.0, |shown| shown.rate).min(self.rate).max(self.proven);
        let step = shown.map_or(LARGEST_STEP, |shown| shown.doubt).clamp(SMALLEST_STEP, LARGEST_STEP);
        self.stage = match self.stage {
            Stage::Doubling | Stage::Climbing(_) if step > SMALLEST_STEP => Stage::Climbing(step),
            Stage::Doubling | Stage::Climbing(_) | Stage::Probing(_) | Stage::Found => self.found(),
        };
        self.set(rate, now);
    }

    fn found(&mut self) -> Stage {
        self.calm = (self.calm * 2).min(LONGEST_CALM);
        Stage::Found
    }

    fn filling(&self) -> Duration {
        Duration::from_secs_f64((1.0 - self.tokens) / self.rate).max(Duration::from_millis(1))
    }

    /// What an empty bucket shows: it held a burst at most, so all beyond that it was filled up with in the meantime. It was
    /// fullest, and so shows most, when it began to run empty.
    fn shown_by(&self, now: Instant, let_through: &VecDeque<Instant>) -> Option<Shown> {
        let spans = let_through.iter().rev().zip(1_u32..);
        let shown = spans.filter_map(|(at, count)| {
            let (span, filled) = (seconds(*at, now), f64::from(count) - self.burst);
            let counts = span >= SHORTEST_SPAN && filled >= FEW / 2.0;
            counts.then(|| Shown { rate: filled / span, doubt: 2.0 / filled })
        });
        shown.max_by(|one, other| one.rate.total_cmp(&other.rate))
    }

    /// Decides, after one more was sent, whether the rate is proven, and whether to try more.
    fn judge(&mut self, now: Instant, may_try: bool) {
        if self.stage == Stage::Found {
            if may_try && now.saturating_duration_since(self.began) > self.calm {
                self.stage = Stage::Probing(PROBE);
                self.set(self.rate * (1.0 + PROBE), now);
            }
        } else if self.sent >= self.enough() {
            let really = self.sent / seconds(self.began, now).max(SHORTEST_SPAN / 10.0);
            if really < self.rate * 0.95 {
                // Nobody wants more, or the machine gives no more: that tries nothing.
                self.set(self.rate, now);
            } else {
                self.raise(now);
            }
        }
    }

    /// After so many requests a rate that is too high by a step would have been refused.
    fn enough(&self) -> f64 {
        match self.stage {
            Stage::Doubling | Stage::Found => FEW,
            Stage::Climbing(step) | Stage::Probing(step) => (self.burst + 2.0) / step,
        }
    }

    fn raise(&mut self, now: Instant) {
        // So few fit into the bucket, whatever it is filled up with.
        if self.stage != Stage::Doubling {
            (self.proven, self.doubts) = (self.rate, 0);
        }
        let step = match self.stage {
            Stage::Doubling => 1.0,
            Stage::Climbing(step) => step,
            Stage::Probing(step) => {
                let step = (2.0 * step).min(LARGEST_PROBE);
                self.stage = Stage::Probing(step);
                step
            }
            Stage::Found => 0.0,
        };
        self.set(self.rate * (1.0 + step), now);
    }

    fn set(&mut self, rate: f64, now: Instant) {
        self.rate = rate;
        (self.began, self.sent) = (now, 0.0);
    }
}

/// What a refusal shows.
#[derive(Clone, Copy)]
struct Shown {
    /// Requests a second.
    rate: f64,
    /// By what share of it that may be wrong.
    doubt: f64,
}

fn seconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64()
}

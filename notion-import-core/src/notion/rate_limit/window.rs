//! A budget of so many requests in any 60 seconds.

use std::time::{Duration, Instant};

use super::Priority;
use super::budget::{Admission, GO, WINDOW, span};

/// How many full windows pass between two tries to get more.
const WINDOWS_BETWEEN_PROBES: u32 = 10;

/// So late in a window nothing is kept in reserve, and a refusal costs next to nothing.
const LATE: Duration = Duration::from_millis(500);

/// The most of a window that is late while more proves to be allowed.
const LATEST: Duration = Duration::from_secs(30);

/// How many requests a window is known to hold.
#[derive(Debug)]
pub(super) struct Window {
    budget: usize,
    /// What it may hold beyond that: a window's end is not seen exactly, so what was let through late may have been in
    /// the next. It is asked for one by one, early in a window, where it becomes known.
    hoped: usize,
    /// Windows spent to the last request since the budget was learned or last tried.
    full_windows: u32,
    /// When a full window was last counted.
    counted_at: Instant,
    late: Duration,
    /// Since the last refusal probes were let through: there is more.
    is_growing: bool,
    /// The probe under way, if any, asks early in the window.
    is_early: bool,
}

impl Window {
    pub(super) fn new(budget: usize, now: Instant) -> Self {
        Self {
            budget,
            hoped: budget,
            full_windows: 0,
            counted_at: now,
            late: LATE,
            is_growing: false,
            is_early: false,
        }
    }

    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// Decides, given what was spent in the last 60 seconds and the oldest of that.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        priority: Priority,
        spent: usize,
        oldest: Option<Instant>,
        under_way: usize,
        may_try: bool,
    ) -> Admission {
        let free = self.budget.saturating_sub(spent + under_way);
        let frees = oldest.map(|oldest| oldest + WINDOW);
        let is_late = |late: Duration| frees.is_some_and(|frees| frees <= now + late);
        let kept = if priority.is_interactive() || is_late(LATE) { 0 } else { self.reserve() };
        if free > kept {
            return GO;
        }
        let hopes = spent + under_way >= self.budget && spent < self.hoped && !is_late(LATEST);
        let tries = free == 0 && is_late(self.late) && self.is_due(now);
        if (hopes || tries) && may_try && !priority.is_interactive() {
            // One by one, so that one refusal at most is met.
            if under_way > 0 {
                return Admission::WhenAnswered;
            }
            self.is_early = hopes;
            return Admission::Go { probe: true };
        }
        match frees {
            // What is kept in reserve is let go a little earlier, and so may a probe be.
            Some(frees) => Admission::Later(self.until(now, frees, free > 0)),
            None => Admission::WhenAnswered,
        }
    }

    fn until(&self, now: Instant, frees: Instant, has_reserve: bool) -> Duration {
        let early = if has_reserve { LATE } else { self.late };
        let sooner = frees.checked_sub(early).filter(|sooner| *sooner > now);
        span(now, sooner.unwrap_or(frees))
    }

    /// What is left to persons, so that one who browses during a sync need not wait for the window to pass.
    fn reserve(&self) -> usize {
        (self.budget / 40).clamp(1, 16).saturating_sub(self.hoped - self.budget)
    }

    /// Counts a window spent to the last request, and tells when more is to be tried.
    fn is_due(&mut self, now: Instant) -> bool {
        if now + self.late >= self.counted_at + WINDOW {
            self.counted_at = now;
            self.full_windows += 1;
            if self.is_growing {
                self.late = (self.late * 2).min(LATEST);
            }
        }
        self.is_growing || self.full_windows > WINDOWS_BETWEEN_PROBES
    }

    /// One more was let through before the refusal that showed the budget.
    pub(super) fn learn_one_more(&mut self) {
        self.budget += 1;
        self.hoped = self.budget;
    }

    pub(super) fn probe_accepted(&mut self, spent: usize) {
        self.is_growing = true;
        if self.is_early {
            self.budget = self.budget.max(spent);
        }
        self.hoped = self.hoped.max(spent);
    }

    pub(super) fn probe_refused(&mut self, now: Instant) {
        self.hoped = self.budget;
        self.full_windows = 0;
        self.counted_at = now;
        self.late = LATE;
        self.is_growing = false;
    }
}

//! What Notion allows a connection, as far as its refusals have shown.
//!
//! Nothing is held back before the first refusal. A refusal shows either how many requests a 60-second window holds
//! (what Notion documents), or, if it asks for a wait that no such window explains, that requests are let through at
//! a rate. From then on that is spent without overrunning it, and once in a while a little more is tried.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Priority;
use super::rate::Rate;
use super::window::Window;

/// Notion's budgets are per 60-second window.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// What Notion promises every connection in a window. A refusal before that is about what others, or an earlier run,
/// have spent of it: it is waited out, and nothing is known of the window's size.
const PROMISED: usize = 180;

/// A wait so short says little about a window: it is over anyway.
const SHORT: Duration = Duration::from_secs(5);

/// By how much two tellings of the same moment may differ: whole seconds, and the way there and back.
const BLUR: Duration = Duration::from_secs(3);

/// Nothing is tried out while a person is at work, and for so long after.
const COURTESY: Duration = Duration::from_secs(120);

/// Whether a request may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    /// Now; as a probe it asks for more than is known to be allowed.
    Go { probe: bool },
    /// Not before so long has passed.
    Later(Duration),
    /// Not before something that is under way has its answer.
    WhenAnswered,
}

pub(super) const GO: Admission = Admission::Go { probe: false };

/// What a connection may spend and has spent.
#[derive(Debug, Default)]
pub(super) struct Budget {
    limit: Limit,
    /// When requests were answered with anything but a refusal, in the last window, oldest first. A request arrived
    /// before its answer did, so no window of Notion's holds it any more once its answer is a window old.
    spent: VecDeque<Instant>,
    /// Nothing is sent before this.
    paused_until: Option<Instant>,
    refusal: Option<Refusal>,
    browsed_at: Option<Instant>,
}

#[derive(Debug, Default)]
enum Limit {
    #[default]
    Unknown,
    Window(Window),
    Rate(Rate),
}

/// The last refusal that was about this connection's own budget.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    at: Instant,
    /// When it allowed to go on. What was spent before no longer counts.
    until: Instant,
    /// It showed what the budget is; answers that come before it is over were let through before it.
    teaches: bool,
}

impl Budget {
    /// Decides whether one more request may be sent now, beside those under way.
    pub(super) fn admit(&mut self, now: Instant, priority: Priority, under_way: usize) -> Admission {
        if priority.is_interactive() {
            self.browsed_at = Some(now);
        }
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Admission::Later(span(now, until));
        }
        self.slide(now);
        let may_try = self.browsed_at.is_none_or(|at| now.saturating_duration_since(at) > COURTESY);
        let counted = self.spent_since(self.refusal.map(|refusal| refusal.until));
        let oldest = counted.checked_sub(1).and_then(|_| self.spent.get(self.spent.len() - counted)).copied();
        match &mut self.limit {
            Limit::Unknown => GO,
            Limit::Window(window) if window.budget() < PROMISED => GO,
            Limit::Window(window) => window.admit(now, priority, counted, oldest, under_way, may_try),
            Limit::Rate(rate) => rate.admit(now, may_try),
        }
    }

    /// A request was let through, whatever its answer.
    pub(super) fn accepted(&mut self, now: Instant) {
        let learning = self.refusal.is_some_and(|refusal| refusal.teaches && now < refusal.until);
        match &mut self.limit {
            Limit::Window(window) if learning => window.learn_one_more(),
            Limit::Rate(rate) if learning => rate.learn_one_more(now),
            Limit::Unknown | Limit::Window(_) | Limit::Rate(_) => {}
        }
        self.spent(now);
    }

    /// A request may have been let through: it counts and shows nothing.
    pub(super) fn spent(&mut self, now: Instant) {
        self.slide(now);
        self.spent.push_back(now);
    }

    /// A request was not sent, or did not get as far as Notion.
    pub(super) fn given_back(&mut self) {
        match &mut self.limit {
            Limit::Rate(rate) => rate.given_back(),
            Limit::Unknown | Limit::Window(_) => {}
        }
    }

    pub(super) fn probe_accepted(&mut self, now: Instant) {
        self.spent(now);
        let counted = self.spent_since(self.refusal.map(|refusal| refusal.until));
        if let Limit::Window(window) = &mut self.limit {
            window.probe_accepted(counted);
        }
    }

    /// More than was known to be allowed is not: what was known stands.
    pub(super) fn probe_refused(&mut self, now: Instant, wait: Duration) {
        self.pause(now, wait);
        self.remember(now, false);
        if let Limit::Window(window) = &mut self.limit {
            window.probe_refused(now);
        }
    }

    /// The connection's own budget is spent; it is to be left alone for `wait`.
    pub(super) fn refused(&mut self, now: Instant, wait: Duration) {
        let already_paused = self.paused_until.is_some_and(|until| until > now);
        self.pause(now, wait);
        // What was under way when the first refusal came is refused too, and teaches nothing new.
        if already_paused {
            return;
        }
        let in_window = self.spent_in_window(now, wait);
        let explained = self.is_explained_by_a_window(now, wait);
        let since = self.spent_since(self.refusal.map(|refusal| refusal.until));
        match &mut self.limit {
            Limit::Rate(rate) if wait <= SHORT => rate.refused(now, &self.spent),
            Limit::Unknown | Limit::Window(_) | Limit::Rate(_) if !explained => {
                let (at, until) = self.refusal.map_or((now, now), |last| (last.at, last.until));
                let (cycle, active) =
                    (now.saturating_duration_since(at), now.saturating_duration_since(until));
                self.limit = Limit::Rate(Rate::new(now, since, cycle, active));
            }
            Limit::Unknown if wait <= SHORT && self.refusal.is_none() => {}
            Limit::Unknown | Limit::Window(_) | Limit::Rate(_) => {
                self.limit = Limit::Window(Window::new(in_window, now));
            }
        }
        self.remember(now, true);
        if let Limit::Rate(rate) = &mut self.limit {
            rate.begin(self.paused_until.unwrap_or(now));
        }
    }

    /// Pauses without learning anything: the refusal was not about this connection's own budget.
    pub(super) fn pause(&mut self, now: Instant, wait: Duration) {
        self.paused_until = self.paused_until.max(Some(after(now, wait)));
    }

    fn remember(&mut self, now: Instant, teaches: bool) {
        self.refusal = Some(Refusal { at: now, until: self.paused_until.unwrap_or(now), teaches });
    }

    /// A window that began when the last refusal allowed to go on lasts a minute. A refusal that is over well before
    /// that is about something else.
    fn is_explained_by_a_window(&self, now: Instant, wait: Duration) -> bool {
        self.refusal.is_none_or(|last| after(now, wait) + BLUR >= last.until + WINDOW)
    }

    /// How much was spent in the window that ends when a refusal says so.
    fn spent_in_window(&self, now: Instant, wait: Duration) -> usize {
        // `Retry-After` is in whole seconds and was some time on the way, so the window began earlier than it says.
        let began = (now + wait.min(WINDOW)).checked_sub(WINDOW + BLUR);
        self.spent_since(began.max(self.refusal.map(|last| last.until)))
    }

    fn spent_since(&self, begin: Option<Instant>) -> usize {
        let before = begin.map_or(0, |begin| self.spent.partition_point(|at| *at < begin));
        self.spent.len() - before
    }

    /// Lets go of what no window holds any more.
    fn slide(&mut self, now: Instant) {
        while self.spent.front().is_some_and(|at| *at + WINDOW <= now) {
            self.spent.pop_front();
        }
    }
}

pub(super) fn span(from: Instant, to: Instant) -> Duration {
    to.saturating_duration_since(from).max(Duration::from_millis(1))
}

/// A wait longer than a century is one for ever.
fn after(now: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(36_525 * 24 * 60 * 60);
    now + wait.min(CENTURY)
}

#[cfg(test)]
mod tests;

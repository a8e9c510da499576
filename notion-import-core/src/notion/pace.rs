//! How fast a connection may be asked: learned, not configured.
//!
//! Nothing is held back before the first refusal. A refusal shows how many requests Notion's 60-second window holds;
//! from then on no 60 seconds ever see more than that, and once in a while a little more is tried.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::connection::{Connection, ConnectionRef};
use crate::id::TenantId;
use crate::transport::Clock;

/// Notion's budgets are per 60-second window.
const WINDOW: TimeDelta = TimeDelta::seconds(60);

/// What Notion promises every connection in a window. A refusal before that is about what others, or an earlier run,
/// have spent of it: it is waited out, and nothing is known of the window's size.
const PROMISED: usize = 180;

/// How many full windows pass between two tries to get more.
const WINDOWS_BETWEEN_PROBES: u32 = 10;

/// The pace of one connection. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace(Arc<Mutex<State>>);

/// The connection was disconnected: nothing is asked through it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Closed;

#[derive(Debug, Default)]
struct State {
    /// Nothing is sent ever again.
    closed: bool,
    /// Requests sent in the last window, oldest first.
    sent: VecDeque<DateTime<Utc>>,
    /// Requests answered with anything but a refusal in the last window, oldest first.
    accepted: VecDeque<DateTime<Utc>>,
    /// How many requests a window holds, once that is known.
    budget: Option<usize>,
    /// Nothing is sent before this.
    paused_until: Option<DateTime<Utc>>,
    /// The pause in which the budget was learned: answers that come in it were accepted before the refusal.
    learning_until: Option<DateTime<Utc>>,
    /// Windows spent to the last request since the budget was learned or last raised.
    full_windows: u32,
    /// When a full window was last counted.
    counted_at: Option<DateTime<Utc>>,
}

impl Pace {
    /// It returns when one more request may be sent, and counts it; or an error once the connection is closed.
    pub(crate) async fn turn(&self, clock: &dyn Clock) -> Result<(), Closed> {
        loop {
            let wait = self.state().turn(clock.now())?;
            match wait {
                Some(wait) => clock.sleep(wait).await,
                None => return Ok(()),
            }
        }
    }

    /// It lets no further request through, also for those already waiting.
    pub(crate) fn close(&self) {
        self.state().closed = true;
    }

    /// It takes in that a request was let through, whatever its answer.
    pub(crate) fn accepted(&self, now: DateTime<Utc>) {
        self.state().accepted(now);
    }

    /// It takes in that this connection's budget is spent and asks to be left alone for `wait`.
    pub(crate) fn refused(&self, now: DateTime<Utc>, wait: Duration) {
        self.state().refused(now, wait);
    }

    /// It pauses without learning anything: the refusal was not about this connection's own budget.
    pub(crate) fn pause(&self, now: DateTime<Utc>, wait: Duration) {
        self.state().pause(now, wait);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self, now: DateTime<Utc>) -> Result<Option<Duration>, Closed> {
        if self.closed { Err(Closed) } else { Ok(self.admit(now)) }
    }

    /// It counts a request sent now, or says how long to wait before asking again.
    fn admit(&mut self, now: DateTime<Utc>) -> Option<Duration> {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Some(span(now, until));
        }
        forget_before(&mut self.sent, now - WINDOW);
        let known = self.budget.filter(|budget| *budget >= PROMISED);
        if let (Some(budget), Some(oldest)) = (known, self.sent.front().copied())
            && self.sent.len() >= budget
            && !self.probe(budget, now)
        {
            return Some(span(now, oldest + WINDOW));
        }
        self.sent.push_back(now);
        None
    }

    /// It counts a window spent to the last request, and raises the budget when it is time to.
    fn probe(&mut self, budget: usize, now: DateTime<Utc>) -> bool {
        if self.counted_at.is_some_and(|at| now < at + WINDOW) {
            return false;
        }
        self.counted_at = Some(now);
        self.full_windows += 1;
        if self.full_windows <= WINDOWS_BETWEEN_PROBES {
            return false;
        }
        self.full_windows = 0;
        self.budget = Some(budget + budget.div_ceil(4));
        true
    }

    fn accepted(&mut self, now: DateTime<Utc>) {
        forget_before(&mut self.accepted, now - WINDOW);
        self.accepted.push_back(now);
        if self.learning_until.is_some_and(|until| now < until) {
            self.budget = self.budget.map(|budget| budget + 1);
        }
    }

    fn refused(&mut self, now: DateTime<Utc>, wait: Duration) {
        let already_paused = self.paused_until.is_some_and(|until| until > now);
        self.pause(now, wait);
        // Requests in flight when the first refusal came are refused too, and teach nothing new.
        if already_paused {
            return;
        }
        // `Retry-After` is in whole seconds, so the window began up to a second earlier than it says.
        let window_began = now + delta(wait).min(WINDOW) - WINDOW - TimeDelta::seconds(1);
        forget_before(&mut self.accepted, window_began);
        self.budget = Some(self.accepted.len().max(1));
        self.learning_until = self.paused_until;
        self.full_windows = 0;
        self.counted_at = Some(now);
    }

    fn pause(&mut self, now: DateTime<Utc>, wait: Duration) {
        self.paused_until = self.paused_until.max(Some(now + delta(wait)));
    }
}

fn forget_before(times: &mut VecDeque<DateTime<Utc>>, limit: DateTime<Utc>) {
    while times.front().is_some_and(|at| *at <= limit) {
        times.pop_front();
    }
}

fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or(Duration::ZERO).max(Duration::from_millis(1))
}

fn delta(wait: Duration) -> TimeDelta {
    TimeDelta::from_std(wait).unwrap_or(WINDOW)
}

/// The paces of all connections a process serves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paces(Arc<Mutex<HashMap<(TenantId, ConnectionRef), Pace>>>);

impl Paces {
    /// The pace that everything done through this connection shares.
    pub(crate) fn of(&self, connection: &Connection) -> Pace {
        let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paces.entry((connection.tenant, connection.reference.clone())).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// Sends as fast as allowed from `from` to `to`, at most `burst` a second; every request is answered at once.
    fn spend(state: &mut State, from: i64, to: i64, burst: usize) -> usize {
        let mut sent = 0;
        for now in (from..to).map(at) {
            for _ in 0..burst {
                if state.admit(now).is_some() {
                    break;
                }
                state.accepted(now);
                sent += 1;
            }
        }
        sent
    }

    #[test]
    fn nothing_is_held_back_before_the_first_refusal() {
        assert_eq!(spend(&mut State::default(), 0, 60, 100), 6000);
    }

    #[test]
    fn a_refusal_teaches_the_window_and_stops_everything_until_it_is_over() {
        let mut state = State::default();
        spend(&mut state, 0, 1, 180);
        assert_eq!(state.admit(at(1)), None);
        state.refused(at(1), Duration::from_secs(59));
        assert_eq!(state.budget, Some(180));
        assert_eq!(spend(&mut state, 1, 60, 10), 0);
        // The refused request itself is still counted in the first window after the pause.
        assert_eq!(spend(&mut state, 61, 121, 1000), 180);
        assert_eq!(spend(&mut state, 121, 181, 1000), 180);
    }

    #[test]
    fn answers_that_come_after_the_refusal_still_count_and_further_refusals_do_not() {
        let mut state = State::default();
        spend(&mut state, 0, 1, 175);
        state.refused(at(1), Duration::from_secs(59));
        (0..5).for_each(|_| state.accepted(at(2)));
        state.refused(at(2), Duration::from_secs(58));
        assert_eq!(state.budget, Some(180));
    }

    #[test]
    fn more_is_tried_once_in_a_while() {
        let mut state = State { budget: Some(200), ..State::default() };
        let spent = spend(&mut state, 0, 60 * 30, 1000);
        assert!(spent > 200 * 30, "{spent}");
        assert!(state.budget < Some(400), "{:?}", state.budget);
    }

    #[test]
    fn a_refusal_before_what_is_promised_is_waited_out_and_holds_nothing_back_after() {
        let mut state = State::default();
        spend(&mut state, 0, 1, 30);
        state.refused(at(1), Duration::from_secs(5));
        assert_eq!(state.admit(at(5)), Some(Duration::from_secs(1)));
        assert_eq!(spend(&mut state, 6, 7, 1000), 1000);
    }

    #[test]
    fn a_closed_connection_lets_nothing_through() {
        let mut state = State::default();
        assert_eq!(state.turn(at(0)), Ok(None));
        state.closed = true;
        assert_eq!(state.turn(at(1)), Err(Closed));
    }

    #[test]
    fn a_pause_that_is_not_about_the_budget_teaches_nothing() {
        let mut state = State::default();
        state.pause(at(0), Duration::from_secs(100));
        assert_eq!(state.admit(at(40)), Some(Duration::from_secs(60)));
        assert_eq!(state.budget, None);
        assert_eq!(state.admit(at(100)), None);
    }
}

//! How fast a connection may be asked: learned, not configured, and shared by everything that asks through it.
//!
//! [`Budget`] knows what Notion allows; this is the queue before it. What a person waits for overtakes what runs by
//! itself, and what is begun is finished, in the order of its beginning, before more is begun. Else it is first come, first
//! served. A permit that is dropped unused is given back. All of it goes by a monotonic clock.

mod budget;
mod rate;
mod window;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::budget::{Admission, Budget};
use crate::connection::Connection;
use crate::id::{ConnectionId, TenantId};
use crate::transport::SharedClock;

/// Requests under way at once on one connection, beside those a person waits for. Connections share nothing, so none
/// can hold back another.
pub(crate) const UNDER_WAY: usize = 32;

/// Who is waiting for the answer, the most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Priority {
    /// A person, now.
    Interactive,
    /// An import in the middle of something, and the number of the permit it began with.
    Begun(u64),
    /// An import or a sync that is about to begin something.
    New,
}

impl Priority {
    pub(crate) const fn is_interactive(self) -> bool {
        matches!(self, Self::Interactive)
    }
}

/// Why nothing may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoPermit {
    /// The connection was disconnected: nothing is asked through it again.
    Closed,
    /// Not before so long has passed, which is more than there is patience for.
    Paused(Duration),
}

/// The rate limiter of one connection. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateLimiter(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Nothing is sent ever again.
    closed: bool,
    budget: Budget,
    /// Turns that were given and have no outcome yet.
    under_way: usize,
    /// Whom to wake, in the order of their permits.
    queue: BTreeMap<Ticket, Arc<Notify>>,
    tickets: u64,
}

/// A place in the queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Ticket {
    priority: Priority,
    number: u64,
}

/// What whoever waits does next.
enum Step {
    Go {
        probe: bool,
    },
    Sleep(Duration),
    /// Until somebody else is through, or has an answer.
    Await,
}

impl RateLimiter {
    /// Returns when one more request may be sent; or an error once the connection is closed, or is to be left alone for longer than
    /// `patience`.
    pub(crate) async fn acquire(
        &self,
        clock: &SharedClock,
        priority: Priority,
        patience: Duration,
    ) -> Result<RequestPermit, NoPermit> {
        let place = Place::take(self, priority);
        loop {
            let step = self.state().step(place.ticket, clock.instant())?;
            match step {
                Step::Go { probe } => {
                    let (limiter, clock) = (self.clone(), clock.clone());
                    return Ok(RequestPermit {
                        limiter,
                        clock,
                        number: place.ticket.number,
                        probe,
                        fate: Fate::Unused,
                    });
                }
                Step::Sleep(wait) if wait > patience => return Err(NoPermit::Paused(wait)),
                Step::Sleep(wait) => tokio::select! {
                    () = clock.sleep(wait) => {}
                    () = place.wake.notified() => {}
                },
                Step::Await => place.wake.notified().await,
            }
        }
    }

    /// Lets no further request through, also for those already waiting.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.queue.values().for_each(|waiting| waiting.notify_one());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn step(&mut self, ticket: Ticket, now: Instant) -> Result<Step, NoPermit> {
        if self.closed {
            return Err(NoPermit::Closed);
        }
        let is_crowded = !ticket.priority.is_interactive() && self.under_way >= UNDER_WAY;
        if is_crowded || self.queue.keys().next() != Some(&ticket) {
            return Ok(Step::Await);
        }
        Ok(match self.budget.admit(now, ticket.priority, self.under_way) {
            Admission::Go { probe } => {
                self.leave(ticket);
                self.under_way += 1;
                Step::Go { probe }
            }
            Admission::Later(wait) => Step::Sleep(wait),
            Admission::WhenAnswered => Step::Await,
        })
    }

    /// Takes somebody out of the queue and lets the next one look.
    fn leave(&mut self, ticket: Ticket) {
        self.queue.remove(&ticket);
        self.wake();
    }

    fn wake(&self) {
        if let Some(first) = self.queue.values().next() {
            first.notify_one();
        }
    }
}

/// A place in the queue; leaving it, served or not, lets the next one move up.
struct Place<'a> {
    limiter: &'a RateLimiter,
    ticket: Ticket,
    wake: Arc<Notify>,
}

impl<'a> Place<'a> {
    fn take(limiter: &'a RateLimiter, priority: Priority) -> Self {
        let wake = Arc::new(Notify::new());
        let mut state = limiter.state();
        state.tickets += 1;
        let ticket = Ticket { priority, number: state.tickets };
        state.queue.insert(ticket, wake.clone());
        Self { limiter, ticket, wake }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limiter.state().leave(self.ticket);
    }
}

/// Leave to send one request. What became of it is told, or else assumed when it is dropped.
pub(crate) struct RequestPermit {
    limiter: RateLimiter,
    clock: SharedClock,
    number: u64,
    /// Asks for more than is known to be allowed.
    probe: bool,
    fate: Fate,
}

/// What is known of a request.
#[derive(Clone, Copy)]
enum Fate {
    /// It was not sent.
    Unused,
    /// It was sent, and nobody knows whether it arrived.
    Sent,
    /// It was let through, whatever its answer.
    Accepted,
    /// This connection's budget is spent; leave it alone for so long.
    Refused(Duration),
    /// The connection is asked to pause, but not for what it has spent itself.
    Paused(Duration),
}

impl RequestPermit {
    /// The priority of everything that is begun with this permit.
    pub(crate) fn begins(&self) -> Priority {
        Priority::Begun(self.number)
    }

    /// The request goes out now.
    pub(crate) fn sent(&mut self) {
        self.fate = Fate::Sent;
    }

    /// Notion let the request through, whatever its answer.
    pub(crate) fn accepted(mut self) {
        self.fate = Fate::Accepted;
    }

    /// This connection's budget is spent: nothing is sent for so long.
    pub(crate) fn refused(mut self, wait: Duration) {
        self.fate = Fate::Refused(wait);
    }

    /// Nothing is sent for so long, and nothing is learned: it is not about this connection's own budget.
    pub(crate) fn paused(mut self, wait: Duration) {
        self.fate = Fate::Paused(wait);
    }

    /// Notion never saw the request.
    pub(crate) fn unseen(mut self) {
        self.fate = Fate::Unused;
    }
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        let now = self.clock.instant();
        let mut state = self.limiter.state();
        state.under_way = state.under_way.saturating_sub(1);
        let budget = &mut state.budget;
        match self.fate {
            Fate::Unused => budget.given_back(),
            // It may have arrived, so it counts; but it shows nothing.
            Fate::Sent => budget.spent(now),
            Fate::Accepted if self.probe => budget.probe_accepted(now),
            Fate::Accepted => budget.accepted(now),
            Fate::Refused(wait) if self.probe => budget.probe_refused(now, wait),
            Fate::Refused(wait) => budget.refused(now, wait),
            Fate::Paused(wait) => budget.pause(now, wait),
        }
        state.wake();
    }
}

/// For so long after its last use a limiter is remembered, a closed one too: whoever still holds the connection asks nothing.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// The limiters of all connections a process serves.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateLimiters(Arc<Mutex<HashMap<(TenantId, ConnectionId), Used>>>);

#[derive(Debug)]
struct Used {
    limiter: RateLimiter,
    at: Instant,
}

impl RateLimiters {
    /// Returns the limiter that everything done through this connection shares.
    pub(crate) fn of(&self, connection: &Connection, now: Instant) -> RateLimiter {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (connection.tenant, connection.id);
        if !limiters.contains_key(&key) {
            limiters.retain(|_, used| used.is_held() || now.saturating_duration_since(used.at) < REMEMBERED);
        }
        let used = limiters.entry(key).or_insert_with(|| Used { limiter: RateLimiter::default(), at: now });
        used.at = now;
        used.limiter.clone()
    }
}

impl Used {
    fn is_held(&self) -> bool {
        Arc::strong_count(&self.limiter.0) > 1
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::task::Poll;

    use futures_util::future::BoxFuture;
    use futures_util::{FutureExt, poll};

    use super::*;
    use crate::transport::SystemClock;

    type Waiter = BoxFuture<'static, Result<RequestPermit, NoPermit>>;

    fn queue(limiter: &RateLimiter, priority: Priority) -> Waiter {
        let limiter = limiter.clone();
        let clock: SharedClock = Arc::new(SystemClock);
        async move { limiter.acquire(&clock, priority, Duration::MAX).await }.boxed()
    }

    async fn is_served(waiter: &mut Waiter) -> Option<RequestPermit> {
        match poll!(waiter) {
            Poll::Ready(permit) => permit.ok(),
            Poll::Pending => None,
        }
    }

    /// As many permits as may be under way at once.
    async fn crowd(limiter: &RateLimiter) -> Vec<RequestPermit> {
        let mut permits = Vec::new();
        for _ in 0..UNDER_WAY {
            permits.push(is_served(&mut queue(limiter, Priority::Begun(0))).await.unwrap());
        }
        permits
    }

    #[tokio::test]
    async fn jobs_wait_for_each_other_in_order_and_persons_wait_for_none() {
        let limiter = RateLimiter::default();
        let mut crowd = crowd(&limiter).await;
        let mut new = queue(&limiter, Priority::New);
        assert!(is_served(&mut new).await.is_none());
        let mut waiters: Vec<Waiter> = (0..3).map(|_| queue(&limiter, Priority::Begun(0))).collect();
        for waiter in &mut waiters {
            assert!(is_served(waiter).await.is_none());
        }
        assert!(is_served(&mut queue(&limiter, Priority::Interactive)).await.is_some());
        crowd.pop();
        assert!(is_served(&mut waiters[1]).await.is_none(), "the second overtook the first");
        let first = is_served(&mut waiters[0]).await;
        assert!(first.is_some());
        assert!(is_served(&mut waiters[1]).await.is_none(), "no place is free");
        crowd.clear();
        assert!(is_served(&mut new).await.is_none(), "something new overtook what is begun");
        for waiter in &mut waiters[1..] {
            crowd.extend(is_served(waiter).await);
        }
        assert!(crowd.len() == 2 && is_served(&mut new).await.is_some());
    }

    #[tokio::test]
    async fn what_began_first_goes_first_whoever_asked_first() {
        let limiter = RateLimiter::default();
        let mut begun = vec![];
        for _ in 0..2 {
            begun.push(is_served(&mut queue(&limiter, Priority::New)).await.unwrap().begins());
        }
        let crowd = crowd(&limiter).await;
        let (mut second, mut first) = (queue(&limiter, begun[1]), queue(&limiter, begun[0]));
        assert!(is_served(&mut second).await.is_none() && is_served(&mut first).await.is_none());
        drop(crowd);
        assert!(is_served(&mut second).await.is_none(), "the later one overtook the earlier one");
        assert!(is_served(&mut first).await.is_some() && is_served(&mut second).await.is_some());
    }

    #[tokio::test]
    async fn a_place_or_a_permit_that_is_dropped_is_given_back() {
        let limiter = RateLimiter::default();
        let crowd = crowd(&limiter).await;
        let (mut first, mut second) =
            (queue(&limiter, Priority::Begun(0)), queue(&limiter, Priority::Begun(0)));
        assert!(is_served(&mut first).await.is_none() && is_served(&mut second).await.is_none());
        drop(first);
        drop(crowd);
        assert!(is_served(&mut second).await.is_some(), "a dropped place still holds up the queue");
        assert_eq!(limiter.state().under_way, 0);
        assert!(limiter.state().queue.is_empty());
    }

    #[test]
    fn what_nobody_has_used_for_a_day_is_forgotten() {
        let (limiters, now) = (RateLimiters::default(), Instant::now());
        let connection = |name: &str| Connection::new(TenantId::new(uuid::Uuid::nil()), name);
        let held = limiters.of(&connection("held"), now);
        limiters.of(&connection("closed"), now).close();
        let count = |after: Duration| {
            limiters.of(&connection(&format!("{after:?}")), now + after);
            limiters.0.lock().unwrap().len()
        };
        let moment = Duration::from_secs(1);
        assert_eq!(count(REMEMBERED - moment), 3);
        assert!(limiters.of(&connection("closed"), now + REMEMBERED - moment).state().closed);
        assert_eq!(count(2 * REMEMBERED), 2, "what is held and what is new");
        drop(held);
        assert_eq!(count(4 * REMEMBERED), 1);
    }

    #[tokio::test]
    async fn a_closed_connection_lets_nothing_through_not_even_what_waits() {
        let limiter = RateLimiter::default();
        let _crowd = crowd(&limiter).await;
        let mut waiter = queue(&limiter, Priority::Begun(0));
        assert!(is_served(&mut waiter).await.is_none());
        limiter.close();
        assert!(waiter.await.is_err());
        assert!(queue(&limiter, Priority::Interactive).await.is_err());
    }
}

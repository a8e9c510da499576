//! A clock of our own. Tokio's paused time would break the timeouts of sockets and databases around it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::transport::{Clock, sealed::Sealed};

/// How many turns a sleeper leaves to everyone else before it believes that nobody has anything to do.
const TURNS: usize = 32;

/// Virtual time. It stands still while anyone works and jumps to the next waking when all sleep.
///
/// A sleeper yields to the runtime's other tasks; once they have had some turns without using clock or world,
/// the earliest sleeper moves the time to its own waking. Sleepers wake one by one, by time and then by who
/// slept first, so on a current-thread runtime a run is the same every time. A sleeper that nobody polls holds
/// up no one: the next in the queue goes ahead after as many turns again. Work the clock cannot see, such as a
/// database answering over a socket, counts as slow unless [`SimClock::patient`] waits for it in real time.
#[derive(Clone)]
pub struct SimClock {
    hands: Arc<Mutex<Hands>>,
    /// By how much it was set wrong, beside what has passed.
    set_by: Arc<Mutex<TimeDelta>>,
    patience: Duration,
    turns: usize,
}

struct Hands {
    now: DateTime<Utc>,
    /// How much goes on that the clock cannot see.
    busy: usize,
    began: (DateTime<Utc>, Instant),
    /// By when they wake, and who slept first; how often each has been polled.
    sleepers: BTreeMap<(DateTime<Utc>, u64), u64>,
    tickets: u64,
    /// Grows whenever anyone uses the clock or the world.
    activity: u64,
}

impl SimClock {
    /// A clock that stands at a moment.
    pub fn new(now: DateTime<Utc>) -> Self {
        let hands = Hands {
            now,
            busy: 0,
            began: (now, Instant::now()),
            sleepers: BTreeMap::new(),
            tickets: 0,
            activity: 0,
        };
        Self {
            hands: Arc::new(Mutex::new(hands)),
            set_by: Arc::default(),
            patience: Duration::ZERO,
            turns: TURNS,
        }
    }

    /// A clock of another machine, which is set for itself: the same time passes there.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self { set_by: Arc::default(), ..self.clone() }
    }

    /// Gives work the clock cannot see this much real time before time jumps.
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Believes after a few turns that nobody has anything to do, where whoever works says so.
    pub(in crate::testing) fn eager(mut self) -> Self {
        self.turns = 4;
        self
    }

    /// Moves the time on, waking whoever is due.
    pub fn advance(&self, duration: Duration) {
        let mut hands = self.hands();
        hands.now += delta(duration);
        hands.activity += 1;
    }

    /// It is set forward or back, as by whoever keeps a machine's clock. No time passes, and nobody wakes.
    pub fn set_by(&self, delta: TimeDelta) {
        *self.set_by.lock().unwrap_or_else(PoisonError::into_inner) += delta;
        self.stir();
    }

    /// What clocks show that nobody set, such as Notion's.
    pub(in crate::testing) fn time(&self) -> DateTime<Utc> {
        self.hands().now
    }

    /// Says that something goes on which the clock cannot see, until that is dropped: time stands still meanwhile.
    pub(in crate::testing) fn busy(&self) -> Busy {
        self.hands().busy += 1;
        Busy(self.clone())
    }

    /// Says that someone is at work.
    pub(in crate::testing) fn stir(&self) {
        self.hands().activity += 1;
    }

    async fn turn(&self) {
        if self.patience.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.patience.div_f64(self.turns as f64)).await;
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that the clock cannot see.
pub(in crate::testing) struct Busy(SimClock);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut hands = self.0.hands();
        hands.busy -= 1;
        hands.activity += 1;
    }
}

impl Sealed for SimClock {}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        self.time() + *self.set_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn instant(&self) -> Instant {
        let hands = self.hands();
        let (then, instant) = hands.began;
        instant + (hands.now - then).to_std().unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        let place = Place::take(self, duration);
        let (mut seen, mut idle) = (0, 0);
        while let Some(activity) = place.look(idle, seen) {
            idle = if activity == seen { idle + 1 } else { 0 };
            seen = activity;
            self.turn().await;
        }
    }
}

/// A sleeper's place in the queue; leaving it, slept out or dropped, is noticed by the others.
struct Place<'a> {
    clock: &'a SimClock,
    waking: (DateTime<Utc>, u64),
}

impl<'a> Place<'a> {
    fn take(clock: &'a SimClock, duration: Duration) -> Self {
        let mut hands = clock.hands();
        hands.activity += 1;
        hands.tickets += 1;
        let waking = (hands.now + delta(duration), hands.tickets);
        hands.sleepers.insert(waking, 0);
        Self { clock, waking }
    }

    /// `None` once it is time to wake; else how much has happened so far. `idle` counts the turns in which
    /// nothing has, up to what was `seen` last.
    fn look(&self, idle: usize, seen: u64) -> Option<u64> {
        let mut hands = self.clock.hands();
        if let Some(polled) = hands.sleepers.get_mut(&self.waking) {
            *polled += 1;
        }
        // Whoever is before us and is polled will move, though perhaps not as often as we are asked.
        let earlier = hands.sleepers.range(..self.waking);
        let (before, polled) = earlier.fold((0, 0), |(count, sum), (_, polled)| (count + 1, sum + polled));
        let happened = hands.activity + polled;
        let our_turn = hands.busy == 0 && happened == seen && idle >= self.clock.turns * (before + 1);
        if our_turn && hands.now < self.waking.0 {
            hands.now = self.waking.0;
        }
        let due = hands.now >= self.waking.0;
        if due && (before == 0 || our_turn) { None } else { Some(happened) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut hands = self.clock.hands();
        hands.sleepers.remove(&self.waking);
        hands.activity += 1;
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimClock").field(&self.now()).finish()
    }
}

/// A wait so long that the calendar ends before it is no wait anyone simulates.
fn delta(duration: Duration) -> TimeDelta {
    const CENTURY: TimeDelta = TimeDelta::days(36_525);
    TimeDelta::from_std(duration).unwrap_or(CENTURY).min(CENTURY)
}

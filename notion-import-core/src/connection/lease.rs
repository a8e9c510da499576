//! How long a claim counts.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::transport::CLOCKS_APART;

/// The time in which a claim counts, from `from` until before `until`.
///
/// A process whose clock is far ahead claims for a time that is long from coming, and may be killed before it hears of its mistake. So
/// a claim does not count before `from`: by the clock of whoever holds it, it was not made yet, by more than two clocks differ that are
/// right. What does not count is claimed anew, with a higher generation, and so fences its holder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// From when on.
    pub from: DateTime<Utc>,
    /// The moment at which it is over.
    pub until: DateTime<Utc>,
}

impl Lease {
    /// Returns the lease of what is claimed, or renewed, at `now` for so long. The one who claims and another may be apart by five
    /// minutes, and by as long as the lease if that is longer.
    pub fn new(now: DateTime<Utc>, length: Duration) -> Self {
        Self { from: (now - length).min(now - CLOCKS_APART), until: now + length }
    }

    /// Tells whether it counts at `now`: nobody else claims then what it is for.
    pub fn counts_at(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && now < self.until
    }
}

//! What a history happens in.

use std::time::Duration;

use super::step::Pace;
use crate::schedule::ScheduleOptions;
use crate::sync::SyncOptions;
use crate::testing::World;

/// What a history happens in.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Setting {
    /// Pages at the top of the workspace.
    pub pages: u8,
    /// Rows of its database.
    pub rows: u8,
    /// How many of all these are imported before anything happens.
    pub imported: u8,
    /// Search lags by so many seconds.
    pub lag: u64,
    /// The share of the pages that search never shows.
    pub unlisted: f64,
    /// By how many seconds the time is wrong that answers tell; none tell it.
    pub dated: Option<i64>,
    /// By how many seconds the clocks of the processes are wrong.
    pub clocks: [i64; 2],
    pub pace: Pace,
    /// How many documents may be looked at in a run, and read.
    pub budget: (usize, usize),
    /// Runs come every so many minutes.
    pub every: u64,
    /// Each document is looked at within so many minutes.
    pub within: u64,
    /// Whether updates become versions at once.
    pub drafts: bool,
    /// Whether what is gone at its source becomes internal.
    pub closes_gone: bool,
}

impl Setting {
    pub(super) fn sync(&self) -> SyncOptions {
        let (looks, readings) = self.budget;
        SyncOptions::default()
            .verify_at_once(looks)
            .read_at_once(readings)
            .verified_within(minutes(self.within))
            .drafts(self.drafts)
    }

    pub(super) fn schedule(&self) -> ScheduleOptions {
        ScheduleOptions::default().interval(minutes(self.every))
    }

    /// Makes a world behave so.
    pub(super) fn tune(&self, world: &World) {
        world.tune(|rules| {
            rules.search_lag = Duration::from_secs(self.lag);
            rules.search_lags_apart = true;
            rules.unlisted_share = self.unlisted;
            rules.date_ahead = self.dated;
        });
    }
}

pub(super) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

//! How a schedule runs.

use std::time::Duration;

use crate::options::options;

options! {
    /// How a schedule runs.
    pub struct ScheduleOptions {
        /// How often each connection is synced: four hours by default, and a little earlier or later each time.
        pub interval: Duration = Duration::from_secs(4 * 60 * 60),
        /// Connections synced at once by one process. A sync mostly waits, for Notion alone, so that many fit.
        pub concurrency: usize = 32,
        /// How long a claim lasts if its holder falls silent. Whoever is alive renews it in time.
        pub lease: Duration = Duration::from_secs(120),
        /// How often it is looked for what is due: once a minute by default.
        pub poll: Duration = Duration::from_secs(60),
        /// How long syncs may go on after a shutdown before they are given back: twenty seconds by default.
        pub grace: Duration = Duration::from_secs(20),
        /// How long a sync waits at a time if Notion asks it to: a minute by default, the length of the window that requests are
        /// counted in. One that is to wait for longer is given back, and due when the wait is over.
        pub patience: Duration = Duration::from_secs(60),
        /// How long hints of one connection are gathered before what they name is looked at, each page once: five seconds by default.
        pub gather: Duration = Duration::from_secs(5),
    }
}

/// Options that contradict each other or the importer's [`Timeouts`](crate::importer::Timeouts).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the schedule cannot be kept: {0}")]
pub struct InvalidSchedule(&'static str);

impl ScheduleOptions {
    /// Fails unless the times fit each other, where one request may take `attempt`.
    pub(super) fn check(&self, attempt: Duration) -> Result<(), InvalidSchedule> {
        let broken = [
            (self.concurrency == 0, "`concurrency` is 0, so nothing would be synced"),
            (self.interval.is_zero(), "`interval` is 0, so everything would always be due"),
            (self.poll.is_zero(), "`poll` is 0, so nothing else would be done"),
            (
                self.poll > self.interval,
                "`poll` is longer than `interval`: what is due would not be seen in time",
            ),
            (
                self.lease < attempt,
                "`lease` is shorter than `Timeouts::attempt`: a claim could run out during a single request",
            ),
        ];
        broken
            .into_iter()
            .find(|(is_broken, _)| *is_broken)
            .map_or(Ok(()), |(_, why)| Err(InvalidSchedule(why)))
    }
}

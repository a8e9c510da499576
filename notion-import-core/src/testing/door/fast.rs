//! A clock that runs ahead: a minute's window passes in a second, and sockets are none the wiser.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::transport::{Clock, sealed::Sealed};

/// Real time, so many times as fast. For what goes over sockets and waits by the minute.
#[derive(Clone, Copy)]
pub struct FastClock {
    began: DateTime<Utc>,
    at: Instant,
    times: u32,
}

impl FastClock {
    /// A clock that shows a moment now, and then goes so many times as fast as others.
    pub fn new(now: DateTime<Utc>, times: u32) -> Self {
        Self { began: now, at: Instant::now(), times: times.max(1) }
    }
}

impl Sealed for FastClock {}

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> DateTime<Utc> {
        let passed = self.at.elapsed() * self.times;
        self.began + TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX)
    }

    fn instant(&self) -> Instant {
        self.at + self.at.elapsed() * self.times
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.times).await;
    }
}

impl fmt::Debug for FastClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FastClock").field(&self.now()).field(&self.times).finish()
    }
}

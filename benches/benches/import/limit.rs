//! What may be asked of the stand-in, and what was.

use std::time::{Duration, Instant};

/// What may be asked of it.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// So many requests in a time that begins with the first of them: what Notion documents.
    Window { requests: u32, length: Duration },
    /// So many a second, and a few at once.
    Bucket { a_second: f64, burst: f64 },
}

impl Limit {
    /// The least time that so many requests take.
    pub(crate) fn floor(self, requests: f64) -> Duration {
        match self {
            Self::Window { requests: most, length } => {
                length.mul_f64(((requests - 1.0).max(0.0) / f64::from(most)).floor())
            }
            Self::Bucket { a_second, burst } => {
                Duration::from_secs_f64(((requests - burst) / a_second).max(0.0))
            }
        }
    }
}

/// A limit, and what is left of it since when.
pub(crate) struct Meter {
    limit: Limit,
    left: f64,
    since: Instant,
}

impl Meter {
    pub(crate) fn new(limit: Limit) -> Self {
        let left = match limit {
            Limit::Window { .. } => 0.0,
            Limit::Bucket { burst, .. } => burst,
        };
        // Long enough ago for a first window to begin with the first request.
        Self { limit, left, since: Instant::now() - Duration::from_secs(3600) }
    }

    /// Counts a request, or says when to come again.
    pub(crate) fn spend(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let passed = now - self.since;
        match self.limit {
            Limit::Window { requests, length } if passed >= length => {
                (self.left, self.since) = (f64::from(requests), now);
            }
            Limit::Window { .. } => {}
            Limit::Bucket { a_second, burst } => {
                (self.left, self.since) = ((self.left + passed.as_secs_f64() * a_second).min(burst), now);
            }
        }
        if self.left >= 1.0 {
            self.left -= 1.0;
            return None;
        }
        Some(match self.limit {
            Limit::Window { length, .. } => length - passed,
            Limit::Bucket { a_second, .. } => Duration::from_secs_f64((1.0 - self.left) / a_second),
        })
    }
}

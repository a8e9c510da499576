//! How long a download may take, and the watch that holds it to that.

use std::time::Duration;

use crate::error::DownloadError;
use crate::options::options;

options! {
    /// How long a download may take.
    pub struct DownloadLimits {
        /// How long a file server may say nothing.
        pub silence: Duration = Duration::from_secs(30),
        /// How long one file may take in all, with every try and every wait.
        pub whole: Duration = Duration::from_secs(600),
        /// Fewer bytes a second than this, on average over `silence`, and the download is given up.
        pub slowest: u64 = 4 << 10,
    }
}

/// Watches how fast a body comes. Only the time that is spent waiting for the server counts, not what the store takes.
pub(super) struct Watch {
    limits: DownloadLimits,
    waited: Duration,
    came: u64,
}

impl Watch {
    pub(super) fn new(limits: DownloadLimits) -> Self {
        Self { limits, waited: Duration::ZERO, came: 0 }
    }

    /// Takes in that so many bytes came after a wait.
    pub(super) fn saw(&mut self, bytes: usize, after: Duration) -> Result<(), DownloadError> {
        self.waited += after;
        self.came += bytes as u64;
        if self.waited < self.limits.silence {
            return Ok(());
        }
        let least = self.limits.slowest as f64 * self.waited.as_secs_f64();
        let too_slow = (self.came as f64) < least;
        *self = Self::new(self.limits);
        if too_slow { Err(DownloadError::TooSlow) } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn watch() -> Watch {
        Watch::new(DownloadLimits {
            silence: Duration::from_secs(30),
            slowest: 100,
            ..DownloadLimits::default()
        })
    }

    #[test]
    fn what_drips_is_given_up_as_soon_as_that_is_known() {
        let mut watch = watch();
        for second in 1..30 {
            assert!(watch.saw(1, Duration::from_secs(1)).is_ok(), "{second}");
        }
        assert!(matches!(watch.saw(1, Duration::from_secs(1)), Err(DownloadError::TooSlow)));
    }

    #[test]
    fn what_pauses_and_makes_up_for_it_is_not_given_up() {
        let mut watch = watch();
        for _ in 0..1000 {
            watch.saw(3000, Duration::from_secs(29)).unwrap();
            watch.saw(1, Duration::from_secs(1)).unwrap();
        }
    }

    #[test]
    fn a_store_that_takes_its_time_is_not_held_against_the_server() {
        let mut watch = watch();
        (0..100_000).for_each(|_| watch.saw(1, Duration::ZERO).unwrap());
    }

    #[test]
    fn a_fast_beginning_does_not_excuse_a_drip_for_long() {
        let mut watch = watch();
        watch.saw(1 << 30, Duration::from_secs(29)).unwrap();
        watch.saw(1, Duration::from_secs(1)).unwrap();
        let dripped = (0..31).find(|_| watch.saw(1, Duration::from_secs(1)).is_err());
        assert_eq!(dripped, Some(29));
    }
}

//! What is different every time, and no secret: so that many who wait do not come back together.

use std::hash::{BuildHasher, RandomState};

/// Returns a number from `low` up to `high`.
pub(crate) fn between(low: f64, high: f64) -> f64 {
    let drawn = seeded::draw().unwrap_or_else(|| {
        // Every hasher of the standard library has keys of its own.
        RandomState::new().hash_one(()) as u32
    });
    low + f64::from(drawn) / f64::from(u32::MAX) * (high - low)
}

/// What a simulation draws in its own thread: the same every time.
#[cfg(feature = "testing")]
pub(crate) mod seeded {
    use std::cell::RefCell;

    thread_local! {
        static NUMBERS: RefCell<Option<fastrand::Rng>> = const { RefCell::new(None) };
    }

    pub(super) fn draw() -> Option<u32> {
        NUMBERS.with_borrow_mut(|numbers| numbers.as_mut().map(|numbers| numbers.u32(..)))
    }

    /// Draws by this seed in this thread, until it is dropped.
    pub(crate) struct Seeded(());

    impl Seeded {
        pub(crate) fn new(seed: u64) -> Self {
            NUMBERS.set(Some(fastrand::Rng::with_seed(seed)));
            Self(())
        }
    }

    impl Drop for Seeded {
        fn drop(&mut self) {
            NUMBERS.set(None);
        }
    }
}

#[cfg(not(feature = "testing"))]
mod seeded {
    pub(super) const fn draw() -> Option<u32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_spread_over_what_is_asked_for() {
        let numbers: Vec<f64> = (0..1_000).map(|_| between(-3.0, 5.0)).collect();
        assert!(numbers.iter().all(|number| (-3.0..=5.0).contains(number)));
        for part in -3..5 {
            let part = f64::from(part);
            let inside = numbers.iter().filter(|number| (part..part + 1.0).contains(*number)).count();
            assert!((60..=200).contains(&inside), "{inside} from {part}");
        }
    }
}

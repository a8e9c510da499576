//! What is different every time, and no secret: so that many who wait do not come back together.

use std::hash::{BuildHasher, RandomState};

/// Returns a number from `low` up to `high`.
pub(crate) fn between(low: f64, high: f64) -> f64 {
    // Every hasher of the standard library has keys of its own.
    let fraction = f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX);
    low + fraction * (high - low)
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

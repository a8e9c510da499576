//! Stores that each break one promise, to show that the suites notice.

mod access;
mod blobs;
mod connections;
mod documents;
mod erasing;
mod reading;
mod sweeping;

use notion_import_core::testing::suite;
use notion_import_core::testing::suite::Promise;

/// Each leak breaks exactly the promises whose names begin like this, in the order of the suite.
async fn check<L: std::fmt::Debug + Copy, S>(
    promises: &[Promise<S>],
    make: impl Fn(L) -> S,
    rows: &[(L, &[&str])],
) {
    let mut wrong = Vec::new();
    for (leak, expected) in rows {
        let broken = suite::broken(promises, async || make(*leak)).await;
        let mut names = broken.iter().map(|(name, _)| *name).zip(*expected);
        if broken.len() != expected.len() || !names.all(|(name, start)| name.starts_with(start)) {
            wrong.push((leak, broken));
        }
    }
    assert!(wrong.is_empty(), "broken by these, but not as expected: {wrong:#?}");
}

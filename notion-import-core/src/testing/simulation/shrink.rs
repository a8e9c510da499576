//! Making a history that fails short.

use super::History;
use super::run::Broken;

/// Leaves out what is not needed for a history to fail, trying so often at most.
pub(super) async fn shrink(
    history: History,
    broken: Broken,
    tries: usize,
    fails: impl AsyncFn(&History) -> Broken,
) -> (History, Broken) {
    let (mut shortest, mut how, mut left) = (history, broken, tries);
    let mut chunk = shortest.steps.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        let mut is_shorter = false;
        while at < shortest.steps.len() && left > 0 {
            left -= 1;
            let mut steps = shortest.steps.clone();
            steps.drain(at..(at + chunk).min(shortest.steps.len()));
            let shorter = History { steps, ..shortest.clone() };
            let broken = fails(&shorter).await;
            if broken.is_empty() {
                at += chunk;
            } else {
                (shortest, how, is_shorter) = (shorter, broken, true);
            }
        }
        if left == 0 {
            break;
        }
        chunk = if is_shorter && chunk == 1 { 1 } else { chunk / 2 };
    }
    (shortest, how)
}

//! What is kept of runs.

use std::time::Duration;

use super::Store;
use crate::connection::{
    Connection, ConnectionRecord, ConnectionState, Occasion, RUNS_KEPT, Removal, Requests, RunSummary,
};
use crate::error::StoreError;
use crate::id::ConnectionId;
use crate::testing::suite::fixture::{attempt, confirmed, connected, fence, granted, minute, tenant};
use crate::testing::suite::{Broken, Outcome};

/// Ten minutes.
const LEASE: Duration = Duration::from_secs(600);

async fn claimed(store: &Store, record: &ConnectionRecord, minutes: i64) -> Result<Connection, Broken> {
    let claimed = store.claim(record.tenant, record.id, minute(minutes), LEASE).await?;
    claimed.ok_or_else(|| Broken::new(format!("the connection could not be claimed at minute {minutes}")))
}

/// A run of which everything can be told from any other.
fn run(number: u32) -> RunSummary {
    RunSummary {
        occasion: Occasion::Hint,
        started_at: minute(i64::from(number)),
        finished_at: minute(i64::from(number) + 1),
        requests: Requests { search: number, query: 2, look: 3, blocks: 4, other: 5 },
        checked: 6,
        changed: 7,
        failed: [("timeout".to_owned(), 8)].into(),
        failure: Some("rate_limited".to_owned()),
    }
}

pub(super) async fn released(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    for (number, hastened) in [(0, None), (1, Some(30)), (2, None)] {
        let held = claimed(&store, &record, 0).await?;
        if let Some(to) = hastened {
            store.make_due(record.tenant, record.id, minute(to)).await?;
        }
        let before = store.get(record.tenant, record.id).await?;
        for _again in 0..2 {
            store.release(&held, (number == 2).then(|| run(2)).as_ref()).await?;
            ensure_eq!(store.get(record.tenant, record.id).await?, before, "what is kept of it");
        }
    }
    let held = claimed(&store, &record, 0).await?;
    ensure_eq!(store.runs(record.tenant, record.id, 9).await?, [run(2)], "the runs");
    store.finish(&held, &run(4), ConnectionState::Active, minute(240)).await?;
    let held = claimed(&store, &record, 0).await?;
    store.release(&held, Some(&run(5))).await?;
    let kept = store.get(record.tenant, record.id).await?;
    let kept = kept.map(|record| (record.next_run, record.last_run));
    ensure_eq!(kept, Some((minute(240), Some(run(4)))), "what a release leaves of the last run's plan");
    let renewed = store.renew(&held, minute(1), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "a renewal after the release");
    Ok(())
}

pub(super) async fn overtaken_release(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let first = claimed(&store, &record, 0).await?;
    let second = claimed(&store, &record, 10).await?;
    let released = store.release(&first, Some(&run(0))).await;
    ensure_fails!(released, StoreError::Fenced, "an overtaken holder's release");
    let third = store.claim(record.tenant, record.id, minute(11), LEASE).await?;
    ensure_eq!(third, None, "what the second lease leaves free");
    fence(&*store, record.tenant, record.id).await?;
    let released = store.release(&second, Some(&run(0))).await;
    ensure_fails!(released, StoreError::Fenced, "a release of what is disconnected");
    ensure_eq!(store.runs(record.tenant, record.id, 9).await?, [], "the runs");
    Ok(())
}

pub(super) async fn told(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    connected(&*store, record.tenant, "other").await?;
    for number in 0..3 {
        let held = claimed(&store, &record, 0).await?;
        for _again in 0..2 {
            store.finish(&held, &run(number), ConnectionState::Active, minute(9)).await?;
        }
    }
    ensure_eq!(store.runs(record.tenant, record.id, 9).await?, [run(2), run(1), run(0)], "the runs");
    ensure_eq!(store.runs(record.tenant, record.id, 2).await?, [run(2), run(1)], "two runs at most");
    ensure_eq!(store.runs(record.tenant, ConnectionId::fresh(), 9).await?, [], "the runs of nothing");
    Ok(())
}

pub(super) async fn bounded(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let most = u32::try_from(RUNS_KEPT).unwrap_or(u32::MAX);
    for number in 0..most + 2 {
        let held = claimed(&store, &record, 0).await?;
        store.release(&held, Some(&run(number))).await?;
    }
    let kept = store.runs(record.tenant, record.id, usize::MAX).await?;
    ensure_eq!(kept.len(), RUNS_KEPT, "how many are kept");
    ensure_eq!(kept.last(), Some(&run(2)), "the oldest that is kept");
    Ok(())
}

pub(super) async fn outlive(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = claimed(&store, &record, 0).await?;
    store.finish(&held, &run(0), ConnectionState::NeedsReauth, minute(9)).await?;
    let renewal = crate::connection::Attempt { renews: Some(record.id), ..attempt(record.tenant) };
    let renewed = confirmed(&*store, &renewal, &granted("renewed"), minute(1)).await?;
    ensure_eq!(renewed.id, record.id, "the connection that is renewed");
    ensure_eq!(store.runs(record.tenant, record.id, 9).await?, [run(0)], "the runs after the renewal");
    fence(&*store, record.tenant, record.id).await?;
    store.remove(record.tenant, record.id, &Removal::Forgotten, minute(2)).await?;
    ensure_eq!(store.runs(record.tenant, record.id, 9).await?, [], "the runs of what is removed");
    Ok(())
}

//! Attempts, before anything comes of them.

use super::Store;
use crate::error::StoreError;
use crate::id::ConnectionId;
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{attempt, begin, granted, minute, tenant};

pub(super) async fn comes_back(store: Store) -> Outcome {
    let mut begun = attempt(tenant());
    begun.renews = Some(ConnectionId::fresh());
    begin(&*store, &begun).await?;
    ensure_eq!(store.attempt(begun.tenant, begun.id).await?, Some(begun), "what came back");
    ensure_eq!(store.attempt(tenant(), attempt(tenant()).id).await?, None, "an attempt nobody began");
    Ok(())
}

pub(super) async fn taken_once(store: Store) -> Outcome {
    let first = attempt(tenant());
    begin(&*store, &first).await?;
    let mut second = first.clone();
    second.secret_hash = [9; 32];
    ensure_fails!(begin(&*store, &second).await, StoreError::Conflict, "a second attempt of this id");
    ensure_eq!(store.attempt(first.tenant, first.id).await?, Some(first.clone()), "the first attempt");
    second.tenant = tenant();
    begin(&*store, &second).await?;
    ensure_eq!(store.attempt(first.tenant, first.id).await?, Some(first), "the first tenant's attempt");
    Ok(())
}

pub(super) async fn granted_once(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let first = granted("first");
    let unknown = store.pending(begun.tenant, begun.id, &first).await;
    ensure_fails!(unknown, StoreError::NotFound, "a grant for no attempt");
    begin(&*store, &begun).await?;
    store.pending(begun.tenant, begun.id, &first).await?;
    store.pending(begun.tenant, begun.id, &first).await?;
    let other = store.pending(begun.tenant, begun.id, &granted("other")).await;
    ensure_fails!(other, StoreError::Conflict, "another grant");
    let noted = store.attempt(begun.tenant, begun.id).await?.and_then(|attempt| attempt.granted);
    ensure_eq!(noted, Some(first), "the grant");
    Ok(())
}

pub(super) async fn forgotten(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let kept = attempt(begun.tenant);
    begin(&*store, &begun).await?;
    begin(&*store, &kept).await?;
    store.forget(begun.tenant, begun.id).await?;
    store.forget(begun.tenant, begun.id).await?;
    ensure_eq!(store.attempt(begun.tenant, begun.id).await?, None, "the forgotten attempt");
    ensure_eq!(store.attempt(kept.tenant, kept.id).await?, Some(kept), "the other attempt");
    Ok(())
}

pub(super) async fn lapsed(store: Store) -> Outcome {
    let mut begun = Vec::new();
    for lapses in [30, 10, 20] {
        let mut attempt = attempt(tenant());
        attempt.expires_at = minute(lapses);
        begin(&*store, &attempt).await?;
        begun.push(attempt);
    }
    let [last, first, second] = &begun[..] else { return Ok(()) };
    ensure_eq!(store.lapsed(minute(9), 9).await?, [], "what lapsed too early");
    let at_twenty = store.lapsed(minute(20), 9).await?;
    ensure_eq!(at_twenty, [first.clone(), second.clone()], "what lapsed by minute 20");
    ensure_eq!(store.lapsed(minute(60), 1).await?, std::slice::from_ref(first), "the longest lapsed");
    let read = store.attempt(last.tenant, last.id).await?;
    ensure!(read.is_some(), "finding lapsed attempts must not remove them");
    Ok(())
}

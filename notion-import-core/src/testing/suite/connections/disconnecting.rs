//! The way out.

use std::time::Duration;

use super::Store;
use crate::connection::{ConnectionState, Removal, RunSummary};
use crate::error::{Conflict, StoreError};
use crate::id::ConnectionId;
use crate::testing::suite::fixture::{connected, fence, minute, tenant};
use crate::testing::suite::{Broken, Outcome};

const LEASE: Duration = Duration::from_secs(600);

pub(super) async fn fenced(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = store.claim(record.tenant, record.id, minute(1), LEASE).await?;
    let Some(held) = held else { return Err(Broken::new("the connection could not be claimed".into())) };
    let fenced = fence(&*store, record.tenant, record.id).await?;
    let Some(fenced) = fenced else { return Err(Broken::new("the connection could not be fenced".into())) };
    ensure_eq!(fenced.state, ConnectionState::Disconnecting, "its state");
    ensure!(fenced.generation > held.generation, "fencing must raise the generation");
    ensure_eq!(store.get(record.tenant, record.id).await?, Some(fenced.clone()), "what is kept");

    let renewed = store.renew(&held, minute(1), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "the holder's renewed lease");
    let run = RunSummary::default();
    let finished = store.finish(&held, &run, ConnectionState::Active, minute(9)).await;
    ensure_fails!(finished, StoreError::Fenced, "the holder's finish");
    ensure_eq!(store.claim_due(minute(99), LEASE, 9).await?, [], "connections claimed as due");
    let claimed = store.claim(record.tenant, record.id, minute(99), LEASE).await?;
    ensure_eq!(claimed, None, "the connection claimed by name");
    store.mark_needs_reauth(record.tenant, record.id, minute(1)).await?;
    store.make_due(record.tenant, record.id, minute(-9)).await?;
    ensure_eq!(store.get(record.tenant, record.id).await?, Some(fenced), "what is kept after hints");
    let unknown = fence(&*store, record.tenant, ConnectionId::fresh()).await?;
    ensure_eq!(unknown, None, "what is fenced of nothing");
    Ok(())
}

pub(super) async fn fenced_again(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let first = fence(&*store, record.tenant, record.id).await?;
    let second = fence(&*store, record.tenant, record.id).await?;
    ensure_eq!(second, first, "the record fenced again");
    Ok(())
}

pub(super) async fn found(store: Store) -> Outcome {
    let mut fenced = Vec::new();
    for _ in 0..3 {
        connected(&*store, tenant(), "kept").await?;
        let record = connected(&*store, tenant(), "fenced").await?;
        fenced.extend(fence(&*store, record.tenant, record.id).await?);
    }
    let mut found = store.fenced(9).await?;
    for records in [&mut found, &mut fenced] {
        records.sort_by_key(|record| record.tenant);
    }
    ensure_eq!(found, fenced, "the fenced connections");
    ensure_eq!(store.fenced(2).await?.len(), 2, "fenced connections, two at most");
    for record in fenced {
        store.remove(record.tenant, record.id, &Removal::Forgotten, minute(2)).await?;
    }
    ensure_eq!(store.fenced(9).await?, [], "what is left of them");
    Ok(())
}

pub(super) async fn removed(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let other = connected(&*store, record.tenant, "other").await?;
    let early = store.remove(record.tenant, record.id, &Removal::Forgotten, minute(2)).await;
    ensure_fails!(early, StoreError::Conflict(Conflict::NotFenced), "removing what is not fenced");
    fence(&*store, record.tenant, record.id).await?;
    store.remove(record.tenant, record.id, &Removal::Forgotten, minute(2)).await?;
    store.remove(record.tenant, record.id, &Removal::Forgotten, minute(2)).await?;
    ensure_eq!(store.list(record.tenant).await?, [other], "the tenant's connections");
    Ok(())
}

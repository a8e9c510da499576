//! What one tenant can do to another: nothing.

use std::time::Duration;

use super::Store;
use crate::actor::{Actor, Role};
use crate::connection::{Attempt, Connection, ConnectionRef, ConnectionState, Removal, RunSummary};
use crate::error::StoreError;
use crate::testing::suite::fixture::{
    attempt, begin, confirmation, connected, fence, granted, minute, tenant,
};
use crate::testing::suite::{Broken, Outcome};

const LEASE: Duration = Duration::from_secs(600);

pub(super) async fn attempts(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let stranger = tenant();
    begin(&*store, &begun).await?;
    let Attempt { tenant, member, id, .. } = begun;
    let theirs = Actor::new(stranger, member, Role::Admin);
    ensure_eq!(store.attempt(stranger, id).await?, None, "what a stranger sees");
    ensure_eq!(store.attempts(stranger).await?, [], "all that a stranger sees");
    let noted = store.record_grant(stranger, id, &granted("theirs")).await;
    ensure_fails!(noted, StoreError::NotFound, "a stranger's grant");
    store.record_grant(tenant, id, &granted("notion")).await?;
    let confirmed = store.activate(&theirs, id, &confirmation(minute(1))).await;
    ensure_fails!(confirmed, StoreError::NotFound, "a stranger's confirmation");
    store.delete_attempt(stranger, id).await?;
    store.end(stranger, id, minute(1)).await?;
    store.look_again(stranger, id, minute(1)).await?;
    ensure_eq!(store.expired_attempts(minute(1), 9).await?, [], "what a stranger ended or looked at");
    let kept = store.attempt(tenant, id).await?.and_then(|attempt| attempt.granted);
    ensure_eq!(kept.map(|granted| granted.reference), Some(ConnectionRef::new("notion")), "the grant");
    Ok(())
}

pub(super) async fn read(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let stranger = tenant();
    ensure_eq!(store.get(stranger, record.id).await?, None, "what a stranger reads");
    ensure_eq!(store.list(stranger).await?, [], "what a stranger lists");
    Ok(())
}

pub(super) async fn by_reference(store: Store) -> Outcome {
    let mut called = Vec::new();
    for reference in ["notion", "other", "notion"] {
        called.push(connected(&*store, tenant(), reference).await?);
    }
    let other = called.remove(1);
    called.sort_by_key(|record| (record.connected_at, record.tenant));
    ensure_eq!(store.by_reference(&ConnectionRef::new("notion")).await?, called, "what is called so");
    ensure_eq!(store.by_reference(&other.reference).await?, [other], "what is called otherwise");
    ensure_eq!(store.by_reference(&ConnectionRef::new("nothing")).await?, [], "what nobody has");
    Ok(())
}

pub(super) async fn claim(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let claimed = store.claim(tenant(), record.id, minute(1), LEASE).await?;
    ensure_eq!(claimed, None, "what a stranger claims");
    let claimed = store.claim_if_due(tenant(), record.id, minute(1), LEASE).await?;
    ensure_eq!(claimed, None, "what a stranger claims as due");
    let claimed = store.claim_due(minute(1), LEASE, 9).await?;
    let tenants: Vec<_> = claimed.iter().map(|connection| connection.tenant).collect();
    ensure_eq!(tenants, [record.tenant], "whose connection is claimed");
    Ok(())
}

pub(super) async fn change(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = store.claim(record.tenant, record.id, minute(1), LEASE).await?;
    let Some(held) = held else { return Err(Broken::new("the connection could not be claimed".into())) };
    let before = store.get(record.tenant, record.id).await?;
    let stranger = tenant();
    let theirs = Connection { tenant: stranger, ..held };
    let renewed = store.renew(&theirs, minute(60), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "a stranger's renewed lease");
    let run = RunSummary::default();
    let finished = store.finish(&theirs, &run, ConnectionState::NeedsReauth, minute(60)).await;
    ensure_fails!(finished, StoreError::Fenced, "a stranger's finish");
    let released = store.release(&theirs, Some(&run)).await;
    ensure_fails!(released, StoreError::Fenced, "a stranger's release");
    store.mark_needs_reauth(stranger, record.id, minute(1)).await?;
    store.make_due(stranger, record.id, minute(-9)).await?;
    ensure_eq!(fence(&*store, stranger, record.id).await?, None, "what a stranger fences");
    store.remove(stranger, record.id, &Removal::Forgotten, minute(2)).await?;
    ensure_eq!(store.get(record.tenant, record.id).await?, before, "the connection");
    Ok(())
}

pub(super) async fn runs(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = store.claim(record.tenant, record.id, minute(1), LEASE).await?;
    let Some(held) = held else { return Err(Broken::new("the connection could not be claimed".into())) };
    store.finish(&held, &RunSummary::default(), ConnectionState::Active, minute(60)).await?;
    ensure_eq!(store.runs(record.tenant, record.id, 9).await?.len(), 1, "the tenant's runs");
    ensure_eq!(store.runs(tenant(), record.id, 9).await?, [], "what a stranger reads");
    Ok(())
}

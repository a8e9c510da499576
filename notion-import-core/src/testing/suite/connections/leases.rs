//! Who holds a connection, and when it runs next.

use std::time::Duration;

use futures_util::future::join_all;

use super::Store;
use crate::connection::{Connection, ConnectionRecord, ConnectionState, Removal, RunSummary};
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

async fn read(store: &Store, record: &ConnectionRecord) -> Result<ConnectionRecord, Broken> {
    let read = store.get(record.tenant, record.id).await?;
    read.ok_or_else(|| Broken::new("the connection is gone".into()))
}

async fn claim_due(store: &Store, minutes: i64) -> Result<Vec<ConnectionId>, Broken> {
    let claimed = store.claim_due(minute(minutes), LEASE, 9).await?;
    Ok(claimed.into_iter().map(|connection| connection.id).collect())
}

/// Claims the connection and plans its next run.
async fn plan(store: &Store, record: &ConnectionRecord, next_run: i64) -> Outcome {
    let held = claimed(store, record, 0).await?;
    store.finish(&held, &RunSummary::default(), ConnectionState::Active, minute(next_run)).await?;
    Ok(())
}

pub(super) async fn listed(store: Store) -> Outcome {
    let tenant = tenant();
    let mut expected = Vec::new();
    for (reference, connected_at) in [("c", 1), ("a", 2), ("b", 3)] {
        let now = minute(connected_at);
        expected.push(confirmed(&*store, &attempt(tenant), &granted(reference), now).await?);
    }
    ensure_eq!(store.list(tenant).await?, expected, "the connections");
    Ok(())
}

pub(super) async fn due(store: Store) -> Outcome {
    let [ready, later, refused, fenced] = ["ready", "later", "refused", "fenced"];
    let tenant = tenant();
    let ready = connected(&*store, tenant, ready).await?;
    let later = connected(&*store, tenant, later).await?;
    let refused = connected(&*store, tenant, refused).await?;
    let fenced = connected(&*store, tenant, fenced).await?;
    plan(&store, &later, 6).await?;
    store.mark_needs_reauth(tenant, refused.id, minute(1)).await?;
    fence(&*store, tenant, fenced.id).await?;
    ensure_eq!(claim_due(&store, 5).await?, [ready.id], "what is due at minute 5");
    ensure_eq!(claim_due(&store, 6).await?, [later.id], "what is due at minute 6");
    Ok(())
}

pub(super) async fn order(store: Store) -> Outcome {
    for (reference, next_run) in [("third", 3), ("first", 1), ("second", 2)] {
        let record = connected(&*store, tenant(), reference).await?;
        plan(&store, &record, next_run).await?;
    }
    let references = |claimed: Vec<Connection>| -> Vec<_> {
        claimed.into_iter().map(|connection| connection.reference.to_string()).collect()
    };
    let longest = store.claim_due(minute(9), LEASE, 2).await?;
    ensure_eq!(references(longest), ["first", "second"], "the longest due");
    let rest = store.claim_due(minute(9), LEASE, 9).await?;
    ensure_eq!(references(rest), ["third"], "the rest");
    Ok(())
}

pub(super) async fn exclusive(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    ensure_eq!(claim_due(&store, 0).await?, std::slice::from_ref(&record.id), "what is claimed first");
    ensure_eq!(claim_due(&store, 9).await?, [], "what is claimed as due within the lease");
    let by_name = store.claim(record.tenant, record.id, minute(9), LEASE).await?;
    ensure_eq!(by_name, None, "what is claimed by name within the lease");
    ensure_eq!(claim_due(&store, 10).await?, std::slice::from_ref(&record.id), "what is claimed after it");
    let by_name = store.claim(record.tenant, record.id, minute(20), LEASE).await?;
    ensure!(by_name.is_some(), "a lease that ran out must not hinder a claim by name");
    ensure_eq!(claim_due(&store, 29).await?, [], "what is claimed as due of what was claimed by name");
    Ok(())
}

pub(super) async fn race(store: Store) -> Outcome {
    let tenant = tenant();
    for n in 0..8 {
        connected(&*store, tenant, &format!("notion-{n}")).await?;
    }
    let claims = join_all((0..8).map(|_| store.claim_due(minute(1), LEASE, 3))).await;
    let mut references = Vec::new();
    for claim in claims {
        references.extend(claim?.into_iter().map(|connection| connection.id));
    }
    references.sort();
    let all = references.len();
    references.dedup();
    ensure_eq!(all, references.len(), "claims that are nobody else's");
    ensure_eq!(all, 8, "connections claimed");
    Ok(())
}

pub(super) async fn generation(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let first = claimed(&store, &record, 0).await?;
    ensure!(first.generation > record.generation, "the first claim must raise the generation");
    let second = store.claim_due(minute(10), LEASE, 9).await?;
    let Some(second) = second.first() else { return Err(Broken::new("nothing was due".into())) };
    ensure!(second.generation > first.generation, "the second claim must raise the generation");
    ensure_eq!(read(&store, &record).await?.generation, second.generation, "the generation kept");
    Ok(())
}

pub(super) async fn by_name(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    plan(&store, &record, 240).await?;
    claimed(&store, &record, 1).await?;
    let unknown = store.claim(record.tenant, ConnectionId::fresh(), minute(1), LEASE).await?;
    ensure_eq!(unknown, None, "what is claimed of nothing");
    store.mark_needs_reauth(record.tenant, record.id, minute(1)).await?;
    let refused = store.claim(record.tenant, record.id, minute(60), LEASE).await?;
    ensure_eq!(refused, None, "what is claimed of one that Notion refuses");
    Ok(())
}

pub(super) async fn if_due(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let claim = async |minutes| store.claim_if_due(record.tenant, record.id, minute(minutes), LEASE).await;
    plan(&store, &record, 5).await?;
    ensure_eq!(claim(4).await?, None, "what is claimed before it is due");
    let claims = join_all((0..8).map(|_| claim(5))).await;
    let mut claimed = Vec::new();
    for claim in claims {
        claimed.extend(claim?);
    }
    let [held] = &claimed[..] else {
        return Err(Broken::new(format!("{} of eight got what was due", claimed.len())));
    };
    ensure_eq!(read(&store, &record).await?.generation, held.generation, "the generation kept");
    store.finish(held, &RunSummary::default(), ConnectionState::Active, minute(245)).await?;
    ensure_eq!(claim(6).await?, None, "what is claimed of what is done");
    store.make_due(record.tenant, record.id, minute(6)).await?;
    ensure!(claim(6).await?.is_some(), "what was hastened must be due");
    fence(&*store, record.tenant, record.id).await?;
    ensure_eq!(claim(60).await?, None, "what is claimed of what is being disconnected");
    Ok(())
}

pub(super) async fn renewed(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = claimed(&store, &record, 0).await?;
    store.renew(&held, minute(5), LEASE).await?;
    ensure_eq!(claim_due(&store, 14).await?, [], "what is claimed within the renewed lease");
    ensure_eq!(claim_due(&store, 15).await?, [record.id], "what is claimed after it");
    Ok(())
}

/// Minutes of a month.
const MONTH: i64 = 30 * 24 * 60;

pub(super) async fn from_the_future(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let former = claimed(&store, &record, MONTH).await?;
    ensure_eq!(claim_due(&store, 0).await?, std::slice::from_ref(&record.id), "what is claimed as due");
    ensure_eq!(claim_due(&store, 9).await?, [], "what is claimed within the lease that counts");
    let generation = read(&store, &record).await?.generation;
    ensure!(generation > former.generation, "the former holder must be fenced");

    claimed(&store, &record, 2 * MONTH).await?;
    claimed(&store, &record, 10).await?;
    claimed(&store, &record, 3 * MONTH).await?;
    let by_name = store.claim_if_due(record.tenant, record.id, minute(20), LEASE).await?;
    ensure!(by_name.is_some(), "a lease from the future must not hinder a claim of what is due, by name");
    Ok(())
}

pub(super) async fn renewed_in_the_future(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let former = claimed(&store, &record, 0).await?;
    store.renew(&former, minute(MONTH), LEASE).await?;
    ensure_eq!(claim_due(&store, 1).await?, std::slice::from_ref(&record.id), "what is claimed as due");
    let generation = read(&store, &record).await?.generation;
    ensure!(generation > former.generation, "the former holder must be fenced");

    let held = claimed(&store, &record, 11).await?;
    store.renew(&held, minute(MONTH), LEASE).await?;
    claimed(&store, &record, 12).await?;
    Ok(())
}

pub(super) async fn clocks_apart(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    claimed(&store, &record, 10).await?;
    ensure_eq!(claim_due(&store, 0).await?, [], "what is claimed a lease before it was claimed");
    let record = connected(&*store, record.tenant, "for a second").await?;
    let claim = async |at| store.claim(record.tenant, record.id, minute(at), Duration::from_secs(1)).await;
    ensure!(claim(5).await?.is_some(), "what is free must be claimed");
    ensure_eq!(claim(0).await?, None, "what is claimed five minutes before it was claimed");
    Ok(())
}

pub(super) async fn overtaken_renew(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let first = claimed(&store, &record, 0).await?;
    claimed(&store, &record, 10).await?;
    let renewed = store.renew(&first, minute(15), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "an overtaken holder's renewal");
    ensure_eq!(
        claim_due(&store, 20).await?,
        std::slice::from_ref(&record.id),
        "what the second lease leaves free"
    );

    fence(&*store, record.tenant, record.id).await?;
    store.remove(record.tenant, record.id, &Removal::Forgotten, minute(2)).await?;
    let renewed = store.renew(&first, minute(15), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "a renewal of what is disconnected");
    Ok(())
}

pub(super) async fn finished_renew(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = claimed(&store, &record, 0).await?;
    store.finish(&held, &RunSummary::default(), ConnectionState::Active, minute(1)).await?;
    let renewed = store.renew(&held, minute(1), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "a renewal after the finish");
    ensure_eq!(claim_due(&store, 1).await?, [record.id], "what is due");
    Ok(())
}

pub(super) async fn finished(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = claimed(&store, &record, 0).await?;
    let run = RunSummary {
        started_at: minute(0),
        finished_at: minute(2),
        checked: 7,
        changed: 3,
        failure: Some("rate_limited".into()),
        ..RunSummary::default()
    };
    for _again in 0..2 {
        store.finish(&held, &run, ConnectionState::Active, minute(4)).await?;
        let expected = ConnectionRecord {
            generation: held.generation,
            next_run: minute(4),
            last_run: Some(run.clone()),
            ..record.clone()
        };
        ensure_eq!(read(&store, &record).await?, expected, "what is kept");
    }
    claimed(&store, &record, 2).await?;
    Ok(())
}

pub(super) async fn overtaken_finish(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let first = claimed(&store, &record, 0).await?;
    claimed(&store, &record, 10).await?;
    let before = read(&store, &record).await?;
    let run = RunSummary::default();
    let finished = store.finish(&first, &run, ConnectionState::NeedsReauth, minute(99)).await;
    ensure_fails!(finished, StoreError::Fenced, "an overtaken holder's finish");
    ensure_eq!(read(&store, &record).await?, before, "what is kept");
    ensure_eq!(claim_due(&store, 19).await?, [], "what the second lease leaves free");
    Ok(())
}

pub(super) async fn refused_stays(store: Store) -> Outcome {
    let tenant = tenant();
    let run = RunSummary::default();
    let by_run = connected(&*store, tenant, "by-run").await?;
    let held = claimed(&store, &by_run, 0).await?;
    store.finish(&held, &run, ConnectionState::NeedsReauth, minute(1)).await?;
    ensure_eq!(read(&store, &by_run).await?.state, ConnectionState::NeedsReauth, "after the run's answer");

    let meanwhile = connected(&*store, tenant, "meanwhile").await?;
    let held = claimed(&store, &meanwhile, 0).await?;
    store.mark_needs_reauth(tenant, meanwhile.id, minute(1)).await?;
    store.finish(&held, &run, ConnectionState::Active, minute(1)).await?;
    ensure_eq!(read(&store, &meanwhile).await?.state, ConnectionState::NeedsReauth, "after another's answer");
    Ok(())
}

pub(super) async fn run_does_not_disconnect(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let held = claimed(&store, &record, 0).await?;
    let before = read(&store, &record).await?;
    let finished =
        store.finish(&held, &RunSummary::default(), ConnectionState::Disconnecting, minute(1)).await;
    ensure_fails!(finished, StoreError::OutOfRange("state"), "a run that disconnects");
    ensure_eq!(read(&store, &record).await?, before, "what is kept");
    Ok(())
}

pub(super) async fn hastened(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    plan(&store, &record, 240).await?;
    for (to, expected) in [(60, 60), (120, 60)] {
        store.make_due(record.tenant, record.id, minute(to)).await?;
        ensure_eq!(read(&store, &record).await?.next_run, minute(expected), "hastened to {to}");
    }
    store.mark_needs_reauth(record.tenant, record.id, minute(1)).await?;
    store.make_due(record.tenant, record.id, minute(30)).await?;
    ensure_eq!(read(&store, &record).await?.next_run, minute(60), "hastened while refused");
    store.make_due(record.tenant, ConnectionId::fresh(), minute(30)).await?;
    Ok(())
}

pub(super) async fn hastened_during_run(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let run = RunSummary::default();
    let first = claimed(&store, &record, 0).await?;
    store.make_due(record.tenant, record.id, minute(5)).await?;
    for _again in 0..2 {
        store.finish(&first, &run, ConnectionState::Active, minute(240)).await?;
        ensure_eq!(read(&store, &record).await?.next_run, minute(5), "the next run");
    }
    let second = claimed(&store, &record, 5).await?;
    store.finish(&second, &run, ConnectionState::Active, minute(240)).await?;
    ensure_eq!(read(&store, &record).await?.next_run, minute(240), "the next run after the hint's own");
    Ok(())
}

pub(super) async fn mark_needs_reauth(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let other = connected(&*store, record.tenant, "other").await?;
    store.mark_needs_reauth(record.tenant, record.id, minute(1)).await?;
    let expected = ConnectionRecord { state: ConnectionState::NeedsReauth, ..record.clone() };
    ensure_eq!(read(&store, &record).await?, expected, "the refused connection");
    ensure_eq!(read(&store, &other).await?, other, "the other connection");
    store.mark_needs_reauth(record.tenant, ConnectionId::fresh(), minute(1)).await?;
    Ok(())
}

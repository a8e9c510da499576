//! What the tenant's audit says of its connections.

use std::net::IpAddr;
use std::time::Duration;

use super::Store;
use crate::actor::{Actor, Agent, Role};
use crate::connection::{
    Attempt, Confirmation, ConnectionRef, ConnectionState, Elsewhere, Granted, Removal, RunSummary, Workspace,
};
use crate::error::{Conflict, StoreError};
use crate::id::{ConnectionId, TenantId};
use crate::library::audit::{AuditEntry, AuditEvent, AuditQuery, Subject};
use crate::testing::suite::fixture::{
    SECRET, actor, attempt, begin, beginner, confirmed, connected, granted, minute, tenant,
};
use crate::testing::suite::{Broken, Outcome};

/// The entries of these events, oldest first.
async fn said(
    store: &Store,
    tenant: TenantId,
    of: fn(&AuditEvent) -> bool,
) -> Result<Vec<AuditEntry>, Broken> {
    let admin = actor(tenant, Role::Admin);
    let mut entries = store.audit(&admin, &AuditQuery::newest(9_999)).await?;
    entries.reverse();
    entries.retain(|entry| of(&entry.event));
    Ok(entries)
}

/// The one entry there is of these events says this.
async fn says(
    store: &Store,
    actor: &Actor,
    connection: ConnectionId,
    minutes: i64,
    event: &AuditEvent,
    of: fn(&AuditEvent) -> bool,
) -> Outcome {
    let entries = said(store, actor.tenant, of).await?;
    let said: Vec<_> = entries.into_iter().map(|e| (e.at, e.by, e.address, e.subject, e.event)).collect();
    let (by, address) = (Agent::Member(actor.member), actor.address);
    let expected = (minute(minutes), by, address, Subject::Connection(connection), event.clone());
    ensure_eq!(said, [expected], "what the audit says");
    Ok(())
}

/// The one entry there is of these events says that the system did this.
async fn says_of_system(
    store: &Store,
    tenant: TenantId,
    expected: &[(ConnectionId, i64, AuditEvent)],
    of: fn(&AuditEvent) -> bool,
) -> Outcome {
    let entries = said(store, tenant, of).await?;
    let said: Vec<_> = entries.into_iter().map(|e| (e.at, e.by, e.address, e.subject, e.event)).collect();
    let entry = |(id, minutes, event): &(ConnectionId, i64, AuditEvent)| {
        (minute(*minutes), Agent::System, None, Subject::Connection(*id), event.clone())
    };
    ensure_eq!(said, expected.iter().map(entry).collect::<Vec<_>>(), "what the audit says");
    Ok(())
}

fn from_somewhere(attempt: &Attempt) -> Actor {
    beginner(attempt).from_address(IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 7]))
}

pub(super) async fn begun(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let admin = from_somewhere(&begun);
    let of = |event: &AuditEvent| matches!(event, AuditEvent::ConnectionBegun { .. });
    let other = store.begin(&actor(begun.tenant, Role::Admin), &begun, minute(1)).await;
    ensure_fails!(other, StoreError::Denied, "an attempt begun by another");
    ensure_eq!(said(&store, begun.tenant, of).await?, [], "what the audit says of what was denied");
    store.begin(&admin, &begun, minute(1)).await?;
    ensure_fails!(
        store.begin(&admin, &begun, minute(2)).await,
        StoreError::Conflict(Conflict::AttemptExists),
        "beginning again"
    );
    let event = AuditEvent::ConnectionBegun { attempt: begun.id };
    says(&store, &admin, begun.connection(), 1, &event, of).await
}

pub(super) async fn activated(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let admin = from_somewhere(&begun);
    begin(&*store, &begun).await?;
    store.record_grant(begun.tenant, begun.id, &granted("notion")).await?;
    let wrong = store.activate(&admin, begun.id, &Confirmation::new([0; 32], minute(1))).await;
    ensure_fails!(wrong, StoreError::NotFound, "confirming with another secret");
    let record = store.activate(&admin, begun.id, &Confirmation::new(SECRET, minute(2))).await?;
    let again = store.activate(&admin, begun.id, &Confirmation::new(SECRET, minute(3))).await;
    ensure_fails!(again, StoreError::NotFound, "confirming again");
    let event = AuditEvent::ConnectionConfirmed { attempt: begun.id, workspace: Some("acme".into()) };
    let of = |event: &AuditEvent| matches!(event, AuditEvent::ConnectionConfirmed { .. });
    says(&store, &admin, record.id, 2, &event, of).await
}

pub(super) async fn renewed(store: Store) -> Outcome {
    let old = connected(&*store, tenant(), "notion").await?;
    let renewing = Attempt { renews: Some(old.id), ..attempt(old.tenant) };
    let admin = from_somewhere(&renewing);
    begin(&*store, &renewing).await?;
    store.record_grant(renewing.tenant, renewing.id, &granted("renewed")).await?;
    store.activate(&admin, renewing.id, &Confirmation::new(SECRET, minute(2))).await?;
    let event = AuditEvent::ConnectionRenewed { attempt: renewing.id, workspace: Some("acme".into()) };
    let of = |event: &AuditEvent| matches!(event, AuditEvent::ConnectionRenewed { .. });
    says(&store, &admin, old.id, 2, &event, of).await
}

pub(super) async fn changed(store: Store) -> Outcome {
    let old = connected(&*store, tenant(), "notion").await?;
    let changing = Attempt { renews: Some(old.id), ..attempt(old.tenant) };
    let admin = from_somewhere(&changing);
    begin(&*store, &changing).await?;
    let rival = Workspace { id: Some("rival".into()), ..old.workspace.clone() };
    let rival = Granted { reference: ConnectionRef::new("rival"), workspace: rival };
    store.record_grant(changing.tenant, changing.id, &rival).await?;
    let leaves = Confirmation { leaves: Some(old.workspace.bot), ..Confirmation::new(SECRET, minute(2)) };
    let record = store.activate(&admin, changing.id, &leaves).await?;
    let event = AuditEvent::ConnectionConfirmed { attempt: changing.id, workspace: Some("rival".into()) };
    let of = |event: &AuditEvent| matches!(event, AuditEvent::ConnectionConfirmed { workspace: Some(id), .. } if id == "rival");
    says(&store, &admin, record.id, 2, &event, of).await?;
    let of = |event: &AuditEvent| matches!(event, AuditEvent::Disconnected);
    says(&store, &admin, old.id, 2, &AuditEvent::Disconnected, of).await
}

pub(super) async fn refused(store: Store) -> Outcome {
    let tenant = tenant();
    let [first, second] = [connected(&*store, tenant, "a").await?, connected(&*store, tenant, "b").await?];
    store.mark_needs_reauth(tenant, ConnectionId::fresh(), minute(1)).await?;
    for minutes in 2..5 {
        store.mark_needs_reauth(tenant, first.id, minute(minutes)).await?;
    }
    let held = store.claim(tenant, second.id, minute(5), Duration::from_secs(600)).await?;
    let Some(held) = held else { return Err(Broken::new("the connection could not be claimed".into())) };
    let run = RunSummary { finished_at: minute(6), ..RunSummary::default() };
    store.finish(&held, &run, ConnectionState::NeedsReauth, minute(9)).await?;
    let expected = [(first.id, 2, AuditEvent::NeedsReauth), (second.id, 6, AuditEvent::NeedsReauth)];
    says_of_system(&store, tenant, &expected, |event| *event == AuditEvent::NeedsReauth).await
}

pub(super) async fn mark_elsewhere(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let rival = Elsewhere { id: Some("rival".into()) };
    let nowhere = Elsewhere { id: None };
    for (found, minutes) in [(&rival, 1), (&rival, 2), (&nowhere, 3)] {
        store.mark_elsewhere(record.tenant, record.id, found, minute(minutes)).await?;
        store.mark_elsewhere(record.tenant, ConnectionId::fresh(), found, minute(minutes)).await?;
        store.mark_elsewhere(tenant(), record.id, found, minute(minutes)).await?;
        let kept = store.get(record.tenant, record.id).await?.map(|kept| (kept.state, kept.found));
        ensure_eq!(kept, Some((ConnectionState::NeedsReauth, Some(found.clone()))), "the connection");
    }
    let refused = |found| AuditEvent::IdentityRefused { confirmed: record.workspace.id.clone(), found };
    let expected = [(record.id, 1, refused(rival.id)), (record.id, 3, refused(None))];
    let of = |event: &AuditEvent| matches!(event, AuditEvent::IdentityRefused { .. });
    says_of_system(&store, record.tenant, &expected, of).await?;

    let renewing = Attempt { renews: Some(record.id), ..attempt(record.tenant) };
    let renewed = confirmed(&*store, &renewing, &granted("renewed"), minute(4)).await?;
    ensure_eq!(renewed.found, None, "where it leads once it is confirmed anew");
    ensure_eq!(store.get(record.tenant, record.id).await?, Some(renewed), "what is kept then");
    Ok(())
}

pub(super) async fn disconnected(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let admin = actor(record.tenant, Role::Admin);
    store.fence(&admin, ConnectionId::fresh(), minute(1)).await?;
    store.fence(&admin, record.id, minute(2)).await?;
    store.fence(&admin, record.id, minute(3)).await?;
    let of = |event: &AuditEvent| *event == AuditEvent::Disconnected;
    says(&store, &admin, record.id, 2, &AuditEvent::Disconnected, of).await
}

pub(super) async fn removed(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let early = store.remove(record.tenant, record.id, &Removal::Forgotten, minute(1)).await;
    ensure_fails!(early, StoreError::Conflict(Conflict::NotFenced), "removing what is not fenced");
    store.fence(&actor(record.tenant, Role::Admin), record.id, minute(2)).await?;
    store.remove(record.tenant, record.id, &Removal::Forgotten, minute(3)).await?;
    store.remove(record.tenant, record.id, &Removal::Forgotten, minute(4)).await?;
    let expected = [(record.id, 3, AuditEvent::ConnectionRemoved)];
    let of = |event: &AuditEvent| *event == AuditEvent::ConnectionRemoved;
    says_of_system(&store, record.tenant, &expected, of).await
}

pub(super) async fn abandoned(store: Store) -> Outcome {
    let record = connected(&*store, tenant(), "notion").await?;
    let admin = actor(record.tenant, Role::Admin);
    let given_up = Removal::Abandoned(admin.clone());
    let early = store.remove(record.tenant, record.id, &given_up, minute(1)).await;
    ensure_fails!(early, StoreError::Conflict(Conflict::NotFenced), "giving up what is not fenced");
    store.fence(&admin, record.id, minute(2)).await?;
    store.remove(record.tenant, record.id, &given_up, minute(3)).await?;
    store.remove(record.tenant, record.id, &given_up, minute(4)).await?;
    let of =
        |event: &AuditEvent| matches!(event, AuditEvent::ConnectionAbandoned | AuditEvent::ConnectionRemoved);
    says(&store, &admin, record.id, 3, &AuditEvent::ConnectionAbandoned, of).await
}

pub(super) async fn gapless(store: Store) -> Outcome {
    let first = connected(&*store, tenant(), "first").await?;
    connected(&*store, tenant(), "other").await?;
    let second = connected(&*store, first.tenant, "second").await?;
    store.mark_needs_reauth(first.tenant, first.id, minute(1)).await?;
    store.mark_elsewhere(first.tenant, second.id, &Elsewhere { id: None }, minute(1)).await?;
    store.fence(&actor(first.tenant, Role::Admin), second.id, minute(2)).await?;
    store.remove(first.tenant, second.id, &Removal::Forgotten, minute(2)).await?;
    let entries = said(&store, first.tenant, |_| true).await?;
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    ensure_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "the numbers");
    Ok(())
}

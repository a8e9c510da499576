//! From an attempt to a connection.

use std::time::Duration;

use super::Store;
use crate::actor::Role;
use crate::connection::{
    Attempt, Confirmation, ConnectionRecord, ConnectionRef, ConnectionState, Granted, Namespace, RunSummary,
    Workspace,
};
use crate::error::{Conflict, StoreError};
use crate::id::{ConnectionId, NotionId, TenantId};
use crate::testing::suite::fixture::{
    SECRET, abandon, actor, attempt, begin, beginner, confirmation, confirmed, connected, fence, granted,
    minute, tenant,
};
use crate::testing::suite::{Broken, Outcome};

const LEASE: Duration = Duration::from_secs(600);

/// The tenant's connection that the service calls so.
async fn called(
    store: &Store,
    tenant: TenantId,
    reference: &ConnectionRef,
) -> Result<Option<ConnectionRecord>, StoreError> {
    let called = store.by_reference(reference).await?;
    Ok(called.into_iter().find(|record| record.tenant == tenant))
}

/// An attempt that needs but the confirmation.
async fn awaiting(store: &Store) -> Result<Attempt, Broken> {
    let begun = attempt(tenant());
    begin(&**store, &begun).await?;
    store.record_grant(begun.tenant, begun.id, &granted("notion")).await?;
    Ok(begun)
}

/// What the right person's confirmation does, a minute after the attempt.
async fn confirm(store: &Store, attempt: &Attempt) -> Result<ConnectionRecord, StoreError> {
    store.activate(&beginner(attempt), attempt.id, &confirmation(minute(1))).await
}

/// Nothing has come of the attempt yet, and the right person can still confirm it.
async fn still_awaits(store: &Store, attempt: &Attempt) -> Outcome {
    ensure_eq!(store.list(attempt.tenant).await?, [], "the tenant's connections");
    confirm(store, attempt).await?;
    Ok(())
}

pub(super) async fn grant_is_no_connection(store: Store) -> Outcome {
    let begun = awaiting(&store).await?;
    let reference = ConnectionRef::new("notion");
    ensure_eq!(store.list(begun.tenant).await?, [], "connections listed");
    ensure_eq!(called(&store, begun.tenant, &reference).await?, None, "the connection");
    ensure_eq!(store.claim_due(minute(9), LEASE, 9).await?, [], "connections claimed");
    Ok(())
}

pub(super) async fn confirmed_is_complete(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let granted = granted("notion");
    let record = confirmed(&*store, &begun, &granted, minute(1)).await?;
    let expected = ConnectionRecord {
        tenant: begun.tenant,
        id: record.id,
        reference: granted.reference.clone(),
        namespace: begun.namespace,
        state: ConnectionState::Active,
        workspace: granted.workspace,
        found: None,
        connected_by: begun.member,
        connected_at: minute(1),
        generation: record.generation,
        next_run: minute(1),
        last_run: None,
    };
    ensure_eq!(record, expected, "what the confirmation returned");
    ensure_eq!(store.get(begun.tenant, record.id).await?, Some(expected.clone()), "what is kept");
    let called = called(&store, begun.tenant, &granted.reference).await?;
    ensure_eq!(called, Some(expected), "what is kept, by the service's name for it");
    Ok(())
}

pub(super) async fn without_grant(store: Store) -> Outcome {
    let begun = attempt(tenant());
    begin(&*store, &begun).await?;
    ensure_fails!(confirm(&store, &begun).await, StoreError::NotFound, "confirming without a grant");
    store.record_grant(begun.tenant, begun.id, &granted("notion")).await?;
    still_awaits(&store, &begun).await
}

pub(super) async fn another_secret(store: Store) -> Outcome {
    let begun = awaiting(&store).await?;
    let mut secret = SECRET;
    secret[31] ^= 1;
    let confirmed = store.activate(&beginner(&begun), begun.id, &Confirmation::new(secret, minute(1))).await;
    ensure_fails!(confirmed, StoreError::NotFound, "confirming with another secret");
    still_awaits(&store, &begun).await
}

pub(super) async fn another_member(store: Store) -> Outcome {
    let begun = awaiting(&store).await?;
    let other = actor(begun.tenant, Role::Admin);
    let confirmed = store.activate(&other, begun.id, &Confirmation::new(SECRET, minute(1))).await;
    ensure_fails!(confirmed, StoreError::NotFound, "confirming as another member");
    still_awaits(&store, &begun).await
}

pub(super) async fn expired_attempts(store: Store) -> Outcome {
    let begun = awaiting(&store).await?;
    let confirmed =
        store.activate(&beginner(&begun), begun.id, &Confirmation::new(SECRET, begun.expires_at)).await;
    ensure_fails!(confirmed, StoreError::NotFound, "confirming at the moment it expires");
    still_awaits(&store, &begun).await
}

pub(super) async fn once(store: Store) -> Outcome {
    let begun = awaiting(&store).await?;
    confirm(&store, &begun).await?;
    ensure_fails!(confirm(&store, &begun).await, StoreError::NotFound, "confirming again");
    let ended = store.attempt(begun.tenant, begun.id).await?.and_then(|attempt| attempt.ended_at);
    ensure_eq!(ended, Some(minute(1)), "when the attempt ended");
    ensure_eq!(store.list(begun.tenant).await?.len(), 1, "the number of connections");
    Ok(())
}

pub(super) async fn reference_once(store: Store) -> Outcome {
    let first = connected(&*store, tenant(), "notion").await?;
    let again = attempt(first.tenant);
    begin(&*store, &again).await?;
    store.record_grant(again.tenant, again.id, &granted("notion")).await?;
    ensure_fails!(
        confirm(&store, &again).await,
        StoreError::Conflict(Conflict::AlreadyConnected),
        "connecting it again"
    );
    ensure_eq!(store.list(first.tenant).await?, std::slice::from_ref(&first), "the connections");
    let stays = store.attempt(again.tenant, again.id).await?.is_some_and(|again| again.ended_at.is_none());
    ensure!(stays, "a refused attempt must stay");
    connected(&*store, tenant(), "notion").await?;
    Ok(())
}

pub(super) async fn shared_workspace(store: Store) -> Outcome {
    let first = attempt(tenant());
    let workspace = ConnectionId::fresh().to_string();
    let theirs = in_workspace("first", Some(&workspace));
    confirmed(&*store, &first, &theirs, minute(0)).await?;
    // One tenant may stand on one workspace twice.
    let again = in_workspace("again", Some(&workspace));
    confirmed(&*store, &attempt(first.tenant), &again, minute(0)).await?;

    let another_bot = in_workspace("second", Some(&workspace));
    let same_bot = |id: Option<&str>| {
        let elsewhere = Workspace { id: id.map(Into::into), ..theirs.workspace.clone() };
        Granted { reference: ConnectionRef::new("second"), workspace: elsewhere }
    };
    for taken in [another_bot, same_bot(Some(&workspace)), same_bot(Some("other")), same_bot(None)] {
        let second = attempt(tenant());
        begin(&*store, &second).await?;
        store.record_grant(second.tenant, second.id, &taken).await?;
        let (actor, id) = (beginner(&second), second.id);
        let refused = store.activate(&actor, id, &Confirmation::new(SECRET, minute(1))).await;
        let taken = format!("a second tenant on {:?}", taken.workspace);
        ensure_fails!(refused, StoreError::Conflict(Conflict::WorkspaceTaken), "{taken}");
        ensure_eq!(store.list(second.tenant).await?, [], "the second tenant's connections");
        store.activate(&actor, id, &confirmation(minute(1))).await?;
    }
    Ok(())
}

pub(super) async fn nameless_workspace(store: Store) -> Outcome {
    for _ in 0..2 {
        let begun = attempt(tenant());
        begin(&*store, &begun).await?;
        store.record_grant(begun.tenant, begun.id, &in_workspace("notion", None)).await?;
        store.activate(&beginner(&begun), begun.id, &Confirmation::new(SECRET, minute(1))).await?;
    }
    Ok(())
}

pub(super) async fn renewal(store: Store) -> Outcome {
    let old = connected(&*store, tenant(), "notion").await?;
    let held = store.claim(old.tenant, old.id, minute(1), LEASE).await?;
    let Some(held) = held else { return Err(Broken::new("the connection could not be claimed".into())) };
    store.mark_needs_reauth(old.tenant, old.id, minute(1)).await?;

    let renewing =
        Attempt { renews: Some(old.id), namespace: Namespace::new("there"), ..attempt(old.tenant) };
    let granted = granted("renewed");
    let record = confirmed(&*store, &renewing, &granted, minute(2)).await?;
    let expected = ConnectionRecord {
        reference: granted.reference,
        namespace: Namespace::new("there"),
        state: ConnectionState::Active,
        workspace: granted.workspace,
        connected_by: renewing.member,
        connected_at: minute(2),
        next_run: minute(2),
        generation: record.generation,
        ..old.clone()
    };
    ensure_eq!(record, expected, "the renewed connection");
    let kept = store.attempt(old.tenant, renewing.id).await?.and_then(|attempt| attempt.to_revoke);
    ensure_eq!(kept, Some(old.qualified()), "what is left to be revoked");
    store.mark_revoked(old.tenant, renewing.id).await?;
    let kept = store.attempt(old.tenant, renewing.id).await?.and_then(|attempt| attempt.to_revoke);
    ensure_eq!(kept, None, "what is left once it was revoked");
    ensure_eq!(called(&store, old.tenant, &old.reference).await?, None, "what the former name leads to");
    ensure!(record.generation > held.generation, "a renewal must raise the generation");
    ensure_eq!(store.list(old.tenant).await?, [expected], "the tenant's connections");
    let renewed = store.renew(&held, minute(2), LEASE).await;
    ensure_fails!(renewed, StoreError::Fenced, "the former holder's renewed lease");
    let finished = store.finish(&held, &RunSummary::default(), ConnectionState::NeedsReauth, minute(9)).await;
    ensure_fails!(finished, StoreError::Fenced, "the former holder's finish");
    ensure_eq!(store.claim_due(minute(2), LEASE, 9).await?.len(), 1, "connections due after the renewal");
    Ok(())
}

pub(super) async fn renewal_of_nothing(store: Store) -> Outcome {
    let renewing = Attempt { renews: Some(ConnectionId::fresh()), ..attempt(tenant()) };
    begin(&*store, &renewing).await?;
    store.record_grant(renewing.tenant, renewing.id, &granted("gone")).await?;
    ensure_fails!(confirm(&store, &renewing).await, StoreError::NotFound, "renewing what is gone");

    let fenced = connected(&*store, tenant(), "notion").await?;
    fence(&*store, fenced.tenant, fenced.id).await?;
    let renewing = Attempt { renews: Some(fenced.id), ..attempt(fenced.tenant) };
    begin(&*store, &renewing).await?;
    store.record_grant(renewing.tenant, renewing.id, &granted("renewed")).await?;
    ensure_fails!(confirm(&store, &renewing).await, StoreError::NotFound, "renewing what is disconnected");
    let state = store.get(fenced.tenant, fenced.id).await?.map(|record| record.state);
    ensure_eq!(state, Some(ConnectionState::Disconnecting), "the fenced connection");
    Ok(())
}

/// The ids of the workspaces before and after a reconnect that leads elsewhere.
const ELSEWHERE: [(Option<&str>, Option<&str>); 4] =
    [(Some("acme"), Some("rival")), (Some("acme"), None), (None, None), (None, Some("acme"))];

/// A connection to one workspace, and a reconnect of it that was granted for another.
async fn elsewhere(
    store: &Store,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<(ConnectionRecord, Attempt), Broken> {
    let old = confirmed(&**store, &attempt(tenant()), &in_workspace("notion", before), minute(0)).await?;
    let changing = Attempt { renews: Some(old.id), ..attempt(old.tenant) };
    begin(&**store, &changing).await?;
    store.record_grant(changing.tenant, changing.id, &in_workspace("elsewhere", after)).await?;
    Ok((old, changing))
}

pub(super) async fn leads_elsewhere(store: Store) -> Outcome {
    for (before, after) in ELSEWHERE {
        let (old, changing) = elsewhere(&store, before, after).await?;
        ensure_fails!(
            confirm(&store, &changing).await,
            StoreError::Conflict(Conflict::AnotherWorkspace),
            "a reconnect that leads elsewhere"
        );
        ensure_eq!(store.list(old.tenant).await?, [old], "the connections");
    }
    Ok(())
}

pub(super) async fn change(store: Store) -> Outcome {
    for (before, after) in ELSEWHERE {
        let (old, changing) = elsewhere(&store, before, after).await?;
        let held = store.claim(old.tenant, old.id, minute(1), LEASE).await?;
        let Some(held) = held else { return Err(Broken::new("the connection could not be claimed".into())) };
        let leaves = Confirmation { leaves: Some(old.workspace.bot), ..confirmation(minute(2)) };
        let record = store.activate(&beginner(&changing), changing.id, &leaves).await?;
        let granted = in_workspace("elsewhere", after);
        let expected = ConnectionRecord {
            id: changing.new_connection(),
            reference: granted.reference,
            workspace: Workspace { bot: record.workspace.bot, ..granted.workspace },
            connected_by: changing.member,
            connected_at: minute(2),
            next_run: minute(2),
            generation: record.generation,
            ..old.clone()
        };
        ensure_eq!(record, expected, "the new connection");
        let generation = held.generation + 1;
        let left = ConnectionRecord { state: ConnectionState::Disconnecting, generation, ..old.clone() };
        ensure_eq!(store.get(old.tenant, old.id).await?, Some(left), "the connection that was left");
        ensure_eq!(
            store.get(old.tenant, record.id).await?,
            Some(record),
            "the new connection, as it is kept"
        );
        let finished = store.finish(&held, &RunSummary::default(), ConnectionState::Active, minute(9)).await;
        ensure_fails!(finished, StoreError::Fenced, "finishing through the connection that was left");
        let ended = store.attempt(old.tenant, changing.id).await?;
        let ended = ended.map(|attempt| (attempt.ended_at, attempt.to_revoke));
        ensure_eq!(ended, Some((Some(minute(2)), None)), "what is remembered of the attempt");
    }
    Ok(())
}

pub(super) async fn change_of(store: Store) -> Outcome {
    let (old, changing) = elsewhere(&store, Some("acme"), Some("rival")).await?;
    let another = Confirmation {
        leaves: Some(NotionId::new(ConnectionId::fresh().as_uuid())),
        ..confirmation(minute(2))
    };
    let left = store.activate(&beginner(&changing), changing.id, &another).await;
    ensure_fails!(
        left,
        StoreError::Conflict(Conflict::Changed),
        "leaving another workspace than it leads to"
    );

    let (home, renewing) = elsewhere(&store, Some("acme"), Some("acme")).await?;
    let leaves = Confirmation { leaves: Some(home.workspace.bot), ..confirmation(minute(2)) };
    let left = store.activate(&beginner(&renewing), renewing.id, &leaves).await;
    ensure_fails!(left, StoreError::Conflict(Conflict::Changed), "leaving a workspace for itself");

    let begun = awaiting(&store).await?;
    let leaves = Confirmation { leaves: Some(old.workspace.bot), ..confirmation(minute(2)) };
    let left = store.activate(&beginner(&begun), begun.id, &leaves).await;
    ensure_fails!(
        left,
        StoreError::Conflict(Conflict::Changed),
        "leaving a workspace with what renews nothing"
    );
    ensure_eq!(store.list(old.tenant).await?, [old], "the connections");
    ensure_eq!(store.list(home.tenant).await?, [home], "the connections");
    still_awaits(&store, &begun).await
}

fn in_workspace(reference: &str, id: Option<&str>) -> Granted {
    let Granted { reference, workspace } = granted(reference);
    Granted { reference, workspace: Workspace { id: id.map(Into::into), ..workspace } }
}

pub(super) async fn dropped(store: Store) -> Outcome {
    for polls in 0..40 {
        let begun = awaiting(&store).await?;
        let returned = abandon(confirm(&store, &begun), polls).await;
        // What was dropped may still be on its way; this waits for it.
        match store.record_grant(begun.tenant, begun.id, &granted("notion")).await {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(other) => return Err(other.into()),
        }
        let awaits = store.attempt(begun.tenant, begun.id).await?.is_some_and(|a| a.ended_at.is_none());
        let connections = store.list(begun.tenant).await?.len();
        let whole = connections == usize::from(!awaits);
        ensure!(whole, "after {polls} polls: attempt open: {awaits}, connections: {connections}");
        ensure!(returned.is_none() || !awaits, "the activation returned without having happened");
    }
    Ok(())
}

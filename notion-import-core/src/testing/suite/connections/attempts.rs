//! Attempts, before anything comes of them.

use super::Store;
use crate::connection::{Attempt, Confirmation, Granted, QualifiedRef};
use crate::error::{Conflict, StoreError};
use crate::id::ConnectionId;
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{SECRET, attempt, begin, beginner, granted, minute, tenant};

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
    ensure_fails!(
        begin(&*store, &second).await,
        StoreError::Conflict(Conflict::AttemptExists),
        "a second attempt of this id"
    );
    ensure_eq!(store.attempt(first.tenant, first.id).await?, Some(first.clone()), "the first attempt");
    second.tenant = tenant();
    begin(&*store, &second).await?;
    ensure_eq!(store.attempt(first.tenant, first.id).await?, Some(first), "the first tenant's attempt");
    Ok(())
}

pub(super) async fn granted_once(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let first = granted("first");
    let unknown = store.record_grant(begun.tenant, begun.id, &first).await;
    ensure_fails!(unknown, StoreError::NotFound, "a grant for no attempt");
    begin(&*store, &begun).await?;
    store.record_grant(begun.tenant, begun.id, &first).await?;
    store.record_grant(begun.tenant, begun.id, &first).await?;
    let other = store.record_grant(begun.tenant, begun.id, &granted("other")).await;
    ensure_fails!(other, StoreError::Conflict(Conflict::AnotherGrant), "another grant");
    let noted = store.attempt(begun.tenant, begun.id).await?.and_then(|attempt| attempt.granted);
    ensure_eq!(noted, Some(first), "the grant");
    Ok(())
}

pub(super) async fn forgotten(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let kept = attempt(begun.tenant);
    begin(&*store, &begun).await?;
    begin(&*store, &kept).await?;
    let all = store.attempts(begun.tenant).await?;
    ensure!(
        all.len() == 2 && all.contains(&begun) && all.contains(&kept),
        "the tenant's attempts are {all:?}"
    );
    store.delete_attempt(begun.tenant, begun.id).await?;
    store.delete_attempt(begun.tenant, begun.id).await?;
    ensure_eq!(
        store.attempts(begun.tenant).await?,
        std::slice::from_ref(&kept),
        "the attempts that are left"
    );
    ensure_eq!(store.attempt(begun.tenant, begun.id).await?, None, "the forgotten attempt");
    ensure_eq!(store.attempt(kept.tenant, kept.id).await?, Some(kept), "the other attempt");
    Ok(())
}

pub(super) async fn expired_attempts(store: Store) -> Outcome {
    let mut begun = Vec::new();
    for expires in [30, 10, 20] {
        let mut attempt = attempt(tenant());
        attempt.expires_at = minute(expires);
        begin(&*store, &attempt).await?;
        begun.push(attempt);
    }
    let [last, first, second] = &begun[..] else { return Ok(()) };
    ensure_eq!(store.expired_attempts(minute(9), 9).await?, [], "what expired too early");
    let at_twenty = store.expired_attempts(minute(20), 9).await?;
    ensure_eq!(at_twenty, [first.clone(), second.clone()], "what expired by minute 20");
    ensure_eq!(
        store.expired_attempts(minute(60), 1).await?,
        std::slice::from_ref(first),
        "the longest expired"
    );
    let read = store.attempt(last.tenant, last.id).await?;
    ensure!(read.is_some(), "finding expired attempts must not remove them");
    Ok(())
}

pub(super) async fn ended(store: Store) -> Outcome {
    let begun = attempt(tenant());
    let Attempt { tenant, id, .. } = begun;
    store.end(tenant, id, minute(1)).await?;
    ensure_eq!(store.attempt(tenant, id).await?, None, "an attempt that was ended before it began");
    begin(&*store, &begun).await?;
    let noted = granted("notion");
    store.record_grant(tenant, id, &noted).await?;
    store.end(tenant, id, minute(2)).await?;
    store.end(tenant, id, minute(3)).await?;
    let confirmed = store.activate(&beginner(&begun), id, &Confirmation::new(SECRET, minute(4))).await;
    ensure_fails!(confirmed, StoreError::NotFound, "confirming what has ended");
    ensure_fails!(
        store.record_grant(tenant, id, &noted).await,
        StoreError::NotFound,
        "a grant of what has ended"
    );
    let to_revoke = left_of(&begun, &noted);
    let remembered = Attempt { granted: Some(noted), ended_at: Some(minute(2)), to_revoke, ..begun };
    ensure_eq!(store.attempt(tenant, id).await?, Some(remembered.clone()), "what is remembered");
    ensure_eq!(store.expired_attempts(minute(1), 9).await?, [], "what is to be looked at too early");
    ensure_eq!(
        store.expired_attempts(minute(2), 9).await?,
        [remembered],
        "what is to be looked at, though it has not expired"
    );
    Ok(())
}

/// What is left of an attempt that was granted this, and not confirmed.
fn left_of(begun: &Attempt, noted: &Granted) -> Option<QualifiedRef> {
    Some(QualifiedRef { namespace: begun.namespace.clone(), reference: noted.reference.clone() })
}

pub(super) async fn left_behind(store: Store) -> Outcome {
    let (granted_one, empty) = (attempt(tenant()), attempt(tenant()));
    let noted = granted("left");
    begin(&*store, &granted_one).await?;
    begin(&*store, &empty).await?;
    store.record_grant(granted_one.tenant, granted_one.id, &noted).await?;
    for (attempt, left) in [(&granted_one, left_of(&granted_one, &noted)), (&empty, None)] {
        let to_revoke = async || {
            let kept = store.attempt(attempt.tenant, attempt.id).await?;
            Ok::<_, StoreError>(kept.and_then(|attempt| attempt.to_revoke))
        };
        ensure_eq!(to_revoke().await?, None, "what is left of an attempt that has not ended");
        store.end(attempt.tenant, attempt.id, minute(1)).await?;
        ensure_eq!(to_revoke().await?, left, "what is left to be revoked once it has ended");
        store.mark_revoked(attempt.tenant, attempt.id).await?;
        store.end(attempt.tenant, attempt.id, minute(2)).await?;
        ensure_eq!(to_revoke().await?, None, "what is left once it was revoked");
    }
    Ok(())
}

pub(super) async fn looked_at(store: Store) -> Outcome {
    let (first, second) = (attempt(tenant()), attempt(tenant()));
    for (attempt, at) in [(&first, 1), (&second, 2)] {
        begin(&*store, attempt).await?;
        store.end(attempt.tenant, attempt.id, minute(at)).await?;
    }
    store.look_again(first.tenant, first.id, minute(3)).await?;
    let at_minute_two = store.expired_attempts(minute(2), 9).await?;
    ensure_eq!(
        at_minute_two.iter().map(|a| a.id).collect::<Vec<_>>(),
        [second.id],
        "what waits since minute 2"
    );
    let later = store.expired_attempts(minute(4), 9).await?;
    ensure_eq!(later.iter().map(|a| a.id).collect::<Vec<_>>(), [second.id, first.id], "who waits longest");
    Ok(())
}

pub(super) async fn session(store: Store) -> Outcome {
    let begun = attempt(tenant());
    store.keep_session(begun.tenant, begun.id, Some(&[1])).await?;
    ensure_eq!(store.attempt(begun.tenant, begun.id).await?, None, "an attempt nobody began");
    begin(&*store, &begun).await?;
    store.keep_session(begun.tenant, begun.id, Some(&[0, 1, 255])).await?;
    store.keep_session(tenant(), begun.id, None).await?;
    let kept = Attempt { session: Some(vec![0, 1, 255]), ..begun.clone() };
    ensure_eq!(store.attempt(begun.tenant, begun.id).await?, Some(kept), "what is kept");
    store.keep_session(begun.tenant, begun.id, None).await?;
    ensure_eq!(store.attempt(begun.tenant, begun.id).await?, Some(begun), "what is left");
    Ok(())
}

//! A connection that Nango does not know: deleted there, or asked for by a key of another environment. Nango says the same of both.

mod stage;

use std::time::Duration;

use notion_import_core::testing::suite::content_manager;
use notion_import_core::transport::Clock;
use notion_import_core::{
    AuditEvent, AuditLog, AuditQuery, Conflict, ConnectionState, ConnectionStore, Error, Fault, Health,
    StoreError,
};
use notion_import_nango::Level;
use notion_import_nango::testing::scope;

use self::stage::{A_DAY, Environment, OTHER_KEY, clock};
use crate::API_KEY;

#[tokio::test]
async fn a_key_of_another_environment_ends_no_connection_and_all_goes_on_with_the_right_one() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    assert_eq!(kept.started(&ours).syncs().await, Ok(()));

    let mistaken = kept.started(&other);
    for _day in 0..3 {
        assert_eq!(mistaken.syncs().await, Err("another_namespace"));
        assert_eq!(mistaken.browses().await, Err("another_namespace"));
        assert_eq!(mistaken.health().await, Health::Unknown);
        assert_eq!(kept.state().await, Some(ConnectionState::Active));
    }
    let known = [kept.record.reference.clone()];
    let found = mistaken.nango.check_connections(&known).await.unwrap();
    assert_eq!(found.level(), Level::Error);
    assert!(found.to_string().contains("another environment"), "{found}");
    assert!(mistaken.nango.check_connections(&[]).await.is_none());

    let right = kept.started(&ours);
    assert_eq!((right.browses().await, right.syncs().await), (Ok(()), Ok(())));
    assert_eq!(right.health().await, Health::Sound);
    assert!(right.nango.check_connections(&known).await.is_none());
}

#[tokio::test]
async fn a_deleted_connection_needs_a_new_consent_also_after_a_restart_and_a_mistake() {
    for (claim, restarts, mistakes) in [
        ("in the same process", false, false),
        ("after a restart", true, false),
        ("after a restart with the wrong key", true, true),
    ] {
        let clock = clock();
        let ours = Environment::new(&clock, API_KEY);
        let other = Environment::new(&clock, OTHER_KEY);
        let kept = ours.connected(clock).await;
        let before = kept.started(&ours);
        assert_eq!(before.syncs().await, Ok(()), "{claim}");
        ours.delete(&kept);
        if mistakes {
            assert_eq!(kept.started(&other).syncs().await, Err("another_namespace"), "{claim}");
        }
        let process = if restarts { kept.started(&ours) } else { before };
        assert_eq!(process.health().await, Health::Missing, "{claim}");
        assert_eq!(kept.state().await, Some(ConnectionState::Active), "{claim}");
        assert_eq!(process.syncs().await, Err("connection_missing"), "{claim}");
        assert_eq!(kept.state().await, Some(ConnectionState::NeedsReauth), "{claim}");
    }
}

#[tokio::test]
async fn a_new_key_of_the_same_environment_is_believed_at_once() {
    let clock = clock();
    let ours = Environment::new(&clock, API_KEY);
    let kept = ours.connected(clock).await;
    ours.delete(&kept);
    let process = kept.started(&ours.renamed());
    assert_eq!(process.health().await, Health::Missing);
    assert_eq!(process.syncs().await, Err("connection_missing"));
    assert_eq!(kept.state().await, Some(ConnectionState::NeedsReauth));
    process.connector.disconnect(&kept.admin, kept.record.id).await.unwrap();
    assert_eq!(kept.state().await, None);
}

#[tokio::test]
async fn a_disconnect_by_a_key_of_another_environment_ends_once_the_right_key_is_back() {
    for (claim, was_read) in [("read", true), ("never read", false)] {
        let clock = clock();
        let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
        let kept = ours.connected(clock).await;
        if was_read {
            assert_eq!(kept.started(&ours).syncs().await, Ok(()), "{claim}");
        }
        let mistaken = kept.started(&other).connector;
        let disconnected = mistaken.disconnect(&kept.admin, kept.record.id).await;
        assert_eq!(disconnected.unwrap_err().code(), "another_namespace", "{claim}");
        assert_eq!(mistaken.sweep().await.unwrap_err().code(), "another_namespace", "{claim}");
        assert_eq!(kept.state().await, Some(ConnectionState::Disconnecting), "{claim}");
        assert!(ours.has(&kept.record.reference), "{claim}");

        assert_eq!(kept.started(&ours).connector.sweep().await.unwrap(), 1, "{claim}");
        assert_eq!(kept.state().await, None, "{claim}");
        assert!(!ours.has(&kept.record.reference), "{claim}");
    }
}

#[tokio::test]
async fn what_was_deleted_before_any_run_needs_a_new_consent() {
    let clock = clock();
    let ours = Environment::new(&clock, API_KEY);
    let kept = ours.connected(clock).await;
    ours.delete(&kept);
    let process = kept.started(&ours);
    assert_eq!(process.health().await, Health::Missing);
    assert_eq!(process.syncs().await, Err("connection_missing"));
    assert_eq!(kept.state().await, Some(ConnectionState::NeedsReauth));
}

#[tokio::test]
async fn what_a_reconnect_has_replaced_is_revoked_once_the_right_key_is_back() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    let right = kept.started(&ours).connector;
    let begun = right.reconnect(&kept.admin, kept.record.id).await.unwrap();
    ours.stand_in.consent(&begun.link.url, ours.workspace, &[ours.page]).await.unwrap();
    right.poll(&kept.admin, begun.attempt).await.unwrap();
    // The process ends before it has revoked what the connection was called before.
    let confirmation = kept.confirmation(&begun);
    kept.connections.activate(&kept.admin, begun.attempt, &confirmation).await.unwrap();

    kept.clock.advance(Duration::from_secs(30 * 60));
    for _day in 0..3 {
        let swept = kept.started(&other).connector.sweep().await;
        assert_eq!(swept.unwrap_err().code(), "another_namespace");
        kept.clock.advance(A_DAY);
    }
    assert!(ours.has(&kept.record.reference));
    kept.started(&ours).connector.sweep().await.unwrap();
    assert!(!ours.has(&kept.record.reference));
}

#[tokio::test]
async fn what_an_unconfirmed_attempt_has_led_to_is_revoked_once_the_right_key_is_back() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    let begun = kept.started(&ours).connector.begin(&kept.admin).await.unwrap();
    let granted = ours.stand_in.consent(&begun.link.url, ours.workspace, &[ours.page]).await.unwrap();
    let mistaken = kept.started(&other).connector;
    let polled = mistaken.poll(&kept.admin, begun.attempt).await;
    assert_eq!(polled.unwrap_err().code(), "another_namespace");
    for _day in 0..3 {
        kept.clock.advance(A_DAY);
        assert_eq!(mistaken.sweep().await.unwrap_err().code(), "another_namespace");
    }
    assert!(ours.has(&granted));
    kept.clock.advance(A_DAY);
    kept.started(&ours).connector.sweep().await.unwrap();
    assert!(!ours.has(&granted));
}

/// A month later nothing is left to be waited for, and nobody is told of it every minute for ever.
#[tokio::test]
async fn an_attempt_of_an_environment_that_was_left_is_forgotten_after_a_month() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    let begun = kept.started(&ours).connector.begin(&kept.admin).await.unwrap();
    let moved = kept.started(&other).connector;
    kept.clock.advance(31 * A_DAY);
    assert_eq!(moved.sweep().await.unwrap_err().code(), "another_namespace");
    kept.clock.advance(A_DAY);
    moved.sweep().await.unwrap();
    assert_eq!(kept.connections.attempt(kept.admin.tenant, begun.attempt).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_asked_about_is_not_asked_about_at_every_sweep() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    kept.started(&ours).connector.begin(&kept.admin).await.unwrap();
    kept.clock.advance(Duration::from_secs(30 * 60));
    let mistaken = kept.started(&other).connector;
    assert_eq!(mistaken.sweep().await.unwrap_err().code(), "another_namespace");
    kept.clock.advance(Duration::from_secs(59 * 60));
    mistaken.sweep().await.unwrap();
    kept.clock.advance(Duration::from_secs(60));
    assert_eq!(mistaken.sweep().await.unwrap_err().code(), "another_namespace");
}

#[tokio::test]
async fn an_administrator_can_end_what_nobody_can_ask_about() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    let (id, mistaken) = (kept.record.id, kept.started(&other).connector);
    let early = mistaken.abandon(&kept.admin, id).await.unwrap_err();
    assert!(matches!(early, Error::Store(StoreError::Conflict(Conflict::NotFenced))), "{early}");
    mistaken.disconnect(&kept.admin, id).await.unwrap_err();
    let stranger = content_manager(kept.record.tenant);
    assert_eq!(mistaken.abandon(&stranger, id).await.unwrap_err().code(), "denied");

    let unknown = mistaken.abandon(&kept.admin, id).await.unwrap().expect("it was asked about");
    assert_eq!(unknown.fault, Fault::AnotherNamespace);
    let why = std::error::Error::source(&unknown).unwrap().to_string();
    assert!(why.contains(API_KEY) && why.contains(OTHER_KEY), "{why}");
    assert_eq!(kept.state().await, None);
    assert_eq!(mistaken.abandon(&kept.admin, id).await.unwrap_err().code(), "not_found");
    let said = kept.connections.audit(&kept.admin, &AuditQuery::newest(1)).await.unwrap();
    assert_eq!(said[0].event, AuditEvent::ConnectionAbandoned);
}

#[tokio::test]
async fn what_is_given_up_and_gone_after_all_is_disconnected() {
    let clock = clock();
    let ours = Environment::new(&clock, API_KEY);
    let kept = ours.connected(clock).await;
    kept.connections.fence(&kept.admin, kept.record.id, kept.clock.now()).await.unwrap();
    assert!(kept.started(&ours).connector.abandon(&kept.admin, kept.record.id).await.unwrap().is_none());
    assert!(!ours.has(&kept.record.reference));
    let said = kept.connections.audit(&kept.admin, &AuditQuery::newest(1)).await.unwrap();
    assert_eq!(said[0].event, AuditEvent::ConnectionRemoved);
}

/// The grant is not given up as one that led elsewhere.
#[tokio::test]
async fn a_confirmation_by_a_key_of_another_environment_can_be_made_again() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    let right = kept.started(&ours).connector;
    let begun = right.reconnect(&kept.admin, kept.record.id).await.unwrap();
    ours.stand_in.consent(&begun.link.url, ours.workspace, &[ours.page]).await.unwrap();
    right.poll(&kept.admin, begun.attempt).await.unwrap();
    let mistaken = kept.started(&other).connector;
    let confirmed = mistaken.confirm(&kept.admin, begun.attempt, &begun.secret).await;
    assert_eq!(confirmed.unwrap_err().code(), "another_namespace");
    right.confirm(&kept.admin, begun.attempt, &begun.secret).await.unwrap();
}

/// Where it would be made nobody could tell later, so no connection is begun.
#[tokio::test]
async fn a_key_that_may_not_see_its_integration_begins_no_connection() {
    let clock = clock();
    let ours = Environment::new(&clock, API_KEY);
    let blind = Environment::with(&clock, API_KEY, |settings| {
        settings.scopes.remove(scope::INTEGRATIONS);
    });
    let kept = ours.connected(clock).await;
    let process = kept.started(&blind);
    let failed = process.connector.begin(&kept.admin).await.unwrap_err();
    let why = std::error::Error::source(&failed).unwrap().to_string();
    assert_eq!((failed.code(), why.as_str()), ("operator_fault", "Nango refused: 403 forbidden"));
    assert_eq!(process.syncs().await, Err("operator_fault"));
    process.connector.disconnect(&kept.admin, kept.record.id).await.unwrap_err();
    assert_eq!(kept.state().await, Some(ConnectionState::Disconnecting));
}

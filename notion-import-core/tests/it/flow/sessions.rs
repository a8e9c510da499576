//! What becomes of the link of an attempt, and of what it leads to late.

use std::sync::Arc;
use std::time::Duration;

use notion_import_core::{
    Actor, AttemptState, Authorizer, Begun, ConfirmedIdentity, ConnectionId, ConnectionRef, ConnectionState,
    ConnectionStore, Connector, Error, Identity, MemberId, MemoryConnections, Role, StoreError,
};
use secrecy::ExposeSecret;

use super::{Stage, importer};
use crate::consents::{Consents, TOKEN};

/// A tenant's administrator, a connector and what it connects through.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) consents: Arc<Consents>,
    pub(super) connections: MemoryConnections,
    pub(super) connector: Connector,
    pub(super) admin: Actor,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(|connector| connector.seal_with(&[5; 32]))
    }

    pub(super) fn with(adjust: impl FnOnce(Connector) -> Connector) -> Self {
        let stage = Stage::new();
        let (consents, connections) = (Arc::<Consents>::default(), MemoryConnections::default());
        let connector = Connector::new(&stage.importer, consents.clone(), Arc::new(connections.clone()));
        let admin = Actor::new(stage.connection.tenant, MemberId::fresh(), Role::Admin);
        Self { stage, consents, connections, connector: adjust(connector), admin }
    }

    async fn begin(&self) -> Begun {
        self.connector.begin(&self.admin).await.unwrap()
    }

    fn finish(&self, begun: &Begun, reference: &str) -> Option<ConnectionRef> {
        self.consents.finish(self.admin.tenant, begun.attempt, reference)
    }

    async fn granted(&self, begun: &Begun, reference: &str) -> ConnectionRef {
        let reference = self.finish(begun, reference).unwrap();
        self.connector.reconcile(&reference).await.unwrap();
        reference
    }

    async fn confirm(&self, begun: &Begun) -> Result<(), Error> {
        self.connector.confirm(&self.admin, begun.attempt, &begun.secret).await.map(drop)
    }

    fn closed(&self, begun: &Begun) -> bool {
        self.consents.known().closed.contains(&begun.attempt)
    }

    /// Whether anything of the session's token is kept; in the clear it never is.
    async fn keeps_token(&self, begun: &Begun) -> bool {
        let Some(kept) = self.connections.attempt(self.admin.tenant, begun.attempt).await.unwrap() else {
            return false;
        };
        let session = kept.session.clone().unwrap_or_default();
        assert!(!session.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes()));
        assert!(!format!("{kept:?} {begun:?}").contains(TOKEN));
        kept.session.is_some()
    }

    fn pass(&self, minutes: u64) {
        self.stage.clock.advance(Duration::from_secs(60 * minutes));
    }

    fn revoked(&self) -> Vec<ConnectionRef> {
        self.consents.known().revoked.clone()
    }
}

fn is_not_found(outcome: &Result<(), Error>) -> bool {
    matches!(outcome, Err(Error::Store(StoreError::NotFound)))
}

#[tokio::test]
async fn a_link_that_was_used_once_is_dead() {
    let scene = Scene::new();
    let noticed = scene.begin().await;
    assert!(scene.keeps_token(&noticed).await && !scene.closed(&noticed));
    scene.granted(&noticed, "c-1").await;
    assert!(scene.closed(&noticed) && !scene.keeps_token(&noticed).await);
    assert_eq!(scene.finish(&noticed, "c-2"), None);

    let polled = scene.begin().await;
    scene.finish(&polled, "c-3").unwrap();
    scene.connector.poll(&scene.admin, polled.attempt).await.unwrap();
    assert!(scene.closed(&polled) && !scene.keeps_token(&polled).await);
    assert_eq!(scene.finish(&polled, "c-4"), None);
}

#[tokio::test]
async fn a_session_that_could_not_be_closed_is_closed_by_the_next_who_comes_by() {
    let scene = Scene::new();
    let (polled, confirmed) = (scene.begin().await, scene.begin().await);
    scene.consents.known().is_down = true;
    scene.granted(&polled, "c-1").await;
    scene.granted(&confirmed, "c-2").await;
    assert!(scene.keeps_token(&polled).await);
    scene.consents.known().is_down = false;
    scene.connector.poll(&scene.admin, polled.attempt).await.unwrap();
    assert!(scene.closed(&polled) && !scene.keeps_token(&polled).await);
    scene.confirm(&confirmed).await.unwrap();
    assert!(scene.closed(&confirmed) && !scene.keeps_token(&confirmed).await);
}

#[tokio::test]
async fn a_cancelled_link_is_dead_and_what_it_led_to_is_revoked() {
    let scene = Scene::new();
    let (early, late) = (scene.begin().await, scene.begin().await);
    let reference = scene.granted(&late, "c-1").await;
    for begun in [&early, &late] {
        let guess = "guess".to_owned().into();
        assert!(is_not_found(&scene.connector.cancel(&scene.admin, begun.attempt, &guess).await));
        let other = Actor::new(scene.admin.tenant, MemberId::fresh(), Role::Admin);
        assert!(is_not_found(&scene.connector.cancel(&other, begun.attempt, &begun.secret).await));
        scene.connector.cancel(&scene.admin, begun.attempt, &begun.secret).await.unwrap();
        assert!(scene.closed(begun) && !scene.keeps_token(begun).await);
        assert_eq!(scene.finish(begun, "c-2"), None);
        assert!(is_not_found(&scene.confirm(begun).await));
        let state = scene.connector.poll(&scene.admin, begun.attempt).await.unwrap();
        assert_eq!(state, AttemptState::Expired);
        assert!(is_not_found(&scene.connector.cancel(&scene.admin, begun.attempt, &begun.secret).await));
    }
    assert_eq!(scene.revoked(), [reference]);
}

#[tokio::test]
async fn a_cancelled_attempt_the_service_did_not_hear_of_is_cleared_by_the_sweep() {
    let scene = Scene::new();
    let begun = scene.begin().await;
    let reference = scene.granted(&begun, "c-1").await;
    scene.consents.known().is_down = true;
    scene.connector.cancel(&scene.admin, begun.attempt, &begun.secret).await.unwrap();
    assert!(is_not_found(&scene.confirm(&begun).await));
    scene.connector.sweep().await.unwrap_err();
    scene.consents.known().is_down = false;
    scene.connector.sweep().await.unwrap();
    assert_eq!(scene.revoked(), [reference]);
}

#[tokio::test]
async fn what_an_attempt_leaves_behind_is_revoked_once() {
    let scene = Scene::new();
    let (cancelled, expired) = (scene.begin().await, scene.begin().await);
    let (first, second) = (scene.granted(&cancelled, "c-1").await, scene.granted(&expired, "c-2").await);
    scene.connector.cancel(&scene.admin, cancelled.attempt, &cancelled.secret).await.unwrap();
    scene.pass(31);
    for _ in 0..3 {
        scene.connector.sweep().await.unwrap();
    }
    assert_eq!(scene.revoked(), [first, second]);
}

#[tokio::test]
async fn a_lapsed_link_is_dead_once_it_was_swept() {
    let scene = Scene::new();
    let begun = scene.begin().await;
    scene.pass(29);
    assert_eq!(scene.connector.sweep().await.unwrap(), 0);
    scene.pass(1);
    assert_eq!(scene.connector.sweep().await.unwrap(), 1);
    assert!(scene.closed(&begun) && !scene.keeps_token(&begun).await);
    assert_eq!(scene.finish(&begun, "c-1"), None);
    assert_eq!(scene.connector.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn a_late_consent_is_revoked_by_the_next_sweep_however_the_attempt_ended() {
    // Without a key nobody closes the sessions.
    let scene = Scene::with(|connector| connector);
    let (confirmed, cancelled, expired) = (scene.begin().await, scene.begin().await, scene.begin().await);
    let used = scene.granted(&confirmed, "used").await;
    scene.confirm(&confirmed).await.unwrap();
    scene.connector.cancel(&scene.admin, cancelled.attempt, &cancelled.secret).await.unwrap();
    scene.pass(31);
    scene.connector.sweep().await.unwrap();
    scene.pass(23 * 60);
    for (begun, reference) in [(&confirmed, "late-1"), (&cancelled, "late-2"), (&expired, "late-3")] {
        assert!(!scene.keeps_token(begun).await);
        let late = scene.finish(begun, reference).unwrap();
        scene.connector.sweep().await.unwrap();
        assert_eq!(scene.revoked().last(), Some(&late));
        // The hook may come afterwards.
        scene.connector.reconcile(&late).await.unwrap();
    }
    assert!(!scene.revoked().contains(&used));
    for begun in [&confirmed, &cancelled, &expired] {
        assert!(is_not_found(&scene.confirm(begun).await));
        assert!(scene.connections.attempt(scene.admin.tenant, begun.attempt).await.unwrap().is_some());
    }
    scene.pass(2 * 60);
    scene.connector.sweep().await.unwrap();
    for begun in [&confirmed, &cancelled, &expired] {
        assert!(scene.connections.attempt(scene.admin.tenant, begun.attempt).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_late_hook_revokes_what_it_tells_of() {
    let scene = Scene::with(|connector| connector);
    let begun = scene.begin().await;
    scene.pass(31);
    let late = scene.granted(&begun, "late").await;
    assert_eq!(scene.revoked(), [late]);
}

#[tokio::test]
async fn without_a_key_the_administrators_own_session_closes_the_link() {
    let scene = Scene::with(|connector| connector);
    let begun = scene.begin().await;
    assert!(!scene.keeps_token(&begun).await);
    assert!(begun.link.session.expose_secret().starts_with(TOKEN));
    let viewer = Actor::new(scene.admin.tenant, MemberId::fresh(), Role::Viewer);
    let denied = scene.connector.close(&viewer, &begun.link.session).await;
    assert!(matches!(denied, Err(Error::Store(StoreError::Denied))));
    scene.connector.close(&scene.admin, &begun.link.session).await.unwrap();
    scene.connector.close(&scene.admin, &begun.link.session).await.unwrap();
    assert_eq!(scene.finish(&begun, "c-1"), None);
}

#[tokio::test]
async fn a_token_nobody_could_use_is_erased_a_day_after_the_lapse() {
    let scene = Scene::new();
    let begun = scene.begin().await;
    scene.consents.known().is_down = true;
    scene.pass(30 + 24 * 60 - 1);
    scene.connector.sweep().await.unwrap_err();
    assert!(scene.keeps_token(&begun).await);
    scene.pass(1);
    scene.connector.sweep().await.unwrap_err();
    assert!(!scene.keeps_token(&begun).await);
}

#[tokio::test]
async fn what_a_renewal_replaced_is_revoked_later_if_it_cannot_be_now() {
    let scene = Scene::new();
    let first = scene.begin().await;
    let old = scene.granted(&first, "c-1").await;
    let record = scene.connector.confirm(&scene.admin, first.attempt, &first.secret).await.unwrap();
    // The attempt it came of is forgotten long since.
    scene.pass(3 * 24 * 60);
    scene.connector.sweep().await.unwrap();
    let again = scene.connector.reconnect(&scene.admin, record.id).await.unwrap();
    scene.granted(&again, "c-2").await;
    scene.consents.known().is_down = true;
    scene.confirm(&again).await.unwrap();
    assert_eq!(scene.revoked(), []);
    scene.connector.sweep().await.unwrap_err();
    scene.consents.known().is_down = false;
    scene.connector.sweep().await.unwrap();
    scene.connector.sweep().await.unwrap();
    assert_eq!(scene.revoked(), [old]);
}

#[tokio::test]
async fn only_administrators_reach_an_attempt_and_none_that_another_began() {
    let scene = Scene::new();
    let begun = scene.begin().await;
    let viewer = Actor { role: Role::Viewer, ..scene.admin.clone() };
    let (id, secret) = (begun.attempt, "guess".to_owned().into());
    let outcomes = [
        scene.connector.reconnect(&viewer, ConnectionId::fresh()).await.map(drop),
        scene.connector.poll(&viewer, id).await.map(drop),
        scene.connector.cancel(&viewer, id, &secret).await,
        scene.connector.confirm(&viewer, id, &secret).await.map(drop),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(Error::Store(StoreError::Denied))), "{outcome:?}");
    }
    let other = Actor::new(scene.admin.tenant, MemberId::fresh(), Role::Admin);
    assert_eq!(scene.connector.poll(&other, id).await.unwrap(), AttemptState::Expired);
}

#[tokio::test]
async fn a_second_grant_is_revoked_as_soon_as_a_hook_tells_of_it() {
    let scene = Scene::with(|connector| connector);
    let begun = scene.begin().await;
    scene.granted(&begun, "c-1").await;
    let second = scene.granted(&begun, "c-2").await;
    assert_eq!(scene.revoked(), [second]);
    scene.confirm(&begun).await.unwrap();
}

#[tokio::test]
async fn a_connection_in_use_is_no_grant_of_the_attempt_that_its_tags_name() {
    let scene = Scene::new();
    let (first, second) = (scene.begin().await, scene.begin().await);
    let used = scene.granted(&first, "c-1").await;
    scene.confirm(&first).await.unwrap();
    scene.granted(&second, used.as_str()).await;
    let kept = scene.connections.attempt(scene.admin.tenant, second.attempt).await.unwrap().unwrap();
    assert_eq!(kept.granted, None);
}

#[tokio::test]
async fn what_was_granted_and_is_gone_or_of_another_bot_is_not_confirmed() {
    let scene = Scene::new();
    let gone = scene.begin().await;
    let reference = scene.granted(&gone, "c-1").await;
    scene.consents.revoke(&reference).await.unwrap();
    let outcome = scene.confirm(&gone).await;
    assert!(matches!(outcome, Err(Error::AnotherWorkspace)), "{outcome:?}");

    let begun = scene.begin().await;
    scene.granted(&begun, "c-2").await;
    let Stage { world, clock, grant, home, library, blobs, .. } = &scene.stage;
    let again = world.grant(grant.workspace_id, [*home]);
    assert_ne!(again.bot_id, grant.bot_id);
    let importer = importer(world, clock, &again, library, blobs);
    let replaced = Connector::new(&importer, scene.consents.clone(), Arc::new(scene.connections.clone()));
    let outcome = replaced.confirm(&scene.admin, begun.attempt, &begun.secret).await;
    assert!(matches!(outcome, Err(Error::AnotherWorkspace)), "{outcome:?}");
}

#[tokio::test]
async fn a_connection_as_it_was_before_a_renewal_neither_begins_nor_is_refused() {
    let scene = Scene::new();
    let first = scene.begin().await;
    let old = scene.granted(&first, "c-1").await;
    let record = scene.connector.confirm(&scene.admin, first.attempt, &first.secret).await.unwrap();
    let again = scene.connector.reconnect(&scene.admin, record.id).await.unwrap();
    scene.granted(&again, "c-2").await;
    // What it was called is revoked later.
    scene.consents.known().is_down = true;
    scene.confirm(&again).await.unwrap();
    scene.consents.known().workspaces.extend([(old, record.workspace.id.clone().unwrap())]);
    let connections = Arc::new(scene.connections.clone());
    let identity = ConfirmedIdentity::new(scene.consents.clone(), connections);
    let begins = identity.begin(&record.connection()).await;
    assert!(matches!(begins, Err(Error::Store(StoreError::Fenced))), "{begins:?}");
    identity.refused(&record.connection()).await.unwrap();
    let renewed = scene.connections.get(scene.admin.tenant, record.id).await.unwrap().unwrap();
    assert_eq!(renewed.state, ConnectionState::Active);
}

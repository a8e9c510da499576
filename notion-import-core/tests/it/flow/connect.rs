//! Connecting and disconnecting.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::{StreamExt, TryStreamExt, stream};
use notion_import_core::store::Elsewhere;
use notion_import_core::testing::WorldTransport;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::{
    Actor, AttemptState, Begun, ConfirmedIdentity, Conflict, Connection, ConnectionId, ConnectionRecord,
    ConnectionRef, ConnectionState, ConnectionStore, Connector, Error, Importer, MemberId, MemoryBlobs,
    MemoryConnections, Pick, Query, Role, StaticToken, StoreError, TenantId, Workspace,
};
use secrecy::SecretString;

use super::{Stage, importer};
use crate::consents::Consents;

struct Scene {
    stage: Stage,
    consents: Arc<Consents>,
    connections: MemoryConnections,
    connector: Connector,
    admin: Actor,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new();
        let (consents, connections) = (Arc::<Consents>::default(), MemoryConnections::default());
        let connector = Connector::new(&stage.importer, consents.clone(), Arc::new(connections.clone()));
        let admin = actor(stage.connection.tenant, Role::Admin);
        Self { stage, consents, connections, connector, admin }
    }

    async fn connected(&self) -> ConnectionId {
        let begun = self.connector.begin(&self.admin).await.unwrap();
        let reference = self.consents.grant(self.admin.tenant, begun.attempt, "c-1");
        self.connector.reconcile(&reference).await.unwrap();
        self.connector.confirm(&self.admin, begun.attempt, &begun.secret).await.unwrap().id
    }

    async fn confirm(&self, actor: &Actor, begun: &Begun, secret: &SecretString) -> Result<(), Error> {
        self.connector.confirm(actor, begun.attempt, secret).await.map(drop)
    }
}

fn actor(tenant: TenantId, role: Role) -> Actor {
    Actor::new(tenant, MemberId::fresh(), role)
}

fn is_not_found(outcome: &Result<(), Error>) -> bool {
    matches!(outcome, Err(Error::Store(StoreError::NotFound)))
}

#[tokio::test]
async fn consent_makes_nothing_active_until_the_administrator_who_began_confirms_the_workspace() {
    let scene = Scene::new();
    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    assert_eq!(scene.connector.poll(&scene.admin, begun.attempt).await.unwrap(), AttemptState::Waiting);
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-1");
    // A webhook may come any number of times.
    for _ in 0..3 {
        scene.connector.reconcile(&reference).await.unwrap();
    }
    assert!(scene.connections.list(scene.admin.tenant).await.unwrap().is_empty());
    let AttemptState::Granted(granted) = scene.connector.poll(&scene.admin, begun.attempt).await.unwrap()
    else {
        panic!("not granted")
    };
    assert_eq!(granted.workspace.name, "Acme");

    let someone_else = actor(scene.admin.tenant, Role::Admin);
    assert!(is_not_found(&scene.confirm(&someone_else, &begun, &begun.secret).await));
    let other_tenant = Actor { tenant: TenantId::fresh(), ..scene.admin.clone() };
    assert!(is_not_found(&scene.confirm(&other_tenant, &begun, &begun.secret).await));
    assert!(is_not_found(&scene.confirm(&scene.admin, &begun, &"guess".to_owned().into()).await));
    scene.confirm(&scene.admin, &begun, &begun.secret).await.unwrap();
    assert!(is_not_found(&scene.confirm(&scene.admin, &begun, &begun.secret).await), "a second use");
    let records = scene.connections.list(scene.admin.tenant).await.unwrap();
    assert_eq!((records.len(), records[0].state), (1, ConnectionState::Active));
}

#[tokio::test]
async fn only_administrators_connect_and_disconnect() {
    let scene = Scene::new();
    let id = scene.connected().await;
    for role in [Role::ContentManager, Role::AccountManager, Role::Viewer] {
        let actor = actor(scene.admin.tenant, role);
        let refused = |outcome: Result<(), Error>| matches!(outcome, Err(Error::Store(StoreError::Denied)));
        assert!(refused(scene.connector.begin(&actor).await.map(drop)), "{role:?}");
        assert!(refused(scene.connector.disconnect(&actor, id).await), "{role:?}");
    }
}

#[tokio::test]
async fn a_lost_webhook_is_made_up_for_by_asking() {
    let scene = Scene::new();
    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    scene.consents.grant(scene.admin.tenant, begun.attempt, "c-1");
    let state = scene.connector.poll(&scene.admin, begun.attempt).await.unwrap();
    assert!(matches!(state, AttemptState::Granted(_)), "{state:?}");
}

#[tokio::test]
async fn what_nobody_confirms_is_taken_away() {
    let scene = Scene::new();
    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    let (first, second) = (
        scene.consents.grant(scene.admin.tenant, begun.attempt, "c-1"),
        scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2"),
    );
    scene.connector.reconcile(&first).await.unwrap();
    assert_eq!(scene.connector.sweep().await.unwrap(), 0);
    scene.stage.clock.advance(TimeDelta::minutes(31).to_std().unwrap());
    assert!(is_not_found(&scene.confirm(&scene.admin, &begun, &begun.secret).await));
    assert_eq!(scene.connector.poll(&scene.admin, begun.attempt).await.unwrap(), AttemptState::Expired);
    assert_eq!(scene.connector.sweep().await.unwrap(), 1);
    let mut revoked = scene.consents.known().revoked.clone();
    revoked.sort();
    assert_eq!(revoked, [first, second]);
}

#[tokio::test]
async fn a_second_tenant_on_the_same_authorisation_is_refused() {
    let scene = Scene::new();
    scene.connected().await;
    let other = actor(TenantId::fresh(), Role::Admin);
    let begun = scene.connector.begin(&other).await.unwrap();
    let reference = scene.consents.grant(other.tenant, begun.attempt, "c-2");
    scene.connector.reconcile(&reference).await.unwrap();
    let outcome = scene.confirm(&other, &begun, &begun.secret).await;
    assert!(
        matches!(outcome, Err(Error::Store(StoreError::Conflict(Conflict::WorkspaceTaken)))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn disconnecting_stops_everything_and_keeps_the_documents() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let before = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap().connection();
    let page = scene.stage.home;
    let pick = Pick::page(page);
    scene.stage.importer.import_one(&content_manager(before.tenant), &before, pick).await.unwrap();
    scene.connector.disconnect(&scene.admin, id).await.unwrap();
    assert!(scene.connections.list(scene.admin.tenant).await.unwrap().is_empty());
    assert_eq!(scene.consents.known().revoked, [ConnectionRef::new("c-1")]);
    assert_eq!(scene.stage.linked(page).await.link.connection, None);
    // Whoever still holds the connection as it was can neither ask nor write anything.
    scene.stage.world.forget_requests();
    let late = scene.stage.importer.import_one(&content_manager(before.tenant), &before, pick).await;
    assert!(matches!(late, Err(Error::Store(StoreError::Fenced))), "{late:?}");
    assert!(scene.stage.world.requests().is_empty());
}

#[tokio::test]
async fn a_disconnect_the_service_did_not_hear_of_is_finished_later() {
    let scene = Scene::new();
    let id = scene.connected().await;
    scene.consents.known().is_down = true;
    scene.connector.disconnect(&scene.admin, id).await.unwrap_err();
    let record = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    assert_eq!(record.state, ConnectionState::Disconnecting);
    scene.connector.sweep().await.unwrap_err();
    scene.consents.known().is_down = false;
    assert_eq!(scene.connector.sweep().await.unwrap(), 1);
    assert!(scene.connections.list(scene.admin.tenant).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reconnect_keeps_the_connection_and_its_documents_under_another_reference() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let old = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap().connection();
    let page = scene.stage.home;
    scene.stage.importer.import_one(&content_manager(old.tenant), &old, Pick::page(page)).await.unwrap();
    scene.connections.mark_needs_reauth(scene.admin.tenant, id, scene.stage.now()).await.unwrap();
    let begun = scene.connector.reconnect(&scene.admin, id).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2");
    scene.connector.reconcile(&reference).await.unwrap();
    scene.confirm(&scene.admin, &begun, &begun.secret).await.unwrap();
    let records = scene.connections.list(scene.admin.tenant).await.unwrap();
    let renewed = records.iter().map(|record| (record.id, &record.reference, record.state));
    assert_eq!(renewed.collect::<Vec<_>>(), [(id, &reference, ConnectionState::Active)]);
    assert_eq!(scene.stage.linked(page).await.link.connection, Some(id));
    assert_eq!(scene.consents.known().revoked, [ConnectionRef::new("c-1")]);
}

#[tokio::test]
async fn a_new_connection_takes_up_the_documents_of_the_one_before() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let old = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap().connection();
    let page = scene.stage.home;
    let pick = Pick::page(page);
    let document =
        scene.stage.importer.import_one(&content_manager(old.tenant), &old, pick).await.unwrap().document();
    scene.connector.disconnect(&scene.admin, id).await.unwrap();

    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2");
    scene.connector.reconcile(&reference).await.unwrap();
    let record = scene.connector.confirm(&scene.admin, begun.attempt, &begun.secret).await.unwrap();
    scene.stage.importer.sync(&record.connection()).await.unwrap();
    let linked = scene.stage.linked(page).await;
    assert_eq!((linked.document, linked.link.connection), (document, Some(record.id)));
}

impl Scene {
    /// What the service says of a connection from here on.
    fn leads_to(&self, reference: &ConnectionRef, workspace: &str) {
        self.consents.known().workspaces.insert(reference.clone(), workspace.to_owned());
    }

    /// The flow of somebody who is let into another workspace.
    fn rival(&self) -> Connector {
        let (stage, author) = (&self.stage, self.stage.author());
        let workspace = author.workspace("Rival");
        let grant = stage.world.grant(workspace, [author.page(workspace, "Theirs")]);
        let importer = importer(&stage.world, &stage.clock, &grant, &stage.library, &stage.blobs);
        Connector::new(&importer, self.consents.clone(), Arc::new(self.connections.clone()))
    }

    /// An importer that asks the service where a connection leads.
    fn careful(&self) -> Importer {
        let (stage, clock) = (&self.stage, Arc::new(self.stage.clock.clone()));
        let identity = ConfirmedIdentity::new(self.consents.clone(), Arc::new(self.connections.clone()));
        let tokens = StaticToken::new(stage.grant.token.clone());
        let (library, blobs) = (Arc::new(stage.library.clone()), Arc::new(stage.blobs.clone()));
        let transport = WorldTransport::new(stage.world.clone(), stage.clock.clone());
        Importer::builder(Arc::new(tokens), library, blobs)
            .identity(Arc::new(identity.by(clock.clone())))
            .through(Arc::new(transport), clock)
            .build()
            .unwrap()
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_workspace_that_nobody_confirmed() {
    let scene = Scene::new();
    let (id, reference) = (scene.connected().await, ConnectionRef::new("c-1"));
    let record = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    let (connection, confirmed) = (record.connection(), record.workspace.id.unwrap());
    scene.leads_to(&reference, &confirmed);
    let (importer, pick) = (scene.careful(), Pick::page(scene.stage.home));
    importer.import_one(&scene.admin, &connection, pick).await.unwrap();
    importer.sync(&connection).await.unwrap();
    let before = scene.stage.linked(scene.stage.home).await;

    scene.stage.pass(10);
    scene.stage.author().set_title(scene.stage.home, "Of another company");
    scene.stage.pass(10);
    importer.browse(&scene.admin, &connection, &Query::default()).await.unwrap();
    scene.leads_to(&reference, "another");
    // Within the minute it is read still, but not kept.
    let synced = importer.sync(&connection).await;
    assert!(matches!(synced, Err(Error::AnotherWorkspace)), "{synced:?}");
    let imported = importer.import_one(&scene.admin, &connection, pick).await;
    assert!(matches!(imported, Err(Error::AnotherWorkspace)), "{imported:?}");
    assert_eq!(scene.stage.linked(scene.stage.home).await, before);
    let record = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    assert_eq!(record.state, ConnectionState::NeedsReauth);
    assert_eq!(record.found, Some(Elsewhere { id: Some("another".into()) }));

    scene.stage.pass(2);
    scene.stage.world.forget_requests();
    let browsed = importer.browse(&scene.admin, &connection, &Query::default()).await;
    assert!(matches!(browsed, Err(Error::AnotherWorkspace)), "{browsed:?}");
    let others = [
        importer.fetch(&connection, pick).await.map(drop),
        first_read(&importer, &connection, pick).await,
        importer.metadata(&connection, pick).await.map(drop),
        importer.rows(&connection, scene.stage.home).await.map(drop),
        importer.data_sources(&connection, scene.stage.home).await.map(drop),
        importer.listed(&connection, "").try_for_each(async |_| Ok(())).await,
        importer.refresh(&connection, &[scene.stage.home]).await.map(drop),
        importer.resolve_link(&scene.admin, &connection, &scene.stage.home.to_string()).await.map(drop),
    ];
    for read in others {
        assert!(matches!(read, Err(Error::AnotherWorkspace)), "{read:?}");
    }
    assert!(scene.stage.world.requests().is_empty());
}

/// Reads one of many that there might be.
async fn first_read(importer: &Importer, connection: &Connection, pick: Pick) -> Result<(), Error> {
    let wanted = stream::iter([pick.into()]);
    let mut read = pin!(importer.fetch_many(connection, wanted, |_| Ok(MemoryBlobs::default())));
    read.next().await.unwrap().1.map(drop)
}

#[tokio::test]
async fn what_is_confirmed_is_what_was_shown() {
    let scene = Scene::new();
    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-1");
    scene.connector.reconcile(&reference).await.unwrap();
    scene.leads_to(&reference, "another");
    let outcome = scene.confirm(&scene.admin, &begun, &begun.secret).await;
    assert!(matches!(outcome, Err(Error::AnotherWorkspace)), "{outcome:?}");
    assert!(scene.connections.list(scene.admin.tenant).await.unwrap().is_empty());
    assert_eq!(scene.consents.known().revoked, [reference]);
}

#[tokio::test]
async fn further_consents_of_a_used_link_are_taken_back() {
    let scene = Scene::new();
    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    let first = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-1");
    scene.connector.reconcile(&first).await.unwrap();
    let before = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2");
    scene.confirm(&scene.admin, &begun, &begun.secret).await.unwrap();
    let after = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-3");
    scene.connector.reconcile(&after).await.unwrap();
    assert_eq!(scene.consents.known().revoked, [before, after]);
}

#[tokio::test]
async fn a_replacement_is_noticed_at_once_whatever_its_tags_say() {
    let begun_by_another = async |scene: &Scene, reference: &ConnectionRef| {
        let other = actor(TenantId::fresh(), Role::Admin);
        let begun = scene.connector.begin(&other).await.unwrap();
        scene.consents.grant(other.tenant, begun.attempt, reference.as_str());
    };
    for loses_tags in [true, false] {
        let scene = Scene::new();
        let (id, reference) = (scene.connected().await, ConnectionRef::new("c-1"));
        if loses_tags {
            scene.consents.known().untagged.insert(reference.clone());
        } else {
            begun_by_another(&scene, &reference).await;
        }
        scene.leads_to(&reference, "another");
        scene.connector.reconcile(&reference).await.unwrap();
        let record = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
        assert_eq!(record.state, ConnectionState::NeedsReauth, "tags lost: {loses_tags}");
        assert_eq!(record.found, Some(Elsewhere { id: Some("another".into()) }));
        assert!(scene.consents.known().revoked.is_empty());
    }
}

#[tokio::test]
async fn a_workspace_that_nobody_tells_is_not_the_one_that_was_confirmed() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let record = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    let untold =
        ConnectionRecord { workspace: Workspace { id: None, ..record.workspace.clone() }, ..record.clone() };
    for (record, told, expected) in [
        (&record, record.workspace.id.as_deref(), true),
        (&record, Some("another"), false),
        (&record, None, false),
        (&untold, Some("another"), false),
        (&untold, None, false),
    ] {
        assert_eq!(record.leads_to(told), expected, "{:?} and {told:?}", record.workspace.id);
    }
    // The service tells none.
    let read = scene.careful().browse(&scene.admin, &record.connection(), &Query::default()).await;
    assert!(matches!(read, Err(Error::AnotherWorkspace)), "{read:?}");
}

#[tokio::test]
async fn a_reconnect_to_another_workspace_is_a_change_that_names_both() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let old = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    let page = scene.stage.home;
    let pick = Pick::page(page);
    scene.stage.importer.import_one(&content_manager(old.tenant), &old.connection(), pick).await.unwrap();

    let rival = scene.rival();
    let begun = rival.reconnect(&scene.admin, id).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2");
    rival.reconcile(&reference).await.unwrap();
    let AttemptState::GrantedElsewhere { from, to } = rival.poll(&scene.admin, begun.attempt).await.unwrap()
    else {
        panic!("both must be named")
    };
    assert_eq!((from.name.as_str(), to.workspace.name.as_str()), ("Acme", "Rival"));

    let refused = rival.confirm(&scene.admin, begun.attempt, &begun.secret).await;
    assert!(
        matches!(refused, Err(Error::Store(StoreError::Conflict(Conflict::AnotherWorkspace)))),
        "{refused:?}"
    );
    let refused = rival.confirm_change(&scene.admin, begun.attempt, &begun.secret, to.workspace.bot).await;
    assert!(matches!(refused, Err(Error::Store(StoreError::Conflict(Conflict::Changed)))), "{refused:?}");
    assert_eq!(scene.connections.list(scene.admin.tenant).await.unwrap(), std::slice::from_ref(&old));

    let record = rival.confirm_change(&scene.admin, begun.attempt, &begun.secret, from.bot).await.unwrap();
    assert_ne!(record.id, id);
    assert_eq!(scene.connections.list(scene.admin.tenant).await.unwrap(), [record]);
    assert_eq!(scene.consents.known().revoked, std::slice::from_ref(&old.reference));
    let linked = scene.stage.linked(page).await;
    assert_eq!(linked.link.connection, None, "the documents stay");
    let late = scene.stage.importer.import_one(&scene.admin, &old.connection(), pick).await;
    assert!(matches!(late, Err(Error::Store(StoreError::Fenced))), "{late:?}");
}

#[tokio::test]
async fn a_change_that_the_service_did_not_hear_of_is_finished_later() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let old = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    let rival = scene.rival();
    let begun = rival.reconnect(&scene.admin, id).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2");
    rival.reconcile(&reference).await.unwrap();
    scene.consents.known().is_down = true;
    let record =
        rival.confirm_change(&scene.admin, begun.attempt, &begun.secret, old.workspace.bot).await.unwrap();
    let states = |records: Vec<ConnectionRecord>| records.into_iter().map(|record| (record.id, record.state));
    let left: HashMap<_, _> = states(scene.connections.list(scene.admin.tenant).await.unwrap()).collect();
    let expected = [(id, ConnectionState::Disconnecting), (record.id, ConnectionState::Active)];
    assert_eq!(left, expected.into());
    scene.consents.known().is_down = false;
    scene.connector.sweep().await.unwrap();
    assert_eq!(scene.connections.list(scene.admin.tenant).await.unwrap(), [record]);
    assert_eq!(scene.consents.known().revoked, [old.reference]);
}

#[tokio::test]
async fn nobody_revokes_what_another_tenant_uses_by_giving_it_their_tags() {
    let scene = Scene::new();
    let id = scene.connected().await;
    let used = ConnectionRef::new("c-1");
    let other = actor(TenantId::fresh(), Role::Admin);
    let begun = scene.connector.begin(&other).await.unwrap();
    scene.consents.grant(other.tenant, begun.attempt, used.as_str());
    scene.connector.poll(&other, begun.attempt).await.unwrap();
    assert!(scene.confirm(&other, &begun, &begun.secret).await.is_err());
    scene.connector.cancel(&other, begun.attempt, &begun.secret).await.unwrap();
    scene.connector.sweep().await.unwrap();
    assert!(scene.consents.known().revoked.is_empty(), "it is in use");
    let record = scene.connections.get(scene.admin.tenant, id).await.unwrap().unwrap();
    assert_eq!(record.state, ConnectionState::Active);
}

#[tokio::test]
async fn what_was_granted_is_taken_back_whatever_became_of_its_tags() {
    let scene = Scene::new();
    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-1");
    scene.connector.reconcile(&reference).await.unwrap();
    scene.consents.known().untagged.insert(reference.clone());
    scene.connector.cancel(&scene.admin, begun.attempt, &begun.secret).await.unwrap();
    assert_eq!(scene.consents.known().revoked, [reference]);
}

//! What goes on without anybody asking, under virtual time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{FutureExt, StreamExt, stream};
use notion_import_core::testing::WorldTransport;
use notion_import_core::testing::suite::{content_manager, dispatch};
use notion_import_core::transport::Clock;
use notion_import_core::{
    Actor, AttemptState, BlobStore, ConfirmedIdentity, ConnectionRecord, ConnectionRef, ConnectionState,
    ConnectionStore, Connector, Dispatcher, Hint, Importer, MemberId, MemoryConnections, NotionId, Pick,
    Query, Role, ScheduleOptions, Scheduler, Service, StaticToken, Timeouts,
};
use tokio::sync::oneshot;

use super::Stage;
use crate::consents::Consents;

/// A tenant that has connected, and what runs beside it.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) consents: Arc<Consents>,
    pub(super) connections: MemoryConnections,
    pub(super) importer: Importer,
    pub(super) connector: Connector,
    pub(super) admin: Actor,
}

impl Scene {
    /// Every answer of Notion takes this long.
    pub(super) async fn new(latency: Duration) -> Self {
        let stage = Stage::new();
        let (consents, connections) = (Arc::<Consents>::default(), MemoryConnections::default());
        let clock = Arc::new(stage.clock.clone());
        let identity = ConfirmedIdentity::new(consents.clone(), Arc::new(connections.clone()));
        let transport = WorldTransport::new(stage.world.clone(), stage.clock.clone()).latency(latency);
        let tokens = Arc::new(StaticToken::new(stage.grant.token.clone()));
        let (library, blobs) = (Arc::new(stage.library.clone()), Arc::new(stage.blobs.clone()));
        let importer = Importer::builder(tokens, library, blobs)
            .identity(Arc::new(identity.by(clock.clone())))
            .through(Arc::new(transport), clock)
            .build()
            .unwrap();
        let connector = Connector::new(&importer, consents.clone(), Arc::new(connections.clone()));
        let admin = Actor::new(stage.connection.tenant, MemberId::fresh(), Role::Admin);
        let mut scene = Self { stage, consents, connections, importer, connector, admin };
        scene.stage.connection = scene.connected().await.connection();
        scene
    }

    pub(super) async fn connected(&self) -> ConnectionRecord {
        let begun = self.connector.begin(&self.admin).await.unwrap();
        let reference = self.consents.grant(self.admin.tenant, begun.attempt, "c-1");
        self.connector.reconcile(&reference).await.unwrap();
        let waiting = self.connections.attempt(self.admin.tenant, begun.attempt).await.unwrap().unwrap();
        let workspace = waiting.granted.unwrap().workspace.id.unwrap();
        self.consents.known().workspaces.insert(reference, workspace);
        self.connector.confirm(&self.admin, begun.attempt, &begun.secret).await.unwrap()
    }

    pub(super) fn changed(&self, sources: &[NotionId], bots: Option<Vec<NotionId>>) -> Hint {
        let connection = self.stage.connection.reference.clone();
        Hint::Changed { connection, sources: sources.to_vec(), bots }
    }

    pub(super) fn scheduler(&self) -> Scheduler {
        Scheduler::new(self.importer.clone(), Arc::new(self.connections.clone()))
    }

    pub(super) fn service(&self) -> Service {
        Service::new(self.scheduler(), self.connector.clone())
    }

    pub(super) async fn record(&self) -> ConnectionRecord {
        let connection = &self.stage.connection;
        self.connections.get(connection.tenant, connection.id).await.unwrap().unwrap()
    }

    /// Runs a service for so long, and the rest beside it.
    pub(super) async fn beside(&self, service: &Service, time: TimeDelta, rest: impl Future<Output = ()>) {
        let (tell, told) = oneshot::channel();
        let ending = async {
            self.stage.clock.sleep(time.to_std().unwrap()).await;
            tell.send(()).unwrap();
        };
        tokio::join!(service.run(told.map(drop)), rest, ending);
    }
}

#[tokio::test]
async fn a_service_syncs_clears_away_and_ends_when_it_is_told() {
    let scene = Scene::new(Duration::ZERO).await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.stage.pass(5);
    scene.stage.import(page).await;
    scene.stage.author().set_title(page, "Policy, renamed");
    let left = scene.connector.begin(&scene.admin).await.unwrap();
    let tenant = scene.admin.tenant;
    let orphan = stream::iter([Ok("nobody's".into())]).boxed();
    let orphan = scene.stage.blobs.put(tenant, orphan, 100).await.unwrap().id;

    let began = scene.stage.now();
    // The blobs are as old as the machine's clock says, and the stage's is behind it.
    let time = TimeDelta::days(2).max(chrono::Utc::now() - began + TimeDelta::days(3));
    scene.beside(&scene.service(), time, async {}).await;
    assert!(scene.stage.now() - began < time + TimeDelta::hours(1), "it ended in time");
    assert_eq!(scene.stage.linked(page).await.title.text, "Policy, renamed");
    let last = scene.record().await.last_run.unwrap();
    assert!(scene.stage.now() - last.started_at < TimeDelta::hours(5), "the last sync was {last:?}");
    let gone = scene.stage.blobs.get(tenant, &orphan, None).await;
    assert!(gone.is_err(), "a file that nothing refers to is there after a day");
    let expired = scene.connections.attempt(tenant, left.attempt).await.unwrap();
    assert!(expired.is_none(), "an attempt is remembered for more than a day: {expired:?}");
}

#[tokio::test]
async fn a_service_over_the_schedules_own_dispatcher_serves_its_host() {
    let scene = Scene::new(Duration::ZERO).await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.stage.pass(5);
    scene.stage.import(page).await;
    let (scheduler, world) = (scene.scheduler(), &scene.stage.world);
    let dispatcher = Arc::new(scheduler.clone());
    dispatch::serves(&scheduler, dispatcher, world, &scene.stage.connection, page).await.unwrap();
}

#[tokio::test]
async fn hints_lead_to_what_a_service_would_have_found_later() {
    let scene = Scene::new(Duration::ZERO).await;
    let service = scene.service();
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.stage.pass(5);
    scene.stage.import(page).await;
    let hinting = async {
        scene.stage.clock.sleep(Duration::from_secs(600)).await;
        scene.stage.author().set_title(page, "Policy, renamed");
        service.hint(&scene.changed(&[page], None)).await.unwrap();
    };
    scene.beside(&service, TimeDelta::minutes(30), hinting).await;
    assert_eq!(scene.stage.linked(page).await.title.text, "Policy, renamed");

    let begun = scene.connector.begin(&scene.admin).await.unwrap();
    let reference = scene.consents.grant(scene.admin.tenant, begun.attempt, "c-2");
    service.hint(&Hint::Authorized(reference)).await.unwrap();
    let attempt = scene.connections.attempt(scene.admin.tenant, begun.attempt).await.unwrap().unwrap();
    assert!(attempt.granted.is_some());
    assert!(matches!(
        scene.connector.poll(&scene.admin, begun.attempt).await.unwrap(),
        AttemptState::Granted(_)
    ));
    let connection = ConnectionRef::new("nobody's");
    service.hint(&Hint::Changed { connection, sources: vec![page], bots: None }).await.unwrap();
    service.hint(&Hint::Doubted(ConnectionRef::new("nobody's"))).await.unwrap();
    service.hint(&Hint::Authorized(ConnectionRef::new("nobody's"))).await.unwrap();
}

#[tokio::test]
async fn a_refusal_marks_the_connection_wherever_it_is_met() {
    let home = |scene: &Scene| Pick::page(scene.stage.home);
    for flow in ["browse", "fetch", "import one", "import many"] {
        let scene = Scene::new(Duration::ZERO).await;
        let (connection, actor) = (&scene.stage.connection, content_manager(scene.admin.tenant));
        scene.stage.world.revoke(&scene.stage.grant.token);
        let outcome = match flow {
            "browse" => scene.importer.browse(&actor, connection, &Query::default()).await.map(drop),
            "fetch" => scene.importer.fetch(connection, home(&scene)).await.map(drop),
            "import one" => scene.importer.import_one(&actor, connection, home(&scene)).await.map(drop),
            _ => {
                let _: Vec<_> = scene.importer.import(&actor, connection, vec![home(&scene)]).collect().await;
                Ok(())
            }
        };
        assert!(flow == "import many" || outcome.is_err_and(|error| error.needs_reconnect()), "{flow}");
        assert_eq!(scene.record().await.state, ConnectionState::NeedsReauth, "{flow}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_shared_marks_nothing() {
    let scene = Scene::new(Duration::ZERO).await;
    let private = scene.stage.author().workspace("Elsewhere");
    let private = scene.stage.author().page(private, "Private");
    assert!(scene.importer.fetch(&scene.stage.connection, Pick::page(private)).await.is_err());
    assert_eq!(scene.record().await.state, ConnectionState::Active);
}

#[tokio::test]
async fn a_sync_under_way_has_the_grace_period_and_is_then_given_back() {
    let scene = Scene::new(Duration::from_secs(60)).await;
    let options = ScheduleOptions::default().grace(Duration::from_secs(30));
    let scheduler = scene.scheduler().with(options).unwrap();
    let began = scene.stage.now();
    let (tell, told) = oneshot::channel();
    let ending = async {
        scene.stage.clock.sleep(Duration::from_secs(10)).await;
        tell.send(()).unwrap();
    };
    tokio::join!(scheduler.dispatch(told.map(drop).boxed()), ending);
    let took = scene.stage.now() - began;
    assert!((TimeDelta::seconds(40)..TimeDelta::seconds(60)).contains(&took), "it ended after {took}");
    let last = scene.record().await.last_run.unwrap();
    assert_eq!(last.failure.as_deref(), Some("cancelled"));
    assert!(scene.record().await.next_run <= scene.stage.now(), "it is due at once");
}

#[tokio::test]
async fn options_that_contradict_each_other_are_refused_and_the_refusal_names_them() {
    let scene = Scene::new(Duration::ZERO).await;
    let fine = ScheduleOptions::default();
    let attempt = Timeouts::default().attempt;
    for (options, named) in [
        (fine.concurrency(0), "concurrency"),
        (fine.interval(Duration::ZERO), "interval"),
        (fine.poll(Duration::ZERO), "poll"),
        (fine.poll(fine.interval * 2), "poll"),
        (fine.lease(attempt / 2), "attempt"),
    ] {
        let Err(refused) = scene.scheduler().with(options) else { panic!("{options:?} is accepted") };
        assert!(refused.to_string().contains(named), "{refused}");
    }
    assert!(scene.scheduler().with(fine.lease(attempt)).is_ok());
}

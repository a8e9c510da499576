//! Syncs that run when they are due, under virtual time.

mod by_hand;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use notion_import_core::store::Confirmation;
use notion_import_core::testing::{Endpoint, Fault, WorldTransport};
use notion_import_core::{
    Actor, Attempt, AttemptId, Connection, ConnectionId, ConnectionRecord, ConnectionRef, ConnectionState,
    ConnectionStore, Error, Granted, MemberId, MemoryConnections, Namespace, Role, ScheduleOptions,
    Scheduler, SourceState, SyncedNow, TenantId, Workspace,
};

use super::Stage;

const HOUR: u64 = 60;

struct Scene {
    stage: Stage,
    connections: MemoryConnections,
    scheduler: Scheduler,
    id: ConnectionId,
}

impl Scene {
    async fn new() -> Self {
        let mut stage = Stage::new();
        let connections = MemoryConnections::default();
        let reference = stage.connection.reference.clone();
        stage.connection = active(&stage, &connections, reference).await;
        let id = stage.connection.id;
        let scheduler = Scheduler::new(stage.importer.clone(), Arc::new(connections.clone()));
        Self { stage, connections, scheduler, id }
    }

    async fn record(&self) -> ConnectionRecord {
        self.connections.get(self.stage.connection.tenant, self.id).await.unwrap().unwrap()
    }

    async fn runs(&self) -> usize {
        self.scheduler.sync_due(10).await.unwrap().len()
    }
}

impl Scene {
    /// The same connection once more, each answer taking this long.
    fn slow(&self, latency: Duration) -> Scheduler {
        Scheduler::new(slow(&self.stage, latency), Arc::new(self.connections.clone()))
    }

    /// Imports so many pages, and lets time pass until they are settled.
    async fn pages(&self, count: usize) {
        for number in 0..count {
            let page = self.stage.author().page(self.stage.home, format!("Policy {number}"));
            self.stage.import(page).await;
        }
        self.stage.pass(5);
    }

    fn asked(&self) -> usize {
        self.stage.world.requests().len()
    }
}

fn admin(tenant: TenantId) -> Actor {
    Actor::new(tenant, MemberId::fresh(), Role::Admin)
}

async fn active(stage: &Stage, connections: &MemoryConnections, reference: ConnectionRef) -> Connection {
    let (tenant, id, member) = (stage.connection.tenant, AttemptId::fresh(), MemberId::fresh());
    let attempt = Attempt::new(
        tenant,
        id,
        member,
        [1; 32],
        stage.now() + TimeDelta::minutes(5),
        Namespace::new("here"),
    );
    let admin = Actor::new(tenant, member, Role::Admin);
    connections.begin(&admin, &attempt, stage.now()).await.unwrap();
    let workspace = Workspace { id: None, name: "Acme".to_owned(), bot: stage.grant.bot_id };
    connections.record_grant(tenant, id, &Granted { reference: reference.clone(), workspace }).await.unwrap();
    connections.activate(&admin, id, &Confirmation::new([1; 32], stage.now())).await.unwrap().connection()
}

#[tokio::test]
async fn a_connection_is_synced_at_once_and_then_every_four_hours() {
    let scene = Scene::new().await;
    assert_eq!(scene.runs().await, 1);
    let mut runs = 0;
    for _ in 0..24 * 6 {
        scene.stage.pass(10);
        runs += scene.runs().await;
    }
    assert!((5..=7).contains(&runs), "{runs} runs a day");
}

#[tokio::test]
async fn a_run_with_our_clock_far_ahead_plans_the_next_for_when_it_is_due() {
    let scene = Scene::new().await;
    scene.runs().await;
    scene.stage.clock.set_by(TimeDelta::days(30));
    scene.stage.pass(5 * HOUR);
    assert_eq!(scene.runs().await, 1);
    assert_eq!(scene.runs().await, 0, "what was planned is due by the clock that is ahead alone");
    scene.stage.clock.set_by(TimeDelta::days(-30));
    scene.stage.pass(5 * HOUR);
    assert_eq!(scene.runs().await, 1, "nothing is due for a month");
}

#[tokio::test]
async fn a_day_of_edits_is_in_the_library_within_the_interval() {
    let scene = Scene::new().await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.stage.pass(5);
    scene.stage.import(page).await;
    scene.runs().await;
    for edit in 0..6 {
        let title = format!("Policy, edit {edit}");
        scene.stage.author().set_title(page, title.as_str());
        scene.stage.pass(5 * HOUR);
        scene.runs().await;
        assert_eq!(scene.stage.linked(page).await.title.text, title);
    }
}

#[tokio::test]
async fn a_failed_run_is_tried_again_soon_and_a_refused_one_waits_for_consent() {
    let scene = Scene::new().await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.stage.pass(5);
    scene.stage.import(page).await;
    for _ in 0..6 {
        scene.stage.world.fail_next(Endpoint::Search, Fault::Reset);
        scene.stage.world.fail_next(Endpoint::Page, Fault::Reset);
    }
    let runs = scene.scheduler.sync_due(10).await.unwrap();
    assert!(runs[0].outcome.is_err(), "{runs:?}");
    scene.stage.pass(20);
    assert!(scene.scheduler.sync_due(10).await.unwrap()[0].outcome.is_ok());
    scene.stage.world.revoke(&scene.stage.grant.token);
    scene.stage.pass(5 * HOUR);
    scene.runs().await;
    let record = scene.connections.get(scene.stage.connection.tenant, scene.id).await.unwrap().unwrap();
    assert_eq!(record.state, ConnectionState::NeedsReauth);
    assert_eq!(record.last_run.unwrap().failure.as_deref(), Some("unauthorized"));
    scene.stage.pass(5 * HOUR);
    assert_eq!(scene.runs().await, 0);
    assert_eq!(scene.stage.linked(page).await.link.state, SourceState::Present);
}

#[tokio::test]
async fn two_schedulers_never_sync_one_connection_at_once() {
    let scene = Scene::new().await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.stage.pass(5);
    scene.stage.import(page).await;
    let other = Scheduler::new(scene.stage.importer.clone(), Arc::new(scene.connections.clone()));
    let (one, two) = tokio::join!(scene.scheduler.sync_due(10), other.sync_due(10));
    assert_eq!(one.unwrap().len() + two.unwrap().len(), 1);
    let (tenant, id) = (scene.stage.connection.tenant, scene.id);
    let admin = admin(tenant);
    let (one, two) = tokio::join!(scene.scheduler.sync_now(&admin, id), other.sync_now(&admin, id));
    let (one, two) = (one.unwrap(), two.unwrap());
    let last = scene.record().await.last_run.unwrap();
    assert!(matches!(one, SyncedNow::Done(_)), "{one:?}");
    assert_eq!(two, SyncedNow::Elsewhere(last), "the other waits for its end");
}

#[tokio::test]
async fn what_waits_for_its_turn_is_left_to_whoever_is_free() {
    let scene = Scene::new().await;
    active(&scene.stage, &scene.connections, ConnectionRef::new("second")).await;
    let options = ScheduleOptions::default().concurrency(1);
    let importer = slow(&scene.stage, Duration::from_secs(60));
    let scheduler = Scheduler::new(importer, Arc::new(scene.connections.clone())).with(options).unwrap();
    let (runs, free) = tokio::join!(scheduler.sync_due(10), async {
        scene.stage.importer_clock_sleep(30).await;
        scene.connections.claim_due(scene.stage.now(), options.lease, 10).await
    });
    assert_eq!(free.unwrap().len(), 1, "what was not begun is claimed");
    assert_eq!(runs.unwrap().len(), 1);

    // Whoever is alone comes to all of it, one after the other.
    scene.stage.pass(5 * HOUR);
    assert_eq!(scheduler.sync_due(10).await.unwrap().len(), 2);
    scene.stage.pass(5 * HOUR);
    assert_eq!(scheduler.sync_due(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_long_run_keeps_its_claim_and_one_that_lost_it_stops() {
    let scene = Scene::new().await;
    for number in 0..40 {
        let page = scene.stage.author().page(scene.stage.home, format!("Policy {number}"));
        scene.stage.import(page).await;
    }
    scene.stage.pass(5);
    let slow = slow(&scene.stage, Duration::from_secs(60));
    let scheduler = Scheduler::new(slow, Arc::new(scene.connections.clone()));
    let tenant = scene.stage.connection.tenant;
    let admin = admin(tenant);
    let (run, second) = tokio::join!(scheduler.sync_now(&admin, scene.id), async {
        scene.stage.importer_clock_sleep(300).await;
        scene.connections.claim(tenant, scene.id, scene.stage.now(), Duration::from_secs(60)).await
    });
    assert!(matches!(run.unwrap(), SyncedNow::Done(_)));
    assert!(second.unwrap().is_none(), "the claim outlived its lease");
    let (run, ()) = tokio::join!(scheduler.sync_now(&admin, scene.id), async {
        scene.stage.importer_clock_sleep(100).await;
        scene.connections.fence(&admin, scene.id, scene.stage.now()).await.unwrap();
    });
    assert!(run.is_err(), "{run:?}");
}

#[tokio::test]
async fn what_is_delivered_twice_is_synced_once() {
    let scene = Scene::new().await;
    let other = Scheduler::new(scene.stage.importer.clone(), Arc::new(scene.connections.clone()));
    let (tenant, id) = (scene.stage.connection.tenant, scene.id);
    let deliver = async |scheduler: &Scheduler| {
        scheduler.sync_if_due(tenant, id).await.unwrap().map(|run| run.outcome.unwrap()).is_some()
    };
    let (one, two) = tokio::join!(deliver(&scene.scheduler), deliver(&other));
    assert!(one ^ two);
    assert!(!deliver(&scene.scheduler).await);
    scene.stage.pass(5 * HOUR);
    assert!(deliver(&other).await);
    scene.connections.fence(&admin(tenant), id, scene.stage.now()).await.unwrap();
    scene.stage.pass(5 * HOUR);
    assert!(!deliver(&other).await);
}

#[tokio::test]
async fn a_stop_gives_back_what_is_under_way_and_claims_nothing_more() {
    let scene = Scene::new().await;
    let scheduler =
        Scheduler::new(slow(&scene.stage, Duration::from_secs(90)), Arc::new(scene.connections.clone()));
    let (tenant, id) = (scene.stage.connection.tenant, scene.id);
    let (run, ()) = tokio::join!(scheduler.sync_if_due(tenant, id), async {
        scene.stage.importer_clock_sleep(30).await;
        scheduler.clone().stop();
    });
    assert!(matches!(run.unwrap().unwrap().outcome, Err(Error::Cancelled)));
    assert!(scheduler.sync_due(10).await.unwrap().is_empty());
    assert_eq!(scheduler.sync_now(&admin(tenant), id).await.unwrap(), SyncedNow::NotBegun);
    assert!(scheduler.sync_if_due(tenant, id).await.unwrap().is_none());
    let record = scene.connections.get(tenant, id).await.unwrap().unwrap();
    assert_eq!(record.state, ConnectionState::Active);
    assert_eq!(record.last_run.unwrap().failure.as_deref(), Some("cancelled"));
    assert_eq!(scene.runs().await, 1, "it is due at once");
}

impl Stage {
    async fn importer_clock_sleep(&self, seconds: u64) {
        use notion_import_core::transport::Clock;
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }
}

/// The stage's importer, for which every answer takes this long.
fn slow(stage: &Stage, latency: Duration) -> notion_import_core::Importer {
    let transport = WorldTransport::new(stage.world.clone(), stage.clock.clone()).latency(latency);
    stage.importer_with(|builder| builder.through(Arc::new(transport), Arc::new(stage.clock.clone())))
}

#[tokio::test]
async fn what_is_due_never_waits_for_a_workspace_that_notion_pauses() {
    let scene = Scene::new().await;
    scene.pages(3).await;
    for number in 0..6 {
        active(&scene.stage, &scene.connections, ConnectionRef::new(format!("other-{number}"))).await;
    }
    let hour = Fault::RateLimited { retry_after: 3600 };
    scene.stage.world.fail_next(Endpoint::Search, hour);
    let options = ScheduleOptions::default().concurrency(2);
    let scheduler = scene.scheduler.clone().with(options).unwrap();
    let began = scene.stage.now();
    let runs = scheduler.sync_due(10).await.unwrap();
    let took = scene.stage.now() - began;
    assert!(took < TimeDelta::minutes(2), "it took {took}");
    assert_eq!(runs.len(), 7);
    let paused: Vec<_> = runs.iter().filter(|run| run.outcome.is_err()).collect();
    assert_eq!(paused.len(), 1, "{runs:?}");
    let tenant = scene.stage.connection.tenant;
    let paused = scene.connections.get(tenant, paused[0].connection.id).await.unwrap().unwrap();
    let wait = paused.next_run - began;
    assert!((TimeDelta::minutes(60)..TimeDelta::minutes(62)).contains(&wait), "it is due after {wait}");
    let free = scene.connections.claim(tenant, paused.id, scene.stage.now(), options.lease).await.unwrap();
    assert!(free.is_some(), "the paused connection is still claimed");
}

#[tokio::test]
async fn a_short_pause_is_waited_for() {
    let scene = Scene::new().await;
    scene.pages(1).await;
    scene.stage.world.fail_next(Endpoint::Search, Fault::RateLimited { retry_after: 60 });
    let runs = scene.scheduler.sync_due(10).await.unwrap();
    assert!(runs[0].outcome.is_ok(), "{runs:?}");
}

#[tokio::test]
async fn one_process_begins_as_many_as_are_due_and_fit() {
    let scene = Scene::new().await;
    for number in 0..23 {
        active(&scene.stage, &scene.connections, ConnectionRef::new(format!("other-{number}"))).await;
    }
    let began = scene.stage.now();
    let runs = scene.slow(Duration::from_secs(30)).sync_due(100).await.unwrap();
    assert_eq!(runs.len(), 24);
    let took = scene.stage.now() - began;
    assert!(took <= TimeDelta::minutes(1), "24 syncs of half a minute took {took}");
}

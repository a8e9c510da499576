//! How often the service is asked where a connection leads, and which answers do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use notion_import_core::testing::WorldTransport;
use notion_import_core::transport::Clock;
use notion_import_core::{
    Actor, ConfirmedIdentity, Connection, ConnectionRef, Connector, DocumentStore, Error, Identity,
    ImportEvent, Imported, Importer, MemberId, MemoryConnections, NotionId, Pick, Role, StaticToken,
};
use tokio::task::{JoinHandle, yield_now};

use super::Stage;
use crate::consents::Consents;

struct Scene {
    stage: Stage,
    consents: Arc<Consents>,
    connector: Connector,
    workspace: String,
    identity: Arc<ConfirmedIdentity>,
    connection: Connection,
    admin: Actor,
}

impl Scene {
    async fn new() -> Self {
        let stage = Stage::new();
        let (consents, connections) = (Arc::<Consents>::default(), MemoryConnections::default());
        let connector = Connector::new(&stage.importer, consents.clone(), Arc::new(connections.clone()));
        let admin = Actor::new(stage.connection.tenant, MemberId::fresh(), Role::Admin);
        let begun = connector.begin(&admin).await.unwrap();
        let reference = consents.grant(admin.tenant, begun.attempt, "c-1");
        connector.reconcile(&reference).await.unwrap();
        let record = connector.confirm(&admin, begun.attempt, &begun.secret).await.unwrap();
        let workspace = record.workspace.id.clone().unwrap();
        consents.known().workspaces.insert(reference, workspace.clone());
        consents.known().inspections = 0;
        let identity = ConfirmedIdentity::new(consents.clone(), Arc::new(connections));
        let identity = Arc::new(identity.by(Arc::new(stage.clock.clone())));
        Self { connection: record.connection(), stage, consents, connector, workspace, identity, admin }
    }

    fn importer(&self) -> Importer {
        let tokens = StaticToken::new(self.stage.grant.token.clone());
        let (library, blobs) = (Arc::new(self.stage.library.clone()), Arc::new(self.stage.blobs.clone()));
        let transport = WorldTransport::new(self.stage.world.clone(), self.stage.clock.clone());
        Importer::builder(Arc::new(tokens), library, blobs)
            .identity(self.identity.clone())
            .through(Arc::new(transport), Arc::new(self.stage.clock.clone()))
            .build()
            .unwrap()
    }

    /// Ends a reading, and lets a moment pass.
    fn read(&self) -> Instant {
        let read_until = self.stage.clock.instant();
        self.stage.clock.advance(Duration::from_millis(1));
        read_until
    }

    async fn keep(&self, read_until: Instant) -> Result<(), Error> {
        self.identity.keep(&self.connection, read_until).await
    }

    /// Begins to ask, as far as it goes.
    async fn set_out(&self, read_until: Instant) -> JoinHandle<Result<(), Error>> {
        let (identity, connection) = (self.identity.clone(), self.connection.clone());
        let asking = tokio::spawn(async move { identity.keep(&connection, read_until).await });
        yield_now().await;
        asking
    }

    fn leads_elsewhere(&self) {
        let elsewhere = (ConnectionRef::new("c-1"), "another".to_owned());
        self.consents.known().workspaces.extend([elsewhere]);
    }

    fn inspections(&self) -> usize {
        self.consents.known().inspections
    }

    /// So many pages that the connection sees.
    fn pages(&self, count: usize) -> Vec<Pick> {
        let author = self.stage.author();
        let child = |n| author.page(self.stage.home, format!("Page {n}").as_str());
        let pages: Vec<NotionId> = (0..count).map(child).collect();
        pages.into_iter().map(Pick::page).collect()
    }
}

#[tokio::test]
async fn one_answer_is_good_for_all_whose_reading_had_ended_when_it_was_asked_for() {
    let scene = Scene::new().await;
    let ended: Vec<Instant> = (0..16).map(|_| scene.read()).collect();
    for outcome in join_all(ended.iter().map(|ended| scene.keep(*ended))).await {
        outcome.unwrap();
    }
    assert_eq!(scene.inspections(), 1);
    // It begins as well by what was asked to keep.
    scene.identity.begin(&scene.connection).await.unwrap();
    assert_eq!(scene.inspections(), 1);
    scene.keep(scene.read()).await.unwrap();
    assert_eq!(scene.inspections(), 2);
}

#[tokio::test]
async fn those_whose_reading_ends_while_one_asks_wait_and_share_the_next_answer() {
    let scene = Scene::new().await;
    let held = scene.consents.answering.lock().await;
    let mut asking = vec![scene.set_out(scene.read()).await];
    for _ in 0..16 {
        asking.push(scene.set_out(scene.read()).await);
    }
    assert_eq!(scene.inspections(), 1);
    drop(held);
    for outcome in join_all(asking).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(scene.inspections(), 2);
}

#[tokio::test]
async fn who_gives_up_while_asking_leaves_nobody_waiting() {
    let scene = Scene::new().await;
    let held = scene.consents.answering.lock().await;
    let leading = scene.set_out(scene.read()).await;
    let waiting = [scene.set_out(scene.read()).await, scene.set_out(scene.read()).await];
    leading.abort();
    assert!(leading.await.unwrap_err().is_cancelled());
    drop(held);
    for outcome in join_all(waiting).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(scene.inspections(), 2);
}

#[tokio::test]
async fn an_answer_asked_for_before_the_reading_ended_keeps_nothing() {
    let scene = Scene::new().await;
    scene.keep(scene.read()).await.unwrap();
    // Also if the clock stands still: nobody knows which was first.
    scene.leads_elsewhere();
    let kept = scene.keep(scene.stage.clock.instant()).await;
    assert!(matches!(kept, Err(Error::AnotherWorkspace)), "{kept:?}");

    let scene = Scene::new().await;
    let held = scene.consents.answering.lock().await;
    let before = scene.set_out(scene.read()).await;
    scene.leads_elsewhere();
    let after = scene.set_out(scene.read()).await;
    drop(held);
    before.await.unwrap().unwrap();
    let kept = after.await.unwrap();
    assert!(matches!(kept, Err(Error::AnotherWorkspace)), "{kept:?}");
}

#[tokio::test]
async fn a_failure_is_nobodys_answer() {
    let scene = Scene::new().await;
    let ended = scene.read();
    scene.consents.known().is_silent = true;
    scene.keep(ended).await.unwrap_err();
    scene.consents.known().is_silent = false;
    scene.keep(ended).await.unwrap();
    assert_eq!(scene.inspections(), 2);
    scene.leads_elsewhere();
    let late = scene.read();
    for _ in 0..2 {
        scene.keep(late).await.unwrap_err();
    }
    assert_eq!(scene.inspections(), 4);
}

#[tokio::test]
async fn an_import_of_many_asks_once_for_those_that_are_read_at_once() {
    let scene = Scene::new().await;
    let picks = scene.pages(12);
    scene.stage.pass(10);
    let (importer, clock) = (scene.importer(), scene.stage.clock.clone());
    let mut events = std::pin::pin!(importer.import(&scene.admin, &scene.connection, picks));
    let mut created = 0;
    while let Some(event) = events.next().await {
        // Storing takes time.
        clock.advance(Duration::from_millis(1));
        if let ImportEvent::Finished(outcome) = event {
            assert!(matches!(outcome.result.unwrap(), Imported::Created(_)));
            created += 1;
        }
    }
    // To begin, for the first, and for all that were read in the very moment in which the first was asked for.
    assert_eq!((created, scene.inspections()), (12, 3));
}

#[tokio::test]
async fn a_replacement_between_two_documents_of_an_import_is_noticed() {
    let scene = Scene::new().await;
    let picks = scene.pages(40);
    scene.stage.pass(10);
    let importer = scene.importer();
    let mut events = std::pin::pin!(importer.import(&scene.admin, &scene.connection, picks.clone()));
    let (mut before, mut kept) = (true, Vec::new());
    while let Some(event) = events.next().await {
        let ImportEvent::Finished(outcome) = event else { continue };
        kept.push(outcome.result.is_ok());
        if std::mem::take(&mut before) {
            scene.leads_elsewhere();
        }
    }
    let sources: Vec<NotionId> = picks.iter().map(|pick| pick.id).collect();
    let stored = scene.stage.library.linked_by_source(scene.admin.tenant, &sources).await.unwrap();
    // The clock stands still, so that the first answer is good for the first document alone.
    assert_eq!((kept.len(), stored.len()), (40, 1));
    assert!(kept[0] && !kept[1..].contains(&true));
}

#[tokio::test]
async fn what_a_webhook_has_told_is_heeded_before_the_answer_is_old() {
    let scene = Scene::new().await;
    scene.identity.begin(&scene.connection).await.unwrap();
    scene.leads_elsewhere();
    scene.connector.reconcile(&scene.connection.reference).await.unwrap();
    // It leads home again, which nobody has confirmed.
    scene.consents.known().workspaces.insert(scene.connection.reference.clone(), scene.workspace.clone());
    let begun = scene.identity.begin(&scene.connection).await;
    assert!(matches!(begun, Err(Error::AnotherWorkspace)), "{begun:?}");
    let kept = scene.keep(scene.read()).await;
    assert!(matches!(kept, Err(Error::AnotherWorkspace)), "{kept:?}");
}

//! Hints: what they name is looked at alone, a moment later, and nothing they say is believed.

use std::time::Duration;

use chrono::TimeDelta;
use notion_import_core::testing::{Endpoint, Fault};
use notion_import_core::transport::Clock;
use notion_import_core::{ConnectionStore, NotionId, Occasion, ScheduleOptions, Service};

use super::service::Scene;

impl Scene {
    /// Some linked pages, synced, with the next sync hours away.
    async fn synced(pages: usize) -> (Self, Vec<NotionId>) {
        Self::synced_with(pages, Duration::ZERO).await
    }

    async fn synced_with(pages: usize, latency: Duration) -> (Self, Vec<NotionId>) {
        let scene = Self::new(latency).await;
        let author = scene.stage.author();
        let pages: Vec<_> =
            (0..pages).map(|n| author.page(scene.stage.home, format!("Policy {n}"))).collect();
        scene.stage.pass(5);
        for page in &pages {
            scene.stage.import(*page).await;
        }
        scene.stage.pass(5);
        scene.scheduler().sync_due(1).await.unwrap();
        (scene, pages)
    }

    async fn sleep(&self, seconds: u64) {
        self.stage.clock.sleep(Duration::from_secs(seconds)).await;
    }

    fn asked(&self) -> usize {
        self.stage.world.requests().len()
    }

    async fn hint(&self, service: &Service, sources: &[NotionId], bots: Option<Vec<NotionId>>) {
        service.hint(&self.changed(sources, bots)).await.unwrap();
    }

    async fn title(&self, page: NotionId) -> String {
        self.stage.linked(page).await.title.text
    }

    async fn occasions(&self) -> Vec<Occasion> {
        let connection = &self.stage.connection;
        let runs = self.connections.runs(connection.tenant, connection.id, 99).await.unwrap();
        runs.iter().map(|run| run.occasion).collect()
    }
}

#[tokio::test]
async fn sixty_events_about_a_page_cost_one_look_at_it_and_move_no_sync() {
    let (scene, pages) = Scene::synced(10).await;
    let service = scene.service();
    let (planned, before) = (scene.record().await.next_run, scene.asked());
    let hinting = async {
        scene.sleep(60).await;
        scene.stage.author().set_title(pages[3], "Policy, renamed");
        for _ in 0..60 {
            scene.hint(&service, &pages[3..4], None).await;
        }
        scene.sleep(10).await;
        assert_eq!(scene.title(pages[3]).await, "Policy, renamed");
        // A look, and since it was edited a reading: its blocks and the page once more.
        assert_eq!(scene.asked() - before, 3);
        assert_eq!(scene.record().await.next_run, planned);
        assert_eq!(scene.occasions().await, [Occasion::Hint, Occasion::Due]);
    };
    scene.beside(&service, TimeDelta::minutes(5), hinting).await;
}

#[tokio::test]
async fn what_is_not_linked_and_what_names_nothing_cost_nothing() {
    let (scene, _) = Scene::synced(2).await;
    let service = scene.service();
    let (generation, before) = (scene.record().await.generation, scene.asked());
    let hinting = async {
        let new = scene.stage.author().page(scene.stage.home, "Not linked");
        scene.hint(&service, &[new], None).await;
        scene.hint(&service, &[], None).await;
        scene.sleep(60).await;
        assert_eq!(scene.asked(), before);
        assert_eq!(scene.record().await.generation, generation, "nothing was claimed for it");
    };
    scene.beside(&service, TimeDelta::minutes(5), hinting).await;
    // Nor after the service has ended.
    let planned = scene.record().await.next_run;
    scene.hint(&service, &[scene.stage.home], None).await;
    assert_eq!(scene.record().await.next_run, planned);
}

#[tokio::test]
async fn a_hint_is_for_the_connection_whose_bot_can_see_it() {
    let (scene, pages) = Scene::synced(1).await;
    let service = scene.service();
    let ours = scene.record().await.workspace.bot;
    let other = NotionId::new(uuid::Uuid::nil());
    let before = scene.asked();
    let hinting = async {
        for (bots, looks) in
            [(Some(vec![other]), 0), (Some(vec![]), 0), (Some(vec![other, ours]), 1), (None, 2)]
        {
            scene.hint(&service, &pages, bots.clone()).await;
            scene.sleep(20).await;
            assert_eq!(scene.asked() - before, looks, "{bots:?}");
        }
    };
    scene.beside(&service, TimeDelta::minutes(5), hinting).await;
}

#[tokio::test]
async fn a_row_that_is_new_leads_to_the_document_of_its_rows() {
    let (scene, _) = Scene::synced(1).await;
    let database = scene.stage.author().database(scene.stage.home, "Controls", [("Owner", "rich_text")]);
    let rows = database.data_source;
    scene.stage.pass(5);
    let pick = notion_import_core::Pick::data_source(rows);
    scene.importer.import_one(&scene.stage.manager(), &scene.stage.connection, pick).await.unwrap();
    let service = scene.service();
    let hinting = async {
        scene.sleep(600).await;
        let row = scene.stage.author().row(rows, "A new control", []);
        let before = scene.asked();
        scene.hint(&service, &[row, rows], None).await;
        scene.sleep(20).await;
        assert!(scene.stage.linked(rows).await.link.update_available, "the new row is not noticed");
        assert!(scene.asked() - before <= 8, "{} requests", scene.asked() - before);
    };
    scene.beside(&service, TimeDelta::minutes(20), hinting).await;
}

#[tokio::test]
async fn a_hint_during_a_sync_elsewhere_waits_for_its_end() {
    let (scene, pages) = Scene::synced(1).await;
    let service = scene.service();
    let connection = &scene.stage.connection;
    let hinting = async {
        let (tenant, id, now) = (connection.tenant, connection.id, scene.stage.now());
        let held =
            scene.connections.claim(tenant, id, now, Duration::from_secs(7200)).await.unwrap().unwrap();
        scene.stage.author().set_title(pages[0], "Policy, renamed");
        scene.hint(&service, &pages, None).await;
        scene.sleep(3600).await;
        assert_eq!(scene.title(pages[0]).await, "Policy 0", "it was looked at without the claim");
        scene.connections.release(&held, None).await.unwrap();
        scene.sleep(20).await;
        assert_eq!(scene.title(pages[0]).await, "Policy, renamed");
    };
    scene.beside(&service, TimeDelta::hours(2), hinting).await;
}

#[tokio::test]
async fn a_look_that_fails_is_tried_again_and_in_the_end_left_to_a_sync() {
    let (scene, pages) = Scene::synced(1).await;
    let service = scene.service();
    let hinting = async {
        scene.stage.author().set_title(pages[0], "Policy, renamed");
        scene.stage.world.fail_next(Endpoint::Page, Fault::RateLimited { retry_after: 3000 });
        scene.hint(&service, &pages, None).await;
        scene.sleep(2900).await;
        assert_eq!(scene.title(pages[0]).await, "Policy 0");
        scene.sleep(200).await;
        assert_eq!(scene.title(pages[0]).await, "Policy, renamed");
        scene.stage.author().set_title(pages[0], "Policy, renamed again");
        scene.stage.world.fail_all(Endpoint::Page, Fault::Reset);
        scene.hint(&service, &pages, None).await;
        scene.sleep(60).await;
        scene.stage.world.fail_all(Endpoint::Page, None);
        scene.sleep(600).await;
        assert_eq!(scene.title(pages[0]).await, "Policy, renamed again");
        scene.stage.world.fail_all(Endpoint::Page, Fault::RateLimited { retry_after: 100 });
        scene.hint(&service, &pages, None).await;
        scene.sleep(900).await;
        let away = scene.record().await.next_run - scene.stage.now();
        assert!(away < TimeDelta::minutes(20), "the next sync is in {away}");
    };
    scene.beside(&service, TimeDelta::minutes(115), hinting).await;
}

#[tokio::test]
async fn what_waits_when_the_service_ends_is_due() {
    let (scene, pages) = Scene::synced(1).await;
    let options = ScheduleOptions::default().gather(Duration::from_secs(30));
    let scheduler = scene.scheduler().with(options).unwrap();
    for drop_it in [false, true] {
        let service = Service::new(scheduler.clone(), scene.connector.clone());
        assert!(scene.record().await.next_run > scene.stage.now());
        let hinting = async {
            scene.sleep(8).await;
            scene.hint(&service, &pages, None).await;
        };
        match drop_it {
            false => scene.beside(&service, TimeDelta::seconds(10), hinting).await,
            true => {
                tokio::select! {
                    () = service.run(std::future::pending()) => {}
                    () = async { hinting.await; scene.sleep(2).await } => {}
                }
                scene.sleep(1).await;
            }
        }
        assert!(scene.record().await.next_run <= scene.stage.now(), "the hint is lost; dropped: {drop_it}");
        scene.scheduler().sync_due(1).await.unwrap();
    }
    // Nobody takes it out now.
    let service = Service::new(scheduler.clone(), scene.connector.clone());
    scene.hint(&service, &pages, None).await;
    assert!(scene.record().await.next_run <= scene.stage.now());
}

#[tokio::test]
async fn a_look_under_way_when_the_service_ends_has_its_grace() {
    let (scene, pages) = Scene::synced_with(1, Duration::from_secs(15)).await;
    let service = scene.service();
    let hinting = async {
        scene.stage.author().set_title(pages[0], "Policy, renamed");
        scene.hint(&service, &pages, None).await;
    };
    scene.beside(&service, TimeDelta::seconds(10), hinting).await;
    assert_eq!(scene.title(pages[0]).await, "Policy, renamed");
    assert_eq!(scene.occasions().await, [Occasion::Hint, Occasion::Due]);
}

//! Syncs that somebody asks for, and how they are told of.

use std::time::Duration;

use chrono::TimeDelta;
use notion_import_core::testing::{Endpoint, Fault, paragraph};
use notion_import_core::{
    ConnectionId, ConnectionStore, DocumentStore, Error, Occasion, Phase, StoreError, SyncReport, SyncedNow,
    TenantId,
};

use super::{Scene, admin};

#[tokio::test]
async fn a_manual_sync_joins_the_one_that_is_under_way_and_hears_how_far_it_is() {
    use futures_util::StreamExt;
    let scene = Scene::new().await;
    scene.pages(20).await;
    let scheduler = scene.slow(Duration::from_secs(10));
    let (tenant, id) = (scene.stage.connection.tenant, scene.id);
    let admin = admin(tenant);
    let joining = async {
        scene.stage.importer_clock_sleep(5).await;
        let progress = scheduler.progress(tenant, id).expect("a sync is under way");
        assert_eq!((progress.phase, progress.checked), (Phase::Listing, 0));
        let watching = scheduler.watch(tenant, id).collect::<Vec<_>>();
        tokio::join!(scheduler.sync_now(&admin, id), watching)
    };
    let (runs, (joined, watched)) = tokio::join!(scheduler.sync_due(10), joining);
    let report = *runs.unwrap()[0].outcome.as_ref().unwrap();
    assert_eq!(joined.unwrap(), SyncedNow::Done(report));
    let checked: Vec<_> = watched.iter().map(|progress| progress.checked).collect();
    assert!(checked.is_sorted() && checked.len() > 5, "{watched:?}");
    assert!(watched.iter().all(|progress| progress.total == 0 || progress.total == 20), "{watched:?}");
    assert_eq!(watched.last().map(|last| last.checked), Some(report.checked));
    assert_eq!(scheduler.progress(tenant, id), None);
    assert_eq!(scene.connections.runs(tenant, id, 9).await.unwrap().len(), 1, "it was synced twice");
}

#[tokio::test]
async fn what_was_looked_at_and_could_not_be_read_is_counted_once() {
    let scene = Scene::new().await;
    scene.pages(5).await;
    let linked = scene.stage.library.linked(&scene.stage.connection, None, 9).await.unwrap();
    scene.stage.pass(60);
    for known in &linked {
        let page = known.link.source.id;
        scene.stage.author().append(page, [paragraph("Edited.")]);
        scene.stage.world.fail_at(Endpoint::Children, page, Fault::Restricted);
    }
    scene.stage.pass(60);
    scene.scheduler.sync_due(10).await.unwrap();
    let runs = scene.connections.runs(scene.stage.connection.tenant, scene.id, 9).await.unwrap();
    let [run] = &runs[..] else { panic!("{runs:?}") };
    let failed: u32 = run.failed.values().sum();
    assert_eq!((run.checked, failed), (0, linked.len() as u32), "{run:?}");
}

#[tokio::test]
async fn a_sync_goes_on_for_whoever_joined_it_and_is_dropped_with_the_last() {
    let scene = Scene::new().await;
    scene.pages(5).await;
    let scheduler = scene.slow(Duration::from_secs(10));
    let (tenant, id) = (scene.stage.connection.tenant, scene.id);
    let (lease, admin) = (scheduler.options().lease, admin(tenant));
    let starting = async {
        tokio::select! {
            _ = scheduler.sync_now(&admin, id) => panic!("it was through at once"),
            () = scene.stage.importer_clock_sleep(15) => {}
        }
    };
    let joining = async {
        scene.stage.importer_clock_sleep(5).await;
        scheduler.sync_now(&admin, id).await
    };
    let ((), joined) = tokio::join!(starting, joining);
    assert!(matches!(joined.unwrap(), SyncedNow::Done(_)), "it ended with whoever began it");

    let before = scene.record().await;
    tokio::select! {
        _ = scheduler.sync_now(&admin, id) => panic!("it was through at once"),
        () = scene.stage.importer_clock_sleep(5) => {}
    }
    scene.stage.importer_clock_sleep(1).await;
    let free = scene.connections.claim(tenant, id, scene.stage.now(), lease).await.unwrap();
    assert!(free.is_some(), "nobody waits for the sync, and its connection is claimed");
    let after = scene.record().await;
    assert_eq!((after.next_run, after.last_run), (before.next_run, before.last_run));
}

#[tokio::test]
async fn a_schedule_whose_caller_leaves_frees_all_it_holds_and_they_are_due() {
    let scene = Scene::new().await;
    scene.pages(2).await;
    tokio::select! {
        _ = async { scene.slow(Duration::from_secs(10)).sync_due(10).await } => panic!("it was through at once"),
        () = scene.stage.importer_clock_sleep(5) => {}
    }
    scene.stage.importer_clock_sleep(1).await;
    assert_eq!(scene.runs().await, 1, "what was left is due at once");
}

#[tokio::test]
async fn one_document_is_looked_at_by_hand_and_nothing_else() {
    let scene = Scene::new().await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.pages(10).await;
    scene.stage.import(page).await;
    scene.stage.pass(5);
    scene.runs().await;
    let (tenant, before) = (scene.stage.connection.tenant, scene.record().await);
    scene.stage.author().set_title(page, "Policy, renamed");
    scene.stage.pass(5);
    let asked = scene.asked();
    let done = scene.scheduler.look_now(&admin(tenant), scene.id, &[page]).await.unwrap();
    assert!(matches!(done, SyncedNow::Done(SyncReport { checked: 1, changed: 1, .. })), "{done:?}");
    // A look, and since it was edited a reading: its blocks and the page once more.
    assert_eq!(scene.asked() - asked, 3);
    assert_eq!(scene.stage.linked(page).await.title.text, "Policy, renamed");
    let after = scene.record().await;
    assert_eq!(
        (after.next_run, after.last_run),
        (before.next_run, before.last_run),
        "the schedule is as it was"
    );
    let runs = scene.connections.runs(tenant, scene.id, 9).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| run.occasion).collect::<Vec<_>>(),
        [Occasion::PersonOnSome, Occasion::Due]
    );

    // Also beside a sync that takes its time.
    scene.stage.author().set_title(page, "Policy, renamed again");
    let slow = scene.slow(Duration::from_secs(20));
    let admin = admin(tenant);
    let (synced, ()) = tokio::join!(slow.sync_now(&admin, scene.id), async {
        scene.stage.importer_clock_sleep(5).await;
        let began = scene.stage.now();
        slow.look_now(&admin, scene.id, &[page]).await.unwrap();
        // A look and a reading, of three requests one after the other.
        assert!(scene.stage.now() - began <= TimeDelta::seconds(75), "it waited for the sync");
        assert_eq!(scene.stage.linked(page).await.title.text, "Policy, renamed again");
    });
    assert!(matches!(synced.unwrap(), SyncedNow::Done(_)));
}

#[tokio::test]
async fn a_look_beside_a_sync_ends_when_that_has_lost_the_connection() {
    let scene = Scene::new().await;
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    scene.pages(1).await;
    scene.stage.import(page).await;
    let scheduler = scene.slow(Duration::from_secs(150));
    let (admin, renewed) = (admin(scene.stage.connection.tenant), scheduler.options().lease / 3);
    let (began, sleep) = (scene.stage.now(), |seconds| scene.stage.importer_clock_sleep(seconds));
    let looking = async {
        sleep(5).await;
        let looked = scheduler.look_now(&admin, scene.id, &[page]).await;
        (looked, scene.stage.now() - began)
    };
    let losing = async {
        sleep(10).await;
        scene.connections.fence(&admin, scene.id, scene.stage.now()).await.unwrap();
    };
    let (_, (looked, after), ()) = tokio::join!(scheduler.sync_now(&admin, scene.id), looking, losing);
    assert_eq!(looked.unwrap(), SyncedNow::NotBegun);
    assert!(after.to_std().unwrap() <= renewed + Duration::from_secs(10), "it went on until {after}");
}

#[tokio::test]
async fn what_is_not_there_is_not_synced_but_not_found() {
    let scene = Scene::new().await;
    let admin = admin(scene.stage.connection.tenant);
    let page = scene.stage.author().page(scene.stage.home, "Policy");
    let (scheduler, id) = (&scene.scheduler, ConnectionId::fresh());
    for sought in [
        scheduler.sync_now(&admin, id).await,
        scheduler.look_now(&admin, id, &[page]).await,
        // Another tenant's.
        scheduler.sync_now(&super::admin(TenantId::fresh()), scene.id).await,
    ] {
        assert!(matches!(sought, Err(Error::Store(StoreError::NotFound))), "{sought:?}");
    }
    scene.connections.fence(&admin, scene.id, scene.stage.now()).await.unwrap();
    assert_eq!(scheduler.sync_now(&admin, scene.id).await.unwrap(), SyncedNow::NotBegun);
}

#[tokio::test]
async fn the_history_says_what_each_run_asked_and_what_failed_and_why() {
    let scene = Scene::new().await;
    scene.pages(4).await;
    scene.stage.world.fail_next(Endpoint::Page, Fault::Restricted);
    let asked = scene.asked();
    scene.scheduler.sync_due(1).await.unwrap();
    let asked = u32::try_from(scene.asked() - asked).unwrap();
    let tenant = scene.stage.connection.tenant;
    let runs = scene.connections.runs(tenant, scene.id, 9).await.unwrap();
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!(run.requests.total(), asked, "{run:?}");
    assert!(run.requests.search > 0 && run.requests.look > 0, "{run:?}");
    assert_eq!(run.failed, [("restricted_resource".to_owned(), 1)].into(), "{run:?}");
    assert_eq!((run.checked, &run.failure), (3, &None), "{run:?}");
    assert!(run.finished_at >= run.started_at);
}

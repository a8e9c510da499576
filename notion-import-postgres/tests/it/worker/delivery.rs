//! What a job does that comes too late, too early or twice.

use std::time::Duration;

use futures_util::FutureExt;
use notion_import_core::store::SyncCursor;
use notion_import_core::{ConnectionStore, Dispatcher, DocumentStore, StoreError};
use notion_import_postgres::Worker;

use super::{Scene, at_once};

/// From now on whoever does this to a row waits two seconds in the middle of it.
async fn wait_after(scene: &mut Scene, what: &str) {
    let wait = format!(
        "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS \
            $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$; \
         CREATE TRIGGER wait AFTER {what} FOR EACH ROW EXECUTE FUNCTION public.wait()"
    );
    scene.run(&wait).await;
}

/// Lets a worker run until no job waits any more.
async fn empty(scene: &mut Scene, worker: &Worker) {
    let running = worker.clone();
    let running = tokio::spawn(async move { running.dispatch(std::future::pending().boxed()).await });
    for _ in 0..150 {
        if scene.jobs().await == 0 {
            running.abort();
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("jobs are left: {:?}", scene.lines("SELECT last_error FROM notion_import_worker.jobs").await);
}

#[tokio::test]
async fn a_connection_is_synced_once_a_round() {
    let mut scene = Scene::new(50).await;
    let worker = scene.worker(at_once(8)).await;
    for round in 1..=2 {
        scene.run("UPDATE notion_import.connections SET next_run = now()").await;
        let running = worker.clone();
        let running = tokio::spawn(async move { running.dispatch(std::future::pending().boxed()).await });
        scene.until_done(Duration::from_secs(15)).await;
        running.abort();
        assert_eq!(scene.count("public.runs WHERE failure IS NULL").await, 50 * round);
        assert_eq!(scene.count(&format!("notion_import.connections WHERE generation <> {round}")).await, 0);
    }
    assert_eq!(scene.world.violations(), [""; 0]);
}

#[tokio::test]
async fn a_job_whose_connection_is_held_gone_or_done_ends_quietly() {
    let mut scene = Scene::new(4).await;
    let worker = scene.worker(at_once(4)).await;
    worker.tick().await.unwrap();
    scene
        .run(
            "CREATE TEMPORARY TABLE numbered AS \
                 SELECT tenant_id, row_number() OVER () AS number FROM notion_import.connections; \
             UPDATE notion_import.connections SET leased_from = now(), leased_until = now() + interval '1 minute' \
                 WHERE tenant_id = (SELECT tenant_id FROM numbered WHERE number = 1); \
             UPDATE notion_import.connections SET state = 'disconnecting' \
                 WHERE tenant_id = (SELECT tenant_id FROM numbered WHERE number = 2); \
             DELETE FROM notion_import.connections WHERE tenant_id = (SELECT tenant_id FROM numbered WHERE number = 3); \
             UPDATE notion_import.connections SET next_run = now() + interval '1 minute' \
                 WHERE tenant_id = (SELECT tenant_id FROM numbered WHERE number = 4)",
        )
        .await;
    empty(&mut scene, &worker).await;
    assert_eq!(scene.count("public.runs").await, 0);
    assert_eq!(scene.world.requests().len(), 0);
    scene
        .run("UPDATE notion_import.connections SET leased_from = NULL, leased_until = NULL, next_run = now()")
        .await;
    assert_eq!(worker.tick().await.unwrap(), 2, "what is free and due now is queued again");
}

#[tokio::test]
async fn a_run_that_could_not_be_finished_leaves_nothing_to_the_queue() {
    let mut scene = Scene::new(1).await;
    let worker = scene.worker(at_once(4)).await;
    // It is queued again while it is held, and then the database fails its holder.
    scene
        .run(
            "CREATE FUNCTION public.again() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN NEW.queued_from := now(); NEW.queued_until := now() + interval '1 hour'; RETURN NEW; END $$; \
             CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
             CREATE TRIGGER again BEFORE UPDATE OF generation ON notion_import.connections \
                 FOR EACH ROW EXECUTE FUNCTION public.again(); \
             CREATE TRIGGER fail BEFORE UPDATE OF last_run ON notion_import.connections \
                 FOR EACH ROW EXECUTE FUNCTION public.fail()",
        )
        .await;
    worker.tick().await.unwrap();
    empty(&mut scene, &worker).await;
    assert_eq!(worker.tick().await.unwrap(), 0, "it is held until the lease runs out");
    scene.run("UPDATE notion_import.connections SET leased_until = now()").await;
    assert_eq!(worker.tick().await.unwrap(), 1);
}

#[tokio::test]
async fn a_sync_that_failed_is_tried_again_when_the_schedule_says_so_and_not_by_the_queue() {
    let mut scene = Scene::new(2).await;
    let worker = scene.worker(at_once(4)).await;
    scene.world.tune(|rules| rules.blocked = true);
    worker.tick().await.unwrap();
    let running = tokio::spawn(async move { worker.dispatch(std::future::pending().boxed()).await });
    while scene.count("public.runs WHERE failure IS NOT NULL").await < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(scene.jobs().await, 0);
    let soon = "notion_import.connections WHERE next_run > now() + interval '10 minutes' \
                AND next_run < now() + interval '15 minutes'";
    assert_eq!(scene.count(soon).await, 2);
    running.abort();
}

#[tokio::test]
async fn what_a_crash_has_left_behind_is_cleared() {
    let mut scene = Scene::new(3).await;
    let worker = scene.worker(at_once(4)).await;
    worker.tick().await.unwrap();
    // The jobs of a process that is gone, whose connections were queued again.
    scene
        .run(
            "UPDATE notion_import_worker._private_jobs SET locked_by = 'gone', locked_at = now(); \
             UPDATE notion_import.connections SET queued_until = now()",
        )
        .await;
    worker.tick().await.unwrap();
    assert_eq!(scene.jobs().await, 6);
    scene.run("UPDATE notion_import_worker._private_jobs SET locked_by = NULL, locked_at = NULL").await;
    empty(&mut scene, &worker).await;
    assert_eq!(scene.count("public.runs WHERE failure IS NULL").await, 3);
}

#[tokio::test]
async fn whoever_hangs_in_the_middle_of_a_claim_lets_go() {
    let mut scene = Scene::new(1).await;
    // Time to stop in the middle, not at the end.
    wait_after(&mut scene, "UPDATE ON notion_import.connections").await;
    let postgres = scene.postgres.clone();
    let (tenant, id) = (scene.connection.tenant, scene.connection.id);
    let claim = async || postgres.claim_if_due(tenant, id, chrono::Utc::now(), Duration::from_secs(60)).await;
    let mut hanging = Box::pin(claim());
    let lock = "SELECT 1 FROM notion_import.connections FOR UPDATE NOWAIT";
    while sqlx::query(lock).execute(&mut scene.db).await.is_ok() {
        assert!((&mut hanging).now_or_never().is_none(), "it did not stop in the middle");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let claimed = tokio::time::timeout(Duration::from_secs(30), claim()).await.unwrap();
    assert!(claimed.unwrap().is_some());
    // The server hung up on it: whether it says why, or the line is dead first, another try may do.
    let given_up = hanging.await;
    assert!(given_up.as_ref().is_err_and(StoreError::is_transient), "{given_up:?}");
}

#[tokio::test]
async fn an_owner_is_stale_as_soon_as_another_has_claimed() {
    let scene = Scene::new(1).await;
    let (tenant, id) = (scene.connection.tenant, scene.connection.id);
    let (now, lease) = (chrono::Utc::now(), Duration::from_secs(60));
    let stale = scene.postgres.claim_if_due(tenant, id, now, lease).await.unwrap().unwrap();
    scene.postgres.patch(&stale, &[], None).await.unwrap();
    let later = now + lease;
    let owner = scene.postgres.claim_if_due(tenant, id, later, lease).await.unwrap().unwrap();
    // The new owner has not written anything yet.
    assert!(matches!(scene.postgres.patch(&stale, &[], None).await, Err(StoreError::Fenced)));
    assert!(matches!(scene.postgres.renew(&stale, later, lease).await, Err(StoreError::Fenced)));
    scene.postgres.patch(&owner, &[], None).await.unwrap();
}

#[tokio::test]
async fn a_connection_does_not_change_hands_in_the_middle_of_a_patch() {
    let mut scene = Scene::new(1).await;
    let (postgres, now, lease) = (scene.postgres.clone(), chrono::Utc::now(), Duration::from_secs(60));
    let (tenant, id) = (scene.connection.tenant, scene.connection.id);
    let held = postgres.claim_if_due(tenant, id, now, lease).await.unwrap().unwrap();
    wait_after(&mut scene, "INSERT ON notion_import.syncs").await;
    let cursor = Some(SyncCursor { watermark: now });
    let patch = async { postgres.patch(&held, &[], cursor).await.unwrap() };
    let claim = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(postgres.claim(tenant, id, now + lease, lease).await.unwrap().is_some());
        assert!(postgres.cursor(&held).await.unwrap().is_some(), "claimed before the patch was whole");
    };
    tokio::join!(patch, claim);
}

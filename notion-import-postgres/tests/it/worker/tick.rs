//! What is due is queued, once.

use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::FutureExt;
use notion_import_core::{
    Connection, ConnectionState, ConnectionStore, Dispatcher, RunSummary, ScheduleOptions,
};
use notion_import_postgres::Postgres;

use super::children::Child;
use super::{Scene, at_once};
use crate::cluster::HOST;

#[tokio::test]
async fn what_is_due_is_queued_once_however_often_it_ticks() {
    let mut scene = Scene::new(300).await;
    let worker = scene.worker(at_once(4)).await;
    let (one, two) = tokio::join!(worker.tick(), worker.tick());
    assert_eq!(one.unwrap() + two.unwrap(), 300);
    assert_eq!(worker.tick().await.unwrap(), 0);
    assert_eq!(scene.jobs().await, 300);
    let mut keys = scene.lines("SELECT key FROM notion_import_worker.jobs ORDER BY key").await;
    keys.dedup();
    assert_eq!(keys.len(), 300, "tenants that call their connections the same do not meet");
    let id = scene.connection.id.to_string();
    assert!(keys.iter().all(|key| key.starts_with("sync:") && key.ends_with(&id)), "{keys:?}");
}

#[tokio::test]
async fn processes_that_tick_at_once_queue_nothing_twice() {
    let mut scene = Scene::new(12_000).await;
    let children = [1, 2].map(|_| Child::spawn("tick::child_that_ticks", &scene, 60));
    let queued: Vec<usize> = children.map(|child| child.told("queued ").parse().unwrap()).into();
    assert_eq!(queued.iter().sum::<usize>(), 12_000, "{queued:?}");
    assert_eq!(scene.jobs().await, 12_000);
}

#[tokio::test]
async fn child_that_ticks() {
    let Some(task) = super::children::task() else { return };
    println!("queued {}", task.worker().await.tick().await.unwrap());
}

#[tokio::test]
async fn what_is_queued_at_once_is_spread() {
    let mut scene = Scene::new(400).await;
    let worker = scene.worker(at_once(4)).await.spread(Duration::from_secs(40));
    worker.tick().await.unwrap();
    for quarter in 0..4 {
        let (from, to) = (quarter * 10, quarter * 10 + 10);
        let there = scene
            .count(&format!(
                "notion_import_worker.jobs WHERE run_at - created_at >= {from} * interval '1 second' \
                     AND run_at - created_at < {to} * interval '1 second'"
            ))
            .await;
        assert!((60..140).contains(&there), "{there} of 400 in quarter {quarter}");
    }
}

#[tokio::test]
async fn only_what_is_due_and_free_is_queued() {
    let mut scene = Scene::new(5).await;
    let worker = scene.worker(at_once(4)).await;
    scene
        .run(
            "WITH numbered AS (SELECT tenant_id, row_number() OVER () AS number FROM notion_import.connections) \
             UPDATE notion_import.connections AS c SET \
                 next_run = CASE number WHEN 1 THEN now() + interval '1 minute' ELSE next_run END, \
                 state = CASE number WHEN 2 THEN 'needs_reauth' WHEN 3 THEN 'disconnecting' ELSE state END, \
                 leased_from = CASE number WHEN 4 THEN now() END, \
                 leased_until = CASE number WHEN 4 THEN now() + interval '1 minute' END \
             FROM numbered WHERE numbered.tenant_id = c.tenant_id",
        )
        .await;
    assert_eq!(worker.tick().await.unwrap(), 1);
    scene
        .run("UPDATE notion_import.connections SET leased_until = now() WHERE leased_until IS NOT NULL")
        .await;
    assert_eq!(worker.tick().await.unwrap(), 1, "a lease has run out");
}

#[tokio::test]
async fn what_is_queued_by_a_clock_that_runs_far_ahead_is_queued_again() {
    let mut scene = Scene::new(3).await;
    let worker = scene.worker(at_once(4)).await;
    assert_eq!(worker.tick().await.unwrap(), 3);
    let ahead = "UPDATE notion_import.connections \
                 SET queued_from = queued_from + interval '30 days', queued_until = queued_until + interval '30 days'";
    scene.run(ahead).await;
    // One of them is held besides, and another was, by such a clock.
    scene
        .run(
            "WITH numbered AS (SELECT tenant_id, row_number() OVER () AS number FROM notion_import.connections) \
             UPDATE notion_import.connections AS c SET leased_from = now() + CASE number WHEN 2 THEN interval '30 days' ELSE '0' END, \
                 leased_until = now() + CASE number WHEN 2 THEN interval '31 days' ELSE '1 minute' END \
             FROM numbered WHERE numbered.tenant_id = c.tenant_id AND number IN (1, 2)",
        )
        .await;
    assert_eq!(worker.tick().await.unwrap(), 2);
    assert_eq!(worker.tick().await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_that_was_deleted_is_queued_again_in_the_end() {
    let mut scene = Scene::new(3).await;
    let worker = scene.worker(at_once(4)).await;
    assert_eq!(worker.tick().await.unwrap(), 3);
    scene.run("DELETE FROM notion_import_worker._private_jobs").await;
    assert_eq!(worker.tick().await.unwrap(), 0);
    scene.run("UPDATE notion_import.connections SET queued_until = now()").await;
    assert_eq!(worker.tick().await.unwrap(), 3);
    scene.run("UPDATE notion_import.connections SET queued_until = now()").await;
    assert_eq!(worker.tick().await.unwrap(), 3);
    assert_eq!(scene.jobs().await, 3, "one that is there stays the only one");
}

#[tokio::test]
async fn what_finished_while_it_was_queued_is_queued_again_when_it_is_due() {
    let scene = Scene::new(1).await;
    let worker = scene.worker(at_once(4)).await;
    let Connection { tenant, id, .. } = scene.connection;
    let claimed = scene.postgres.claim_if_due(tenant, id, Utc::now(), Duration::ZERO).await;
    assert_eq!(worker.tick().await.unwrap(), 1);
    let (held, run) = (claimed.unwrap().unwrap(), RunSummary::default());
    scene.postgres.finish(&held, &run, ConnectionState::Active, Utc::now()).await.unwrap();
    assert_eq!(worker.tick().await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_carries_ids_and_no_role_that_acts_for_tenants_sees_it() {
    let mut scene = Scene::new(1).await;
    let worker = scene.worker(at_once(4)).await;
    worker.tick().await.unwrap();
    let payload = scene.lines("SELECT payload::text FROM notion_import_worker._private_jobs").await;
    let expected = {
        let Connection { tenant, id, .. } = &scene.connection;
        format!("{{\"tenant\" : \"{tenant}\", \"connection\" : \"{id}\"}}")
    };
    assert_eq!(payload, [expected]);
    let let_in = "pg_roles WHERE rolname IN ('notion_import_app', 'notion_import_sync', 'notion_import_lookup', 'notion_import_erase') \
                  AND has_schema_privilege(oid, 'notion_import_worker', 'USAGE')";
    assert_eq!(scene.count(let_in).await, 0);
    let again = Postgres::new(scene.database.pool(HOST, 1).await).await.unwrap();
    assert_eq!(
        again.list(scene.connection.tenant).await.unwrap().len(),
        1,
        "the tenants are still kept apart"
    );
}

#[tokio::test]
async fn a_pool_of_one_connection_is_enough_and_several_may_open_at_once() {
    let mut scene = Scene::new(20).await;
    let pools = [scene.database.pool(HOST, 1).await, scene.database.pool(HOST, 1).await];
    let open = async |pool| {
        let postgres = Postgres::new(pool).await.unwrap();
        super::worker(&postgres, scene.notion.url(), &scene.token, at_once(4)).await
    };
    let [first, second] = pools;
    let (one, two) = tokio::join!(open(first), open(second));
    let running = tokio::spawn(async move { one.dispatch(std::future::pending().boxed()).await });
    scene.until_done(Duration::from_secs(30)).await;
    running.abort();
    drop(two);
}

#[tokio::test]
async fn a_worker_alone_syncs_what_becomes_due_and_leaves_no_job_behind() {
    let mut scene = Scene::new(3).await;
    let worker = scene.worker(at_once(4).poll(Duration::from_secs(1))).await;
    let running = tokio::spawn(async move { worker.dispatch(std::future::pending().boxed()).await });
    for round in 1..=3 {
        scene.run("UPDATE notion_import.connections SET next_run = now()").await;
        let due = Instant::now();
        while scene.count("public.runs WHERE failure IS NULL").await < 3 * round {
            assert!(due.elapsed() < Duration::from_secs(8), "round {round} is not done");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let begun = Instant::now();
    while scene.count("notion_import_worker._private_jobs").await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "jobs are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.abort();
}

#[tokio::test]
async fn an_idle_worker_asks_the_database_less_than_five_times_a_second() {
    let mut scene = Scene::new(1).await;
    scene.run("UPDATE notion_import.connections SET next_run = now() + interval '1 hour'").await;
    let worker = scene.worker(ScheduleOptions::default()).await;
    let running = tokio::spawn(async move { worker.dispatch(std::future::pending().boxed()).await });
    // Whatever is asked outside a transaction is one of its own.
    let asked =
        "SELECT (xact_commit + xact_rollback)::text FROM pg_stat_database WHERE datname = current_database()";
    let mut before: i64 = scene.lines(asked).await[0].parse().unwrap();
    // What a connection did before is told to the statistics once it is idle for ten seconds, on a busy machine later.
    let mut counts = Vec::new();
    while counts.len() < 4 && !counts.last().is_some_and(|count| (1..50).contains(count)) {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let after: i64 = scene.lines(asked).await[0].parse().unwrap();
        counts.push(after - before);
        before = after;
    }
    running.abort();
    assert!(counts.last().is_some_and(|count| (1..50).contains(count)), "{counts:?} in ten seconds each");
}

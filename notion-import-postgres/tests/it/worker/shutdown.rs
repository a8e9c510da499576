//! A worker that ends loses nothing.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use notion_import_core::Dispatcher;
use notion_import_postgres::Worker;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Scene, at_once};

/// Runs a worker until it is told.
fn begin(worker: Worker) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (end, ended) = oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        let ended = async {
            let _ = ended.await;
        };
        worker.dispatch(ended.boxed()).await;
    });
    (end, running)
}

async fn until_claimed(scene: &mut Scene, connections: i64) {
    while scene.count("notion_import.connections WHERE leased_until > now()").await < connections {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_finished_within_the_grace_period() {
    let mut scene = Scene::new(12).await;
    scene.slow(Duration::from_millis(600));
    let worker = scene.worker(at_once(4)).await;
    worker.tick().await.unwrap();
    let (end, running) = begin(worker);
    until_claimed(&mut scene, 4).await;
    end.send(()).unwrap();
    running.await.unwrap();
    let done = scene.count("public.runs WHERE failure IS NULL").await;
    assert!((4..12).contains(&done), "{done} are done");
    assert_eq!(scene.count("public.runs WHERE failure IS NOT NULL").await, 0);
    assert_eq!(scene.count("notion_import.connections WHERE leased_until IS NOT NULL").await, 0);
    assert_eq!(scene.count("notion_import_worker.jobs WHERE locked_at IS NOT NULL").await, 0);
    assert_eq!(scene.jobs().await, 12 - done, "what was not begun is in the queue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_grace_period_does_not_suffice_for_is_given_back_and_due_at_once() {
    let mut scene = Scene::new(6).await;
    scene.slow(Duration::from_secs(20));
    let worker = scene.worker(at_once(4).grace(Duration::from_millis(100))).await;
    worker.tick().await.unwrap();
    let (end, running) = begin(worker);
    until_claimed(&mut scene, 4).await;
    let begun = Instant::now();
    end.send(()).unwrap();
    running.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    assert_eq!(scene.count("public.runs WHERE failure = 'cancelled'").await, 4);
    assert_eq!(scene.count("notion_import.connections WHERE leased_until IS NOT NULL").await, 0);
    assert_eq!(scene.due().await, 6);
    assert_eq!(scene.jobs().await, 6, "each is delivered again, and nobody waits for the next tick");

    scene.world.plan_faults(None);
    let next = scene.worker(at_once(4)).await;
    let (_end, running) = begin(next);
    scene.until_done(Duration::from_secs(20)).await;
    running.abort();
    assert_eq!(scene.count("public.runs WHERE failure IS NULL").await, 6);
}

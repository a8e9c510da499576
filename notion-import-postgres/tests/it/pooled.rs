//! Behind a pooler in transaction mode: each transaction has another connection to the server, with what others have left there.

use std::sync::Arc;

use futures_util::future::join_all;
use notion_import_core::testing::suite::{Promise, documents};
use notion_import_postgres::{Options, Postgres};

use crate::cluster::Database;
use crate::isolation::furnish;

/// Fewer than those who want one.
const CONNECTIONS: u32 = 3;

/// Holds processes to the promises, all at once, so that they take turns on the connections.
async fn uphold<S>(processes: usize, promises: &[&Promise<S>], of: impl Fn(Arc<Postgres>) -> S) {
    let database = Database::empty().await;
    let pooler = database.pooler(CONNECTIONS).await;
    let options = Options::default().transaction_pooling();
    let mut opened = Vec::new();
    for _ in 0..processes {
        opened.push(Arc::new(Postgres::connect_with(&pooler.url(), options.clone()).await.unwrap()));
    }
    let all = opened.iter().flat_map(|process| promises.iter().map(move |promise| (process, promise)));
    let checks = all.map(async |(process, promise)| {
        promise.check(of(process.clone())).await.map_err(|how| (promise.name, how))
    });
    let broken: Vec<_> = join_all(checks).await.into_iter().filter_map(Result::err).collect();
    assert_eq!(broken, []);
}

#[tokio::test]
async fn documents_of_two_processes_keep_every_promise_at_once() {
    let promises: Vec<_> = documents::PROMISES.iter().collect();
    uphold(2, &promises, |postgres| postgres as _).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn access_of_two_processes_keeps_its_promises_at_once() {
    use notion_import_core::testing::suite;
    // They are many and share their statements.
    let promises: Vec<_> = suite::access::PROMISES.iter().step_by(5).collect();
    uphold(2, &promises, suite::Library::of).await;
}

#[tokio::test]
async fn a_pool_that_has_names_of_before_works_too() {
    let database = Database::empty().await;
    let pooler = database.pooler(1).await;
    let options = Options::default().transaction_pooling();
    let login: sqlx::postgres::PgConnectOptions = pooler.url().parse().unwrap();
    // The host's, which keeps the names of statements.
    let pool = sqlx::PgPool::connect_with(login.extra_float_digits(None)).await.unwrap();
    let host = Postgres::open(pool, options.clone()).await.unwrap();
    let other = Postgres::connect_with(&pooler.url(), options).await.unwrap();
    for _ in 0..3 {
        furnish(&host).await;
        furnish(&other).await;
    }
}

#[cfg(feature = "worker")]
#[tokio::test]
async fn a_worker_is_refused_there_and_runs_beside_it() {
    use notion_import_postgres::Worker;
    let database = Database::empty().await;
    let pooler = database.pooler(CONNECTIONS).await;
    let options = Options::default().transaction_pooling();
    let pooled = Postgres::connect_with(&pooler.url(), options).await.unwrap();
    let refused = Worker::open(&pooled, crate::worker::idle(&pooled)).await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("direct connections"), "{why}");
    let direct = database.open(2).await;
    let worker = Worker::open(&direct, crate::worker::idle(&pooled)).await.unwrap();
    worker.tick().await.unwrap();
}

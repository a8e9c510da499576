//! The stores on PostgreSQL keep every promise, under the roles that row-level security binds: on a pool of one connection, which
//! all tenants share, and on one of several, where everything happens at once.

use std::sync::Arc;

use futures_util::future::join_all;
use notion_import_core::MemoryBlobs;
use notion_import_core::testing::suite;
use notion_import_core::testing::suite::{
    Files, Promise, Reading, connections, documents, reading, sweeping,
};
use notion_import_postgres::Postgres;

use crate::cluster::{Database, run};

/// It holds the store to the promises, one after the other.
async fn uphold<S>(promises: &[Promise<S>], of: impl Fn(Arc<Postgres>) -> S) {
    let database = Database::empty().await;
    for pool in [1, 8] {
        let postgres = Arc::new(database.open(pool).await);
        let fresh = async || {
            // Documents are told apart by their tenants; what is due is everybody's.
            let mut superuser = database.superuser().await;
            run(
                &mut superuser,
                "TRUNCATE notion_import.connections, notion_import.runs, notion_import.attempts",
            )
            .await;
            of(postgres.clone())
        };
        suite::uphold(promises, fresh).await;
    }
}

/// It holds the store to all the promises at once, so that tenants take turns on the connections.
async fn uphold_at_once<S>(promises: &[Promise<S>], of: impl Fn(Arc<Postgres>) -> S) {
    let database = Database::empty().await;
    for pool in [1, 8] {
        let postgres = Arc::new(database.open(pool).await);
        let checks = promises.iter().map(async |promise| {
            promise.check(of(postgres.clone())).await.map_err(|how| (promise.name, how))
        });
        let broken: Vec<_> = join_all(checks).await.into_iter().filter_map(Result::err).collect();
        assert_eq!(broken, [], "on {pool} connections");
    }
}

#[tokio::test]
async fn connections_keep_every_promise() {
    uphold(connections::PROMISES, |postgres| postgres as _).await;
}

#[tokio::test]
async fn documents_keep_every_promise() {
    uphold(documents::PROMISES, |postgres| postgres as _).await;
}

#[tokio::test]
async fn documents_are_read_as_promised() {
    uphold(reading::PROMISES, |postgres| Reading { documents: postgres.clone(), reader: postgres }).await;
}

#[tokio::test]
async fn documents_and_blobs_keep_every_promise() {
    uphold(sweeping::PROMISES, |documents| Files { documents, blobs: Arc::<MemoryBlobs>::default() }).await;
}

#[tokio::test]
async fn documents_of_many_tenants_keep_every_promise_at_once() {
    uphold_at_once(documents::PROMISES, |postgres| postgres as _).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn access_keeps_every_promise() {
    uphold(suite::access::PROMISES, suite::Library::of).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn access_of_many_tenants_keeps_every_promise_at_once() {
    uphold_at_once(suite::access::PROMISES, suite::Library::of).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn stores_of_one_library_keep_every_promise() {
    uphold(suite::audited::PROMISES, suite::Audited::of).await;
    uphold(suite::erasing::PROMISES, suite::Audited::of).await;
}

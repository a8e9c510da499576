//! What is written, and read, is in proportion to what is new, and asked for.

use std::time::Duration;

use notion_import_core::store::{Found, Linked, SyncPatch};
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{Connection, DocumentStore, TenantId};
use notion_import_postgres::Postgres;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection};

use crate::cluster::{Cluster, Database, run};

const DOCUMENTS: usize = 10_000;
/// A sixth of them is looked at in a run, in batches of so many.
const LOOKS: usize = DOCUMENTS.div_ceil(6);
const BATCH: usize = 200;

async fn import(postgres: &Postgres, connection: &Connection, documents: usize) {
    let contents: Vec<_> =
        (0..documents).map(|n| content(&page(&format!("Policy {n}")), "We encrypt everything.")).collect();
    for contents in contents.chunks(1_000) {
        let manager = content_manager(connection.tenant);
        postgres.import_many(&manager, connection, contents, minute(1)).await.unwrap();
    }
}

fn look(known: &Linked) -> SyncPatch {
    SyncPatch {
        document: known.document,
        began_at: minute(2),
        against: known.against(),
        found: Found::Unchanged,
    }
}

#[tokio::test]
async fn a_look_that_finds_nothing_new_writes_the_time_of_the_look_alone() {
    // Nothing else is written there meanwhile. After a checkpoint the first change of a page writes all of it.
    let cluster = Cluster::local(&["fsync=off", "autovacuum=off", "checkpoint_timeout=1d"]).await;
    let pool = PgPoolOptions::new().max_connections(1).connect_with(cluster.superuser().clone());
    let postgres = Postgres::new(pool.await.unwrap()).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    import(&postgres, &connection, DOCUMENTS).await;
    let known = postgres.linked(&connection, None, LOOKS).await.unwrap();
    let mut db = PgConnection::connect_with(cluster.superuser()).await.unwrap();
    run(&mut db, "VACUUM ANALYZE").await;
    run(&mut db, "CHECKPOINT").await;
    let before = log(&mut db).await;
    for batch in known.chunks(BATCH) {
        let patches: Vec<_> = batch.iter().map(look).collect();
        postgres.patch(&connection, &patches, None).await.unwrap();
    }
    let written = log(&mut db).await - before;
    println!("{LOOKS} looks at {DOCUMENTS} documents that find nothing new write {written} bytes");
    assert!(written <= 500_000, "{written} bytes");
    let after = postgres.linked(&connection, None, LOOKS + 1).await.unwrap();
    let looked_at = after.iter().filter(|known| known.link.checked_at == minute(2)).count();
    assert_eq!(looked_at, LOOKS);
}

/// The bytes of write-ahead log that were ever written.
async fn log(db: &mut PgConnection) -> i64 {
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Calls that are planned for what they ask, and then for whatever they may ask.
const CALLS: i64 = 12;
const PAGE: i64 = 50;

#[tokio::test]
async fn a_page_of_what_is_linked_or_detached_reads_the_rows_of_that_page() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let tenant = TenantId::fresh();
    let [large, small, gone] = ["large", "small", "gone"].map(|name| Connection::new(tenant, name));
    for (connection, documents) in [(&large, DOCUMENTS / 2), (&small, 60), (&gone, 60), (&large, 500)] {
        import(&postgres, connection, documents).await;
    }
    postgres.detach(&Connection { generation: 1, ..gone.clone() }).await.unwrap();
    run(&mut database.superuser().await, "VACUUM ANALYZE").await;
    let limit = PAGE as usize;
    check(&database, async |postgres| postgres.linked(&large, None, limit).await.unwrap()).await;
    check(&database, async |postgres| postgres.linked(&small, None, limit).await.unwrap()).await;
    check(&database, async |postgres| postgres.detached(tenant, None, limit).await.unwrap()).await;
}

/// Each call finds the rows of a page by an index, in their order, and no others.
async fn check(database: &Database, page: impl AsyncFn(&Postgres) -> Vec<Linked>) {
    let mut db = database.superuser().await;
    run(&mut db, "SELECT pg_stat_reset()").await;
    let postgres = database.open(1).await;
    for _ in 0..CALLS {
        assert_eq!(page(&postgres).await.len() as i64, PAGE);
    }
    // The statistics of a session are complete when it has ended.
    postgres.close().await;
    let read = "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint, coalesce(sum(seq_tup_read), 0)::bigint \
                FROM pg_stat_user_tables WHERE relname IN ('documents', 'checks')";
    let mut rows = (0_i64, 0_i64);
    for _ in 0..100 {
        rows = sqlx::query_as(read).fetch_one(&mut db).await.unwrap();
        if rows.0 >= CALLS * PAGE * 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Of each document its row, and the time of the last look at it.
    assert_eq!(rows, (CALLS * PAGE * 2, 0), "rows found by an index, and without one");
}

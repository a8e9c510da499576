//! A database that fails in the middle: a typed error that quotes no row, nothing half written, and the next try succeeds.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use notion_import_core::store::{Found, NewContent, Reading, SyncCursor, SyncPatch};
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{
    Connection, DocumentStore, Error as ImportError, Imported, RunSummary, SourceState, StoreError, TenantId,
};
use notion_import_postgres::{Options, Postgres};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, Row};

use crate::cluster::{Cluster, Database, HOST, run};

/// What goes wrong while a row is written, what it means, and how the error tells of it.
const FAULTS: [(&str, &str, &str); 5] = [
    (
        "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5)",
        "store_unavailable",
        "SQLSTATE 57P01",
    ),
    ("PERFORM pg_sleep(5)", "store_failed", "SQLSTATE 57014"),
    ("RAISE 'Nightingale' USING ERRCODE = 'serialization_failure'", "store_failed", "SQLSTATE 40001"),
    ("RAISE 'Nightingale' USING ERRCODE = 'deadlock_detected'", "store_failed", "SQLSTATE 40P01"),
    ("RAISE 'Nightingale' USING ERRCODE = 'disk_full'", "storage_full", "SQLSTATE 53100"),
];

async fn spoil(db: &mut PgConnection, table: &str, fault: &str) {
    let function = format!(
        "CREATE OR REPLACE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
         AS $$ BEGIN {fault}; RETURN NULL; END $$"
    );
    run(db, function).await;
    let trigger = "CREATE TRIGGER fail AFTER INSERT OR UPDATE ON notion_import";
    run(db, format!("{trigger}.{table} FOR EACH ROW EXECUTE FUNCTION public.fail()")).await;
}

async fn mend(db: &mut PgConnection, table: &str) {
    run(db, format!("DROP TRIGGER fail ON notion_import.{table}")).await;
}

/// Everything there is, as text.
async fn state(db: &mut PgConnection) -> String {
    let mut state = String::new();
    for table in ["documents", "checks", "versions", "audit", "syncs", "connections", "runs"] {
        let sql = format!(
            "SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM notion_import.{table} AS t"
        );
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *db).await.unwrap();
        state.push_str(&rows);
    }
    state
}

/// All that an error says, with its causes.
fn said(error: &StoreError) -> String {
    let mut said = format!("{error:?} {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        said.push_str(&format!(" {inner:?} {inner}"));
        cause = inner.source();
    }
    said
}

/// The call fails by every fault in every table it writes, and succeeds after.
async fn check<T>(database: &Database, tables: &[&str], call: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let mut db = database.superuser().await;
    for table in tables {
        for (fault, meaning, expected) in FAULTS {
            let before = state(&mut db).await;
            spoil(&mut db, table, fault).await;
            let failed = call().await.err().unwrap_or_else(|| panic!("{table}, {fault}: it succeeded"));
            mend(&mut db, table).await;
            let said = said(&failed);
            assert_eq!(ImportError::from(failed).code(), meaning, "{table}, {fault}: {said}");
            assert!(said.contains(expected), "{table}, {fault}: {said}");
            assert!(!said.contains("Nightingale"), "{table}, {fault}: {said}");
            assert_eq!(state(&mut db).await, before, "{table}, {fault}");
        }
    }
    call().await.unwrap()
}

async fn open(database: &Database) -> Postgres {
    let mut db = database.superuser().await;
    let patience = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 500', current_database()); END $$";
    database.open(1).await.close().await;
    run(&mut db, patience).await;
    database.open(1).await
}

#[tokio::test]
async fn an_import_that_fails_in_the_middle_never_was() {
    let database = Database::empty().await;
    let postgres = open(&database).await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let mut source = page("Project Nightingale");
    let new = content(&source, "Nightingale");
    let import = async |new: &NewContent| {
        postgres.import(&content_manager(connection.tenant), &connection, new, minute(1)).await
    };
    let created = check(&database, &["documents", "checks", "versions"], async || import(&new).await).await;
    assert_eq!(created, Imported::Created(created.document()));
    source.title = "Nightingale, renamed".into();
    let new = content(&source, "Nightingale, again");
    let updated = check(&database, &["documents", "versions", "audit"], async || import(&new).await).await;
    assert!(matches!(updated, Imported::NewVersion(..)));
}

#[tokio::test]
async fn an_import_of_many_that_fails_in_the_middle_never_was() {
    let database = Database::empty().await;
    let postgres = open(&database).await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let sources: Vec<_> = (0..3).map(|number| page(&format!("Nightingale {number}"))).collect();
    let new: Vec<_> = sources.iter().map(|source| content(source, "Nightingale")).collect();
    postgres.import(&content_manager(connection.tenant), &connection, &new[1], minute(1)).await.unwrap();
    let imported = check(&database, &["documents", "versions"], async || {
        postgres.import_many(&content_manager(connection.tenant), &connection, &new, minute(1)).await
    })
    .await;
    let created = |imported: &&Imported| matches!(imported, Imported::Created(_));
    assert_eq!(imported.iter().filter(created).count(), 2);
}

#[tokio::test]
async fn a_patch_that_fails_in_the_middle_never_was() {
    let database = Database::empty().await;
    let postgres = open(&database).await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let mut patches = Vec::new();
    for number in 0..3 {
        let mut source = page(&format!("Nightingale {number}"));
        let imported = postgres
            .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(1))
            .await
            .unwrap();
        source.title.push('!');
        let known = postgres.linked_by_source(connection.tenant, &[source.id]).await.unwrap().remove(0);
        let reading = Some(Reading { read: known.read, differs: true, draft: None });
        let found = Found::Source {
            source: Box::new(source),
            state: SourceState::Present,
            reading,
            trouble: Some("unavailable".into()),
        };
        let (document, against) = (imported.document(), known.against());
        patches.push(SyncPatch { document, began_at: minute(2), against, found });
    }
    let cursor = Some(SyncCursor { watermark: minute(2) });
    check(&database, &["syncs", "documents", "checks", "audit"], async || {
        postgres.patch(&connection, &patches, cursor).await
    })
    .await;
    assert_eq!(postgres.cursor(&connection).await.unwrap(), cursor);
    let linked = postgres.linked(&connection, None, 9).await.unwrap();
    assert!(linked.iter().all(|linked| linked.title.text.ends_with('!') && linked.link.update_available));
}

#[tokio::test]
async fn claims_that_fail_in_the_middle_leave_every_connection_free() {
    use notion_import_core::{ConnectionState, ConnectionStore};

    let database = Database::empty().await;
    let postgres = open(&database).await;
    for _ in 0..3 {
        crate::isolation::furnish(&postgres).await;
    }
    let lease = std::time::Duration::from_secs(60);
    let claimed =
        check(&database, &["connections"], async || postgres.claim_due(minute(1), lease, 9).await).await;
    assert_eq!(claimed.len(), 3);
    check(&database, &["connections", "runs"], async || {
        let run = RunSummary::default();
        postgres.finish(&claimed[0], &run, ConnectionState::Active, minute(9)).await
    })
    .await;
}

#[tokio::test]
async fn a_refused_row_is_not_quoted() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let mut db = database.superuser().await;
    run(&mut db, "ALTER TABLE notion_import.documents ADD CONSTRAINT untitled CHECK (title::text = '\"\"')")
        .await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let new = content(&page("Project Nightingale"), "Nightingale");
    let said = said(
        &postgres
            .import(&content_manager(connection.tenant), &connection, &new, minute(1))
            .await
            .unwrap_err(),
    );
    assert!(said.contains("SQLSTATE 23514 (untitled)"), "{said}");
    assert!(!said.contains("Nightingale"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_restarts_under_load_is_away_for_a_while_and_then_there_again() {
    const PATIENCE: Duration = Duration::from_secs(1);
    let mut cluster = Cluster::local(&["fsync=off"]).await;
    let pool =
        PgPoolOptions::new().max_connections(4).connect_with(cluster.superuser().clone()).await.unwrap();
    let postgres = Postgres::open(pool, Options::default().acquire_timeout(PATIENCE)).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..12)
        .map(|_| {
            let (postgres, ended) = (postgres.clone(), ended.clone());
            tokio::spawn(async move {
                let (mut last, mut away) = (Ok(()), 0);
                while !ended.load(Ordering::Relaxed) {
                    let (connection, begun) = (Connection::new(TenantId::fresh(), "notion"), Instant::now());
                    let new = content(&page("Policy"), "Text");
                    last = postgres
                        .import(&content_manager(connection.tenant), &connection, &new, minute(1))
                        .await
                        .map(drop);
                    assert!(begun.elapsed() < 2 * PATIENCE, "one took {:?}", begun.elapsed());
                    if let Err(error) = &last {
                        assert!(matches!(error, StoreError::Unavailable(_)), "{}", said(error));
                        away += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                (last, away)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    cluster.stop().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let cluster = cluster.start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ended.store(true, Ordering::Relaxed);
    for one in load {
        let (last, away) = one.await.unwrap();
        last.unwrap();
        assert!(away > 0, "one noticed nothing");
    }
    drop(cluster);
}

#[tokio::test]
async fn a_call_that_finds_every_connection_in_use_ends_in_time_even_on_a_patient_pool() {
    let database = Database::empty().await;
    let pool = database.pool(HOST, 1).await;
    let patience = Options::default().acquire_timeout(Duration::from_millis(300));
    let postgres = Postgres::open(pool.clone(), patience).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    let held = pool.acquire().await.unwrap();
    let begun = Instant::now();
    assert!(matches!(postgres.cursor(&connection).await, Err(StoreError::Unavailable(_))));
    assert!(begun.elapsed() < Duration::from_secs(3), "it took {:?}", begun.elapsed());
    drop(held);
    assert_eq!(postgres.cursor(&connection).await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_goes_back_to_the_pool_without_a_transaction_however_a_call_ends() {
    let database = Database::empty().await;
    let pool = database.pool(HOST, 1).await;
    let postgres = Postgres::new(pool.clone()).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    let (manager, new) = (content_manager(connection.tenant), content(&page("Policy"), "Text"));
    for microseconds in (0..20_000).step_by(250) {
        let import = postgres.import(&manager, &connection, &new, minute(1));
        let _ = tokio::time::timeout(Duration::from_micros(microseconds), import).await;
        // The moment of a transaction is the one it began at. A prepared statement has two, one to bind it and one to execute it.
        let in_transaction =
            "SELECT pg_current_xact_id_if_assigned() IS NOT NULL OR now() <> statement_timestamp()";
        let left: bool = sqlx::raw_sql(in_transaction).fetch_one(&pool).await.unwrap().get(0);
        assert!(!left, "dropped after {microseconds} µs");
    }
    postgres.import(&manager, &connection, &new, minute(1)).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_away_is_a_failure_and_not_a_panic() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    postgres.close().await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    assert!(matches!(postgres.cursor(&connection).await, Err(StoreError::Unavailable(_))));
}

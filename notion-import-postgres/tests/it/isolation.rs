//! Each way in which row-level security is known to leak, tried on the tables as they are.

use std::time::Duration;

use notion_import_core::store::{Confirmation, SyncCursor};
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{
    Actor, Attempt, AttemptId, Conflict, Connection, ConnectionRecord, ConnectionRef, ConnectionStore,
    DocumentStore, Granted, MemberId, Namespace, NotionId, Role, RunSummary, StoreError, TenantId, Workspace,
};
use notion_import_postgres::Postgres;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use crate::cluster::{Database, HOST, run};

const TABLES: [&str; 9] =
    ["attempts", "connections", "runs", "documents", "checks", "versions", "syncs", "audit", "audit_heads"];

fn attempt(tenant: TenantId, bot: NotionId) -> Attempt {
    let workspace = Workspace { id: None, name: "Acme".into(), bot };
    let begun = Attempt::new(
        tenant,
        AttemptId::fresh(),
        MemberId::fresh(),
        [7; 32],
        minute(15),
        Namespace::new("here"),
    );
    Attempt { granted: Some(Granted { reference: ConnectionRef::new("notion"), workspace }), ..begun }
}

fn beginner(attempt: &Attempt) -> Actor {
    Actor::new(attempt.tenant, attempt.member, Role::Admin)
}

async fn begin_attempt(postgres: &Postgres, attempt: &Attempt) {
    ConnectionStore::begin(postgres, &beginner(attempt), attempt, minute(0)).await.unwrap();
}

async fn activate(postgres: &Postgres, attempt: &Attempt) -> Result<ConnectionRecord, StoreError> {
    postgres
        .activate(&beginner(attempt), attempt.id, &Confirmation::new(attempt.secret_hash, minute(1)))
        .await
}

/// A tenant with a row in every table of the core set.
pub(crate) async fn furnish(postgres: &Postgres) -> Connection {
    let tenant = TenantId::fresh();
    for _ in 0..2 {
        begin_attempt(postgres, &attempt(tenant, NotionId::new(Uuid::now_v7()))).await;
    }
    let confirmed = attempt(tenant, NotionId::new(Uuid::now_v7()));
    begin_attempt(postgres, &confirmed).await;
    let record = activate(postgres, &confirmed).await.unwrap();
    let claimed = postgres.claim(tenant, record.id, minute(1), Duration::from_secs(60)).await.unwrap();
    let connection = claimed.unwrap();
    postgres.release(&connection, Some(&RunSummary::default())).await.unwrap();
    let mut source = page("Policy");
    postgres
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(1))
        .await
        .unwrap();
    source.title = "Renamed".into();
    postgres
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(2))
        .await
        .unwrap();
    postgres.patch(&connection, &[], Some(SyncCursor { watermark: minute(1) })).await.unwrap();
    connection
}

async fn count(db: &mut PgConnection, table: &str) -> Result<i64, sqlx::Error> {
    let sql =
        format!("SELECT count(*) FROM (SELECT tenant_id FROM notion_import.{table} WHERE true) AS seen");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await
}

async fn begin(db: &mut PgConnection, role: &str, tenant: Option<TenantId>) {
    run(db, format!("ROLLBACK; BEGIN; SET LOCAL ROLE {role}")).await;
    if let Some(tenant) = tenant {
        run(db, format!("SET LOCAL notion_import.tenant_id = '{tenant}'")).await;
    }
}

/// The SQLSTATE the statement is refused with.
async fn refused(db: &mut PgConnection, sql: impl Into<String>) -> String {
    let sql = sql.into();
    run(db, "SAVEPOINT before").await;
    let error = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut *db).await;
    let error = error.err().unwrap_or_else(|| panic!("{sql}: it was not refused"));
    run(db, "ROLLBACK TO before").await;
    error.as_database_error().unwrap().code().unwrap().into_owned()
}

const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[tokio::test]
async fn without_a_tenant_no_row_is_read_or_written() {
    let database = Database::empty().await;
    furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    for role in ["notion_import_app", "notion_import_sync"] {
        // Never set, and set and reset before: then it is empty and not null.
        for before in
            ["", "BEGIN; SET LOCAL notion_import.tenant_id = 'x'; ROLLBACK; SET notion_import.tenant_id = ''"]
        {
            run(&mut db, before).await;
            begin(&mut db, role, None).await;
            let unseen: &[&str] =
                if role == "notion_import_app" { &["syncs"] } else { &["attempts", "audit"] };
            for table in TABLES.into_iter().filter(|table| !unseen.contains(table)) {
                assert_eq!(count(&mut db, table).await.unwrap(), 0, "{role} {table}");
            }
            let new = "INSERT INTO notion_import.audit VALUES (gen_random_uuid(), 1, now(), 'system', NULL, NULL, 'nda', gen_random_uuid(), '{}')";
            assert_eq!(refused(&mut db, new).await, INSUFFICIENT_PRIVILEGE, "{role}");
            let changed =
                sqlx::query("UPDATE notion_import.documents SET edited_here = true").execute(&mut db).await;
            assert_eq!(changed.unwrap().rows_affected(), 0, "{role}");
            run(&mut db, "ROLLBACK").await;
        }
    }
}

#[tokio::test]
async fn a_tenant_sees_its_own_rows_only() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let [one, other] = [furnish(&postgres).await, furnish(&postgres).await];
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_app", Some(one.tenant)).await;
    for table in TABLES.iter().filter(|table| **table != "syncs") {
        let seen = format!("SELECT count(*) FROM notion_import.{table} WHERE tenant_id <> '{}'", one.tenant);
        let foreign: i64 = sqlx::query_scalar(AssertSqlSafe(seen)).fetch_one(&mut db).await.unwrap();
        assert_eq!(foreign, 0, "{table}");
        assert!(count(&mut db, table).await.unwrap() > 0, "{table}");
        let foreign = format!("DELETE FROM notion_import.connections WHERE tenant_id = '{}'", other.tenant);
        let deleted = sqlx::query(AssertSqlSafe(foreign)).execute(&mut db).await.unwrap();
        assert_eq!(deleted.rows_affected(), 0);
    }
}

#[tokio::test]
async fn a_row_cannot_be_written_for_or_moved_to_another_tenant() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let [one, other] = [furnish(&postgres).await, furnish(&postgres).await];
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_app", Some(one.tenant)).await;
    let moved = format!("UPDATE notion_import.connections SET tenant_id = '{}'", other.tenant);
    assert_eq!(refused(&mut db, moved).await, INSUFFICIENT_PRIVILEGE);
    begin(&mut db, "notion_import_sync", Some(one.tenant)).await;
    let written =
        format!("INSERT INTO notion_import.syncs VALUES ('{}', gen_random_uuid(), 0)", other.tenant);
    assert_eq!(refused(&mut db, written).await, INSUFFICIENT_PRIVILEGE);
    let moved = format!("UPDATE notion_import.syncs SET tenant_id = '{}'", other.tenant);
    assert_eq!(refused(&mut db, moved).await, INSUFFICIENT_PRIVILEGE);
}

#[tokio::test]
async fn the_time_of_a_look_is_held_to_its_tenant_and_written_by_a_sync() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let [one, other] = [furnish(&postgres).await, furnish(&postgres).await];
    let theirs = postgres.linked(&other, None, 1).await.unwrap().remove(0);
    let new = |tenant| {
        format!("INSERT INTO notion_import.checks SELECT '{tenant}', id, now() FROM notion_import.documents")
    };
    let moved = format!("UPDATE notion_import.checks SET tenant_id = '{}'", other.tenant);
    let mut db = database.superuser().await;
    for role in ["notion_import_app", "notion_import_sync"] {
        begin(&mut db, role, Some(one.tenant)).await;
        for sql in [new(other.tenant).as_str(), &moved, "DELETE FROM notion_import.checks"] {
            assert_eq!(refused(&mut db, sql).await, INSUFFICIENT_PRIVILEGE, "{role} {sql}");
        }
        let changed = "UPDATE notion_import.checks SET checked_at = now()";
        assert_eq!(sqlx::query(changed).execute(&mut db).await.unwrap().rows_affected(), 1, "{role}");
        run(&mut db, "COMMIT").await;
    }
    begin(&mut db, "notion_import_app", Some(one.tenant)).await;
    assert_eq!(refused(&mut db, new(one.tenant)).await, INSUFFICIENT_PRIVILEGE);
    assert_eq!(postgres.linked(&other, None, 1).await.unwrap(), [theirs]);
}

#[tokio::test]
async fn the_owner_of_the_tables_is_held_to_them() {
    let database = Database::empty().await;
    furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    for tenant in [None, Some(TenantId::fresh())] {
        begin(&mut db, HOST, tenant).await;
        for table in TABLES {
            assert_eq!(count(&mut db, table).await.unwrap(), 0, "{table}");
        }
    }
}

#[tokio::test]
async fn switching_row_security_off_is_an_error_and_not_a_way_round() {
    let database = Database::empty().await;
    let connection = furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_app", Some(connection.tenant)).await;
    run(&mut db, "SET LOCAL row_security = off").await;
    assert_eq!(refused(&mut db, "SELECT * FROM notion_import.documents").await, INSUFFICIENT_PRIVILEGE);
}

#[tokio::test]
async fn a_foreign_key_does_not_tell_what_another_tenant_has() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let [one, other] = [furnish(&postgres).await, furnish(&postgres).await];
    let theirs = postgres.linked(&other, None, 1).await.unwrap()[0].document.as_uuid();
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_sync", Some(one.tenant)).await;
    let mut answers = Vec::new();
    for document in [theirs, Uuid::now_v7()] {
        let version = format!(
            "INSERT INTO notion_import.versions VALUES \
             ('{}', '{document}', 9, '{{}}', decode(repeat('00', 32), 'hex'), '[]', '{{}}', '{{}}', now(), now())",
            one.tenant
        );
        answers.push(refused(&mut db, version).await);
    }
    for document in [theirs, Uuid::now_v7()] {
        let check =
            format!("INSERT INTO notion_import.checks VALUES ('{}', '{document}', now())", one.tenant);
        answers.push(refused(&mut db, check).await);
    }
    assert_eq!(answers, ["23503"; 4]);
}

#[tokio::test]
async fn a_key_of_another_tenant_is_free() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let other = furnish(&postgres).await;
    let linked = postgres.linked(&other, None, 1).await.unwrap().remove(0);
    let one = TenantId::fresh();
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_sync", Some(one)).await;
    let same = format!(
        "INSERT INTO notion_import.documents (tenant_id, id, title, edited_here, latest, digest, created_at, source_id, \
             source, state, update_available, connection, read, folded, edited_at) \
         SELECT '{one}', '{}', '\"\"', false, 1, sha256(''), now(), '{}', '{{}}', 'present', false, gen_random_uuid(), \
             '{{}}', '', now()",
        linked.document, linked.link.source.id
    );
    run(&mut db, same).await;
}

#[tokio::test]
async fn the_look_up_sees_where_and_not_what_and_writes_only_what_is_queued() {
    let database = Database::empty().await;
    let connection = furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_lookup", Some(connection.tenant)).await;
    for sql in [
        "SELECT workspace FROM notion_import.connections",
        "SELECT secret_hash FROM notion_import.attempts",
        "SELECT * FROM notion_import.documents",
        "UPDATE notion_import.connections SET leased_until = now()",
        "UPDATE notion_import.connections SET state = 'active'",
        "DELETE FROM notion_import.connections",
    ] {
        assert_eq!(refused(&mut db, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
    for (role, sql) in [
        ("notion_import_app", "SELECT notion_import.due(now(), 1)"),
        ("notion_import_app", "SELECT notion_import.queue_due(now(), now(), now(), 1)"),
        ("notion_import_sync", "SELECT notion_import.by_reference('notion')"),
        ("notion_import_sync", "SELECT notion_import.expired(now(), 1)"),
        (
            "notion_import_sync",
            "SELECT notion_import.another_has(gen_random_uuid(), 'acme', gen_random_uuid())",
        ),
    ] {
        begin(&mut db, role, None).await;
        assert_eq!(refused(&mut db, sql).await, INSUFFICIENT_PRIVILEGE, "{role} {sql}");
    }
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn a_sync_can_neither_open_a_document_nor_see_whether_it_is_open() {
    let database = Database::empty().await;
    let connection = furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_sync", Some(connection.tenant)).await;
    for sql in [
        "INSERT INTO notion_import.standings (tenant_id, document_id, level) \
         SELECT tenant_id, id, 'public' FROM notion_import.documents",
        "UPDATE notion_import.standings SET level = 'public'",
        "SELECT level FROM notion_import.standings",
        "DELETE FROM notion_import.standings",
        "SELECT * FROM notion_import.sites",
        "UPDATE notion_import.sites SET revision = 9",
        "SELECT * FROM notion_import.assignments",
        "SELECT * FROM notion_import.acceptances",
        "SELECT * FROM notion_import.contacts",
        "UPDATE notion_import.contacts SET blocked = false",
        "SELECT * FROM notion_import.requests",
        "UPDATE notion_import.requests SET state = 'approved'",
    ] {
        assert_eq!(refused(&mut db, sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
    }
}

#[tokio::test]
async fn nothing_of_a_tenant_stays_on_a_connection_of_the_hosts_pool() {
    let database = Database::empty().await;
    database.open(1).await;
    let pool = database.pool(HOST, 1).await;
    let postgres = Postgres::new(pool.clone()).await.unwrap();
    let connection = furnish(&postgres).await;
    let left = async || {
        // Outside a transaction, each statement is one of its own.
        let left = "SELECT current_user::text AS login, now() = statement_timestamp() AS no_transaction, \
                    coalesce(current_setting('notion_import.tenant_id', true), '') AS tenant";
        let left = sqlx::raw_sql(left).fetch_one(&pool).await.unwrap();
        assert_eq!(left.get::<String, _>("login"), HOST);
        assert_eq!(left.get::<String, _>("tenant"), "");
        assert!(left.get::<bool, _>("no_transaction"), "a transaction was left open");
    };
    left().await;
    // Dropped at any moment, also in the middle of beginning or committing.
    for polls in 0..60 {
        let mut import = Box::pin(async {
            postgres
                .import(
                    &content_manager(connection.tenant),
                    &connection,
                    &content(&page("Policy"), "Text"),
                    minute(3),
                )
                .await
                .unwrap();
        });
        for _ in 0..polls {
            let polled = futures_util::poll!(import.as_mut());
            if polled.is_ready() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_micros(300)).await;
        }
        drop(import);
        left().await;
    }
}

#[tokio::test]
async fn of_two_tenants_that_confirm_one_bot_at_once_one_is_refused() {
    let database = Database::empty().await;
    let postgres = database.open(8).await;
    for _ in 0..20 {
        let bot = NotionId::new(Uuid::now_v7());
        let attempts = [attempt(TenantId::fresh(), bot), attempt(TenantId::fresh(), bot)];
        for attempt in &attempts {
            begin_attempt(&postgres, attempt).await;
        }
        let (one, other) = tokio::join!(activate(&postgres, &attempts[0]), activate(&postgres, &attempts[1]));
        let refused = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert!(matches!(refused[..], [StoreError::Conflict(Conflict::WorkspaceTaken)]), "{refused:?}");
    }
}

#[tokio::test]
async fn a_tenants_rows_are_found_through_an_index_that_begins_with_the_tenant() {
    let database = Database::empty().await;
    let connection = furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    begin(&mut db, "notion_import_app", Some(connection.tenant)).await;
    run(&mut db, "SET LOCAL enable_seqscan = off").await;
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT * FROM notion_import.documents WHERE source_id = gen_random_uuid()",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(
        plan.contains("Index Cond: (tenant_id = (NULLIF(current_setting('notion_import.tenant_id'"),
        "{plan}"
    );
}

//! Installations beside one another, and a host whose login owns nothing.

use std::time::Duration;

use futures_util::future::join_all;
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{Connection, ConnectionStore, DocumentStore, TenantId};
use notion_import_postgres::{OpenError, Options, Postgres, Prefix, setup_sql};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;

use crate::cluster::{Database, run};
use crate::isolation::furnish;

/// Options with a prefix that no installation has yet.
fn fresh() -> (String, Options) {
    let prefix = format!("trust_{}", &Uuid::new_v4().simple().to_string()[..12]);
    let options = Options::default().prefix(Prefix::new(&prefix).unwrap());
    (prefix, options)
}

/// A database that an administrator has set up and the owner has migrated, and the pools of both logins.
async fn set_up(database: &Database, prefix: &str, options: &Options) -> (PgPool, PgPool) {
    let mut superuser = database.superuser().await;
    for _ in 0..2 {
        run(&mut superuser, setup_sql(options)).await;
    }
    for login in ["owner", "login"] {
        run(&mut superuser, format!("ALTER ROLE {prefix}_{login} PASSWORD 'test'")).await;
    }
    let owner = database.pool(&format!("{prefix}_owner"), 1).await;
    let login = database.pool(&format!("{prefix}_login"), 4).await;
    assert!(matches!(Postgres::open(login.clone(), options.clone()).await, Err(OpenError::Rights(_))));
    Postgres::migrate(&owner, options).await.unwrap();
    (owner, login)
}

#[tokio::test]
async fn a_login_that_owns_nothing_does_what_a_host_needs() {
    let database = Database::alone().await;
    let (prefix, options) = fresh();
    let (owner, login) = set_up(&database, &prefix, &options).await;
    for _ in 0..2 {
        let postgres = Postgres::open(login.clone(), options.clone()).await.unwrap();
        assert!(!postgres.login_bypasses().await.unwrap());
        let connection = furnish(&postgres).await;
        assert_eq!(postgres.linked(&connection, None, 9).await.unwrap().len(), 1);
        #[cfg(feature = "worker")]
        {
            let scheduler = crate::worker::idle(&postgres);
            let worker = notion_import_postgres::Worker::open(&postgres, scheduler).await.unwrap();
            worker.tick().await.unwrap();
        }
        // Again, as after an upgrade.
        Postgres::migrate(&owner, &options).await.unwrap();
    }
}

/// The SQLSTATE a statement is refused with, or how many rows it returns or changes.
async fn injected(db: &mut PgConnection, before: &str, sql: &str) -> Result<u64, String> {
    run(db, "ROLLBACK").await;
    run(db, format!("BEGIN; {before}")).await;
    let sql = AssertSqlSafe(sql.to_owned());
    let done = match sqlx::raw_sql(sql).fetch_all(&mut *db).await {
        Ok(rows) => Ok(rows.len() as u64),
        Err(error) => Err(error.as_database_error().unwrap().code().unwrap().into_owned()),
    };
    run(db, "ROLLBACK").await;
    done
}

#[tokio::test]
async fn a_statement_that_a_host_lets_in_meets_row_level_security_too() {
    let database = Database::alone().await;
    let (prefix, options) = fresh();
    let (_owner, login) = set_up(&database, &prefix, &options).await;
    let postgres = Postgres::open(login.clone(), options).await.unwrap();
    let connection = furnish(&postgres).await;
    let mut db = login.acquire().await.unwrap();
    let db = &mut *db;

    let (app, sync) = (format!("SET LOCAL ROLE {prefix}_app"), format!("SET LOCAL ROLE {prefix}_sync"));
    let named = format!("{sync}; SET LOCAL {prefix}.tenant_id = '{}'", connection.tenant);
    let as_app = format!("{app}; SET LOCAL {prefix}.tenant_id = '{}'", connection.tenant);
    for (before, statement) in [
        ("", format!("SELECT * FROM {prefix}.documents")),
        ("", format!("SELECT * FROM {prefix}.connections")),
        ("", format!("DROP POLICY tenant ON {prefix}.documents")),
        ("", format!("ALTER POLICY tenant ON {prefix}.documents USING (true)")),
        ("", format!("CREATE POLICY mine ON {prefix}.documents USING (true)")),
        ("", format!("ALTER TABLE {prefix}.documents DISABLE ROW LEVEL SECURITY")),
        ("", format!("ALTER TABLE {prefix}.documents NO FORCE ROW LEVEL SECURITY")),
        ("", format!("CREATE VIEW {prefix}.mine AS SELECT 1")),
        ("", format!("SET ROLE {prefix}_owner")),
        ("", format!("SET ROLE {prefix}_lookup")),
        ("", format!("GRANT {prefix}_lookup TO {prefix}_login")),
        ("", format!("UPDATE {prefix}.catalogue SET facts = '{{}}'")),
        (app.as_str(), format!("UPDATE {prefix}.catalogue SET facts = '{{}}'")),
        (app.as_str(), format!("DROP POLICY tenant ON {prefix}.documents")),
        (named.as_str(), format!("UPDATE {prefix}.audit SET at = now()")),
        (as_app.as_str(), format!("UPDATE {prefix}.audit SET at = now()")),
        (as_app.as_str(), format!("DELETE FROM {prefix}.audit")),
        (as_app.as_str(), format!("DELETE FROM {prefix}.versions")),
        #[cfg(feature = "gate")]
        (named.as_str(), format!("UPDATE {prefix}.standings SET level = 'public'")),
        #[cfg(feature = "gate")]
        (
            named.as_str(),
            format!(
                "INSERT INTO {prefix}.standings (tenant_id, document_id) SELECT tenant_id, id FROM {prefix}.documents"
            ),
        ),
    ] {
        assert_eq!(injected(db, before, &statement).await, Err("42501".to_owned()), "{before}; {statement}");
    }
    let tables = [
        (&app, "documents"),
        (&sync, "documents"),
        (&sync, "checks"),
        (&app, "connections"),
        (&app, "audit"),
    ];
    for (role, table) in tables {
        let rows = format!("SELECT tenant_id FROM {prefix}.{table}");
        assert_eq!(injected(db, role, &rows).await, Ok(0), "{role}; {rows}");
    }
    let off = format!("{app}; SET LOCAL row_security = off");
    let rows = format!("SELECT * FROM {prefix}.documents");
    assert_eq!(injected(db, &off, &rows).await, Err("42501".to_owned()));
}

/// Makes a login that makes roles and may make schemas in the database, and nothing else.
async fn maker(database: &Database) -> String {
    let login = format!("maker_{}", &Uuid::new_v4().simple().to_string()[..12]);
    let made = format!(
        "CREATE ROLE {login} LOGIN CREATEROLE PASSWORD 'test'; \
         DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {login}', current_database()); END $$"
    );
    run(&mut database.superuser().await, made).await;
    login
}

#[tokio::test]
async fn installations_with_a_prefix_each_share_a_cluster_and_a_database() {
    let one = Database::alone().await;
    let other = one.beside().await;
    let mut opened = Vec::new();
    // Another login each, in two databases and twice in one.
    for database in [&one, &other, &other] {
        let (login, options) = (maker(database).await, fresh().1);
        for _ in 0..2 {
            let postgres = Postgres::open(database.pool(&login, 2).await, options.clone()).await.unwrap();
            furnish(&postgres).await;
            opened.push(postgres);
        }
    }
    for postgres in &opened {
        assert_eq!(postgres.list(TenantId::fresh()).await.unwrap(), []);
        furnish(postgres).await;
    }
}

#[tokio::test]
async fn two_installations_on_one_pool_do_not_see_each_other() {
    let database = Database::alone().await;
    let login = maker(&database).await;
    // One connection, whose prepared statements both use.
    let pool = database.pool(&login, 1).await;
    let one = Postgres::open(pool.clone(), fresh().1).await.unwrap();
    let other = Postgres::open(pool, fresh().1).await.unwrap();
    for _ in 0..3 {
        let connection = furnish(&one).await;
        assert_eq!(one.linked(&connection, None, 9).await.unwrap().len(), 1);
        assert_eq!(other.linked(&connection, None, 9).await.unwrap(), []);
        furnish(&other).await;
    }
}

#[tokio::test]
async fn an_installation_does_not_wait_for_another_that_has_the_same_tenants() {
    let database = Database::alone().await;
    let mut installations = Vec::new();
    for _ in 0..2 {
        let (login, (prefix, options)) = (maker(&database).await, fresh());
        let postgres = Postgres::open(database.pool(&login, 2).await, options).await.unwrap();
        installations.push((format!("{prefix}.documents"), postgres));
    }
    // As where one was filled with a copy of the other.
    let connection = Connection::new(TenantId::fresh(), "notion");
    let (manager, new) = (content_manager(connection.tenant), content(&page("Policy"), "Text"));
    // Whoever has its locks comes no further.
    let mut superuser = database.superuser().await;
    let tables: Vec<_> = installations.iter().map(|(table, _)| table.as_str()).collect();
    run(&mut superuser, format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", "))).await;
    let importing =
        installations.iter().map(|(_, postgres)| postgres.import(&manager, &connection, &new, minute(1)));
    let looking = async {
        let mut locks = (0, 0);
        for _ in 0..300 {
            let held = "SELECT count(*) FILTER (WHERE granted), count(*) FILTER (WHERE NOT granted) FROM pg_locks \
                 WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            locks = sqlx::query_as::<_, (i64, i64)>(held).fetch_one(&mut superuser).await.unwrap();
            if locks.0 + locks.1 == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        run(&mut superuser, "COMMIT").await;
        locks
    };
    let (imported, (held, waited_for)) = tokio::join!(join_all(importing), looking);
    assert_eq!((held, waited_for), (2, 0));
    for imported in imported {
        imported.unwrap();
    }
}

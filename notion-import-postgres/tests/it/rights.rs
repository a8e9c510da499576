//! A login that lacks a right is told which, and what gives it; given that, it opens the database.

use notion_import_core::{ConnectionStore, TenantId};
use notion_import_postgres::{MissingRight, OpenError, Options, Postgres, Prefix};
use uuid::Uuid;

use crate::cluster::{Database, run};

/// A name that no role has yet.
fn fresh(name: &str) -> String {
    format!("{name}_{}", &Uuid::new_v4().simple().to_string()[..12])
}

fn options(prefix: &str) -> Options {
    Options::default().prefix(Prefix::new(prefix).unwrap())
}

async fn lacks(database: &Database, login: &str, options: &Options) -> Vec<MissingRight> {
    match Postgres::open(database.pool(login, 1).await, options.clone()).await {
        Err(OpenError::Rights(missing)) => {
            let told = OpenError::Rights(missing.clone()).to_string();
            for MissingRight { role, right, statement } in &missing {
                assert!(told.contains(role) && told.contains(right) && told.contains(statement), "{told}");
                assert_eq!(role, login);
            }
            missing
        }
        opened => panic!("{opened:?}"),
    }
}

/// The login is told to lack these rights, and opens the database once it has them.
async fn check(database: &Database, login: &str, options: &Options, expected: &[(&str, &str)]) {
    let missing = lacks(database, login, options).await;
    let told: Vec<_> =
        missing.iter().map(|missing| (missing.right.as_str(), missing.statement.as_str())).collect();
    assert_eq!(told, expected);
    let mut superuser = database.superuser().await;
    for missing in &missing {
        run(&mut superuser, &missing.statement).await;
    }
    let opened = Postgres::open(database.pool(login, 1).await, options.clone()).await.unwrap();
    assert_eq!(opened.list(TenantId::fresh()).await.unwrap(), []);
    opened.close().await;
}

async fn database_name(database: &Database) -> String {
    let mut superuser = database.superuser().await;
    sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut superuser).await.unwrap()
}

#[tokio::test]
async fn a_login_that_may_not_make_a_schema_is_told_so() {
    let database = Database::alone().await;
    let (login, prefix) = (fresh("maker"), fresh("trust"));
    run(&mut database.superuser().await, format!("CREATE ROLE {login} LOGIN CREATEROLE PASSWORD 'test'"))
        .await;
    let name = database_name(&database).await;
    let right = format!("CREATE on the database {name}");
    let grant = format!("GRANT CREATE ON DATABASE {name} TO {login}");
    check(&database, &login, &options(&prefix), &[(&right, &grant)]).await;
}

#[tokio::test]
async fn a_login_that_may_not_make_roles_is_told_so() {
    let database = Database::alone().await;
    let (login, prefix) = (fresh("maker"), fresh("trust"));
    let name = database_name(&database).await;
    let made =
        format!("CREATE ROLE {login} LOGIN PASSWORD 'test'; GRANT CREATE ON DATABASE {name} TO {login}");
    run(&mut database.superuser().await, made).await;
    let right = format!("CREATEROLE, to make {prefix}_app, {prefix}_sync, {prefix}_erase, {prefix}_lookup");
    check(&database, &login, &options(&prefix), &[(&right, &format!("ALTER ROLE {login} CREATEROLE"))]).await;
}

#[tokio::test]
async fn a_login_that_is_no_member_is_told_so() {
    let database = Database::alone().await;
    database.open(1).await;
    let login = fresh("other");
    let mut superuser = database.superuser().await;
    run(&mut superuser, format!("CREATE ROLE {login} LOGIN PASSWORD 'test'")).await;
    let how = if version(&database).await < 16 { "" } else { " WITH INHERIT FALSE, SET TRUE" };
    let expected = ["app", "sync", "erase"].map(|role| {
        let role = format!("notion_import_{role}");
        (format!("to act as {role}"), format!("GRANT {role} TO {login}{how}"))
    });
    let expected = expected.each_ref().map(|(right, grant)| (right.as_str(), grant.as_str()));
    check(&database, &login, &Options::default(), &expected).await;
    run(&mut superuser, format!("DROP ROLE {login}")).await;
}

/// Before PostgreSQL 16 whoever is a member may act.
#[tokio::test]
async fn a_member_that_may_not_act_as_the_role_is_told_so() {
    let database = Database::alone().await;
    if version(&database).await < 16 {
        return;
    }
    database.open(1).await;
    let login = fresh("other");
    let mut superuser = database.superuser().await;
    run(&mut superuser, format!("CREATE ROLE {login} LOGIN PASSWORD 'test'")).await;
    let grant = format!(
        "GRANT notion_import_app, notion_import_sync, notion_import_erase TO {login} WITH INHERIT TRUE, SET FALSE"
    );
    run(&mut superuser, grant).await;
    let expected = ["app", "sync", "erase"].map(|role| {
        let grant = format!("GRANT notion_import_{role} TO {login} WITH INHERIT FALSE, SET TRUE");
        (format!("to act as notion_import_{role}"), grant)
    });
    let expected = expected.each_ref().map(|(right, grant)| (right.as_str(), grant.as_str()));
    check(&database, &login, &Options::default(), &expected).await;
    run(&mut superuser, format!("DROP ROLE {login}")).await;
}

#[tokio::test]
async fn a_login_that_is_to_migrate_anothers_schema_is_told_whose_it_is() {
    let database = Database::alone().await;
    database.open(1).await;
    let login = fresh("other");
    let mut superuser = database.superuser().await;
    run(&mut superuser, format!("CREATE ROLE {login} LOGIN CREATEROLE PASSWORD 'test'")).await;
    let migrated = Postgres::migrate(&database.pool(&login, 1).await, &Options::default()).await;
    let told = migrated.unwrap_err().to_string();
    assert!(told.contains("log in as notion_import_test_host for Postgres::migrate"), "{told}");
    run(&mut superuser, format!("DROP ROLE {login}")).await;
}

#[tokio::test]
async fn a_prefix_that_means_something_in_sql_is_refused() {
    let database = Database::empty().await;
    let opened = Postgres::open(database.superuser_pool(1).await, options("user")).await;
    assert!(matches!(opened, Err(OpenError::Reserved(_))), "{opened:?}");
}

async fn version(database: &Database) -> i32 {
    let version = "SELECT current_setting('server_version_num')::integer / 10000";
    sqlx::query_scalar(version).fetch_one(&mut database.superuser().await).await.unwrap()
}

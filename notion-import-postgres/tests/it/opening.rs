//! Who may open a database, and what is said of one that does not open.

use notion_import_core::{ConnectionStore, TenantId};
use notion_import_postgres::{OpenError, Postgres};

use crate::cluster::{Database, HOST, run};

#[tokio::test]
async fn a_superuser_may_open_it_and_is_bound_all_the_same() {
    let database = Database::empty().await;
    let host = database.open(1).await;
    let superuser = Postgres::new(database.superuser_pool(1).await).await.unwrap();
    crate::isolation::furnish(&host).await;
    assert_eq!(superuser.list(TenantId::fresh()).await.unwrap(), []);
}

#[tokio::test]
async fn an_address_that_is_none_is_not_repeated() {
    let opened = Postgres::connect("postgres://host:hunter2@[bad/trust").await;
    let error = opened.unwrap_err();
    assert!(matches!(error, OpenError::Address));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn why_a_database_does_not_open_is_told_apart() {
    let database = Database::empty().await;
    let mut superuser = database.superuser().await;
    run(&mut superuser, "CREATE ROLE notion_import_test_weak LOGIN PASSWORD 'test'").await;
    let (url, weak) = (database.url(HOST), database.url("notion_import_test_weak"));
    let name = url.rsplit(['/', '?']).find(|part| part.starts_with("notion_import_test_")).unwrap();
    let said = async |url: &str| {
        let error = Postgres::connect(url).await.unwrap_err();
        let said = format!("{error:?}");
        assert!(!format!("{said} {error}").contains("hunter2"));
        said.split('(').next().unwrap().to_owned()
    };
    assert_eq!(said("postgres://host:hunter2@127.0.0.1:1/trust").await, "Unreachable");
    assert_eq!(said("postgres://host:hunter2@%2Fnowhere/trust").await, "Unreachable");
    assert_eq!(said(&url.replace(":test@", ":hunter2@")).await, "Login");
    assert_eq!(said(&url.replace(name, "notion_import_test_gone")).await, "NoDatabase");
    assert_eq!(said(&weak).await, "Rights");
    run(&mut superuser, "DROP ROLE notion_import_test_weak").await;
}

#[tokio::test]
async fn whether_the_login_itself_is_bound_is_told() {
    let database = Database::empty().await;
    assert!(!database.open(1).await.login_bypasses().await.unwrap());
    let superuser = Postgres::new(database.superuser_pool(1).await).await.unwrap();
    assert!(superuser.login_bypasses().await.unwrap());
}

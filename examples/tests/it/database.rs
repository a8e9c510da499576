//! A database that cannot be used: the demo says so, and what to do, without a word of the password.

use std::process::Output;

use notion_import_postgres::testing::{Database, HOST, run};
use tokio::task::spawn_blocking;

use crate::demo;

/// What the demo says before it ends.
async fn said(url: &str) -> String {
    let data = tempfile::tempdir().unwrap();
    let mut command = demo::on(url, data.path(), &[]);
    let Output { status, stdout, stderr } = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(!status.success() && stdout.is_empty(), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_used_is_told_with_what_to_do() {
    let database = Database::empty().await;
    let mut superuser = database.superuser().await;
    run(&mut superuser, "CREATE ROLE notion_import_test_feeble LOGIN PASSWORD 'test'").await;
    let (host, feeble) = (database.url(HOST), database.url("notion_import_test_feeble"));
    let name = host.rsplit(['/', '?']).find(|part| part.starts_with("notion_import_test_")).unwrap();
    for (url, expected) in [
        ("hunter2", "postgres://login:password@host"),
        ("postgres://host:hunter2@127.0.0.1:1/trust", "See that PostgreSQL runs"),
        (host.replace(":test@", ":hunter2@").as_str(), "Mend the login or the password"),
        (host.replace(name, "gone").as_str(), "CREATE DATABASE"),
        (feeble.as_str(), "GRANT CREATE ON DATABASE"),
        (database.superuser_url().as_str(), "CREATE ROLE trust_center LOGIN"),
    ] {
        let said = said(url).await;
        assert!(said.contains(expected), "{expected}: {said}");
    }
    // As the last one was told.
    run(
        &mut superuser,
        format!("GRANT notion_import_app, notion_import_sync, notion_import_erase TO {HOST}"),
    )
    .await;
    run(&mut superuser, "ALTER TABLE notion_import.documents NO FORCE ROW LEVEL SECURITY").await;
    let mend = "ALTER TABLE notion_import.documents FORCE ROW LEVEL SECURITY";
    let said = said(&host).await;
    assert!(said.contains(mend), "{said}");
    run(&mut superuser, "DROP ROLE notion_import_test_feeble").await;
}

#[test]
fn the_help_tells_of_the_database_and_not_of_its_password() {
    let mut command = demo::command(&["--help"]);
    let told = command.env("DATABASE_URL", "postgres://host:hunter2@localhost/trust").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("--database-url") && told.contains("DATABASE_URL"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

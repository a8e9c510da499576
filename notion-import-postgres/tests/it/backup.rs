//! What PostgreSQL's own tools save and bring back is the library as it was.

use std::process::{Command, Stdio};
use std::sync::Arc;

use notion_import_core::testing::suite;
use notion_import_core::testing::suite::erasing::furnish;
use notion_import_core::{
    AccessStore, Actor, AuditLog, AuditQuery, ContactStore, DocumentQuery, DocumentReader, Version,
};
use notion_import_postgres::Postgres;

use crate::cluster::Database;

/// The address without what only this project's driver knows.
fn address(of: &Database) -> String {
    let url = of.superuser_url();
    let (place, options) = url.split_once('?').unwrap_or((&url, ""));
    let known = options.split('&').filter(|option| !option.starts_with("statement-cache-capacity="));
    format!("{place}?{}", known.collect::<Vec<_>>().join("&"))
}

/// Dumps a database into another one, as whoever runs them would.
fn copy(from: &Database, to: &Database) {
    let mut dump = Command::new("pg_dump");
    let mut dump = dump.arg("--dbname").arg(address(from)).stdout(Stdio::piped()).spawn().unwrap();
    let mut restore = Command::new("psql");
    restore.args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname"]).arg(address(to));
    let restored = restore.stdin(dump.stdout.take().unwrap()).stdout(Stdio::null()).status().unwrap();
    assert!(dump.wait().unwrap().success() && restored.success());
}

/// What is kept of a tenant, as its administrator sees it.
async fn kept(postgres: &Postgres, admin: &Actor) -> (String, Vec<Version>) {
    let documents = postgres.documents(admin, &DocumentQuery::newest(9)).await.unwrap().documents;
    let versions = postgres.versions(admin, documents[0].document.id).await.unwrap();
    let contacts = postgres.contacts(admin, None, 9).await.unwrap();
    let audit = postgres.audit(admin, &AuditQuery::newest(99)).await.unwrap();
    let state = postgres.as_of(admin, suite::minute(99)).await.unwrap();
    (format!("{documents:?} {contacts:?} {audit:?} {state:?}"), versions)
}

#[tokio::test]
async fn a_database_that_was_restored_is_the_library_it_was() {
    let database = Database::empty().await;
    let postgres = Arc::new(database.open(4).await);
    let stores = suite::Audited::of(postgres.clone());
    let (admin, gone) = (furnish(&stores).await.unwrap(), furnish(&stores).await.unwrap());
    stores.tenants.erase_tenant(&gone, suite::minute(9)).await.unwrap();

    let beside = database.beside().await;
    copy(&database, &beside);
    // Rights, policies and triggers are looked at.
    let restored = beside.open(1).await;
    assert_eq!(kept(&restored, &admin).await, kept(&postgres, &admin).await);
    assert_eq!(restored.audit(&gone, &AuditQuery::newest(9)).await.unwrap().len(), 1);
}

//! A database that goes away for a while: the demo says so, and goes on by itself.

use std::time::{Duration, Instant};

use notion_import_postgres::testing::{Cluster, HOST, PASSWORD, run};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::task::spawn_blocking;

use crate::demo::{self, Demo};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_visitors_are_told_to_come_back_and_then_all_is_well() {
    let mut cluster = Cluster::local(&["fsync=off"]).await;
    let mut admin = PgConnection::connect_with(cluster.superuser()).await.unwrap();
    run(&mut admin, format!("CREATE ROLE {HOST} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")).await;
    run(&mut admin, format!("CREATE DATABASE trust OWNER {HOST}")).await;
    let login = cluster.superuser().clone().username(HOST).password(PASSWORD).database("trust");
    let (url, data) = (login.to_url_lossy().to_string(), tempfile::tempdir().unwrap());
    let command = demo::on(&url, data.path(), &[]);
    let demo = spawn_blocking(move || Demo::run(command)).await.unwrap();
    let visitor = demo.browser();
    visitor.get("/t/halden").await.ok();

    cluster.stop().await;
    let begun = Instant::now();
    let page = visitor.get("/t/halden").await.is(503).saying("Our database does not answer");
    assert_eq!(page.header("retry-after"), "5");
    assert!(begun.elapsed() < Duration::from_secs(8), "it took {:?}", begun.elapsed());
    visitor.get("/readyz").await.is(503).saying("not ready");
    visitor.get("/healthz").await.ok();

    let cluster = cluster.start().await;
    visitor.get("/t/halden").await.ok();
    drop(cluster);
}

//! What a supervisor asks is answered to whoever asks, and with a word.

use notion_import_postgres::testing::{Database, HOST, run};
use tokio::task::spawn_blocking;

use crate::demo::{self, Demo};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_says_that_it_lives_and_whether_it_can_serve_and_no_more() {
    let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
    let (url, folder) = (database.url(HOST), data.path().join("data"));
    let demo = spawn_blocking(move || Demo::run(demo::on(&url, &folder, &[]))).await.unwrap();
    let asked = async |path: &str| {
        // A supervisor calls it by whatever address it has.
        let asked = reqwest::Client::new().get(format!("{}{path}", demo.url)).header("host", "10.0.0.7");
        let answer = asked.send().await.unwrap();
        assert!(!answer.headers().contains_key("set-cookie"));
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (ok, not_ready) = ("ok\n".to_owned(), "not ready\n".to_owned());
    assert_eq!(asked("/healthz").await, (200, ok.clone()));
    assert_eq!(asked("/readyz").await, (200, ok.clone()));
    let mut superuser = database.superuser().await;
    run(&mut superuser, "BEGIN; LOCK TABLE notion_import.connections IN ACCESS EXCLUSIVE MODE").await;
    assert_eq!(asked("/readyz").await, (503, not_ready));
    assert_eq!(asked("/healthz").await, (200, ok.clone()));
    run(&mut superuser, "COMMIT").await;
    assert_eq!(asked("/readyz").await, (200, ok));
}

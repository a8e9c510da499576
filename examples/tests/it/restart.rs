//! What is kept outlives a kill, and so does a session.

use notion_import_postgres::testing::{Database, HOST};

use crate::demo::Demo;
use crate::story::{POLICY, REPORT, TABLE, connect, import};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_there_after_a_kill_and_still_syncs() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--data", data.path().to_str().unwrap(), "--sync-every", "2s"];
    kill_and_go_on(|| Demo::start(&arguments)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_on_postgres_is_there_after_a_kill_and_still_syncs() {
    let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
    kill_and_go_on(|| Demo::on(&database.url(HOST), data.path(), &["--sync-every", "2s"])).await;
}

async fn kill_and_go_on(start: impl Fn() -> Demo) {
    let demo = start();
    let ada = demo.browser_of("ada").await;
    connect(&demo, &ada).await;
    let imported = import(&ada).await;
    drop(demo);

    let demo = start();
    // The session is as good as before.
    let ada = ada.at(&demo);
    ada.get("/documents").await.ok().saying(POLICY).saying(REPORT).saying(TABLE);
    ada.get("/integrations").await.ok().saying("Active");
    let page = imported.notion(POLICY);
    ada.post(&format!("{page}/add"), &[("text", "Added after the restart.")]).await.ok();
    ada.post(&format!("{page}/rename"), &[("title", "Security after the restart")]).await.ok();
    // Nobody asks for it: the schedule goes on by itself.
    // A sync may come between the two edits, and what is read comes after what a look shows.
    ada.wait_for(&imported.document(POLICY), "Security after the restart").await;
    ada.wait_for(&imported.document(POLICY), "Update available").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_ends_it_in_order() {
    let mut demo = Demo::start(&["--ephemeral"]);
    demo.browser().get("/").await.ok();
    assert!(demo.terminate().success());
}

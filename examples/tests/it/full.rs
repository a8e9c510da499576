//! A disk without room: the demo's files may not grow, which is answered like a quota that is used up, until they may again.
#![cfg(unix)]

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::demo::{self, Browser, Demo};
use crate::story;

const FULL: &str = "Our storage is full";

/// The demo, not ended by the signal that comes with the refusal.
fn with_a_limit(data: &Path) -> Command {
    let plain = demo::command(&["--data", data.to_str().unwrap(), "--sync-every", "2s"]);
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0000; trap '' XFSZ; exec \"$0\" \"$@\""]).arg(plain.get_program());
    command.args(plain.get_args()).stderr(Stdio::piped());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn limit(demo: &Demo, bytes: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &demo.id().to_string(), &format!("--fsize={bytes}:unlimited")]);
    assert!(prlimit.status().unwrap().success());
}

fn check_rights(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, wanted, "{}", path.display());
        if metadata.is_dir() {
            check_rights(&path);
        }
    }
}

/// Syncs until the page says so. A sync of the schedule's that ran out of room in its middle could not give the connection back, so
/// that is held until its lease runs out.
async fn sync_until(ada: &Browser, sync: &str, words: &str) {
    for _ in 0..300 {
        let page = ada.post(sync, &[]).await.ok().not_saying("Notion could not be reached");
        if page.says(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("a sync never said {words:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_the_demo_says_whose_storage_is_full_and_goes_on_by_itself_once_there_is_some() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let mut demo = Demo::run(with_a_limit(&data));
    let mut log = demo.log();
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let sync = format!("{}/sync", story::integration(&ada).await);
    let imported = story::import(&ada).await;
    let others: Vec<_> = ada.get("/import").await.ok().picks().into_values().collect();

    limit(&demo, "4096");
    for path in ["/integrations/connect", &format!("{}/rename", imported.document(story::POLICY))] {
        ada.post(path, &[("title", "Never")]).await.is(507).saying(FULL).not_saying("Notion did not answer");
    }
    sync_until(&ada, &sync, FULL).await;
    let fields: Vec<_> = others.iter().map(|pick| ("pick", pick.as_str())).collect();
    let import = ada.post("/import", &fields).await.ok().path;
    ada.wait_for(&import, FULL).await.not_saying("Notion could not be reached");
    // Everybody reads on, and nothing was half done.
    ada.get("/documents").await.ok().saying(story::POLICY).not_saying("Never");
    ada.get(&imported.document(story::REPORT)).await.ok();
    demo.browser().get("/t/fernwood").await.ok();

    limit(&demo, "unlimited");
    ada.wait_for(&import, "Done.").await.not_saying("Failed");
    ada.post(&format!("{}/rename", imported.document(story::POLICY)), &[("title", "Kept")]).await.ok();
    sync_until(&ada, &sync, "Synced").await;
    check_rights(place.path());
    drop(demo);
    let mut said = String::new();
    log.read_to_string(&mut said).unwrap();
    assert!(said.contains("storage_full"), "{said}");
    assert!(said.contains("SQLite refused with result code"), "the cause is there: {said}");
    assert!(!said.contains("Never"), "{said}");
}

//! A company that is erased, and logs that are kept for a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notion_import_postgres::testing::{Database, HOST};
use tokio::time::sleep;

use crate::demo::{Browser, Demo};
use crate::story::{POLICY, connect, import};

const ERASE: &str = "/company/erase";

async fn audited(browser: &Browser) -> usize {
    browser.get("/audit").await.ok().all_between("/audit/access?", "\"").len()
}

/// The files below a folder that say something, but for those of the demo's own Notion.
fn that_say(words: &str, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let says = |file: &PathBuf| {
        let bytes = fs::read(file).unwrap();
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    };
    let ours = files.into_iter().filter(|file| !file.ends_with("stand-ins.json")).filter(says);
    ours.chain(folders.iter().flat_map(|folder| that_say(words, folder))).collect()
}

/// The company is erased by its name, and stays so after a restart; the other one stays as it is.
async fn erase_and_go_on(data: &Path, start: impl Fn() -> Demo) {
    let demo = start();
    let (ada, farah) = (demo.browser_of("ada").await, demo.browser_of("farah").await);
    connect(&demo, &ada).await;
    let document = import(&ada).await.document(POLICY);
    let theirs = audited(&farah).await;
    ada.get("/integrations").await.ok().saying(&format!("href=\"{ERASE}\""));
    ada.get(ERASE).await.ok().saying("Nobody can bring them back");
    ada.post(ERASE, &[("name", "Halden")])
        .await
        .ok()
        .saying("This is not the name")
        .saying("value=\"Halden\"");
    ada.get(&document).await.ok();
    // How far an import is, is written down a moment later.
    let since = Instant::now();
    while that_say(POLICY, data).is_empty() {
        assert!(since.elapsed() < Duration::from_secs(30), "nothing names the page before");
        sleep(Duration::from_millis(100)).await;
    }

    let name = ada.get(ERASE).await.ok().between("Erase everything of ", "?");
    ada.post(ERASE, &[("name", name.as_str())]).await.ok().saying("Erased: ").saying("Connect Notion");
    ada.post(ERASE, &[("name", name.as_str())]).await.ok().saying("There was nothing left to erase");
    drop(demo);
    assert_eq!(that_say(POLICY, data), [] as [&Path; 0]);

    let demo = start();
    let (ada, farah) = (ada.at(&demo), farah.at(&demo));
    ada.get(&document).await.is(404);
    let contacts = ada.get("/contacts").await.ok().all_between("href=\"/contacts/", "\"");
    assert_eq!(contacts, [] as [&str; 0]);
    let audit = ada.get("/audit").await.ok().saying("Everything erased").saying("are kept no longer");
    assert_eq!(audit.all_between("/audit/access?", "\"").len(), 1);
    assert_eq!(audited(&farah).await, theirs);
    // The company may begin anew.
    connect(&demo, &ada).await;
    import(&ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_erases_everything_of_the_company() {
    let data = tempfile::tempdir().unwrap();
    erase_and_go_on(data.path(), || Demo::start(&["--data", data.path().to_str().unwrap()])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_erases_everything_of_the_company_on_postgres() {
    let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
    erase_and_go_on(data.path(), || Demo::on(&database.url(HOST), data.path(), &[])).await;
}

#[tokio::test]
async fn logs_are_kept_for_as_many_days_as_it_is_told() {
    let demo = Demo::start(&["--ephemeral", "--keep-readings", "30", "--keep-audit", "365"]);
    let ada = demo.browser_of("ada").await;
    // Nothing is as old as that.
    assert!(audited(&ada).await > 1);
    ada.get("/audit").await.ok().not_saying("kept no longer").not_saying("as older than it is kept");
}

//! A company that is erased, and logs that are kept for a time.

use notion_import_postgres::testing::{Database, HOST};

use crate::demo::{Browser, Demo};
use crate::story::{POLICY, connect, import};

const ERASE: &str = "/company/erase";

async fn audited(browser: &Browser) -> usize {
    browser.get("/audit").await.ok().all_between("/audit/access?", "\"").len()
}

/// The company is erased by its name, and stays so after a restart; the other one stays as it is.
async fn erase_and_go_on(start: impl Fn() -> Demo) {
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

    let name = ada.get(ERASE).await.ok().between("Erase everything of ", "?");
    ada.post(ERASE, &[("name", name.as_str())]).await.ok().saying("Erased: ").saying("Connect Notion");
    ada.post(ERASE, &[("name", name.as_str())]).await.ok().saying("There was nothing left to erase");
    drop(demo);

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
    erase_and_go_on(|| Demo::start(&["--data", data.path().to_str().unwrap()])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_erases_everything_of_the_company_on_postgres() {
    let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
    erase_and_go_on(|| Demo::on(&database.url(HOST), data.path(), &[])).await;
}

#[tokio::test]
async fn logs_are_kept_for_as_many_days_as_it_is_told() {
    let demo = Demo::start(&["--ephemeral", "--keep-readings", "30", "--keep-audit", "365"]);
    let ada = demo.browser_of("ada").await;
    // Nothing is as old as that.
    assert!(audited(&ada).await > 1);
    ada.get("/audit").await.ok().not_saying("kept no longer").not_saying("as older than it is kept");
}

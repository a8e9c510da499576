//! The whole story, told over HTTP: from connecting Notion to disconnecting it, with a second company looking on.

mod connecting;

use std::collections::HashMap;

use notion_import_postgres::testing::{Database, HOST};

use crate::demo::{Browser, Demo, Page};
use crate::publishing::publish_as;

pub use connecting::{attempt_of, connect, consent_to, requests};
use connecting::{before, disconnect, reconnect};

pub const POLICY: &str = "Information Security Policy";
pub const REPORT: &str = "SOC 2 Type II report";
pub const TABLE: &str = "Sub-processors of Halden Pay";

/// The documents of the story, and where they came from.
pub struct Imported {
    /// The page of the import.
    pub import: String,
    documents: HashMap<String, String>,
    pages: HashMap<String, String>,
}

impl Imported {
    pub fn document(&self, title: &str) -> String {
        format!("/documents/{}", self.documents[title])
    }

    pub fn reading(&self, title: &str) -> String {
        format!("/t/halden/d/{}", self.documents[title])
    }

    pub fn notion(&self, title: &str) -> String {
        format!("/notion/p/{}", self.pages[title])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_and_another_company_sees_none_of_it() {
    let data = tempfile::tempdir().unwrap();
    tell(&Demo::start(&["--data", data.path().to_str().unwrap(), "--sync-every", "1h"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_on_postgres() {
    let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
    tell(&Demo::on(&database.url(HOST), data.path(), &["--sync-every", "1h"])).await;
}

async fn tell(demo: &Demo) {
    let (ada, farah) = (demo.browser_of("ada").await, demo.browser_of("farah").await);
    connect(demo, &ada).await;
    sees_nothing(&farah, None).await;
    let imported = import(&ada).await;
    sees_nothing(&farah, Some(&imported)).await;
    nobody_outside_sees_a_draft(demo, &imported).await;
    open(demo, &imported).await;
    sees_nothing(&farah, Some(&imported)).await;
    read(demo, &imported).await;
    renew_the_nda(demo, &ada, &imported).await;
    edit_and_sync(demo, &ada, &imported).await;
    sees_nothing(&farah, Some(&imported)).await;
    trash_unshare_and_sync(demo, &ada, &imported).await;
    reconnect(&ada, &imported).await;
    disconnect(demo, &ada, &imported).await;
    sees_nothing(&farah, Some(&imported)).await;
}

pub async fn import(ada: &Browser) -> Imported {
    ada.get("/import?q=zebra").await.ok().saying("No title matches");
    let mut picks = ada.get("/import?q=information").await.ok().picks();
    picks.extend(ada.get("/import?q=soc").await.ok().picks());
    picks.extend(ada.get("/import?q=sub-processors&kind=database").await.ok().picks());
    let wanted = [POLICY, REPORT, TABLE];
    let fields: Vec<(&str, &str)> = wanted.iter().map(|title| ("pick", picks[*title].as_str())).collect();
    let progress = ada.post("/import", &fields).await.ok();
    let done = ada.wait_for(&progress.path, "Done.").await.not_saying("Failed").saying("Imported");
    let mut documents = HashMap::new();
    for entry in done.all_between("<a href=\"/documents/", "</b>") {
        if let Some((id, title)) = entry.split_once("\"><b>") {
            documents.insert(title.to_owned(), id.to_owned());
        }
    }
    assert_eq!(documents.len(), wanted.len(), "{documents:?}");
    ada.get("/import?q=information").await.ok().saying("Imported");
    let id = |value: &String| value.split(' ').nth(1).unwrap().to_owned();
    let import = progress.path;
    Imported {
        import,
        documents,
        pages: picks.iter().map(|(title, value)| (title.clone(), id(value))).collect(),
    }
}

async fn nobody_outside_sees_a_draft(demo: &Demo, imported: &Imported) {
    let anonymous = demo.browser();
    let missing = anonymous.get("/t/halden/d/0199a000-0000-7000-8000-000000000000").await.is(404).text();
    let nonsense = anonymous.get("/t/halden/d/nonsense").await.is(404).text();
    assert_eq!(nonsense, missing);
    for title in [POLICY, REPORT, TABLE] {
        let answer = anonymous.get(&imported.reading(title)).await.is(404).text();
        assert_eq!(answer, missing, "a draft must look like nothing at all");
    }
    anonymous.get("/documents").await.is(403).saying("href=\"/\">To the start");
    anonymous.get("/t/halden").await.ok().not_saying(POLICY);
}

/// Everything is published; one document each becomes public, restricted and NDA-bound.
async fn open(demo: &Demo, imported: &Imported) {
    let (bruno, chiara) = (demo.browser_of("bruno").await, demo.browser_of("chiara").await);
    for (title, level) in [(POLICY, "public"), (REPORT, "requires_nda"), (TABLE, "restricted")] {
        let document = imported.document(title);
        publish_as(&chiara, &document, 1, level).await.is(403);
        publish_as(&bruno, &document, 1, level).await.ok().saying("The level is now");
        let path = format!("{document}/level");
        bruno.post(&path, &[("to", "internal")]).await.ok().saying("The level is now: Internal");
        let dialog = bruno.get(&format!("{path}?to={level}")).await.ok().saying("What it may give away");
        let field = |name: &str| dialog.between(&format!("name=\"{name}\" value=\""), "\"");
        let (revision, seen) = (field("revision"), field("seen"));
        let mut fields = vec![("to", level), ("from", "internal"), ("revision", &revision)];
        bruno.post(&path, &fields).await.is(422).saying("Say why");
        fields.push(("reason", "Asked for"));
        bruno.post(&path, &fields).await.is(422).saying("Tick this first");
        fields.push(("seen", &seen));
        chiara.post(&path, &fields).await.is(403);
        bruno.post(&path, &fields).await.ok().saying("The level is now");
    }
    for title in [REPORT, TABLE] {
        let path = format!("{}/assign", imported.document(title));
        bruno.post(&path, &[("contact", "dana")]).await.is(403);
        chiara.post(&path, &[("contact", "imke")]).await.is(422);
        for days in ["0", "-3", "3651", "99999999999999999999", "soon"] {
            let refused = chiara.post(&path, &[("contact", "dana"), ("days", days)]).await.is(422);
            refused.saying("Give a number of days from 1 to 3650");
        }
        chiara.post(&path, &[("contact", "dana")]).await.ok().saying("Dana Whitfield is assigned");
    }
}

pub async fn publish(bruno: &Browser, document: &str, version: u32) {
    let version = version.to_string();
    let dialog =
        bruno.get(&format!("{document}/publish?version={version}")).await.ok().saying("What readers get");
    let field = |name: &str| dialog.between(&format!("name=\"{name}\" value=\""), "\"");
    let (revision, title) = (field("revision"), field("title"));
    let mut fields = vec![("version", version.as_str()), ("revision", revision.as_str())];
    let path = format!("{document}/publish");
    bruno.post(&path, &fields).await.is(422).saying("incomplete");
    fields.push(("title", &title));
    bruno.post(&path, &fields).await.ok();
}

async fn read(demo: &Demo, imported: &Imported) {
    let (anonymous, dana, emil) =
        (demo.browser(), demo.browser_of("dana").await, demo.browser_of("emil").await);
    let public = anonymous.get(&imported.reading(POLICY)).await.ok().saying("Least privilege");
    for secret in ["notion.so", "notion.com", "Ada Lindqvist", "Bruno Keller", "attachment:"] {
        assert!(!public.says(secret), "a public page says {secret}: {}", public.text());
    }
    assert!(public.header("content-security-policy").contains("default-src 'none'"));
    anonymous.get("/t/halden").await.ok().saying(POLICY).not_saying(REPORT).not_saying(TABLE);
    for closed in [REPORT, TABLE] {
        anonymous.get(&imported.reading(closed)).await.is(404);
        emil.get(&imported.reading(closed)).await.is(404);
    }
    dana.get(&imported.reading(TABLE)).await.ok().saying("Nordhall Cloud").saying("<table tabindex=\"0\">");
    assign_anew(&demo.browser_of("chiara").await, &dana, imported).await;
    read_behind_nda(&dana, imported).await;
    for reader in [&anonymous, &emil] {
        reader.get(&file(&dana, imported).await).await.is(404);
    }
}

/// A contact has one assignment, and what is taken back is taken back.
async fn assign_anew(chiara: &Browser, dana: &Browser, imported: &Imported) {
    let document = imported.document(TABLE);
    let live = |page: &Page| page.between("name=\"assignment\" value=\"", "\"");
    let first = live(&chiara.get(&document).await.ok());
    let again = [("contact", "dana"), ("days", "30")];
    let page = chiara.post(&format!("{document}/assign"), &again).await.ok().saying("taken back");
    let second = live(&page);
    assert_eq!(page.all_between("name=\"assignment\" value=\"", "\""), std::slice::from_ref(&second));
    let revoke = async |of: &str, assignment: &str| {
        chiara.post(&format!("{of}/revoke"), &[("assignment", assignment)]).await
    };
    revoke(&document, &first).await.ok().saying("still lets the contact in");
    revoke(&imported.document(REPORT), &second).await.is(404);
    dana.get(&imported.reading(TABLE)).await.ok();
    revoke(&document, &second).await.ok().saying("The assignment is taken back, at once");
    dana.get(&imported.reading(TABLE)).await.is(404);
    chiara.post(&format!("{document}/assign"), &[("contact", "dana")]).await.ok();
}

async fn read_behind_nda(dana: &Browser, imported: &Imported) {
    accept(dana, imported, 1).await;
    let pdf = dana.get(&file(dana, imported).await).await.ok();
    assert!(pdf.body.starts_with(b"%PDF-1.4"));
    for (name, expected) in [
        ("content-type", "application/pdf"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(pdf.header(name), expected);
    }
    assert!(
        pdf.header("content-disposition")
            .starts_with("attachment; filename=\"Halden Pay SOC 2 Type II.pdf\"")
    );
}

/// What was accepted is bound to the text that was shown, and to a tick.
async fn accept(dana: &Browser, imported: &Imported, version: u32) {
    let path = imported.reading(REPORT);
    let asked = dana.get(&path).await.is(403).saying("non-disclosure").not_saying("Download");
    let field = |name: &str| asked.between(&format!("name=\"{name}\" value=\""), "\"");
    assert_eq!(field("version"), version.to_string());
    let (nda, version, digest) = (field("nda"), field("version"), field("digest"));
    let mut fields = vec![("nda", nda.as_str()), ("version", version.as_str()), ("digest", digest.as_str())];
    dana.post(&format!("{path}/nda"), &fields).await.is(422);
    fields.push(("agree", "yes"));
    dana.post(&format!("{path}/nda"), &fields).await.ok().saying("Halden Pay SOC 2 Type II.pdf");
}

/// A new version asks everybody again; one that mends a word asks nobody.
async fn renew_the_nda(demo: &Demo, ada: &Browser, imported: &Imported) {
    let dana = demo.browser_of("dana").await;
    demo.browser_of("bruno").await.get("/nda").await.is(403);
    let editor = ada.get("/nda").await.ok().saying("Version 1 is in force");
    let title = editor.between("name=\"title\" value=\"", "\"");
    let mut fields =
        vec![("version", "1"), ("title", title.as_str()), ("text", "Say nothing."), ("again", "yes")];
    ada.post("/nda", &fields).await.ok().saying("Version 2 is published").saying("Say nothing.");
    ada.post("/nda", &fields).await.is(409);
    accept(&dana, imported, 2).await;
    fields = vec![("version", "2"), ("title", title.as_str()), ("text", "Say nothing to nobody.")];
    ada.post("/nda", &fields).await.ok().saying("Version 3 is published").saying("from version 2 on");
    dana.get(&imported.reading(REPORT)).await.ok().saying("Halden Pay SOC 2 Type II.pdf");
}

/// Where the report's file is, for a reader who may have it.
async fn file(dana: &Browser, imported: &Imported) -> String {
    dana.get(&imported.reading(REPORT)).await.ok().between("class=\"file\" href=\"", "\"")
}

async fn edit_and_sync(demo: &Demo, ada: &Browser, imported: &Imported) {
    let (anonymous, bruno) = (demo.browser(), demo.browser_of("bruno").await);
    let (document, page) = (imported.document(POLICY), imported.notion(POLICY));
    let edited = |page: &Page| page.between("<dt>Edited</dt><dd>", "</dd>");
    let old = edited(&ada.get(&document).await.ok().not_saying("Update available"));
    ada.post(&format!("{page}/rename"), &[("title", "How we keep money safe")]).await.ok();
    ada.post(&format!("{page}/add"), &[("text", "Added after the audit.")]).await.ok();
    sync(ada).await;
    let seen =
        ada.get(&document).await.ok().saying("<h1>How we keep money safe</h1>").saying("Update available");
    assert_ne!(edited(&seen), old, "the source's time of edit is refreshed");
    let public = imported.reading(POLICY);
    let old = async || {
        anonymous.get(&public).await.ok().saying(POLICY).not_saying("How we keep money safe");
        anonymous.get("/t/halden").await.ok().saying(POLICY).not_saying("How we keep money safe");
    };
    old().await;
    seen.saying("Readers still see").saying("Publish the new title");
    bruno
        .post(&format!("{document}/update"), &[])
        .await
        .ok()
        .saying("Version 2 is here")
        .not_saying("Update available");
    old().await;
    publish_title(&bruno, &document).await;
    anonymous.get(&public).await.ok().saying("How we keep money safe").not_saying("Added after the audit");
    publish(&bruno, &document, 2).await;
    anonymous.get(&public).await.ok().saying("Added after the audit");
    publish_again(&bruno, &document).await;
    anonymous.get(&public).await.ok().saying("Added after the audit");
}

async fn publish_title(bruno: &Browser, document: &str) {
    let page = bruno.get(document).await.ok().saying("Readers still see");
    let field = |name: &str| page.between(&format!("name=\"{name}\" value=\""), "\"");
    let (version, revision, title) = (field("version"), field("revision"), field("title"));
    let fields = [("version", version.as_str()), ("revision", revision.as_str()), ("title", title.as_str())];
    let path = format!("{document}/publish");
    bruno
        .post(&path, &fields)
        .await
        .ok()
        .saying("The new title is published")
        .not_saying("Readers still see");
}

/// What was withdrawn opens again with the care of a widening.
async fn publish_again(bruno: &Browser, document: &str) {
    bruno.post(&format!("{document}/withdraw"), &[]).await.ok().saying("Withdrawn");
    let dialog = bruno.get(&format!("{document}/publish?version=2")).await.ok().saying("It opens at once");
    let field = |name: &str| dialog.between(&format!("name=\"{name}\" value=\""), "\"");
    let (revision, title, seen) = (field("revision"), field("title"), field("seen"));
    let mut fields = vec![
        ("version", "2"),
        ("revision", revision.as_str()),
        ("title", title.as_str()),
        ("from", "public"),
    ];
    let path = format!("{document}/publish");
    bruno.post(&path, &fields).await.is(422).saying("Say why");
    fields.push(("reason", "Mended"));
    bruno.post(&path, &fields).await.is(422).saying("Everybody on the internet");
    fields.push(("seen", &seen));
    bruno.post(&path, &fields).await.ok().saying("Version 2 is published");
}

/// Where the pages of the one connection are.
pub async fn integration(ada: &Browser) -> String {
    let page = ada.get("/integrations").await.ok();
    let id = before(&page.text(), "href=\"/integrations/", "/disconnect\"");
    format!("/integrations/{id}")
}

/// What the stand-ins call the one connection now.
async fn reference(ada: &Browser, imported: &Imported) -> String {
    ada.get(&imported.notion(POLICY)).await.ok().between("name=\"connection\" value=\"", "\"")
}

async fn sync(ada: &Browser) {
    ada.post(&format!("{}/sync", integration(ada).await), &[])
        .await
        .ok()
        .saying("Synced: 3 documents looked at");
}

async fn trash_unshare_and_sync(demo: &Demo, ada: &Browser, imported: &Imported) {
    ada.post(&format!("{}/trash", imported.notion(REPORT)), &[]).await.ok();
    sync(ada).await;
    ada.get(&imported.document(REPORT)).await.ok().saying("In Notion").saying("trash");
    ada.post(&format!("{}/sync", imported.document(POLICY)), &[]).await.ok().saying("Looked at: nothing has");
    let syncs = ada.get(&format!("{}/runs", integration(ada).await)).await.ok();
    syncs.saying("Syncs of Halden Pay").saying("by hand").saying("one document, by hand");
    ada.get("/documents?source=stale").await.ok().saying(REPORT).not_saying(TABLE);
    let dana = demo.browser_of("dana").await;
    dana.get(&imported.reading(REPORT)).await.ok().saying("Halden Pay SOC 2 Type II.pdf");

    let page = ada.get(&imported.notion(POLICY)).await.ok();
    let root = before(&page.text(), "action=\"/notion/p/", "/unshare");
    ada.post(&format!("/notion/p/{root}/unshare"), &[("connection", &reference(ada, imported).await)])
        .await
        .ok();
    sync(ada).await;
    ada.get(&imported.document(POLICY)).await.ok().saying("Out of reach with its parent");
    demo.browser().get(&imported.reading(POLICY)).await.ok().saying("Least privilege");
}

/// The second company's administrator looks everywhere.
async fn sees_nothing(farah: &Browser, imported: Option<&Imported>) {
    farah.get("/integrations").await.ok().saying("Connect Notion").not_saying("Notion · Halden Pay");
    farah.get("/documents").await.ok().saying("Nothing here yet");
    farah.get("/import").await.ok().saying("Notion is not connected");
    let Some(imported) = imported else { return };
    for (title, id) in &imported.documents {
        farah.get(&format!("/documents/{id}")).await.is(404);
        farah.get(&format!("/t/fernwood/d/{id}")).await.is(404);
        for act in ["sync", "publish", "level", "withdraw", "assign", "update", "unlink"] {
            let fields = [("version", "1"), ("revision", "0"), ("to", "public"), ("contact", "imke")];
            let refused = farah.post(&format!("/documents/{id}/{act}"), &fields).await;
            assert!(refused.status.is_client_error(), "{act} of {title}: {}", refused.status);
        }
    }
    farah.get("/t/fernwood").await.ok().saying("Nothing to read yet");
}

//! Imports that end before they are through.

use crate::demo::{Browser, Demo};
use crate::story::{self, POLICY, REPORT, TABLE};

async fn begin(ada: &Browser, picks: &[String]) -> String {
    let fields: Vec<_> = picks.iter().map(|pick| ("pick", pick.as_str())).collect();
    ada.post("/import", &fields).await.ok().path
}

async fn documents(ada: &Browser) -> usize {
    ada.get("/documents").await.ok().all_between("<a href=\"/documents/", "\"").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_keeps_what_was_done_and_the_rest_can_follow() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let picks: Vec<_> = ada.get("/import").await.ok().picks().into_values().collect();
    let import = begin(&ada, &picks).await;
    let cancelled = ada.post(&format!("{import}/cancel"), &[]).await.ok();
    let done =
        cancelled.saying("Cancelled. What was done stays.").all_between("href=\"/documents/", "\"").len();
    assert!(done < picks.len(), "it was through before it could be cancelled");
    assert!(documents(&ada).await >= done);
    ada.get(&import).await.ok().saying("Cancelled");
    demo.browser_of("farah").await.post(&format!("{import}/cancel"), &[]).await.is(404);
    let import = begin(&ada, &picks).await;
    ada.wait_for(&import, "Done.").await;
    assert_eq!(documents(&ada).await, picks.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_would_be_imported_and_keeps_nothing() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    ada.get("/import/preview?pick=page+26d1c8f0-0000-4000-8000-000000000000+x").await.is(422);
    story::connect(&demo, &ada).await;
    let picker = ada.get("/import").await.ok();
    let link = |title: &str| {
        let links = picker.all_between("href=\"/import/preview?pick=", "\"");
        let wanted = title.replace(' ', "%20");
        let link = links.into_iter().find(|link| link.ends_with(&wanted)).unwrap();
        format!("/import/preview?pick={link}")
    };
    let page = ada.get(&link(POLICY)).await.ok().saying("internal draft").saying("members of Halden Pay");
    let page = page.saying("What readers get").saying("What it may give away");
    ada.get(&link(REPORT)).await.ok().saying("The document will be the file").saying("SOC 2 Type II.pdf");
    ada.get(&link(TABLE)).await.ok().saying("<table ");
    assert_eq!(documents(&ada).await, 0);
    demo.browser_of("chiara").await.get(&link(POLICY)).await.is(403);
    demo.browser_of("farah").await.get(&link(POLICY)).await.is(422).saying("Connect Notion first");
    let pick = page.between("name=\"pick\" value=\"", "\"");
    ada.wait_for(&begin(&ada, &[pick]).await, "Done.").await;
    assert_eq!(documents(&ada).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_database_is_shown_can_be_chosen_and_stays_so() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let pick = ada.get("/import").await.ok().picks()[TABLE].clone();
    let preview = format!("/import/preview?pick={}", pick.replace(' ', "+"));
    let page = ada.get(&preview).await.ok().saying("value=\"first\" checked").saying("The view “View”");
    let columns = page.all_between("name=\"column\" value=\"", "\"");
    let heads = |page: &crate::demo::Page| page.all_between("<th>", "</th>");
    assert!(columns.len() > 1 && heads(&page).len() == columns.len(), "{columns:?}");
    let (kept, left) = (&columns[..1], &columns[1]);
    let choice = [("pick", pick.as_str()), ("show", "columns"), ("column", kept[0].as_str())];
    let query = format!("{preview}&show=columns&column={}", kept[0].replace(' ', "+"));
    assert_eq!(heads(&ada.get(&query).await.ok().saying("value=\"columns\" checked")), kept);
    ada.get(&format!("{preview}&show=columns")).await.is(422).saying("Tick at least one column");
    ada.post("/import", &choice[..2]).await.is(422).saying("Tick at least one column");
    let done = ada.post("/import", &choice).await.ok().path;
    let document = ada.wait_for(&done, "Done.").await.between("<a href=\"/documents/", "\"");
    let document = format!("/documents/{document}");
    let page = ada.get(&document).await.ok().saying(&format!("of all rows: {}", kept[0]));
    assert_eq!(heads(&page), kept);
    // Whatever comes later keeps to it, and the next look begins with it.
    ada.post(&format!("{document}/update"), &[]).await.ok().saying("Nothing has changed in Notion.");
    ada.wait_for(&begin(&ada, std::slice::from_ref(&pick)).await, "Done.").await;
    let page = ada.get(&document).await.ok().saying("Choose").saying("1 version<");
    assert_eq!(heads(&page), kept);
    let again =
        ada.get(&preview).await.ok().saying("value=\"columns\" checked").saying("a document</a> already");
    assert_eq!(heads(&again), kept);
    let everything = [("pick", pick.as_str()), ("show", "everything")];
    let done = ada.post("/import", &everything).await.ok().path;
    ada.wait_for(&done, "Done.").await.saying("New version");
    let page = ada.get(&document).await.ok().saying("everything");
    assert!(heads(&page).contains(left), "{:?}", heads(&page));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_notion_shows_no_more_the_picker_says_what_to_do() {
    const ADVICE: &str = "Notion shows only the first results";
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--data", data.path().to_str().unwrap()];
    let demo = Demo::start(&arguments);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let all = ada.get("/import").await.ok().not_saying(ADVICE).picks().len();
    drop(demo);
    let kept = data.path().join("stand-ins.json");
    let mut world: serde_json::Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    world["world"]["rules"]["search_cap"] = serde_json::json!(3);
    std::fs::write(&kept, world.to_string()).unwrap();
    let demo = Demo::start(&arguments);
    let ada = ada.at(&demo);
    let shown = ada.get("/import").await.ok().saying(ADVICE).picks().len();
    assert!(shown == 3 && shown < all, "{shown} of {all}");
    ada.get("/import?q=information").await.ok().not_saying(ADVICE);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_found_can_be_ticked_at_once() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let found = ada.get("/import?q=policy&kind=page").await.ok();
    let shown = found.picks().len();
    assert!(shown > 1 && found.all_between("\" checked", ">").is_empty());
    let asked = [("q", "policy"), ("kind", "page")];
    let ticked = ada.post("/import", &[&asked[..], &[("go", "all")]].concat()).await.ok();
    let ticked = ticked.saying("Tick none").saying(&format!("{shown} ticked"));
    assert_eq!((ticked.picks().len(), ticked.all_between("\" checked", ">").len()), (shown, shown));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ticked_is_still_ticked_after_the_next_search_and_what_is_pasted_is_found() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let found = ada.get("/import?q=information").await.ok();
    let pick = found.picks()[story::POLICY].clone();
    let id = pick.split(' ').nth(1).unwrap();
    let asked = |q, go| [("pick", pick.as_str()), ("q", q), ("go", go)];
    let next = ada.post("/import", &asked("sub-processors", "search")).await.ok();
    let next = next.saying("1 ticked before").saying("1 ticked</span>");
    let both = [&asked("sub-processors", "all")[..], &[("rows", "yes")]].concat();
    let all = ada.post("/import", &both).await.ok().saying("1 ticked before");
    assert_eq!(all.all_between("\" checked", ">").len(), 1 + next.picks().len());
    let none = ada.post("/import", &asked("sub-processors", "none")).await.ok();
    assert_eq!(none.all_between("\" checked", ">").len(), 1, "what is not listed stays ticked");
    let again = ada.post("/import", &asked("information", "search")).await.ok().not_saying("ticked before");
    assert_eq!(again.all_between("\" checked", ">").len(), 1);
    for pasted in [id.to_owned(), format!("https://www.notion.so/acme/Anything-{}", id.replace('-', ""))] {
        ada.get(&format!("/import?q={pasted}")).await.ok().saying(story::POLICY);
    }
    let forged = [("pick", "page nonsense Title"), ("pick", pick.as_str())];
    ada.post("/import", &forged).await.is(422).saying("Not all of what was ticked");
    ada.post("/import", &[("pick", "page nonsense Title"), ("go", "search")])
        .await
        .ok()
        .not_saying("ticked before");
    ada.get("/import?q=https://example.com/").await.ok().saying("That is no link");
    ada.get("/import?q=35261e8ce0a380c89f000123456789ff").await.ok().saying("does not see");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_below_something_listed_is_listed_below_it() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let listed = ada.get("/import").await.ok();
    let (picks, text) = (listed.picks().len(), listed.text());
    assert_eq!(text.matches("<li>").count(), picks, "each is listed once");
    assert!(text.contains("of its rows</summary><ul>"), "{text}");
    assert!(text.matches("<ul>").count() > 1);
}

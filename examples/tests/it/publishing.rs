//! Publishing: what is shown before, what has to be ticked, and what is refused.

use crate::demo::{Browser, Demo, Page};
use crate::story::{self, POLICY};

const KEY: &str = concat!("AKIA", "QX7RT2LMNB4VZK3P");

/// What the form of a page for publishing holds.
fn form(page: &Page) -> Vec<(&'static str, String)> {
    let named = ["version", "revision", "title", "from", "seen"];
    let field = |name: &'static str| {
        let found = page.all_between(&format!("name=\"{name}\" value=\""), "\"");
        found.into_iter().next().map(|value| (name, unescaped(&value)))
    };
    named.into_iter().filter_map(field).collect()
}

/// What a browser makes of a value, but for `&`.
fn unescaped(value: &str) -> String {
    let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")];
    marks.into_iter().fold(value.to_owned(), |value, (escaped, mark)| value.replace(escaped, mark))
}

async fn send(browser: &Browser, document: &str, form: &[(&str, String)], more: &[(&str, &str)]) -> Page {
    let fields = form.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = fields.chain(more.iter().copied()).collect();
    browser.post(&format!("{document}/publish"), &fields).await
}

/// From a draft to what everybody reads, in one act: opened, a reason, a tick, sent.
pub async fn publish_as(browser: &Browser, document: &str, version: u32, level: &str) -> Page {
    let dialog = browser.get(&format!("{document}/publish?version={version}&level={level}")).await;
    if dialog.status != 200 {
        return dialog;
    }
    send(browser, document, &form(&dialog), &[("level", level), ("reason", "Asked for")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_version_changes_and_gives_away_is_seen_before_it_is_published() {
    let demo = Demo::start(&["--ephemeral"]);
    let (ada, bruno) = (demo.browser_of("ada").await, demo.browser_of("bruno").await);
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let (document, page) = (imported.document(POLICY), imported.notion(POLICY));
    let reading = imported.reading(POLICY);
    let add = async |text: &str| {
        ada.post(&format!("{page}/add"), &[("text", text)]).await.ok();
        ada.post(&format!("{document}/update"), &[]).await.ok().saying("is here");
    };

    add(&format!("Ask ada@haldenpay.com, who has {KEY} for wiki.corp.haldenpay.com.")).await;
    let path = format!("{document}/publish?version=2&level=public");
    let dialog = bruno.get(&path).await.ok().saying("Everybody on the internet may read it");
    let dialog = dialog.saying("1 secret").saying("1 mail address").saying("1 internal host");
    let dialog = dialog.saying("<mark>AKIA…</mark>").not_saying("What changes for readers");
    let whole = form(&dialog);
    let public = [("level", "public"), ("reason", "Asked for")];
    let unticked: Vec<_> = whole.iter().filter(|(name, _)| *name != "seen").cloned().collect();
    let again = send(&bruno, &document, &unticked, &public).await.is(422).saying("Tick this first");
    again.saying("value=\"Asked for\"").saying("1 secret");
    send(&bruno, &document, &unticked, &[("level", "public")]).await.is(422).saying("Say why");
    let other = bruno.get(&format!("{document}/publish?version=2&level=restricted")).await.ok();
    send(&bruno, &document, &form(&other), &public).await.is(422).saying("Tick this first");
    let stale = whole.iter().cloned().map(|(name, value)| match name {
        "revision" => (name, "7".to_owned()),
        _ => (name, value),
    });
    send(&bruno, &document, &stale.collect::<Vec<_>>(), &public).await.is(409).saying("It has changed");
    demo.browser().get(&reading).await.is(404);
    demo.browser_of("chiara").await.get(&path).await.is(403);
    send(&bruno, &document, &whole, &public)
        .await
        .ok()
        .saying("Version 2 is published. The level is now: Public.");
    demo.browser().get(&reading).await.ok().saying("Least privilege");
    bruno
        .get(&document)
        .await
        .ok()
        .saying("Version 2 published: “Asked for”")
        .saying("Internal → Public: “Asked for”");

    add("Logs must be kept for 12 months.").await;
    let dialog = bruno.get(&format!("{document}/publish?version=3")).await.ok();
    let dialog =
        dialog.saying("What changes for readers").saying("1 block added").saying("Logs must be kept");
    let dialog = dialog.saying("1 number").saying("1 obligation").saying("[added: ").saying("<ins>");
    // What they read already is no news.
    let dialog = dialog.not_saying("1 secret").not_saying("name=\"seen\"");
    send(&bruno, &document, &form(&dialog), &[("level", "public")])
        .await
        .ok()
        .saying("Version 3 is published");

    add("Write to eva@haldenpay.com.").await;
    let dialog = bruno.get(&format!("{document}/publish?version=4")).await.ok().saying("1 mail address");
    let whole = form(&dialog);
    let unticked: Vec<_> = whole.iter().filter(|(name, _)| *name != "seen").cloned().collect();
    send(&bruno, &document, &unticked, &[]).await.is(422).saying("Tick this first");
    send(&bruno, &document, &whole, &[]).await.ok().saying("Version 4 is published");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_says_beforehand_that_a_wider_level_comes_with_its_publication() {
    let demo = Demo::start(&["--ephemeral"]);
    let (ada, bruno) = (demo.browser_of("ada").await, demo.browser_of("bruno").await);
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let document = imported.document(POLICY);
    let draft = bruno.get(&document).await.ok().saying("Publish it as").saying("Nothing is published");
    draft
        .saying(&format!("{document}/publish?version=1&amp;level=public"))
        .not_saying("<select name=\"to\">");
    // An old link is answered with what it takes.
    bruno.get(&format!("{document}/level?to=restricted")).await.ok().saying("Publish as");
    bruno.post(&format!("{document}/level"), &[("to", "public"), ("reason", "Asked for")]).await.is(409);
    publish_as(&bruno, &document, 1, "internal").await.ok().saying("Version 1 is published");
    bruno.get(&document).await.ok().saying("<select name=\"to\">");
    demo.browser().get(&imported.reading(POLICY)).await.is(404);
}

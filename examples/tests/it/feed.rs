//! What is new on a site: at its top, in its order, and as a feed.

use reqwest::Method;

use crate::demo::{Browser, Demo, Page};
use crate::publishing::publish_as;
use crate::reading::set_level;
use crate::requests;
use crate::story::{self, POLICY, REPORT, TABLE};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const FEED: &str = "/t/halden/changes.atom";

/// What a feed lists: title, id, and when.
fn entries(page: &Page) -> Vec<(String, String, String)> {
    let text = page.text();
    let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let feed = document.root_element();
    assert_eq!(feed.tag_name(), roxmltree::ExpandedName::from((ATOM, "feed")));
    let of = |node: roxmltree::Node<'_, '_>, name: &str| {
        let mut named = node.children().filter(|child| child.has_tag_name((ATOM, name)));
        let text = named.next().unwrap_or_else(|| panic!("no {name}: {text}")).text().unwrap().to_owned();
        assert!(named.next().is_none(), "two of {name}");
        text
    };
    for name in ["id", "title", "updated"] {
        of(feed, name);
    }
    let listed: Vec<_> = feed.children().filter(|child| child.has_tag_name((ATOM, "entry"))).collect();
    let entries: Vec<_> =
        listed.into_iter().map(|entry| (of(entry, "title"), of(entry, "id"), of(entry, "updated"))).collect();
    assert!(entries.is_sorted_by(|(.., a), (.., b)| a >= b), "{entries:?}");
    entries
}

async fn rename(ada: &Browser, document: &str, title: &str) {
    ada.post(&format!("{document}/rename"), &[("title", title)]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_lists_what_everybody_may_know_of_and_nothing_more() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = requests::listed(&demo).await;
    let (anonymous, ada, dana) =
        (demo.browser(), demo.browser_of("ada").await, demo.browser_of("dana").await);
    ada.post(&format!("{}/assign", imported.document(REPORT)), &[("contact", "dana")]).await.ok();
    let feed = anonymous.get(FEED).await.ok();
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    assert_eq!(feed.header("cache-control"), "no-cache");
    let tag = feed.header("etag").to_owned();
    let first = entries(&feed);
    let titles: Vec<_> = first.iter().map(|(title, ..)| title.as_str()).collect();
    assert_eq!(titles, [TABLE, REPORT, POLICY], "newest first");
    assert_eq!(first[2].1, format!("urn:uuid:{}", requests::id(&imported, POLICY)));
    // It is one and the same for whoever asks.
    for browser in [&dana, &ada] {
        assert_eq!(browser.get(FEED).await.ok().text(), feed.text());
    }
    anonymous.ask_with(Method::GET, FEED, [("if-none-match", &*tag)]).await.is(304);
    let site = anonymous.get("/t/halden").await.ok().saying("Follow changes");
    site.saying("rel=\"alternate\" type=\"application/atom+xml\"").saying(FEED);

    // What is no longer listed, or closed, is out of it with the next request; what is published anew is the newest.
    ada.post(&format!("{}/listed", imported.document(REPORT)), &[]).await.ok();
    let without = anonymous.ask_with(Method::GET, FEED, [("if-none-match", &*tag)]).await.is(200);
    assert!(!without.says(REPORT));
    set_level(&ada, &requests::id(&imported, TABLE), "internal").await;
    let without = anonymous.get(FEED).await.ok();
    assert_eq!(entries(&without), first[2..], "the entry that stays is as it was");
    let hostile = "]]></title><script>&amp;\"'<!-- Ä 🔒 \u{fffe}\u{ffff}";
    rename(&ada, &imported.document(POLICY), hostile).await;
    assert_eq!(anonymous.get(FEED).await.ok().text(), without.text(), "what is not published is not told");
    publish_as(&ada, &imported.document(POLICY), 1, "public").await.ok();
    let renamed = entries(&anonymous.get(FEED).await.ok());
    assert_eq!(renamed.len(), 1);
    let (title, id, updated) = &renamed[0];
    assert_eq!(title, &hostile.replace(['\u{fffe}', '\u{ffff}'], "").trim().to_owned());
    assert_eq!(id, &first[2].1);
    // The same version as before: readers who have read it need not read it again.
    assert_eq!(*updated, first[2].2);
    ada.post(&format!("{}/withdraw", imported.document(POLICY)), &[]).await.ok();
    assert_eq!(entries(&anonymous.get(FEED).await.ok()), []);
    anonymous.get("/t/nobody/changes.atom").await.is(404);
    // A place in another order, or none, is no place here.
    anonymous.get(&format!("{FEED}?after=nonsense")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_handful_is_listed_with_the_newest_first() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let picks = ada.get("/import").await.ok().picks();
    let mut titles: Vec<_> = picks.keys().cloned().collect();
    titles.sort();
    let chosen: Vec<_> = titles.iter().take(7).map(|title| ("pick", picks[title].as_str())).collect();
    let import = ada.post("/import", &chosen).await.ok().path;
    let done = ada.wait_for(&import, "Done.").await;
    let documents: Vec<_> = done.all_between("<a href=\"/documents/", "\"");
    assert_eq!(documents.len(), 7);
    let (anonymous, mut published) = (demo.browser(), Vec::new());
    for (number, id) in documents.iter().enumerate() {
        publish_as(&ada, &format!("/documents/{id}"), 1, "public").await.ok();
        published.insert(0, id.clone());
        let site = anonymous.get("/t/halden").await.ok();
        assert_eq!(site.says("What is new"), number >= 5, "{number}");
        assert_eq!(site.says("sort=newest"), number >= 5, "{number}");
    }
    let site = anonymous.get("/t/halden").await.ok();
    let news = site.between("What is new", "</section>");
    let listed: Vec<_> = news.split("/t/halden/d/").skip(1).map(|part| part[..36].to_owned()).collect();
    assert_eq!(listed, published[..5]);
    let newest = anonymous.get("/t/halden?sort=newest").await.ok().not_saying("What is new");
    assert_eq!(newest.all_between("href=\"/t/halden/d/", "\""), published);
    assert_eq!(entries(&anonymous.get(FEED).await.ok()).len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_says_who_it_is_and_whose_help_it_uses() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = requests::listed(&demo).await;
    let (anonymous, ada) = (demo.browser(), demo.browser_of("ada").await);
    let about = anonymous.get("/t/halden/about").await.ok().saying("mailto:security@haldenpay.example");
    let about = about.saying("/t/halden/keys.json").saying("/t/halden/llms.txt").saying(FEED);
    // The list is restricted: nobody is told of it here, though it is listed.
    let about = about.not_saying(&imported.reading(TABLE));
    let tag = about.header("etag").to_owned();
    anonymous.ask_with(Method::GET, "/t/halden/about", [("if-none-match", &*tag)]).await.is(304);
    set_level(&ada, &requests::id(&imported, TABLE), "public").await;
    let about = anonymous.ask_with(Method::GET, "/t/halden/about", [("if-none-match", &*tag)]).await.is(200);
    about.saying(&imported.reading(TABLE)).saying(TABLE);
    let logo = anonymous.get("/t/halden/logo.svg").await.ok();
    assert_eq!(logo.header("content-type"), "image/svg+xml");
    assert!(roxmltree::Document::parse(&logo.text()).is_ok());
    anonymous.get("/t/nobody/about").await.is(404);
}

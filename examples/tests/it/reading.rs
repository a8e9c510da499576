//! What a reader is shown is worked out once for all, finished for each, and asked about every time.

use std::fs::File;
use std::path::Path;

use reqwest::Method;
use reqwest::header::IF_NONE_MATCH;

use crate::demo::{self, Browser, Demo, Page};
use crate::publishing::publish_as;
use crate::story::{self, POLICY};

/// What the policy links to.
const LINKED: &str = "Encryption Policy";
/// It holds a picture.
const PICTURED: &str = "Business Continuity Plan";

/// The demo with three documents published, and its log.
struct Shelf {
    demo: Demo,
    bruno: Browser,
    data: tempfile::TempDir,
    policy: String,
    linked: String,
    pictured: String,
}

impl Shelf {
    async fn furnish() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = demo::command(&["--ephemeral"]);
        command.env("RUST_LOG", "trust_center=debug");
        let demo = Demo::run_logging(command, File::create(log(data.path())).unwrap());
        let ada = demo.browser_of("ada").await;
        story::connect(&demo, &ada).await;
        let picks = ada.get("/import").await.ok().picks();
        let fields = [POLICY, LINKED, PICTURED].map(|title| ("pick", picks[title].as_str()));
        let import = ada.post("/import", &fields).await.ok().path;
        let done = ada.wait_for(&import, "Done.").await;
        let id = |title: &str| {
            let entries = done.all_between("<a href=\"/documents/", "</b>");
            let ids = entries.iter().filter_map(|entry| entry.split_once("\"><b>"));
            ids.into_iter().find(|(_, known)| *known == title).unwrap().0.to_owned()
        };
        let bruno = demo.browser_of("bruno").await;
        let (policy, linked, pictured) = (id(POLICY), id(LINKED), id(PICTURED));
        for (id, level) in [(&policy, "public"), (&linked, "restricted"), (&pictured, "public")] {
            publish_as(&bruno, &format!("/documents/{id}"), 1, level).await.ok();
        }
        let chiara = demo.browser_of("chiara").await;
        chiara.post(&format!("/documents/{linked}/assign"), &[("contact", "dana")]).await.ok();
        Self { demo, bruno, data, policy, linked, pictured }
    }

    fn reading(&self, id: &str) -> String {
        format!("/t/halden/d/{id}")
    }

    /// How often a text was converted so far.
    fn conversions(&self) -> usize {
        std::fs::read_to_string(log(self.data.path())).unwrap().matches("a text is converted").count()
    }
}

fn log(data: &Path) -> std::path::PathBuf {
    data.join("log")
}

pub async fn set_level(bruno: &Browser, id: &str, level: &str) {
    let path = format!("/documents/{id}/level");
    let dialog = bruno.get(&format!("{path}?to={level}")).await.ok();
    let field = |name: &str| dialog.between(&format!("name=\"{name}\" value=\""), "\"");
    let (from, revision) = (field("from"), field("revision"));
    let seen = dialog.all_between("name=\"seen\" value=\"", "\"").pop().unwrap_or_default();
    let fields =
        [("to", level), ("from", &from), ("revision", &revision), ("reason", "Asked for"), ("seen", &seen)];
    bruno.post(&path, &fields).await.ok().saying("The level is now");
}

/// Asks whether what has this tag is still so.
async fn again(browser: &Browser, path: &str, tag: &str) -> Page {
    browser.ask_with(Method::GET, path, [(IF_NONE_MATCH.as_str(), tag)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_different_rights_see_their_own_links_and_a_page_is_converted_once() {
    let shelf = Shelf::furnish().await;
    let (anonymous, dana) = (shelf.demo.browser(), shelf.demo.browser_of("dana").await);
    let (policy, link) = (shelf.reading(&shelf.policy), format!("href=\"{}\"", shelf.reading(&shelf.linked)));
    let before = shelf.conversions();
    assert!(before > 0, "nothing is ever converted");
    for _ in 0..3 {
        anonymous.get(&policy).await.ok().saying("Encryption Policy").not_saying(&link).not_saying("notion.");
        dana.get(&policy).await.ok().saying(&link).not_saying("notion.");
        let members = shelf.bruno.get(&format!("/documents/{}", shelf.policy)).await.ok();
        members.saying(&format!("href=\"/documents/{}\"", shelf.linked)).saying("https://app.notion.com/p/");
    }
    shelf.bruno.post(&format!("/documents/{}/withdraw", shelf.linked), &[]).await.ok();
    dana.get(&policy).await.ok().saying("Encryption Policy").not_saying(&link);
    assert_eq!(shelf.conversions(), before, "it was shown to members already, before it was published");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_public_is_asked_about_each_time_and_closes_at_once() {
    let shelf = Shelf::furnish().await;
    let (anonymous, dana) = (shelf.demo.browser(), shelf.demo.browser_of("dana").await);
    let pictured = shelf.reading(&shelf.pictured);
    let picture = anonymous.get(&pictured).await.ok().between("<img src=\"", "\"");
    let mut tags = Vec::new();
    for path in ["/style.css", "/script.js", "/t/halden", "/t/halden/llms.txt", &pictured, &picture] {
        let page = anonymous.get(path).await.ok();
        let is_spoken = path == "/t/halden" || path == pictured;
        let vary = if is_spoken { "accept-language, cookie" } else { "cookie" };
        assert_eq!((page.header("cache-control"), page.header("vary")), ("no-cache", vary), "{path}");
        let tag = page.header("etag").to_owned();
        assert!(tag.len() > 60 && tag.starts_with('"'), "{path}: {tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
            let same = again(&anonymous, path, &known).await.is(304);
            assert!(
                same.body.is_empty()
                    && same.header("etag") == tag
                    && same.header("cache-control") == "no-cache"
            );
            assert!(!same.header("content-security-policy").is_empty());
        }
        again(&anonymous, path, "\"x\"").await.is(200);
        tags.push(tag);
    }
    // What everybody may read is all that it lists, for whoever asks.
    let listed = dana.get("/t/halden/llms.txt").await.ok().saying(&pictured);
    listed.saying("# Halden Pay").not_saying(&shelf.reading(&shelf.linked));
    assert_eq!(tags.iter().collect::<std::collections::HashSet<_>>().len(), tags.len());
    // What is for one reader is nobody else's to keep.
    let linked = shelf.reading(&shelf.linked);
    for (browser, path) in
        [(&dana, &linked), (&dana, &pictured), (&shelf.bruno, &pictured), (&anonymous, &linked)]
    {
        let page = browser.get(path).await;
        assert_eq!((page.header("cache-control"), page.header("etag")), ("no-store", ""), "{path}");
    }
    // Its tag depends on all that is shown, links to other documents too.
    let policy = shelf.reading(&shelf.policy);
    let tag = anonymous.get(&policy).await.ok().header("etag").to_owned();
    set_level(&shelf.bruno, &shelf.linked, "public").await;
    again(&anonymous, &policy, &tag).await.is(200).saying(&format!("href=\"{linked}\""));
    let list = anonymous.get("/t/halden").await.ok().saying(PICTURED).header("etag").to_owned();

    set_level(&shelf.bruno, &shelf.pictured, "restricted").await;
    for (path, tag) in [(&pictured, &tags[4]), (&picture, &tags[5])] {
        let closed = again(&anonymous, path, tag).await.is(404);
        assert_eq!(closed.header("cache-control"), "no-store");
    }
    again(&anonymous, "/t/halden", &list).await.is(200).not_saying(PICTURED);
    set_level(&shelf.bruno, &shelf.pictured, "public").await;
    again(&anonymous, &picture, &tags[5]).await.is(304);
    shelf.bruno.post(&format!("/documents/{}/withdraw", shelf.pictured), &[]).await.ok();
    again(&anonymous, &pictured, &tags[4]).await.is(404);
    again(&anonymous, &picture, &tags[5]).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_file_is_answered_as_long_as_it_is_the_same_file() {
    let shelf = Shelf::furnish().await;
    let (anonymous, bruno) = (shelf.demo.browser(), &shelf.bruno);
    let picture = |page: Page| page.ok().between("<img src=\"", "\"");
    let of_readers = picture(anonymous.get(&shelf.reading(&shelf.pictured)).await);
    let of_members = picture(bruno.get(&format!("/documents/{}", shelf.pictured)).await);
    for (browser, path, cached) in [(&anonymous, of_readers, "no-cache"), (bruno, of_members, "no-store")] {
        let whole = browser.get(&path).await.is(200);
        let (size, tag) = (whole.body.len(), whole.header("etag").to_owned());
        assert_eq!((whole.header("accept-ranges"), whole.header("cache-control")), ("bytes", cached));
        for (headers, bytes) in [
            ([("range", "bytes=4-9"), ("if-range", &*tag)], 4..10),
            ([("range", "bytes=4-"), ("if-range", &tag)], 4..size),
            ([("range", "bytes=-5"), ("x-any", "x")], size - 5..size),
        ] {
            let part = browser.ask_with(Method::GET, &path, headers).await.is(206);
            assert_eq!(part.body, whole.body[bytes.clone()], "{headers:?}");
            let expected = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
            assert_eq!((part.header("content-range"), part.header("etag")), (&*expected, &*tag));
            assert_eq!(
                (part.header("cache-control"), part.header("x-content-type-options")),
                (cached, "nosniff")
            );
        }
        for headers in [("if-range", "\"another\""), ("if-range", "Sun, 22 Nov 2026 08:00:00 GMT")] {
            let headers = [("range", "bytes=4-9"), headers];
            let all = browser.ask_with(Method::GET, &path, headers).await.is(200);
            assert!(all.body == whole.body && all.header("content-range").is_empty(), "{headers:?}");
        }
        let all = browser.ask_with(Method::GET, &path, [("range", "bytes=0-1,4-5")]).await.is(200);
        assert_eq!(all.body, whole.body);
        let beyond = format!("bytes={size}-");
        let refused = browser.ask_with(Method::GET, &path, [("range", &beyond)]).await.is(416);
        assert_eq!(refused.header("content-range"), format!("bytes */{size}"));
        assert!(refused.says("<!doctype html>") && refused.header("cache-control") == "no-store");
        let known = [("range", "bytes=4-9"), ("if-none-match", &*tag)];
        let same = browser.ask_with(Method::GET, &path, known).await;
        let expected = if cached == "no-cache" { (304, "") } else { (206, &*format!("bytes 4-9/{size}")) };
        assert_eq!((same.status.as_u16(), same.header("content-range")), expected);
    }
}

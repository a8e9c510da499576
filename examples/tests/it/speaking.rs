//! People outside are spoken to in their language, and nobody's cache mixes the languages.

use std::collections::BTreeSet;

use reqwest::Method;

use crate::demo::{Browser, Demo, Page};
use crate::publishing::publish_as;
use crate::requests::{self, EVE};
use crate::story::{self, POLICY, REPORT, TABLE};

use self::languages::Language;

#[allow(dead_code, unused_imports, reason = "the demo uses all of it")]
#[path = "../../trust-center/languages/mod.rs"]
mod languages;

const GERMAN: (&str, &str) = ("accept-language", "de-DE,de;q=0.9,en;q=0.8");

/// What a page says of ours: what stands in its tags and between them, but for what a document says.
fn said(page: &Page) -> String {
    let text = page.text();
    let mut said = String::new();
    for (number, part) in text.split("<article").enumerate() {
        let part = if number == 0 { part } else { part.split_once("</article>").unwrap().1 };
        for tag in part.split('<') {
            let (tag, between) = tag.split_once('>').unwrap_or(("", tag));
            for name in ["aria-label", "title", "placeholder", "alt", "data-no-answer"] {
                if let Some((_, value)) = tag.split_once(&format!(" {name}=\"")) {
                    said.extend([value.split('"').next().unwrap(), "\n"]);
                }
            }
            said.extend([between, "\n"]);
        }
    }
    said.replace("&#39;", "'").replace("&#38;", "&")
}

/// Phrases that the other language has other words for, without the places for names.
fn phrases() -> Vec<(&'static str, String)> {
    let [en, de] = Language::ALL.map(|(language, _)| language.words().all());
    let mut phrases = Vec::new();
    for ((name, english), (_, german)) in en.into_iter().zip(de) {
        for part in english.split("{}").flat_map(|part| part.split('\n')) {
            let part = part.trim_matches(|character: char| !character.is_alphabetic());
            if !part.is_empty() && !german.contains(part) {
                phrases.push((name, part.to_owned()));
            }
        }
    }
    phrases
}

fn has(text: &str, phrase: &str) -> bool {
    let is_letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    text.match_indices(phrase).any(|(at, _)| {
        !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + phrase.len()..].chars().next())
    })
}

async fn of(browser: &Browser, path: &str) -> Page {
    browser.ask_with(Method::GET, path, [GERMAN]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_outside_and_speaks_german_reads_no_english_of_ours() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = requests::listed(&demo).await;
    let ada = demo.browser_of("ada").await;
    let id = |title| requests::id(&imported, title);
    for person in ["dana", "emil"] {
        ada.post(&format!("{}/assign", imported.document(REPORT)), &[("contact", person)]).await.ok();
    }
    let (visitor, dana) = (demo.browser(), demo.browser_of("dana").await);
    requests::ask(&dana, &id(TABLE), &EVE).await.ok();
    let mut pages = Vec::new();
    for (path, status) in [
        ("/t/halden", 200),
        ("/t/halden?sort=newest", 200),
        ("/t/halden?q=nothing+like+it", 200),
        ("/t/fernwood", 200),
        ("/t/halden/about", 200),
        ("/t/halden/sign-in", 200),
        ("/t/halden/sign-in/sent", 200),
        ("/t/halden/sign-in/by/nothing", 410),
        ("/t/halden/asked", 200),
        ("/t/halden/follow", 200),
        ("/t/halden/follow/sent", 200),
        ("/t/halden/follow/by/nothing", 410),
        ("/t/halden/ask", 200),
        ("/t/halden/ask?q=nothing+like+it", 200),
        ("/t/halden/d/nothing", 404),
        ("/t/halden/nothing", 404),
        ("/t/halden?after=nothing", 200),
        (&imported.reading(POLICY), 200),
        (&imported.reading(TABLE), 401),
    ] {
        pages.push(of(&visitor, path).await.is(status));
    }
    for (path, status) in [
        ("/t/halden", 200),
        ("/t/halden/ask", 200),
        (&imported.reading(TABLE), 403),
        (&imported.reading(REPORT), 403),
    ] {
        pages.push(of(&dana, path).await.is(status));
    }
    // A browser that has chosen goes on in that language, whatever it does.
    for browser in [&visitor, &dana] {
        browser.get("/t/halden?lang=de").await.ok();
    }
    let sign_in = "/t/halden/sign-in";
    pages.push(visitor.post(sign_in, &[("mail", "no address")]).await.is(422));
    pages.push(visitor.post("/t/halden/ask", &[]).await.is(422));
    pages.push(visitor.post("/t/halden/ask", &[("name", "\u{200b}")]).await.is(422));
    pages.push(visitor.post_from_elsewhere(sign_in).await.is(403));
    pages.push(visitor.ask(Method::DELETE, sign_in).await.is(403));
    let nda = format!("{}/nda", imported.reading(REPORT));
    pages.push(dana.post(&nda, &[]).await.is(422));
    let shown = dana.get(&imported.reading(REPORT)).await.is(403);
    let field = |name: &str| shown.between(&format!("name=\"{name}\" value=\""), "\"");
    let (of_nda, version, digest) = (field("nda"), field("version"), field("digest"));
    let fields = [("agree", "yes"), ("nda", &of_nda), ("version", &version), ("digest", &digest)];
    pages.push(dana.post(&nda, &fields).await.ok());
    publish_as(&ada, &imported.document(REPORT), 1, "restricted").await;
    pages.push(dana.get(&imported.reading(REPORT)).await.ok());
    let withdraw = dana.get("/t/halden").await.ok().between("action=\"/t/halden/requests/", "\"");
    pages.push(dana.post(&format!("/t/halden/requests/{withdraw}"), &[]).await.ok());
    let phrases = phrases();
    assert!(phrases.len() > 100, "{}", phrases.len());
    let mut wrong = BTreeSet::new();
    for page in &pages {
        assert_eq!(page.header("content-language"), "de", "{}", page.path);
        assert!(page.says("<html lang=\"de\""), "{}: {}", page.path, page.text());
        // A document is called what it is called in Notion.
        let said = said(page).replace(TABLE, "");
        for (name, phrase) in phrases.iter().filter(|(_, phrase)| has(&said, phrase)) {
            wrong.insert(format!("{}: {name}: {phrase}", page.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Members work in English, and so does the demo's first page.
    let start = of(&visitor, "/").await.ok();
    start.saying("<html lang=\"en\"");
    ada.ask_with(Method::GET, "/documents", [GERMAN]).await.ok().saying("<html lang=\"en\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_in_one_language_is_no_answer_in_another() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    publish_as(&ada, &imported.document(POLICY), 1, "public").await.ok();
    let policy = imported.reading(POLICY);
    for path in ["/t/halden", "/t/halden/about", "/t/halden/changes.atom", &policy] {
        let visitor = demo.browser();
        let mut tags = BTreeSet::new();
        for (asked, code) in [("en", "en"), ("de", "de"), ("fr", "en"), ("de;q=0.1, en;q=0.2", "en")] {
            let page = visitor.ask_with(Method::GET, path, [("accept-language", asked)]).await.ok();
            assert_eq!(page.header("content-language"), code, "{path} for {asked}");
            assert_eq!(page.header("vary"), "accept-language, cookie", "{path} for {asked}");
            let tag = page.header("etag").to_owned();
            for (other, status) in [("de", if code == "de" { 304 } else { 200 }), (asked, 304)] {
                let headers = [("accept-language", other), ("if-none-match", &*tag)];
                let again = visitor.ask_with(Method::GET, path, headers).await.is(status);
                assert_eq!(again.header("vary"), "accept-language, cookie", "{path} for {other}");
            }
            tags.insert(tag);
        }
        assert_eq!(tags.len(), 2, "{path}");
    }

    // What somebody chooses counts more than what their browser asks for, and holds.
    let visitor = demo.browser();
    let chosen = visitor.get("/t/halden?q=x&lang=de").await.ok().saying("<html lang=\"de\"");
    assert_eq!((chosen.header("cache-control"), chosen.header("etag")), ("no-store", ""));
    let cookie = chosen.header("set-cookie").to_owned();
    assert!(cookie.starts_with("trust_center_language=de; HttpOnly; SameSite=Lax;"), "{cookie}");
    let chosen = chosen.saying("href=\"/t/halden?q=x&#38;lang=en\"");
    assert!(chosen.says("Titel durchsuchen"));
    let english = [("accept-language", "en")];
    let again = visitor.ask_with(Method::GET, "/t/halden", english).await.ok().saying("<html lang=\"de\"");
    assert_eq!((again.header("cache-control"), again.header("set-cookie")), ("no-cache", ""));
    visitor.get("/t/halden?lang=en").await.ok().saying("<html lang=\"en\"");
    of(&visitor, "/t/halden").await.ok().saying("<html lang=\"en\"");
    let feed = demo.browser().get("/t/halden/changes.atom?lang=de").await.ok();
    assert_eq!((feed.header("content-language"), feed.header("set-cookie")), ("de", ""));
    for nonsense in ["/t/halden?lang=xx", "/t/halden?lang="] {
        let page = demo.browser().get(nonsense).await.ok().saying("<html lang=\"en\"");
        assert_eq!(page.header("set-cookie"), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_sign_in_by_is_mailed_in_the_language_it_was_asked_for_in() {
    let mut demo = Demo::start(&["--ephemeral"]);
    let visitor = demo.browser();
    let address = "dana.whitfield@orchardbank.example";
    visitor.get("/t/halden?lang=de").await.ok();
    visitor
        .post("/t/halden/sign-in", &[("mail", address)])
        .await
        .ok()
        .saying("Bitte sehen Sie in Ihr Postfach");
    demo.says("Subject: Anmeldung bei Halden Pay");
    demo.says("10 Minuten");
    let link = demo.says("/sign-in/by/").replace(&demo.url, "");
    visitor.get(&link).await.ok().saying("<b>Dana Whitfield</b>").saying("Anmelden");
    let signed_in = visitor.post(&link, &[]).await.ok();
    signed_in.saying("Sie sind angemeldet als Dana Whitfield.");
}

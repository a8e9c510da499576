//! What every answer has: the same head for HEAD, a page of the demo's own for whatever goes wrong, the same headers.

use reqwest::Method;

use crate::demo::{Browser, Demo};
use crate::story::{self, POLICY, REPORT};

/// What a page says to the browser, but for the time of day.
async fn head(browser: &Browser, method: Method, path: &str) -> (u16, Vec<(String, String)>, usize) {
    let page = browser.ask(method, path).await;
    let said = page.headers.iter().filter(|(name, _)| !["date", "set-cookie"].contains(&name.as_str()));
    let mut said: Vec<_> =
        said.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    said.sort();
    (page.status.as_u16(), said, page.body.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let integration = story::integration(&ada).await;
    let imported = story::import(&ada).await;
    let (policy, report) = (imported.document(POLICY), imported.document(REPORT));
    let file = ada.get(&report).await.ok().between("class=\"file\" href=\"", "\"");
    let import =
        ada.post("/import", &[("pick", "page 35261e8c-e0a3-80c8-9f00-0123456789ab x")]).await.ok().path;
    ada.wait_for(&import, "Done.").await;
    ada.get("/documents").await.ok();
    for path in [
        "/".to_owned(),
        "/style.css".to_owned(),
        "/script.js".to_owned(),
        "/integrations".to_owned(),
        "/integrations/attempt".to_owned(),
        format!("{integration}/disconnect"),
        "/import".to_owned(),
        import,
        "/documents".to_owned(),
        format!("{policy}/publish"),
        format!("{policy}/level?to=restricted"),
        policy,
        report,
        file,
        "/nda".to_owned(),
        "/notion".to_owned(),
        imported.notion(POLICY),
        "/t/halden".to_owned(),
        "/t/halden/sign-in".to_owned(),
        imported.reading(POLICY),
        "/nowhere".to_owned(),
    ] {
        let got = head(&ada, Method::GET, &path).await;
        let (status, said, length) = head(&ada, Method::HEAD, &path).await;
        assert_eq!((status, said), (got.0, got.1), "{path}");
        assert!(length == 0 && (got.2 > 0 || status == 303), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_refused_is_refused_on_a_page_of_the_demos_own() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    let long = "x".repeat(3_000_000);
    for (method, path, body, status) in [
        (Method::GET, "/nowhere", "", 404),
        (Method::GET, "/documents/nonsense", "", 400),
        (Method::GET, "/documents/%ff", "", 400),
        (Method::GET, "/imports/nonsense", "", 400),
        (Method::GET, "/t/%ff/d/x", "", 400),
        (Method::PUT, "/documents", "", 405),
        (Method::GET, "/be", "", 405),
        (Method::POST, "/t/halden", "", 405),
        (Method::GET, "/webhooks/nango", "", 405),
        (Method::POST, "/be", long.as_str(), 413),
        (Method::POST, "/documents/nonsense/withdraw", long.as_str(), 413),
        (Method::POST, "/webhooks/nango", long.as_str(), 413),
        (Method::POST, "/be", "person=stranger", 422),
        (Method::POST, "/webhooks/nango", "{}", 401),
    ] {
        let page = ada.send_to(method.clone(), path, body).await.is(status);
        for expected in ["<!doctype html>", "<title>", "class=\"bar\"", "class=\"way-out\""] {
            assert!(page.says(expected), "{method} {path} says no {expected}: {}", page.text());
        }
        for (name, expected) in [
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(name), expected, "{method} {path}");
        }
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{method} {path}");
        assert_eq!(page.header("allow").is_empty(), status != 405, "{method} {path}");
    }
}

//! The rules for accessibility, held against every page, on a phone and on a desk, in light and dark.

use std::process::Command;

use serde_json::json;

use crate::acceptances::accept;
use crate::chromium::Chromium;
use crate::demo::Demo;
use crate::publishing::publish_as;
use crate::requests::{self, EVE};
use crate::story::{self, Imported, POLICY, REPORT, TABLE};

/// What installs the script that holds the rules, and where.
const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/install-packages");
const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/axe/node_modules/axe-core/axe.min.js");

/// Runs it, in the dark only for the rules about colours, and says which rule what breaks.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const said = rule => rule.nodes.map(node => rule.id + ': ' + node.html.slice(0, 200));
    const only = arguments[0] === 'dark' ? {runOnly: ['color-contrast', 'link-in-text-block']} : {};
    axe.run(document, {resultTypes: ['violations'], ...only})
        .then(found => done(found.violations.flatMap(said)), error => done(['axe failed: ' + error]));
";

/// Returns the script, which npm installs in the version of the lock.
fn script() -> String {
    let status = Command::new(INSTALL).arg("axe").status().unwrap();
    assert!(status.success(), "npm could not install what scripts/axe/package.json names");
    std::fs::read_to_string(SCRIPT).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_breaks_the_rules_for_accessibility_or_is_wider_than_its_window() {
    let axe = tokio::task::spawn_blocking(script).await.unwrap();
    let demo = Demo::start(&["--ephemeral"]);
    let imported = requests::listed(&demo).await;
    let mut wrong = Vec::new();
    let pages = pages(&demo, &imported).await;
    let chromium = Chromium::open(&demo).await;
    for (person, pages) in &pages {
        match person {
            Some(person) => chromium.be(person).await,
            None => chromium.client.delete_all_cookies().await.unwrap(),
        }
        for page in pages {
            chromium.go(page).await;
            chromium.client.execute(&axe, Vec::new()).await.unwrap();
            for (width, height) in [(390, 800), (1280, 900)] {
                chromium.client.set_window_size(width, height).await.unwrap();
                for scheme in ["light", "dark"] {
                    let scheme_is = json!([{"name": "prefers-color-scheme", "value": scheme}]);
                    chromium.tell("Emulation.setEmulatedMedia", json!({"features": scheme_is})).await;
                    let found = chromium.client.execute_async(RUN, vec![json!(scheme)]).await.unwrap();
                    let found: Vec<String> = serde_json::from_value(found).unwrap();
                    let found = found.into_iter().chain(chromium.faults().await);
                    if let Ok(folder) = std::env::var("NOTION_IMPORT_PICTURES") {
                        let name = format!("{} {page} {width} {scheme}", person.unwrap_or("nobody"));
                        let name = name.replace(|known: char| !known.is_alphanumeric(), "-");
                        let picture = chromium.client.screenshot().await.unwrap();
                        std::fs::write(format!("{folder}/{name}.png"), picture).unwrap();
                    }
                    wrong.extend(found.map(|found| format!("{page} at {width}, {scheme}: {found}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    chromium.client.clone().close().await.unwrap();
}

/// Every page that there is, by who sees it.
async fn pages(demo: &Demo, imported: &Imported) -> [(Option<&'static str>, Vec<String>); 3] {
    let ada = demo.browser_of("ada").await;
    let (policy, report, table) =
        (imported.document(POLICY), imported.document(REPORT), imported.document(TABLE));
    requests::ask(&demo.browser(), &requests::id(imported, TABLE), &EVE).await.ok();
    for contact in ["dana", "emil"] {
        ada.post(&format!("{report}/assign"), &[("contact", contact)]).await.ok();
    }
    accept(&demo.browser_of("emil").await, &imported.reading(REPORT)).await;
    // More than a handful, so that there are news and an order.
    let picks = ada.get("/import").await.ok().picks();
    let mut titles: Vec<_> = picks.keys().filter(|title| *title != POLICY && *title != REPORT).collect();
    titles.sort();
    let more: Vec<_> = titles.iter().take(4).map(|title| ("pick", picks[*title].as_str())).collect();
    let import = ada.post("/import", &more).await.ok().path;
    let done = ada.wait_for(&import, "Done.").await;
    for id in done.all_between("<a href=\"/documents/", "\"") {
        publish_as(&ada, &format!("/documents/{id}"), 1, "public").await.ok();
    }
    ada.post(&format!("{report}/unlink"), &[]).await.ok();
    for document in [&policy, &report] {
        ada.post(&format!("{document}/category"), &[("category", "Policies and rules")]).await.ok();
    }
    let long = "Word".repeat(50);
    ada.post(&format!("{table}/rename"), &[("title", &long)]).await.ok();
    let integration = story::integration(&ada).await;
    ada.post(&format!("{integration}/sync"), &[]).await.ok();
    let bulk = ada.post("/bulk", &[("act", "publish public"), ("which", "all")]).await.ok().path;
    let picker = ada.get("/import").await.ok();
    let previews = picker.all_between("href=\"/import/preview?pick=", "\"");
    let preview = |kind: &str| {
        let pick = previews.iter().find(|pick| pick.starts_with(kind)).unwrap();
        format!("/import/preview?pick={pick}")
    };
    let of_members = [
        "/",
        "/integrations",
        "/integrations/setup",
        &format!("{integration}/runs"),
        &format!("{integration}/disconnect"),
        &format!("{integration}/abandon"),
        "/import",
        "/import?q=policy",
        "/import?q=zebra",
        &preview("page"),
        &preview("database"),
        &imported.import,
        "/documents",
        "/documents?q=policy&sort=title&ticked=yes",
        &bulk,
        &policy,
        &report,
        &table,
        &format!("{policy}/publish?version=1"),
        &format!("{report}/level?to=public"),
        &format!("{table}/level?to=internal"),
        "/requests",
        "/contacts",
        "/subscribers",
        "/contacts/0199a000-0000-7000-8000-000000001021",
        "/contacts/0199a000-0000-7000-8000-000000001021/erase",
        "/acceptances",
        "/nda",
        "/readings",
        "/company/erase",
        "/audit",
        "/audit/access",
        "/documents/0199a000-0000-7000-8000-00000000ffff",
    ];
    let ask = format!("/t/halden/ask?document={}", requests::id(imported, TABLE));
    let (policy, report, table) =
        (imported.reading(POLICY), imported.reading(REPORT), imported.reading(TABLE));
    let of_contacts = [
        "/",
        "/t/halden",
        "/t/halden?category=Policies+and+rules",
        "/t/halden/acceptances",
        &policy,
        &report,
        &ask,
        "/t/halden?lang=de",
        "/t/halden/acceptances",
        &policy,
        &report,
        &ask,
    ];
    let of_visitors = [
        "/",
        "/t/halden",
        "/t/halden/sign-in",
        "/t/halden/sign-in/sent",
        "/t/halden/sign-in/by/nothing",
        "/t/halden/follow",
        "/t/halden/follow/sent",
        "/t/halden/asked",
        &ask,
        &report,
        &table,
        "/t/halden?sort=newest",
        "/t/halden/about",
        // From here on in German.
        "/t/halden?lang=de",
        "/t/halden?q=nothing",
        "/t/halden/about",
        "/t/halden/sign-in",
        "/t/halden/sign-in/sent",
        "/t/halden/sign-in/by/nothing",
        "/t/halden/follow",
        "/t/halden/follow/sent",
        "/t/halden/asked",
        &ask,
        &policy,
        &report,
        &table,
        "/t/halden/d/nothing",
    ];
    let owned = |pages: &[&str]| pages.iter().map(|page| (*page).to_owned()).collect();
    [
        (None, owned(&of_visitors)),
        (Some("Dana Whitfield"), owned(&of_contacts)),
        (Some("Ada Lindqvist"), owned(&of_members)),
    ]
}

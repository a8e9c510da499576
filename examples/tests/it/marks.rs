//! What contacts are given says on each page whose it is; what everybody and members are given says nothing.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use notion_import_core::BlobId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::chromium::{Chromium, Devtools};
use crate::demo::{Browser, Demo};
use crate::publishing::publish_as;
use crate::reading::set_level;
use crate::story::{POLICY, REPORT, connect, import};

const DANA: &str = "dana.whitfield@orchardbank.example";

async fn file_on(browser: &Browser, page: &str) -> String {
    browser.get(page).await.ok().between("class=\"file\" href=\"", "\"")
}

/// The text of each page of a PDF.
fn texts(pdf: &[u8]) -> Vec<String> {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    document.get_pages().keys().map(|page| document.extract_text(&[*page]).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contacts_pdf_is_marked_and_its_parts_make_the_whole() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    connect(&demo, &ada).await;
    let imported = import(&ada).await;
    let (document, reading) = (imported.document(REPORT), imported.reading(REPORT));
    publish_as(&ada, &document, 1, "restricted").await.ok();
    for contact in ["dana", "emil"] {
        ada.post(&format!("{document}/assign"), &[("contact", contact)]).await.ok();
    }
    let (dana, emil) = (demo.browser_of("dana").await, demo.browser_of("emil").await);
    let of_members = file_on(&ada, &document).await;
    let original = ada.get(&of_members).await.ok().body;
    assert!(!texts(&original).concat().contains("orchardbank"));

    let file = file_on(&dana, &reading).await;
    let whole = dana.get(&file).await.ok();
    for text in texts(&whole.body) {
        let digest = BlobId::of(&original).to_string();
        for said in [
            DANA,
            "Dana Whitfield, Orchard Bank",
            &format!("SHA-256 {}", &digest[..16]),
            "SOC 2 Type II Report",
        ] {
            assert!(text.contains(said), "{said:?} is not in {text:?}");
        }
    }
    let tag = whole.header("etag").to_owned();
    let half = whole.body.len() / 2;
    let part = async |browser: &Browser, range: String| {
        browser.ask_with(Method::GET, &file, [("range", range.as_str()), ("if-range", tag.as_str())]).await
    };
    let first = part(&dana, format!("bytes=0-{}", half - 1)).await.is(206);
    let second = part(&dana, format!("bytes={half}-")).await.is(206);
    assert_eq!((first.header("etag"), second.header("etag")), (tag.as_str(), tag.as_str()));
    assert_eq!([first.body, second.body].concat(), whole.body);

    // Somebody else's is another file, and is not joined to it.
    let others = part(&emil, "bytes=9-".to_owned()).await.is(200);
    assert!(others.header("etag") != tag && others.body != whole.body);
    assert!(
        texts(&others.body)[0].contains("emil.novak@tessera.example")
            && !texts(&others.body)[0].contains(DANA)
    );

    // The receipt and the log name the original.
    let receipt = dana.get(&format!("{reading}/receipt")).await.ok().text();
    let claims = URL_SAFE_NO_PAD.decode(receipt.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let log = ada.get("/log/readings.jsonl").await.ok().text();
    let read: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let digest = json!(BlobId::of(&original));
    assert_eq!(claims["sha256"], digest);
    assert_eq!(read.iter().filter(|entry| entry["file"] == digest).count(), 2, "{log}");

    // What everybody may have is what it was, for contacts too.
    let id = document.trim_start_matches("/documents/");
    set_level(&ada, id, "public").await;
    for browser in [&demo.browser(), &dana, &ada] {
        assert_eq!(browser.get(&file).await.ok().body, original);
    }
    assert_eq!(ada.get(&of_members).await.ok().body, original);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_a_contact_prints_is_marked_and_on_the_screen_it_is_not() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    connect(&demo, &ada).await;
    let imported = import(&ada).await;
    publish_as(&ada, &imported.document(POLICY), 1, "restricted").await.ok();
    ada.post(&format!("{}/assign", imported.document(POLICY)), &[("contact", "dana")]).await.ok();
    let chromium = Chromium::open(&demo).await;
    for (person, is_marked) in [("Dana Whitfield", true), ("Ada Lindqvist", false)] {
        chromium.be(person).await;
        chromium.go(&imported.reading(POLICY)).await;
        let shown = chromium.client.execute("return document.body.innerText", Vec::new()).await.unwrap();
        assert!(!shown.to_string().contains(DANA), "{shown}");
        // On paper of a post card, so that there are several pages.
        let paper = json!({ "paperWidth": 4.1, "paperHeight": 5.8 });
        let printed = chromium.client.issue_cmd(Devtools("Page.printToPDF", paper)).await.unwrap();
        let printed = STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
        let texts = texts(&printed);
        assert!(texts.len() > 1);
        for text in texts {
            let text: String = text.split_whitespace().collect();
            assert_eq!(text.contains(DANA), is_marked, "{text}");
        }
    }
    chromium.client.clone().close().await.unwrap();
}

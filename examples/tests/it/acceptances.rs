//! Who has accepted which NDA, for members, and the copies of it.

use sha2::{Digest, Sha256};

use crate::demo::{Browser, Demo, Page};
use crate::requests;
use crate::story::REPORT;

/// Accepts the NDA that stands before a document.
pub async fn accept(contact: &Browser, reading: &str) -> Page {
    let asked = contact.get(reading).await.is(403);
    let field = |name: &str| asked.between(&format!("name=\"{name}\" value=\""), "\"");
    let (nda, version, digest) = (field("nda"), field("version"), field("digest"));
    let fields = [("nda", &*nda), ("version", &*version), ("digest", &*digest), ("agree", "yes")];
    contact.post(&format!("{reading}/nda"), &fields).await.ok()
}

/// What the copy says is the digest of its text is that.
fn check_copy(copy: &Page) {
    assert_eq!(copy.header("content-type"), "text/markdown; charset=utf-8");
    let text = copy.text();
    let (_, words) = text.split_once("\n---\n").unwrap();
    let said = copy.between("to its end: ", "\n");
    assert_eq!(said, hex::encode(Sha256::digest(words.as_bytes())), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepted_what_is_listed_and_both_have_a_copy() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = requests::listed(&demo).await;
    let (chiara, dana) = (demo.browser_of("chiara").await, demo.browser_of("dana").await);
    chiara.get("/acceptances").await.ok().saying("Nobody has accepted an NDA yet");
    dana.get("/t/halden/acceptances").await.ok().saying("You have accepted no NDA of Halden Pay");
    let (document, reading) = (imported.document(REPORT), imported.reading(REPORT));
    chiara.post(&format!("{document}/assign"), &[("contact", "dana")]).await.ok();
    accept(&dana, &reading).await.saying("Accepted. Halden Pay keeps it word for word");

    let page =
        chiara.get("/acceptances").await.ok().saying("Dana Whitfield").saying("127.0.0.1").saying(REPORT);
    let id = page.between("href=\"/acceptances/", "\"");
    let copy =
        chiara.get(&format!("/acceptances/{id}")).await.ok().saying("Between Halden Pay and Orchard Bank");
    check_copy(
        &copy
            .saying("Dana Whitfield (dana.whitfield@orchardbank.example)")
            .saying("from the address 127.0.0.1"),
    );
    dana.get("/t/halden").await.ok().saying("/t/halden/acceptances");
    dana.get("/t/halden/acceptances").await.ok().saying("version 1").saying(&id);
    let own = format!("/t/halden/acceptances/{id}");
    check_copy(&dana.get(&own).await.ok());
    for stranger in ["emil", "imke", "bruno"] {
        demo.browser_of(stranger).await.get(&own).await.is(404);
    }
    demo.browser_of("bruno").await.get("/acceptances").await.is(403);
    let hanna = demo.browser_of("hanna").await;
    hanna.get("/acceptances").await.ok().not_saying(&id);
    hanna.get(&format!("/acceptances/{id}")).await.is(404);

    // A new version asks again: both acceptances stay, each with the text that was accepted.
    let ada = demo.browser_of("ada").await;
    let nda = [
        ("version", "1"),
        ("title", "Mutual NDA"),
        ("text", "Say nothing.\n\n---\nAt all."),
        ("again", "yes"),
    ];
    let editor = ada.post("/nda", &nda).await.ok();
    accept(&dana, &reading).await;
    let csv = chiara.get("/log/acceptances.csv").await.ok().text();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(
        lines[0].starts_with("at,acceptance,contact,name,company,address,nda,version,digest,document,"),
        "{csv}"
    );
    assert_eq!(lines.len(), 3, "{csv}");
    let json = chiara.get("/log/acceptances.jsonl?version=2").await.ok().text();
    let line: serde_json::Value = serde_json::from_str(json.trim_end()).unwrap();
    assert_eq!((&line["version"], &line["address"]), (&2.into(), &"127.0.0.1".into()));
    let second = line["id"].as_str().unwrap();
    check_copy(&dana.get(&format!("/t/halden/acceptances/{second}")).await.ok().saying("At all."));
    check_copy(&dana.get(&own).await.ok().not_saying("At all."));
    let of_nda = editor.between("href=\"/acceptances?nda=", "\"");
    ada.get(&format!("/acceptances?nda={of_nda}")).await.ok().saying(second).saying(&id);

    // Whoever is erased is named no more, and what they accepted counts no more.
    let page = chiara.get("/acceptances").await.ok();
    let contact = page.between("href=\"/acceptances?contact=", "\"");
    ada.post(&format!("/contacts/{contact}/erase"), &[("confirmed", "yes")]).await.ok();
    let page = chiara.get(&format!("/acceptances?contact={contact}")).await.ok();
    assert_eq!(page.all_between("badge warn\">Void", "<").len(), 2, "both are void");
    page.not_saying("Dana");
    let copy =
        chiara.get(&format!("/acceptances/{id}")).await.ok().not_saying("Dana").saying("Declared void at");
    check_copy(&copy);
}

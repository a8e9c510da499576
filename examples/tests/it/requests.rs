//! Asking for access, and deciding about it, over HTTP.

use crate::demo::{Browser, Demo, Page};
use crate::publishing::publish_as;
use crate::story::{self, Imported, POLICY, REPORT, TABLE};

pub const EVE: [(&str, &str); 4] = [
    ("name", "Eve Marlowe"),
    ("company", "Larch & Sons"),
    ("mail", "eve@larch.example"),
    ("reason", "For our <b>audit</b>"),
];

/// The policy is public, the report requires the NDA, the table is restricted; report and table are listed.
pub async fn listed(demo: &Demo) -> Imported {
    let ada = demo.browser_of("ada").await;
    story::connect(demo, &ada).await;
    let imported = story::import(&ada).await;
    for (title, level) in [(POLICY, "public"), (REPORT, "requires_nda"), (TABLE, "restricted")] {
        let document = imported.document(title);
        publish_as(&ada, &document, 1, level).await.ok();
        if level != "public" {
            list(&ada, &document, level).await;
        }
    }
    imported
}

async fn list(ada: &Browser, document: &str, level: &str) {
    let page = ada.get(document).await.ok();
    let revision = page.between("name=\"revision\" value=\"", "\"");
    let fields = [("listed", "yes"), ("from", level), ("revision", &revision), ("reason", "To be asked for")];
    ada.post(&format!("{document}/listed"), &fields).await.ok().saying("Listed: others may know");
}

pub fn id(imported: &Imported, title: &str) -> String {
    imported.document(title).rsplit('/').next().unwrap().to_owned()
}

pub async fn ask(browser: &Browser, document: &str, who: &[(&str, &str)]) -> Page {
    let fields = [&[("document", document)], who].concat();
    browser.post("/t/halden/ask", &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_asks_a_member_approves_and_the_contact_reads() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = listed(&demo).await;
    let (visitor, chiara) = (demo.browser(), demo.browser_of("chiara").await);
    let (table, report) = (id(&imported, TABLE), id(&imported, REPORT));
    visitor.get("/t/halden").await.ok().saying("ask for access");
    let closed = visitor.get(&imported.reading(TABLE)).await.is(401);
    let form = format!("/t/halden/ask?document={table}");
    closed.saying(&form);
    let form = visitor.get(&form).await.ok().saying(TABLE).saying(REPORT).not_saying(POLICY);
    assert_eq!(form.all_between(" checked", ">").len(), 1);

    // What was typed is still there when something is missing.
    for (missing, said) in [
        ("name", "Say what you are called"),
        ("company", "Say whom you are with"),
        ("mail", "Give a mail address"),
        ("reason", "Say what you need it for"),
    ] {
        let fields: Vec<_> = EVE.into_iter().filter(|(name, _)| *name != missing).collect();
        let again = ask(&visitor, &table, &fields).await.is(422).saying(said);
        for (_, typed) in fields {
            let typed = typed.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
            assert!(again.says(&typed), "{missing}: {typed} is gone: {}", again.text());
        }
        assert_eq!(again.all_between(" checked", ">").len(), 1);
    }
    visitor.post("/t/halden/ask", &EVE).await.is(422).saying("Choose what you want to read");
    chiara.get("/requests").await.ok().saying("Nobody is waiting");

    ask(&visitor, &table, &EVE).await.ok().saying("Thank you");
    ask(&visitor, &report, &EVE).await.ok().saying("Thank you");
    visitor.get(&imported.reading(TABLE)).await.is(401);
    let requests = chiara.get("/requests").await.ok().saying("Eve Marlowe").saying("eve@larch.example");
    let requests = requests.saying("2<span class=\"hidden\"> waiting").not_saying("<b>audit</b>");
    let requests = requests.saying("Not a contact yet").saying("accept the NDA first (version 1)");
    let requests = requests.saying("Nothing, once they have signed in").saying("value=\"90\"");
    for person in ["ada", "bruno"] {
        let browser = demo.browser_of(person).await;
        let sees = browser.get("/documents").await.ok().says("href=\"/requests\"");
        assert_eq!(sees, person == "ada");
        browser.get("/requests").await.is(if sees { 200 } else { 403 });
    }
    let approve = requests.between(&format!("action=\"/documents/{table}/requests/"), "\"");
    let approve = format!("/documents/{table}/requests/{approve}");
    demo.browser_of("bruno").await.post(&approve, &[]).await.is(403);
    demo.browser_of("farah").await.post(&approve, &[]).await.is(404);
    chiara.post_from_elsewhere(&approve).await.is(403);
    chiara.post(&approve, &[("days", "0")]).await.is(422).saying("/requests\"");
    for _again in 0..2 {
        chiara.post(&approve, &[("days", "90")]).await.ok().saying("Approved");
    }
    chiara.get(&imported.document(TABLE)).await.ok().saying("Eve Marlowe").saying("Restricted");
    chiara
        .get("/requests")
        .await
        .ok()
        .saying("1<span class=\"hidden\"> waiting")
        .saying("The address is a contact");

    let eve = become_contact(&demo, &imported, "Eve Marlowe").await;
    eve.get(&imported.reading(TABLE)).await.ok();
    eve.get(&imported.reading(REPORT)).await.is(403).saying("has not answered yet");
    let site = eve.get("/t/halden").await.ok().saying("What you asked for").saying("Waiting for an answer");
    site.saying("Approved").not_saying("One more step</h2><section");
    ada_sees_every_step(&demo).await;
}

/// Signs in as somebody who was let in, on the page of a document that asks for it.
async fn become_contact(demo: &Demo, imported: &Imported, name: &str) -> Browser {
    let browser = demo.browser();
    let sign_in = browser.get(&imported.reading(REPORT)).await.is(401);
    let buttons = sign_in.all_between("name=\"person\" value=\"", "</button>");
    let button = buttons.iter().find(|button| button.contains(name)).unwrap();
    browser.be(button.split('"').next().unwrap()).await;
    browser
}

async fn ada_sees_every_step(demo: &Demo) {
    let audit = demo.browser_of("ada").await.get("/audit").await.ok();
    for step in ["Access asked for", "A visitor", "Added to the contacts", "A request approved"] {
        assert!(audit.says(step), "{step}: {}", audit.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_told_the_same_whatever_there_is() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = listed(&demo).await;
    let (ada, chiara) = (demo.browser_of("ada").await, demo.browser_of("chiara").await);
    let (table, report) = (id(&imported, TABLE), id(&imported, REPORT));
    chiara.post(&format!("/documents/{table}/assign"), &[("contact", "dana")]).await.ok();
    // Hidden again: nobody may know of the report.
    ada.post(&format!("/documents/{report}/listed"), &[]).await.ok();
    demo.browser().get(&format!("/t/halden/ask?document={report}")).await.ok().not_saying(REPORT);
    let nothing = "0199a000-0000-7000-8000-000000000000";
    let dana = [
        ("name", "Somebody"),
        ("company", "Else"),
        ("mail", "DANA.whitfield@orchardbank.example"),
        ("reason", "x"),
    ];
    let mut answers = Vec::new();
    for (document, who) in [
        (table.as_str(), &EVE),
        (table.as_str(), &EVE),
        (table.as_str(), &dana),
        (report.as_str(), &EVE),
        (nothing, &EVE),
        (id(&imported, POLICY).as_str(), &EVE),
    ] {
        let page = ask(&demo.browser(), document, who).await;
        let mut headers: Vec<_> = page
            .headers
            .iter()
            .filter(|(name, _)| *name != "date")
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        headers.sort_by_key(|(name, _)| name.to_string());
        answers.push((page.status, page.path, headers, page.body));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let requests = chiara.get("/requests").await.ok();
    assert_eq!(requests.all_between("/approve\"", ">").len(), 1, "{}", requests.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_asks_and_withdraws_and_a_member_declines_for_a_reason() {
    let demo = Demo::start(&["--ephemeral"]);
    let imported = listed(&demo).await;
    let (emil, chiara) = (demo.browser_of("emil").await, demo.browser_of("chiara").await);
    let table = id(&imported, TABLE);
    let closed = emil.get(&imported.reading(TABLE)).await.is(403).saying("Ask for access");
    closed.saying(&format!("/t/halden/ask?document={table}"));
    emil.get("/t/halden/ask").await.ok().not_saying("name=\"mail\"");
    let why = [("reason", "A renewal")];
    ask(&emil, &table, &why).await.ok().saying("Thank you");
    emil.get(&imported.reading(TABLE)).await.is(403).saying("has not answered yet");
    let site = emil.get("/t/halden").await.ok().saying("Waiting for an answer");
    let withdraw = site.between("action=\"/t/halden/requests/", "\"");
    let withdraw = format!("/t/halden/requests/{withdraw}");
    for other in ["dana", "imke", "chiara", "nobody"] {
        demo.browser_of(other).await.post(&withdraw, &[]).await.is(404);
    }
    emil.post(&withdraw, &[]).await.ok().saying("Withdrawn").saying("You no longer ask for it");
    chiara.get("/requests").await.ok().saying("Nobody is waiting");

    ask(&emil, &table, &why).await.ok();
    let requests =
        chiara.get("/requests").await.ok().saying("Emil Novak").saying("A contact, who had signed in");
    let request = requests.between(&format!("/documents/{table}/requests/"), "/approve");
    let decline = format!("/documents/{table}/requests/{request}/decline");
    chiara.post(&decline, &[]).await.is(422).saying("Say why it is declined");
    chiara.post(&decline, &[("reason", "Not a customer any more")]).await.ok().saying("Declined");
    chiara.post(&decline.replace("/decline", "/approve"), &[]).await.is(409);
    // Why is the members' own.
    emil.get("/t/halden").await.ok().saying("Not granted").not_saying("Not a customer");
    chiara.get(&imported.document(TABLE)).await.ok().saying("Not a customer any more");
    emil.get(&imported.reading(TABLE)).await.is(403).saying("Ask for access");
}

//! What administrators see of what was done.

use crate::demo::Demo;

#[tokio::test]
async fn an_administrator_sees_who_did_what_from_where_and_nobody_else_does() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    let version = ada.get("/nda").await.ok().between("name=\"version\" value=\"", "\"");
    let nda = [("title", "NDA"), ("text", "Say nothing."), ("version", version.as_str())];
    ada.post("/nda", &nda).await.ok().saying("Version 2 is published");

    let audit = ada.get("/audit").await.ok();
    let audit = audit.saying("Version 2 of an NDA published").saying("Ada Lindqvist").saying("127.0.0.1");
    // Newest first.
    let numbers = audit.all_between("<td class=\"quiet\">", "</td>");
    assert_eq!(numbers.first().map(String::as_str), Some("5"), "{numbers:?}");
    ada.get("/audit?before=5").await.ok().not_saying("Version 2 of").saying("The NDA for every document set");

    for person in ["bruno", "chiara"] {
        let browser = demo.browser_of(person).await;
        browser.get("/documents").await.ok().not_saying("href=\"/audit\"");
        browser.get("/audit").await.is(403);
    }
    demo.browser_of("farah").await.get("/audit").await.ok().not_saying("Version 2 of an NDA");
}

//! What members do with one document.

use crate::demo::Demo;
use crate::story::{self, POLICY};

#[tokio::test(flavor = "multi_thread")]
async fn unlinking_can_be_undone_until_another_document_has_the_page() {
    let demo = Demo::start(&["--ephemeral"]);
    let (ada, chiara) = (demo.browser_of("ada").await, demo.browser_of("chiara").await);
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let (document, page) = (imported.document(POLICY), imported.notion(POLICY));
    let at = |act: &str| format!("{document}/{act}");
    ada.post(&format!("{page}/add"), &[("text", "Once more.")]).await.ok();
    ada.post(&at("sync"), &[]).await.ok();
    let update = "Update available";
    ada.get(&document).await.ok().saying(update);
    let unlinked = ada.post(&at("unlink"), &[]).await.ok().saying("You can undo this").not_saying(update);
    unlinked.saying(&format!("It came from “{POLICY}”")).saying(&at("relink"));
    chiara.get(&document).await.ok().not_saying(&at("relink"));
    chiara.post(&at("relink"), &[]).await.is(403);
    for _again in 0..2 {
        let linked = ada.post(&at("relink"), &[]).await.ok().saying(update).saying(&at("unlink"));
        assert_eq!(linked.text().matches("Linked to Notion again<").count(), 1, "entries of its history");
    }
    ada.post(&at("update"), &[]).await.ok().saying("Version 2 is here");

    ada.post(&at("unlink"), &[]).await.ok();
    let pick = ada.get("/import").await.ok().picks()[POLICY].clone();
    let import = ada.post("/import", &[("pick", &pick)]).await.ok().path;
    let other = ada.wait_for(&import, "Done.").await.between("<a href=\"/documents/", "\"");
    let taken = ada.get(&document).await.ok().not_saying(&at("relink"));
    taken.saying(&format!("<a href=\"/documents/{other}\">another document's</a>"));
    ada.post(&at("relink"), &[]).await.is(409).saying("Unlink that one first");
    ada.post(&format!("/documents/{other}/unlink"), &[]).await.ok();
    ada.post(&at("relink"), &[]).await.ok().saying(&at("unlink"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_is_too_long_is_said_in_its_form_with_what_was_typed() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let document = story::import(&ada).await.document(POLICY);
    let rename = format!("{document}/rename");
    let (longest, longer) = ("Policy ä ".repeat(50), "Policy ä&amp;".repeat(56));
    ada.post(&rename, &[("title", &longest)]).await.ok().saying(&format!("<h1>{}</h1>", longest.trim()));
    let refused = ada.post(&rename, &[("title", &longer.replace("&amp;", "&"))]).await.is(422);
    let refused = refused.saying("Nothing was changed").saying("this one takes 560");
    let typed = refused.between("name=\"title\" value=\"", "\"");
    assert_eq!(typed, longer.replace("&amp;", "&"));
    ada.get(&document).await.ok().saying(&format!("<h1>{}</h1>", longest.trim()));
    ada.post(&rename, &[("title", "")]).await.ok().saying(&format!("<h1>{POLICY}</h1>"));
}

//! Many documents at once: found, chosen, told beforehand, done, and told afterwards.

use std::collections::BTreeSet;

use crate::chromium::{Chromium, fits_every_window};
use crate::demo::{Browser, Demo, Page};
use crate::story;

/// Imports everything that the connection sees, and returns how many documents that is.
pub async fn import_everything(demo: &Demo, ada: &Browser) -> usize {
    story::connect(demo, ada).await;
    let mut picks = Vec::new();
    let mut page = ada.get("/import").await.ok();
    loop {
        picks.extend(page.picks().into_values());
        let text = page.text().replace("&amp;", "&").replace("&#38;", "&");
        let Some((before, _)) = text.split_once("\">More…") else { break };
        page = ada.get(before.rsplit("href=\"").next().unwrap()).await.ok();
    }
    let fields: Vec<_> = picks.iter().map(|pick| ("pick", pick.as_str())).collect();
    let progress = ada.post("/import", &fields).await.ok();
    ada.wait_for(&progress.path, "Done.").await;
    picks.len()
}

fn ids(page: &Page) -> Vec<String> {
    page.all_between("name=\"document\" value=\"", "\"")
}

async fn choose(browser: &Browser, ids: &[String], act: &str, more: &[(&str, &str)]) -> Page {
    let mut fields = vec![("act", act), ("which", "ticked")];
    fields.extend(ids.iter().map(|id| ("document", id.as_str())));
    fields.extend(more.iter().copied());
    browser.post("/bulk", &fields).await
}

/// How many documents a site shows. What is new is there twice.
fn shown(site: &Page) -> usize {
    site.all_between("href=\"/t/halden/d/", "\"").into_iter().collect::<BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_each_is_told_beforehand_and_afterwards() {
    let demo = Demo::start(&["--ephemeral", "--sync-every", "1h"]);
    let (ada, bruno) = (demo.browser_of("ada").await, demo.browser_of("bruno").await);
    let count = import_everything(&demo, &ada).await;
    let listed = bruno.get("/documents").await.ok().saying(&format!("{count} documents"));
    let all = ids(&listed);
    assert_eq!(all.len(), count);
    choose(&bruno, &[], "publish public", &[]).await.is(422).saying("Nothing was ticked");
    choose(&bruno, &all, "nonsense", &[]).await.is(422).saying("Choose what to do");
    demo.browser().post("/bulk", &[("act", "unlink")]).await.is(403);

    // Nothing is shown that a level could open.
    let refused = choose(&bruno, &all[..2], "level public", &[]).await.ok().saying("2 will be refused");
    refused.saying("Publish one first").not_saying("name=\"reason\"");

    // What somebody decides meanwhile is left as it is, and the others are done.
    let plan = choose(&bruno, &all[..3], "publish restricted", &[]).await.ok().saying("3 will change").path;
    let publish = format!("/documents/{}", all[1]);
    crate::publishing::publish_as(&ada, &publish, 1, "public").await.ok();
    bruno.post(&plan, &[("seen", "yes")]).await.is(422).saying("Say why");
    bruno.post(&plan, &[("reason", "Approved")]).await.is(422).saying("Tick first");
    let confirmed = [("reason", "Approved"), ("seen", "yes")];
    ada.get(&plan).await.ok();
    demo.browser_of("chiara").await.get(&plan).await.is(403);
    demo.browser_of("farah").await.get(&plan).await.is(422);
    let done =
        bruno.post(&plan, &confirmed).await.ok().saying("Done.").saying("Somebody changed this meanwhile");
    assert_eq!(done.all_between(">Done</span>", "<").len(), 2, "{}", done.text());
    assert_eq!(done.all_between(">Failed</span>", "<").len(), 1, "{}", done.text());
    bruno.get(&publish).await.ok().saying("Internal → Public");
    bruno.post(&plan, &confirmed).await.is(422).saying("confirmed already");

    // The rest, among them what is so already.
    let plan = choose(&bruno, &all, "publish public", &[]).await.ok();
    let plan = plan.saying(&format!("{} will change, 1 stay as they are", count - 1)).path;
    let done = bruno.post(&plan, &confirmed).await.ok();
    let done = bruno.wait_for(&done.path, "Done.").await.not_saying(">Failed</span>");
    assert_eq!(done.all_between(">Done</span>", "<").len(), count - 1);
    let shelf = demo.browser().get("/t/halden").await.ok();
    assert_eq!(shown(&shelf), count);

    let chiara = demo.browser_of("chiara").await;
    choose(&chiara, &all[..2], "unlink", &[]).await.is(403);
    let dana = choose(&chiara, &all[..2], "assign", &[("contact", "dana"), ("days", "30")]).await.ok();
    let dana = chiara.post(&dana.saying("Dana").path, &[]).await.ok().not_saying(">Failed</span>");
    assert_eq!(dana.all_between(">Done</span>", "<").len(), 2);
    // What they began is theirs to stop, and what others did is not.
    chiara.post(&format!("{}/cancel", dana.path), &[]).await.ok();
    chiara.post(&format!("{}/cancel", done.path), &[]).await.is(403);
    let unlinked = choose(&bruno, &all[..2], "unlink", &[]).await.ok().path;
    bruno.post(&unlinked, &[]).await.ok().saying("Done.");
    bruno.get("/documents?source=unlinked").await.ok().saying(&format!("2 of {count} documents"));
    let again = choose(&bruno, &all[..3], "import", &[]).await.ok().saying("2 will be refused").path;
    let again = bruno.post(&again, &[]).await.ok();
    bruno.wait_for(&again.path, "Done.").await.saying("Unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_sorted_and_chosen_by_what_they_are() {
    let demo = Demo::start(&["--ephemeral", "--sync-every", "1h"]);
    let ada = demo.browser_of("ada").await;
    let count = import_everything(&demo, &ada).await;
    ada.get("/documents?q=SECURITY+pol").await.ok().saying("Information Security Policy").not_saying("SOC 2");
    ada.get("/documents?q=%25").await.ok().saying(&format!("None of the {count} documents"));
    ada.get("/documents?level=public").await.ok().saying("None of the");
    let titles = ada.get("/documents?sort=title").await.ok();
    let titles: Vec<_> = titles.all_between("aria-label=\"", "\"").into_iter().collect();
    assert!(
        titles.iter().position(|t| t == "Acceptable Use Policy")
            < titles.iter().position(|t| t == "Vendor Management Policy")
    );
    ada.get("/documents?after=nonsense&sort=nonsense").await.ok().saying(&format!("{count} documents"));

    // All that match, not only those of a page.
    let fields = [("act", "publish public"), ("which", "all"), ("q", "policy")];
    let plan = ada.post("/bulk", &fields).await.ok().not_saying("SOC 2");
    ada.post(&plan.path, &[("reason", "Approved"), ("seen", "yes")]).await.ok().saying("Done.");
    let anonymous = demo.browser();
    let shelf = anonymous.get("/t/halden").await.ok().saying("Encryption Policy");
    let tag = shelf.header("etag").to_owned();
    let again =
        async |path: &str| anonymous.ask_with(reqwest::Method::GET, path, [("if-none-match", &*tag)]).await;
    again("/t/halden").await.is(304);
    assert_ne!(again("/t/halden?q=encryption").await.ok().header("etag"), tag);
    anonymous
        .get("/t/halden?q=ENCRYPT")
        .await
        .ok()
        .saying("Encryption Policy")
        .not_saying("Vendor Management");
    anonymous.get("/t/halden?q=nothing").await.ok().saying("No title here matches");
    let one = ids(&ada.get("/documents?q=encryption").await.ok()).remove(0);
    ada.post(&format!("/documents/{one}/withdraw"), &[]).await.ok();
    again("/t/halden").await.ok().not_saying("Encryption Policy");
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_four_policies_are_public_within_twelve_interactions() {
    let demo = Demo::start(&["--ephemeral", "--sync-every", "1h"]);
    let count = import_everything(&demo, &demo.browser_of("ada").await).await;
    assert_eq!(count, 44);
    let chromium = Chromium::open(&demo).await;
    chromium.be("Bruno").await;
    chromium.interactions.set(0);
    chromium.go("/documents").await;
    chromium.see("44 documents").await;
    chromium.click("Select all on this page").await;
    chromium.tick("option[value='publish public']").await;
    fits_every_window(&chromium, "documents").await;
    chromium.click("Go on with what is ticked").await;
    chromium.see("44 will change, 0 stay as they are, 0 will be refused").await;
    fits_every_window(&chromium, "bulk").await;
    chromium.write("input[name=reason]", "Approved by the board").await;
    chromium.tick("input[name=seen]").await;
    chromium.click("Publish as Public").await;
    chromium.see("Done.").await;
    let interactions = chromium.interactions.get();
    assert!(interactions <= 12, "{interactions} interactions");
    fits_every_window(&chromium, "bulk-done").await;
    let shelf = demo.browser().get("/t/halden").await.ok();
    assert_eq!(shown(&shelf), 44);
    chromium.client.clone().close().await.unwrap();
}

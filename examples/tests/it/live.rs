//! Pages that go on by themselves, with scripts and without.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::chromium::Chromium;
use crate::demo::Demo;
use crate::story;

/// The seconds after which a page without scripts looks again.
const AGAIN: &str = "<noscript><meta http-equiv=\"refresh\" content=\"1\"></noscript>";

async fn marked(chromium: &Chromium) -> bool {
    chromium.client.execute("return window.mark === 1", Vec::new()).await.unwrap() == json!(true)
}

async fn text(chromium: &Chromium, selector: &str) -> String {
    let ask = "return document.querySelector(arguments[0])?.innerText ?? ''";
    let text = chromium.client.execute(ask, vec![json!(selector)]).await.unwrap();
    text.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_consent_and_an_import_is_seen_without_leaving_their_pages() {
    let demo = Demo::start(&["--ephemeral"]);
    let chromium = Chromium::open(&demo).await;
    chromium.be("Ada Lindqvist").await;
    chromium.go("/integrations").await;
    chromium.click("Connect Notion").await;
    chromium.see("Waiting for your consent").await;
    chromium.client.execute("window.mark = 1", Vec::new()).await.unwrap();
    let link = chromium.client.find(fantoccini::Locator::Css("#consent")).await.unwrap();
    let link = link.attr("href").await.unwrap().unwrap();
    story::consent_to(&demo.browser(), &link, "Halden Pay").await;
    chromium.see("Is this your workspace?").await;
    assert!(marked(&chromium).await, "the page was loaded anew");
    let live = "return document.querySelectorAll('[data-live]').length";
    // There is no more to come, so nothing is asked any more.
    assert_eq!(chromium.client.execute(live, Vec::new()).await.unwrap(), json!(0));
    chromium.click("Yes, connect Halden Pay").await;
    chromium.see("is connected").await;

    chromium.go("/import").await;
    chromium.click("Tick all").await;
    chromium.see("Tick none").await;
    chromium.click(" ticked").await;
    chromium.see("Done.").await;
    assert_eq!(text(&chromium, "main [role=status]").await, "Done.");
    assert_eq!(chromium.client.execute(live, Vec::new()).await.unwrap(), json!(0));
    chromium.is_sound().await;
    chromium.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_followed_without_scripts_and_as_events() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let picks: Vec<_> = ada.get("/import").await.ok().picks().into_values().collect();
    let fields: Vec<_> = picks.iter().map(|pick| ("pick", pick.as_str())).collect();
    let import = ada.post("/import", &fields).await.ok().saying(AGAIN).path;
    let events = [("accept", "text/event-stream")];
    let all = ada.ask_with(Method::GET, &import, events).await.ok();
    assert_eq!(all.headers["content-type"], "text/event-stream");
    assert_eq!(all.headers["cache-control"], "no-store");
    let pages = all.all_between("event: page\n", "\n\n");
    assert!(pages.len() > 1, "{} pages", pages.len());
    let (last, before) = pages.split_last().unwrap();
    assert!(last.contains("Done.") && !last.contains("data-live"), "{last}");
    assert!(before.iter().all(|page| page.contains("data-live")));
    assert!(pages.windows(2).all(|two| two[0] != two[1]), "a page that had not changed was sent again");
    ada.get(&import).await.ok().not_saying("http-equiv");
    // It is watched by whoever may see it.
    let farah = demo.browser_of("farah").await;
    let refused = farah.ask_with(Method::GET, &import, events).await.ok();
    assert_eq!(refused.text().matches("event: ").collect::<Vec<_>>().len(), 1);
    refused.saying("event: leave").not_saying("Imported");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_told_and_found_again() {
    let data = tempfile::tempdir().unwrap();
    let folder = ["--data", data.path().to_str().unwrap()];
    let demo = Demo::start(&folder);
    let ada = demo.browser_of("ada").await;
    let chromium = Chromium::open(&demo).await;
    chromium.be("Ada Lindqvist").await;
    chromium.go("/integrations").await;
    chromium.click("Connect Notion").await;
    chromium.see("Waiting for your consent").await;
    drop(ada);
    let port = demo.url.rsplit(':').next().unwrap().to_owned();
    drop(demo);
    chromium.see("The server does not answer").await;
    let _demo = Demo::start(&[&folder[..], &["--port", &port]].concat());
    for _ in 0..100 {
        if !text(&chromium, "main").await.contains("does not answer") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    chromium.see("Waiting for your consent").await;
    assert!(!text(&chromium, "main").await.contains("does not answer"));
    chromium.client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_form_is_said_in_it_and_what_was_typed_stays() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    story::import(&ada).await;
    let chromium = Chromium::open(&demo).await;
    chromium.be("Ada Lindqvist").await;
    chromium.go("/documents").await;
    chromium.click(story::TABLE).await;
    chromium.click("Assign a contact").await;
    chromium.write("input[name=days]", "many").await;
    chromium.write("input[name=waiver]", "They signed on paper").await;
    chromium.tick("form[action$=assign] button").await;
    chromium.see("number of days").await;
    let said = text(&chromium, "form[action$=assign] [role=alert]").await;
    assert!(said.contains("number of days"), "{said}");
    let kept = "return document.querySelector('input[name=waiver]').value";
    let kept = chromium.client.execute(kept, Vec::new()).await.unwrap();
    assert_eq!(kept, json!("They signed on paper"));
    chromium.is_sound().await;
    let days = chromium.client.find(fantoccini::Locator::Css("input[name=days]")).await.unwrap();
    days.clear().await.unwrap();
    chromium.write("input[name=days]", "30").await;
    chromium.tick("form[action$=assign] button").await;
    chromium.see("NDA waived").await;

    // The link to the content leaves a fragment in the address.
    let here = chromium.client.current_url().await.unwrap();
    chromium.go(&format!("{here}#main")).await;
    chromium
        .client
        .execute("document.querySelectorAll('main details').forEach(d => d.open = true)", Vec::new())
        .await
        .unwrap();
    chromium.write("input[name=title]", "Called otherwise").await;
    chromium.tick("form[action$=rename] button").await;
    let heading = fantoccini::Locator::XPath("//h1[contains(., 'Called otherwise')]");
    chromium.client.wait().at_most(Duration::from_secs(20)).for_element(heading).await.unwrap();
    chromium.client.clone().close().await.unwrap();
}

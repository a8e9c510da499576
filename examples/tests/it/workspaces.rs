//! A connection that leads to another workspace: by a consent that somebody means, and by one that nobody asked for.

use std::path::Path;

use serde_json::{Value, json};

use crate::demo::{Browser, Demo, Page};
use crate::story::{self, attempt_of, consent_to, integration};

/// Begins to renew the consent, gives it for this workspace, and returns what is asked then.
async fn reconnect_to(ada: &Browser, workspace: &str) -> Page {
    let path = integration(ada).await;
    let waiting = ada.post(&format!("{path}/reconnect"), &[]).await.ok();
    consent_to(ada, &waiting.between("id=\"consent\" href=\"", "\""), workspace).await;
    ada.get("/integrations/attempt").await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_to_another_workspace_names_both_and_is_confirmed_as_such() {
    let demo = Demo::start(&["--ephemeral", "--sync-every", "1h"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let path = integration(&ada).await;
    let asked = reconnect_to(&ada, "Fernwood Health").await.saying("This is another workspace");
    let asked = asked.saying("Take it back, keep Halden Pay").saying("Change to Fernwood Health");
    let from = asked.between("name=\"from\" value=\"", "\"");
    let attempt = attempt_of(&asked);
    let confirmed = ada.post("/integrations/confirm", &[("attempt", &attempt)]).await;
    confirmed.is(409).saying("for another Notion workspace");
    for nobody in ["", "nonsense"] {
        ada.post("/integrations/change", &[("attempt", &attempt), ("from", nobody)]).await.is(409);
    }
    let bruno = demo.browser_of("bruno").await;
    bruno.post("/integrations/change", &[("attempt", &attempt), ("from", &from)]).await.is(403);
    ada.post("/integrations/cancel", &[("attempt", &attempt)]).await.ok().saying("Nothing was connected");
    assert_eq!(integration(&ada).await, path, "what is taken back changes nothing");

    let attempt = attempt_of(&reconnect_to(&ada, "Fernwood Health").await);
    let changed = ada.post("/integrations/change", &[("attempt", &attempt), ("from", &from)]).await.ok();
    changed.saying("Fernwood Health is connected instead").not_saying("Notion · Halden Pay");
    assert_ne!(integration(&ada).await, path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_somebody_replaced_outside_names_both_workspaces() {
    let data = tempfile::tempdir().unwrap();
    let demo = Demo::start(&["--data", data.path().to_str().unwrap(), "--sync-every", "1h"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let path = integration(&ada).await;
    let link = link_of_the_dashboard(data.path(), &ada).await;
    consent_to(&ada, &link, "Fernwood Health").await;
    let told = ada.wait_for("/integrations", "leads to the workspace of the id").await;
    told.saying("The workspace Halden Pay (of the id").saying("Reconnect and choose Halden Pay");
    ada.post(&format!("{path}/sync"), &[]).await.ok().not_saying("Synced");
    ada.get("/import").await.ok().saying("needs a new consent").not_saying("Access to patient data");
    let attempt = attempt_of(&reconnect_to(&ada, "Halden Pay").await);
    ada.post("/integrations/confirm", &[("attempt", &attempt)])
        .await
        .ok()
        .saying("Halden Pay is connected")
        .saying("Active");
    assert_eq!(integration(&ada).await, path);
}

/// A link that replaces what the connection holds at Nango, as only Nango's own customer can make one.
async fn link_of_the_dashboard(data: &Path, ada: &Browser) -> String {
    let place = std::fs::read(data.join("stand-ins-place.json")).unwrap();
    let place: Value = serde_json::from_slice(&place).unwrap();
    let (port, key) = (&place["port"], place["api_key"].as_str().unwrap());
    let seen = story::requests(ada).await;
    let connection = seen.into_iter().find_map(|(_, _, connection)| connection).unwrap();
    let opened = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/nango/connect/sessions/reconnect"))
        .bearer_auth(key)
        .json(&json!({ "connection_id": connection, "integration_id": "notion" }))
        .send()
        .await
        .unwrap();
    let opened: Value = opened.json().await.unwrap();
    opened["data"]["connect_link"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_confirms_the_workspace_that_it_shows_and_no_other() {
    let demo = Demo::start(&["--ephemeral", "--sync-every", "1h"]);
    let ada = demo.browser_of("ada").await;
    let consented = async |workspace: &str| {
        let waiting = ada.post("/integrations/connect", &[]).await.ok();
        consent_to(&ada, &waiting.between("id=\"consent\" href=\"", "\""), workspace).await;
        attempt_of(&ada.get("/integrations/attempt").await.ok().saying(workspace))
    };
    let shown = consented("Halden Pay").await;
    // In another window, with a link that anybody may have opened.
    let latest = consented("Fernwood Health").await;
    for way in ["confirm", "cancel"] {
        for stale in [&[("attempt", shown.as_str())][..], &[]] {
            ada.post(&format!("/integrations/{way}"), stale).await.is(409);
        }
    }
    let confirmed = ada.post("/integrations/confirm", &[("attempt", &latest)]).await.ok();
    confirmed.saying("Fernwood Health is connected");
}

//! How the story begins and ends: connected, connected anew, disconnected.

use std::time::Duration;

use serde_json::Value;

use super::{Imported, POLICY, TABLE, integration, reference, sync};
use crate::demo::{Browser, Demo, Page};

/// From the click to the confirmation.
pub async fn connect(demo: &Demo, ada: &Browser) {
    let bruno = demo.browser_of("bruno").await;
    bruno.post("/integrations/connect", &[]).await.is(403);
    let waiting = ada.post("/integrations/connect", &[]).await.ok().saying("Give your consent");
    consent(ada, &waiting).await;

    webhook_was_heeded(ada).await;
    // The secret is in one session: the same administrator elsewhere cannot confirm, nor can another company.
    for stranger in ["ada", "farah"] {
        demo.browser_of(stranger).await.post("/integrations/confirm", &[]).await.is(422);
    }
    confirm(ada).await;
}

/// On the consent page, it shares everything of the company's workspace.
async fn consent(ada: &Browser, waiting: &Page) {
    consent_to(ada, &waiting.between("id=\"consent\" href=\"", "\""), "Halden Pay").await;
}

/// On the consent page of this link, it shares everything of a workspace.
pub async fn consent_to(ada: &Browser, link: &str, workspace: &str) {
    let consent = ada.get(link).await.ok();
    let workspace = before(&consent.text(), "name=workspace value=\"", workspace);
    let token = consent.between("name=session_token value=\"", "\"");
    let mut fields =
        vec![("session_token", token), ("decision", "allow".to_owned()), ("workspace", workspace)];
    fields.extend(consent.all_between("name=page value=\"", "\"").into_iter().map(|page| ("page", page)));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let target = format!("{}consent", link.split('?').next().unwrap());
    ada.post(&target, &fields).await.ok().saying("Connected");
}

/// The attempt that a page asks about.
pub fn attempt_of(asked: &Page) -> String {
    asked.between("name=\"attempt\" value=\"", "\"")
}

async fn confirm(ada: &Browser) {
    let asked =
        ada.get("/integrations/attempt").await.ok().saying("Is this your workspace?").saying("Halden Pay");
    ada.post("/integrations/confirm", &[("attempt", &attempt_of(&asked))])
        .await
        .ok()
        .saying("Halden Pay is connected")
        .saying("Active");
}

/// The last value between a mark and some words.
pub(super) fn before(text: &str, mark: &str, words: &str) -> String {
    let upto = text.split(words).next().unwrap();
    let (_, last) = upto.rsplit_once(mark).unwrap();
    last.split('"').next().unwrap().to_owned()
}

/// Nobody has polled yet: whoever reads the connection anew does so because of the webhook.
async fn webhook_was_heeded(browser: &Browser) {
    for _ in 0..100 {
        let seen = requests(browser).await;
        if seen.iter().any(|(_, path, named)| path.starts_with("/connections/") && named.is_some()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the webhook was not heeded");
}

/// Every request that reached the stand-in Nango: method, path, connection.
pub async fn requests(browser: &Browser) -> Vec<(String, String, Option<String>)> {
    let seen: Vec<Value> =
        serde_json::from_slice(&browser.get("/notion/requests.json").await.ok().body).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    seen.iter()
        .map(|seen| (text(&seen["method"]).unwrap(), text(&seen["path"]).unwrap(), text(&seen["connection"])))
        .collect()
}

/// Notion takes back what it granted; with a new consent, everything goes on where it was.
pub(super) async fn reconnect(ada: &Browser, imported: &Imported) {
    ada.post(
        &format!("{}/revoke", imported.notion(POLICY)),
        &[("connection", &reference(ada, imported).await)],
    )
    .await
    .ok();
    let path = integration(ada).await;
    let before = reference(ada, imported).await;
    ada.post(&format!("{path}/sync"), &[]).await.ok().saying("The sync did not finish");
    ada.get("/integrations").await.ok().saying("Notion no longer accepts this connection");
    let waiting = ada.post(&format!("{path}/reconnect"), &[]).await.ok().saying("Give your consent");
    consent(ada, &waiting).await;
    confirm(ada).await;
    assert_ne!(reference(ada, imported).await, before, "a new consent makes a new connection at Nango");
    assert_eq!(integration(ada).await, path, "here it is the connection that it was");
    sync(ada).await;
    ada.get(&imported.document(POLICY)).await.ok().not_saying("no longer shared");
}

pub(super) async fn disconnect(demo: &Demo, ada: &Browser, imported: &Imported) {
    let (reference, integration) = (reference(ada, imported).await, integration(ada).await);
    let path = format!("{integration}/disconnect");
    demo.browser_of("bruno").await.post(&path, &[]).await.is(403);
    ada.get(&path).await.ok().saying("<b>3</b> linked documents stay");
    ada.post(&path, &[]).await.ok().saying("Connect Notion");
    let carrying = |seen: &[(String, String, Option<String>)]| {
        seen.iter().filter(|(_, _, named)| named.as_ref() == Some(&reference)).count()
    };
    let before = requests(ada).await;
    assert!(before.iter().any(|(method, path, _)| method == "DELETE" && path.ends_with(&reference)));
    ada.post(&format!("{integration}/sync"), &[]).await.is(404);
    ada.post(&format!("{}/update", imported.document(TABLE)), &[]).await.is(422);
    ada.get("/import").await.ok().saying("Notion is not connected");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(carrying(&requests(ada).await), carrying(&before), "a request carries the connection still");
    ada.get(&imported.document(TABLE)).await.ok().saying("disconnected").saying("Nordhall Cloud");
    demo.browser_of("dana").await.get(&imported.reading(TABLE)).await.ok().saying("Nordhall Cloud");
}

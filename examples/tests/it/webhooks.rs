//! Notion's own webhooks, through Nango and straight: what changed shows at once, and what is refused is logged without a word of it.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use notion_import_core::testing::World;
use notion_import_core::{DocumentId, NotionId};
use notion_import_nango::testing::{Settings, StandIn};
use reqwest::Client;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::demo::{self, Browser, Demo};
use crate::story::{attempt_of, integration};

const API_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000cafe";
const SIGNING_KEY: &str = "signing-key-that-nobody-may-read";
const TOKEN: &str = "secret_verification-token-that-nobody-may-read";
/// What stands in a body and nowhere in a log.
const WORDS: &str = "Embargo";

/// A demo before a Nango and a Notion of the test's own, with one page imported and synced.
struct Stage {
    world: World,
    stand_in: StandIn,
    workspace: NotionId,
    page: NotionId,
    demo: Demo,
    log: tempfile::TempDir,
}

impl Stage {
    async fn new(tokens: &'static str) -> Self {
        let world = World::new(7);
        let author = world.at(Utc::now() - TimeDelta::minutes(10));
        let workspace = author.workspace("Halden Pay");
        let page = author.page(workspace, "Security policy");
        let stand_in = StandIn::new(world.clone(), Settings::new(API_KEY, SIGNING_KEY)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nango = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, stand_in.router()).into_future());
        let log = tempfile::tempdir().unwrap();
        let mut command = demo::command(&["--ephemeral"]);
        command.stderr(File::create(log.path().join("log")).unwrap()).env("NO_COLOR", "1");
        command.env("NANGO_WEBHOOK_SIGNING_KEYS", SIGNING_KEY).env("NOTION_WEBHOOK_TOKENS", tokens);
        let demo = spawn_blocking(move || Demo::run_before(command, &nango, API_KEY)).await.unwrap();
        stand_in.send_webhooks_to(format!("{}/webhooks/nango", demo.url).parse().unwrap());
        Self { world, stand_in, workspace, page, demo, log }
    }

    /// Connects, imports the page, and returns the path of its document once nothing is due for hours.
    async fn import(&self, ada: &Browser) -> String {
        let waiting = ada.post("/integrations/connect", &[]).await.ok();
        let link = waiting.between("id=\"consent\" href=\"", "\"");
        self.stand_in.consent(&link.parse().unwrap(), self.workspace, &[self.page]).await.unwrap();
        let asked = ada.get("/integrations/attempt").await.ok().saying("Is this your workspace?");
        ada.post("/integrations/confirm", &[("attempt", &attempt_of(&asked))]).await.ok().saying("Active");
        let picks = ada.get("/import").await.ok().picks();
        let import = ada.post("/import", &[("pick", &picks["Security policy"])]).await.ok().path;
        let done = ada.wait_for(&import, "Done.").await;
        let connection = integration(ada).await;
        ada.post(&format!("{connection}/sync"), &[]).await.ok().saying("Synced: 1 document");
        ada.get(&format!("{connection}/runs")).await.ok().not_saying("Notion said so");
        format!("/documents/{}", done.between("<a href=\"/documents/", "\""))
    }

    /// Edits the page, and returns what Notion says of that.
    fn edit(&self, title: &str) -> Value {
        self.world.at(Utc::now()).set_title(self.page, title);
        self.event()
    }

    fn event(&self) -> Value {
        json!({
            "id": DocumentId::fresh(), "timestamp": Utc::now().to_rfc3339(), "attempt_number": 1,
            "workspace_id": self.workspace, "workspace_name": WORDS, "type": "page.properties_updated",
            "entity": { "id": self.page, "type": "page" }, "data": { "updated_properties": ["title"] },
        })
    }

    /// Posts a body as it is, and returns what is answered, and how soon.
    async fn post(&self, path: &str, headers: &[(&str, String)], body: &str) -> (u16, Duration) {
        let request = Client::new().post(format!("{}{path}", self.demo.url)).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let began = Instant::now();
        let status = request.send().await.unwrap().status();
        (status.as_u16(), began.elapsed())
    }

    /// Posts what Notion would, signed with this token.
    async fn notion(&self, token: &str, body: &str) -> u16 {
        let signature = format!("sha256={}", hmac(token, body));
        self.post("/webhooks/notion", &[("x-notion-signature", signature)], body).await.0
    }

    async fn nango(&self, key: &str, body: &str) -> u16 {
        self.post("/webhooks/nango", &[("x-nango-hmac-sha256", hmac(key, body))], body).await.0
    }

    fn logged(&self) -> String {
        fs::read_to_string(self.log.path().join("log")).unwrap()
    }
}

fn hmac(key: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_in_notion_shows_in_seconds_if_nango_forwards_its_events() {
    let stage = Stage::new("").await;
    let ada = stage.demo.browser_of("ada").await;
    let document = stage.import(&ada).await;
    let event = stage.edit("Security policy of today");
    stage.stand_in.forward(&event).await;
    assert_eq!(stage.stand_in.deliveries().last().unwrap().status, Some(204));
    ada.wait_for(&document, "<h1>Security policy of today</h1>").await;
    // It is noted a moment after it shows.
    ada.wait_for(&format!("{}/runs", integration(&ada).await), "Notion said so").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_in_notion_shows_in_seconds_if_notion_says_so_itself() {
    let stage = Stage::new(TOKEN).await;
    let ada = stage.demo.browser_of("ada").await;
    ada.get("/integrations/setup").await.ok().saying("They are set up").not_saying(TOKEN);
    let document = stage.import(&ada).await;
    let body = stage.edit("Security policy of today").to_string();
    let signature = format!("sha256={}", hmac(TOKEN, &body));
    let (status, took) = stage.post("/webhooks/notion", &[("x-notion-signature", signature)], &body).await;
    assert_eq!(status, 204);
    assert!(took < Duration::from_millis(500), "it was answered after {took:?}");
    ada.wait_for(&document, "<h1>Security policy of today</h1>").await;
    // It is noted a moment after it shows.
    ada.wait_for(&format!("{}/runs", integration(&ada).await), "Notion said so").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_posted_is_refused_or_ignored_and_logged_by_its_reason_alone() {
    let stage = Stage::new(TOKEN).await;
    let with = |more: Value| {
        let mut event = stage.event();
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event.to_string()
    };
    let (plain, other) = (with(json!({})), "secret_of-somebody-else-entirely");
    // Taken and ignored, also where nobody is concerned.
    for body in [
        with(json!({ "type": "page.turned_over", "entity": { "id": stage.page, "type": "leaf" } })),
        with(json!({ "workspace_id": "6a5f2a34-0000-4000-8000-000000000001" })),
        json!({ "type": WORDS }).to_string(),
        "[]".to_owned(),
    ] {
        assert_eq!(stage.notion(TOKEN, &body).await, 204, "{body}");
        assert_eq!(stage.nango(SIGNING_KEY, &body).await, 204, "{body}");
    }
    let forward = |event: &str| {
        let payload: Value = serde_json::from_str(event).unwrap();
        let wrapped = json!({
            "from": "notion", "type": "forward", "payload": payload, "connectionId": "c", "providerConfigKey": "notion",
        });
        wrapped.to_string()
    };
    assert!(!stage.logged().contains("refused"), "{}", stage.logged());
    let old = with(json!({ "timestamp": (Utc::now() - TimeDelta::hours(26)).to_rfc3339() }));
    let retried = with(json!({ "attempt_number": 2, "id": "35261e8c-e0a3-80c8-9f00-0123456789ab" }));
    let again = retried.replace("\"attempt_number\":2", "\"attempt_number\":3");
    let long = format!("{{\"type\":\"{}\"}}", WORDS.repeat(400_000));
    let handshake = json!({ "verification_token": other }).to_string();
    for (key, body, status, reason) in [
        (other, plain.as_str(), 401, Some("its signature is wrong")),
        (other, &handshake, 401, Some("its signature is wrong")),
        (TOKEN, &plain[1..], 400, Some("it is no JSON")),
        (TOKEN, "", 400, Some("it is no JSON")),
        (TOKEN, &long, 413, Some("it is too large")),
        (TOKEN, &old, 403, Some("it is too old to be sent again by who signed it")),
        (TOKEN, &retried, 204, None),
        (TOKEN, &retried, 409, Some("it was taken before")),
        // Notion has not heard the answer.
        (TOKEN, &again, 204, None),
        (TOKEN, &plain, 204, None),
    ] {
        for of_nango in [false, true] {
            let before = stage.logged().len();
            let answered = match of_nango {
                false => stage.notion(key, body).await,
                true => {
                    let key = if key == TOKEN { SIGNING_KEY } else { key };
                    let is_event =
                        serde_json::from_str::<Value>(body).is_ok_and(|body| body["entity"].is_object());
                    let body = if is_event { forward(body) } else { body.to_owned() };
                    stage.nango(key, &body).await
                }
            };
            let logged = stage.logged()[before..].to_owned();
            let start = &body[..body.len().min(200)];
            assert_eq!(answered, status, "{of_nango} {start} {logged}");
            match reason {
                Some(reason) => assert!(logged.contains(reason), "{of_nango} {start}: {reason}: {logged}"),
                None => assert!(!logged.contains("refused"), "{of_nango} {start}: {logged}"),
            }
        }
    }
    for path in ["/webhooks/nango", "/webhooks/notion"] {
        assert_eq!(stage.post(path, &[], &plain).await.0, 401);
    }
    let logged = stage.logged();
    assert!(logged.contains("it is not signed"));
    let page = stage.page.to_string();
    let no_one_may_read = [WORDS, TOKEN, SIGNING_KEY, API_KEY, other, &page, &hmac(TOKEN, &plain)];
    for secret in no_one_may_read {
        assert!(!logged.contains(secret), "the log says {secret}: {logged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_new_subscription_shows_to_administrators_and_in_no_log() {
    let stage = Stage::new("").await;
    let ada = stage.demo.browser_of("ada").await;
    let setup = ada.get("/integrations/setup").await.ok().saying("They are not set up");
    setup.saying("/webhooks/notion");
    let event = stage.event().to_string();
    assert_eq!(stage.notion(TOKEN, &event).await, 401, "there is nothing to check it with");
    assert!(stage.logged().contains("no key is configured"));

    let handshake = |token: &str| json!({ "verification_token": token }).to_string();
    assert_eq!(stage.notion("secret_other", &handshake(TOKEN)).await, 401, "it is not signed with itself");
    for nonsense in ["with space", &"x".repeat(300)] {
        assert_eq!(stage.notion(nonsense, &handshake(nonsense)).await, 400);
    }
    for token in ["secret_1", "secret_2", "secret_3", TOKEN, TOKEN] {
        assert_eq!(stage.notion(token, &handshake(token)).await, 204);
    }
    let setup = ada.get("/integrations/setup").await.ok().saying(&format!("readonly value=\"{TOKEN}\""));
    assert_eq!(setup.all_between("readonly value=\"", "\""), [TOKEN, "secret_3", "secret_2"]);
    assert_eq!(setup.header("cache-control"), "no-store");
    stage.demo.browser_of("bruno").await.get("/integrations/setup").await.is(403);
    assert!(stage.logged().contains("a verification token has come"));
    assert!(!stage.logged().contains("secret_"), "{}", stage.logged());
    assert_eq!(
        stage.notion(TOKEN, &event).await,
        401,
        "what anybody could send counts only once it is configured"
    );
}

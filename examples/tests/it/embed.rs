//! The backend of `axum-embed` between a Nango, a Notion and a PostgreSQL: from the click to what a visitor reads.

#[allow(dead_code, reason = "its own `main` is not run")]
#[path = "../../axum-embed/main.rs"]
mod axum_embed;

use std::sync::Arc;
use std::time::Duration;

use axum_embed::Settings;
use chrono::{TimeDelta, Utc};
use notion_import_core::testing::{Server, World, paragraph, pdf};
use notion_import_core::transport::SystemClock;
use notion_import_core::{
    AccessLevel, AccessStore, Actor, ConnectionStore, DocumentReader, Expected, MemberId, NotionId, Publish,
    Role, ScheduleOptions, TenantId, VersionNumber,
};
use notion_import_nango::Config;
use notion_import_nango::testing::{Settings as Account, StandIn};
use notion_import_postgres::Postgres;
use notion_import_postgres::testing::{Database, HOST};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::Url;
use uuid::Uuid;

const API_KEY: &str = "b6b5d0f5-2f0a-4b5c-9d0e-0123456789ab";
const SIGNING_KEY: &str = "signing-key";

/// The backend while it runs, and what is around it.
struct Stage {
    world: World,
    stand_in: StandIn,
    url: String,
    tenant: TenantId,
    stores: Postgres,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), String>>,
    _around: (Database, tempfile::TempDir, Server),
}

impl Stage {
    async fn new(world: World) -> Self {
        let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
        let files = Server::start(world.clone(), Arc::new(SystemClock), 0).await.unwrap();
        let (listener, url) = listen().await;
        let mut account = Account::new(API_KEY, SIGNING_KEY);
        account.webhook_url = Some(format!("{url}/webhooks/nango").parse().unwrap());
        let stand_in = StandIn::new(world.clone(), account).unwrap();
        let (door, base_url) = listen().await;
        tokio::spawn(axum::serve(door, stand_in.router()).into_future());

        let mut nango = Config::new(API_KEY);
        nango.base_url = base_url.parse().unwrap();
        nango.webhook_signing_keys = vec![SIGNING_KEY.into()];
        let schedule = ScheduleOptions::default().poll(Duration::from_millis(200));
        let (files_in, trusted) = (data.path().to_owned(), files.url().parse().ok());
        let settings = Settings { nango, files: files_in, key: [7; 32], schedule, trusted };
        let (stop, stopped) = oneshot::channel::<()>();
        let pool = database.pool(HOST, 10).await;
        let serving = axum_embed::serve(listener, pool.clone(), settings, async {
            let _ = stopped.await;
        });
        let running = tokio::spawn(async { serving.await.map_err(|error| error.to_string()) });
        let tenant = TenantId::fresh();
        let (stores, around) = (Postgres::new(pool.clone()).await.unwrap(), (database, data, files));
        let stage = Self { world, stand_in, url, tenant, stores, stop, running, _around: around };
        // Its tables are there once it answers.
        assert_eq!(stage.get("", &format!("/sites/{tenant}")).await["documents"], json!([]));
        stage.employ(&pool).await;
        stage
    }

    async fn employ(&self, pool: &PgPool) {
        for session in ["admin", "reader"] {
            let query = "INSERT INTO app.users (session, tenant, member, role) VALUES ($1, $2, $3, $1)";
            let query = sqlx::query(query).bind(session).bind(self.tenant.as_uuid()).bind(Uuid::new_v4());
            query.execute(pool).await.unwrap();
        }
    }

    async fn ask(&self, session: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = Client::new().request(method, format!("{}{path}", self.url));
        if !session.is_empty() {
            request = request.header("session", session);
        }
        let answer = body.iter().fold(request, |request, body| request.json(body)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, session: &str, path: &str) -> Value {
        let (status, answer) = self.ask(session, Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask("admin", Method::POST, path, Some(body)).await
    }

    /// Connects the workspace, and returns the connection once the worker has synced it.
    async fn connect(&self, workspace: NotionId, pages: &[NotionId]) -> String {
        let (status, begun) = self.post("/connect", json!({})).await;
        assert_eq!(status, 200, "{begun}");
        assert_eq!(self.get("admin", "/connect").await, json!({ "state": "waiting" }));
        let link: Url = begun["link"].as_str().unwrap().parse().unwrap();
        self.stand_in.consent(&link, workspace, pages).await.unwrap();
        assert_eq!(self.stand_in.deliveries().last().unwrap().status, Some(204), "the webhook is heeded");
        let shown = self.get("admin", "/connect").await;
        assert_eq!((&shown["state"], &shown["workspace"]["name"]), (&json!("granted"), &json!("Acme")));
        let (status, record) = self.post("/connect/confirm", json!({})).await;
        assert_eq!((status, &record["state"]), (200, &json!("active")));
        let (status, again) = self.post("/connect/confirm", json!({})).await;
        assert_eq!((status, &again["kind"]), (404, &json!("not_found")), "{again}");
        self.synced_since(&Value::Null).await;
        record["id"].as_str().unwrap().to_owned()
    }

    /// Waits until the worker has synced the only connection again.
    async fn synced_since(&self, last: &Value) -> Value {
        for _ in 0..300 {
            let run = self.get("admin", "/connections").await[0]["last_run"].take();
            if run != *last {
                return run;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the worker never synced the connection");
    }

    /// Shows a document to everybody, as the routes of a content manager do.
    async fn open(&self, document: &str, title: &str) {
        let actor = Actor::new(self.tenant, MemberId::fresh(), Role::ContentManager);
        let id = document.parse().unwrap();
        let expected = Expected { level: AccessLevel::Internal, revision: 0, reason: "Asked for".into() };
        let (version, level) = (VersionNumber(1), Some(AccessLevel::Public));
        let publish = Publish { version, title: title.into(), level, expected };
        self.stores.publish(&actor, id, &publish, Utc::now()).await.unwrap();
    }

    async fn refuses_whom_it_should(&self) {
        let denied = json!({ "code": "denied", "kind": "denied" });
        for (session, status, answer) in [("", 401, Value::Null), ("reader", 403, denied)] {
            assert_eq!(self.ask(session, Method::POST, "/connect", None).await, (status, answer));
        }
        assert_eq!(self.post("/webhooks/nango", json!({})).await.0, 401, "it is not signed");
    }

    async fn stops(self) {
        self.stop.send(()).unwrap();
        timeout(Duration::from_secs(30), self.running).await.expect("it ends").unwrap().unwrap();
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedding_backend_connects_imports_publishes_is_read_and_syncs() {
    let (world, bytes) = (World::new(11), b"%PDF-1.7 a report".as_slice());
    let author = world.at(Utc::now() - TimeDelta::minutes(10));
    let workspace = author.workspace("Acme");
    let policy = author.page(workspace, "Security policy");
    author.append(policy, [paragraph("We encrypt everything.")]);
    let report = author.page(workspace, "Report");
    author.append(report, [pdf(&author.file("Report.pdf", "application/pdf", bytes))]);
    let stage = Stage::new(world).await;
    stage.refuses_whom_it_should().await;
    let connection = stage.connect(workspace, &[policy, report]).await;

    let entries = format!("/connections/{connection}/entries?words=security&kind=pages");
    let listing = stage.get("admin", &entries).await;
    let [entry] = &listing["entries"].as_array().unwrap()[..] else { panic!("{listing}") };
    assert_eq!((&entry["source"]["id"], &entry["imported"]), (&json!(policy), &Value::Null));
    assert_eq!(stage.ask("reader", Method::GET, &entries, None).await.0, 403);

    let picks = json!([{ "id": policy, "kind": "page" }, { "id": report, "kind": "page" }]);
    let (status, events) = stage.post(&format!("/connections/{connection}/import"), picks).await;
    assert_eq!((status, &events[0]), (200, &json!({ "type": "total", "value": 2 })), "{events}");
    let imported = |id: NotionId| {
        let outcomes = events.as_array().unwrap().iter().map(|event| &event["value"]);
        let outcome = outcomes.into_iter().find(|outcome| outcome["pick"]["id"] == json!(id)).unwrap();
        assert_eq!(outcome["imported"]["type"], "created", "{outcome}");
        outcome["imported"]["document"].as_str().unwrap().to_owned()
    };
    let (policy_id, report_id) = (imported(policy), imported(report));
    let site = format!("/sites/{}", stage.tenant);
    assert_eq!(stage.get("", &site).await["documents"], json!([]), "nothing opens by itself");
    assert_eq!(stage.ask("", Method::GET, &format!("{site}/{policy_id}"), None).await.0, 404);

    stage.open(&policy_id, "Our policy").await;
    stage.open(&report_id, "Our report").await;
    let shown = stage.get("", &site).await;
    let first = &shown["documents"][0];
    assert_eq!((&first["title"], &first["outside"]["type"]), (&json!("Our policy"), &json!("ok")));
    let read = stage.get("", &format!("{site}/{policy_id}")).await;
    let content = json!({ "type": "markdown", "value": "We encrypt everything.\n" });
    let policy_json = json!({ "title": "Our policy", "version": 1, "content": content, "attachments": [] });
    assert_eq!(read, policy_json);
    let read = stage.get("", &format!("{site}/{report_id}")).await;
    let blob = read["content"]["value"]["blob"]["id"].as_str().unwrap();
    let file = Client::new().get(format!("{}{site}/{report_id}/{blob}", stage.url));
    let part = file.header("range", "bytes=9-").send().await.unwrap();
    assert_eq!((part.status().as_u16(), &part.bytes().await.unwrap()[..]), (206, &bytes[9..]));

    let last = stage.get("admin", "/connections").await[0]["last_run"].take();
    stage.world.at(Utc::now()).set_title(policy, "Security policy 2027");
    stage.stores.make_due(stage.tenant, connection.parse().unwrap(), Utc::now()).await.unwrap();
    let run = stage.synced_since(&last).await;
    assert_eq!((&run["changed"], &run["failure"]), (&json!(1), &Value::Null), "{run}");
    let member = Actor::new(stage.tenant, MemberId::fresh(), Role::Viewer);
    let imported = stage.stores.imported(&member, None, 100).await.unwrap();
    let titles: Vec<_> = imported.iter().map(|document| &*document.title.text).collect();
    assert!(titles.contains(&"Security policy 2027"), "{titles:?}");
    assert_eq!(stage.get("", &site).await, shown, "readers see what was published");
    stage.stops().await;
}

//! The adapter against the stand-in, over real sockets: what one promises the other shows.

mod flow;
mod page;
mod protocol;
mod sessions;
mod strictness;
mod webhooks;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use notion_import_core::testing::World;
use notion_import_core::transport::{Http, Request, Transport};
use notion_import_core::{Connection, ConnectionRef, NotionId, TenantId, TokenSource};
use notion_import_nango::testing::{Settings, StandIn};
use notion_import_nango::{Nango, webhook::Event};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use crate::{API_KEY, SIGNING_KEY, nango};

/// A Notion with one workspace, a Nango before it, and the adapter before that.
pub struct Stage {
    world: World,
    workspace: NotionId,
    page: NotionId,
    pub stand_in: StandIn,
    pub base: String,
    nango: Nango,
}

impl Stage {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Settings)) -> Self {
        let world = World::new(7);
        let author = world.at(crate::moment());
        let workspace = author.workspace("Acme <Ops> & Co");
        let page = author.page(workspace, "Security \"policy\"");
        let mut settings = Settings::new(API_KEY, SIGNING_KEY);
        settings.retry_pause = std::time::Duration::from_millis(1);
        adjust(&mut settings);
        let stand_in = StandIn::new(world.clone(), settings).unwrap();
        let base = serve(stand_in.router()).await;
        let nango = nango(&base);
        Self { world, workspace, page, stand_in, base, nango }
    }

    /// What Notion says of the bot, asked through a connection.
    async fn whoami(&self, reference: &ConnectionRef) -> Answered {
        let connection = Connection::new(TenantId::fresh(), reference.as_str());
        let access = self.nango.access(&connection).await.unwrap();
        let mut headers = access.headers;
        headers.insert(access.version_header, HeaderValue::from_static("2026-03-11"));
        send(Method::GET, access.base.url().join("v1/users/me").unwrap(), headers, None).await
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answered {
        let url = Url::parse(&format!("{}{path}", self.base)).unwrap();
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let body = body.map(|body| Bytes::copy_from_slice(body.as_bytes()));
        send(method.parse().unwrap(), url, headers.collect(), body).await
    }
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

async fn send(method: Method, url: Url, headers: HeaderMap, body: Option<Bytes>) -> Answered {
    let response = Http::new().unwrap().send(Request { method, url, headers, body }).await.unwrap();
    let (status, headers) = (response.status, response.headers.clone());
    Answered { status, headers, body: response.bytes(1 << 20).await.unwrap() }
}

async fn serve(router: Router) -> String {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(socket, router).await });
    base
}

/// A receiver of webhooks that checks each, and answers the statuses it was given, then 204.
#[derive(Clone, Default)]
struct Receiver {
    statuses: Arc<Mutex<Vec<u16>>>,
    events: Arc<Mutex<Vec<Event>>>,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn of(stage: &Stage) -> Self {
        Self::answering(stage, &[]).await
    }

    async fn answering(stage: &Stage, statuses: &[u16]) -> Self {
        let receiver = Self::default();
        receiver.statuses.lock().unwrap().extend(statuses.iter().rev());
        let url =
            serve(Router::new().fallback(receive).with_state((receiver.clone(), stage.nango.clone()))).await;
        stage.stand_in.send_webhooks_to(Url::parse(&url).unwrap());
        receiver
    }

    fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

async fn receive(
    State((receiver, nango)): State<(Receiver, Nango)>,
    headers: HeaderMap,
    raw: Bytes,
) -> StatusCode {
    let event = nango.webhook(&raw, &headers).unwrap();
    receiver.events.lock().unwrap().push(event);
    receiver.bodies.lock().unwrap().push(String::from_utf8(raw.to_vec()).unwrap());
    let status = receiver.statuses.lock().unwrap().pop().unwrap_or(204);
    StatusCode::from_u16(status).unwrap()
}

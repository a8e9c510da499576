//! What can be wrong with Nango, and each call that meets it: what the caller gets, what the log says of it, and what becomes of
//! the connection.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Answer, Reply, SimClock, World, WorldTransport};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    Actor, ConfirmedIdentity, Connection, ConnectionRecord, ConnectionRef, ConnectionState, ConnectionStore,
    Connector, Error, Importer, MemberId, MemoryBlobs, MemoryConnections, MemoryLibrary, Query, Role,
    Scheduler, TenantId,
};
use notion_import_nango::Nango;
use notion_import_nango::testing::{Refresh, Settings, StandIn};

use crate::{API_KEY, SIGNING_KEY, config};

/// What stands in the way of a request; none if nothing does.
type Obstacle = fn(&Request) -> Option<Reply>;

/// A tenant with a connection, whose way to Nango can be spoilt.
struct Stage {
    clock: SimClock,
    stand_in: StandIn,
    spoilt: Arc<Mutex<Option<Obstacle>>>,
    connections: MemoryConnections,
    importer: Importer,
    connector: Connector,
    admin: Actor,
    reference: ConnectionRef,
    record: ConnectionRecord,
    /// An attempt that waits for its consent.
    waiting: notion_import_core::AttemptId,
}

/// What is done, each by its own call of Nango's.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Doing {
    Begin,
    Inspect,
    Find,
    Proxy,
    Revoke,
}

const ALL: [Doing; 5] = [Doing::Begin, Doing::Inspect, Doing::Find, Doing::Proxy, Doing::Revoke];

impl Stage {
    async fn new() -> Self {
        let (world, clock) = (World::new(7), SimClock::new(crate::moment()));
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let page = author.page(workspace, "Security policy");
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let settings = Settings { clock: shared.clone(), ..Settings::new(API_KEY, SIGNING_KEY) };
        let stand_in = StandIn::new(world, settings).unwrap();
        let spoilt = Arc::<Mutex<Option<Obstacle>>>::default();
        let (answering, spoiling) = (stand_in.clone(), spoilt.clone());
        let answers = move |request: &Request, _| {
            let obstacle = *spoiling.lock().unwrap();
            obstacle.and_then(|meet| meet(request)).unwrap_or_else(|| answering.reply(request))
        };
        let transport = Arc::new(WorldTransport::answered(answers, clock.clone()));
        let nango = Nango::assembled(config("http://localhost"), transport.clone(), shared.clone()).unwrap();
        let (nango, connections) = (Arc::new(nango), MemoryConnections::default());
        let kept: Arc<dyn ConnectionStore> = Arc::new(connections.clone());
        let identity = ConfirmedIdentity::new(nango.clone(), kept.clone()).by(shared.clone());
        let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
        let importer = Importer::builder(nango.clone(), library, blobs)
            .identity(Arc::new(identity))
            .through(transport, shared)
            .build()
            .unwrap();
        let connector = Connector::new(&importer, nango, kept.clone()).seal_with(&[3; 32]);
        let admin = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);
        let begun = connector.begin(&admin).await.unwrap();
        let reference = stand_in.consent(&begun.link.url, workspace, &[page]).await.unwrap();
        connector.poll(&admin, begun.attempt).await.unwrap();
        let record = connector.confirm(&admin, begun.attempt, &begun.secret).await.unwrap();
        Scheduler::new(importer.clone(), kept).sync_due(1).await.unwrap();
        let waiting = connector.begin(&admin).await.unwrap().attempt;
        // What was asked a moment ago is good for a minute.
        clock.advance(Duration::from_secs(61));
        Self { clock, stand_in, spoilt, connections, importer, connector, admin, reference, record, waiting }
    }

    async fn does(&self, doing: Doing) -> Result<(), Error> {
        let Self { connector, admin, .. } = self;
        match doing {
            Doing::Begin => connector.begin(admin).await.map(drop),
            Doing::Inspect => connector.reconcile(&self.reference).await,
            Doing::Find => connector.poll(admin, self.waiting).await.map(drop),
            Doing::Proxy => self.browse().await,
            Doing::Revoke => connector.disconnect(admin, self.record.id).await,
        }
    }

    async fn browse(&self) -> Result<(), Error> {
        let connection: Connection = self.record.connection();
        let browsing =
            self.importer.browse(&content_manager(connection.tenant), &connection, &Query::default()).await;
        browsing.map(drop)
    }

    async fn state(&self) -> Option<ConnectionState> {
        let kept = self.connections.get(self.admin.tenant, self.record.id).await.unwrap();
        kept.map(|record| record.state)
    }
}

/// What comes of it: the code, what the log shows of the cause, and the state of the connection.
async fn check(
    claim: &str,
    doing: Doing,
    spoil: impl FnOnce(&Stage),
    expected: (&str, &str, Option<ConnectionState>),
) {
    let stage = Stage::new().await;
    spoil(&stage);
    let outcome = stage.does(doing).await;
    let code = outcome.as_ref().map_or_else(|error| error.code(), |()| "ok");
    let causes = outcome.as_ref().err().map(causes);
    let state = stage.state().await;
    assert_eq!((code, state), (expected.0, expected.2), "{claim}, {doing:?}: {causes:?}");
    let causes = causes.unwrap_or_default();
    assert!(causes.contains(expected.1), "{claim}, {doing:?}: {causes}");
    for secret in [API_KEY, SIGNING_KEY, stage.reference.as_str()] {
        assert!(!causes.contains(secret), "{claim}, {doing:?}: {causes}");
    }
}

fn causes(error: &Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Reply {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    Reply::Response(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::from_iter(headers),
        body: Bytes::from_static(body.as_bytes()),
    })
}

/// Nothing here says anything about one tenant's connection, so it stays as it is; one that is being disconnected stays fenced.
#[tokio::test]
async fn what_the_operator_or_the_network_did_ends_no_connection() {
    const HTML: [(&str, &str); 1] = [("content-type", "text/html; charset=utf-8")];
    let rows: [(&str, Obstacle, &str, &str); 9] = [
        (
            "a deleted key",
            |_| Some(answer(401, &[], r#"{"error":{"code":"unknown_account","message":"x","payload":{}}}"#)),
            "operator_fault",
            "Nango refused: 401 unknown_account",
        ),
        (
            "a key that is none",
            |_| Some(answer(401, &[], r#"{"error":{"code":"invalid_secret_key_format","payload":{}}}"#)),
            "operator_fault",
            "Nango refused: 401 invalid_secret_key_format",
        ),
        (
            "a missing scope",
            |_| Some(answer(403, &[], r#"{"error":{"code":"forbidden","message":"Insufficient scope."}}"#)),
            "operator_fault",
            "Nango refused: 403 forbidden",
        ),
        (
            "a wrong base URL",
            |_| Some(answer(200, &HTML, "<!doctype html><title>Nango</title>")),
            "operator_fault",
            "the base URL is not that of its API",
        ),
        (
            "an unknown integration",
            |_| Some(answer(400, &[], r#"{"error":{"code":"unknown_provider_config"}}"#)),
            "operator_fault",
            "Nango refused: 400 unknown_provider_config",
        ),
        (
            "the account's limit",
            |_| {
                let headers = [("retry-after", "9"), ("x-ratelimit-limit", "200")];
                Some(answer(
                    429,
                    &headers,
                    r#"{"error":{"code":"too_many_request","method":"GET","path":"/"}}"#,
                ))
            },
            "account_paused",
            "Nango refused: 429 too_many_request, the account's limit",
        ),
        (
            "a bad gateway",
            |_| Some(answer(502, &HTML, "<html>Bad gateway</html>")),
            "gateway_fault",
            "what answered 502 is neither Nango nor Notion",
        ),
        (
            "Nango's own failure",
            |_| Some(answer(500, &[], r#"{"error":{"code":"generic_error_support","payload":"x"}}"#)),
            "gateway_fault",
            "Nango refused: 500 generic_error_support",
        ),
        ("a reset", |_| Some(Reply::Reset), "gateway_fault", "the connection failed"),
    ];
    for (claim, obstacle, code, cause) in rows {
        for doing in ALL {
            let state = match doing {
                Doing::Revoke => ConnectionState::Disconnecting,
                Doing::Begin | Doing::Inspect | Doing::Find | Doing::Proxy => ConnectionState::Active,
            };
            let spoil = |stage: &Stage| *stage.spoilt.lock().unwrap() = Some(obstacle);
            check(claim, doing, spoil, (code, cause, Some(state))).await;
        }
    }
}

#[tokio::test]
async fn the_same_of_the_proxy_alone_is_told_apart_from_what_notion_says() {
    let rows: [(&str, Obstacle, &str, &str); 3] = [
        (
            "an unknown integration",
            |request| through(request, 404, r#"{"error":{"code":"unknown_provider_config"}}"#),
            "operator_fault",
            "Nango refused: 404 unknown_provider_config",
        ),
        (
            "a used up plan",
            |request| through(request, 402, r#"{"error":{"code":"plan_limit","message":"x"}}"#),
            "operator_fault",
            "Nango refused: 402 plan_limit",
        ),
        (
            "Notion is not reached",
            |request| {
                through(request, 500, r#"{"message":"read ECONNRESET","code":"ECONNRESET","method":"get"}"#)
            },
            "gateway_fault",
            "Nango could not reach Notion",
        ),
    ];
    for (claim, obstacle, code, cause) in rows {
        let spoil = |stage: &Stage| *stage.spoilt.lock().unwrap() = Some(obstacle);
        check(claim, Doing::Proxy, spoil, (code, cause, Some(ConnectionState::Active))).await;
    }
}

fn through(request: &Request, status: u16, body: &'static str) -> Option<Reply> {
    request.url.path().starts_with("/proxy/").then(|| answer(status, &[], body))
}

/// Nobody waits for ever, and no state is lost.
#[tokio::test]
async fn what_never_answers_is_given_up() {
    for doing in ALL {
        let silence: Obstacle = |_| {
            let Reply::Response(answer) = answer(200, &[], "{}") else { return None };
            Some(Reply::Drip { answer, chunk: 1, pause: Duration::from_secs(1 << 20) })
        };
        let state = match doing {
            Doing::Revoke => ConnectionState::Disconnecting,
            Doing::Begin | Doing::Inspect | Doing::Find | Doing::Proxy => ConnectionState::Active,
        };
        let spoil = |stage: &Stage| *stage.spoilt.lock().unwrap() = Some(silence);
        check("silence", doing, spoil, ("gateway_fault", "timed out", Some(state))).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_gone_needs_a_new_consent_or_is_disconnected() {
    let delete = |stage: &Stage| assert!(stage.stand_in.delete(stage.reference.as_str()));
    let active = Some(ConnectionState::Active);
    check("it is gone", Doing::Begin, delete, ("ok", "", active)).await;
    check("it is gone", Doing::Inspect, delete, ("ok", "", active)).await;
    check("it is gone", Doing::Find, delete, ("ok", "", active)).await;
    check("it is gone", Doing::Proxy, delete, ("connection_missing", "", Some(ConnectionState::NeedsReauth)))
        .await;
    check("it is gone", Doing::Revoke, delete, ("ok", "", None)).await;

    // It can be connected again where it was.
    let stage = Stage::new().await;
    delete(&stage);
    let begun = stage.connector.reconnect(&stage.admin, stage.record.id).await.unwrap();
    let workspace = stage.record.workspace.id.as_ref().unwrap().parse().unwrap();
    stage.stand_in.consent(&begun.link.url, workspace, &[]).await.unwrap();
    stage.connector.poll(&stage.admin, begun.attempt).await.unwrap();
    let again = stage.connector.confirm(&stage.admin, begun.attempt, &begun.secret).await.unwrap();
    assert_eq!((again.id, again.state), (stage.record.id, ConnectionState::Active));
}

#[tokio::test]
async fn a_refresh_that_fails_ends_a_connection_only_once_it_is_given_up() {
    let rows = [
        (Refresh::Fails, "refresh_failing", "400 server_error", ConnectionState::Active),
        (Refresh::BacksOff, "refresh_failing", "424 connection_refresh_backoff", ConnectionState::Active),
        (Refresh::Exhausted, "credentials_refused", "424 server_error", ConnectionState::NeedsReauth),
    ];
    for (refresh, code, cause, state) in rows {
        let fail = |stage: &Stage| stage.stand_in.let_refresh(stage.reference.as_str(), refresh);
        let cause = format!("Nango refused: {cause}");
        check("a refresh", Doing::Proxy, fail, (code, &cause, Some(state))).await;
        for doing in [Doing::Begin, Doing::Inspect, Doing::Find] {
            check("a refresh", doing, fail, ("ok", "", Some(ConnectionState::Active))).await;
        }
        check("a refresh", Doing::Revoke, fail, ("ok", "", None)).await;
    }
}

#[tokio::test]
async fn a_person_is_told_of_a_failing_grant_in_time_and_before_it_is_gone() {
    let stage = Stage::new().await;
    let health = async || stage.connector.health(stage.admin.tenant, stage.record.id).await.unwrap();
    assert_eq!(serde_json::json!(health().await), "sound");
    stage.stand_in.let_refresh(stage.reference.as_str(), Refresh::BacksOff);
    assert_eq!(serde_json::json!(health().await), "failing");
    let asked = stage.clock.now();
    assert_eq!(stage.browse().await.unwrap_err().code(), "refresh_failing");
    assert!(stage.clock.now() - asked < TimeDelta::seconds(10));
    stage.stand_in.let_refresh(stage.reference.as_str(), Refresh::Works);
    stage.browse().await.unwrap();
    stage.stand_in.delete(stage.reference.as_str());
    assert_eq!(serde_json::json!(health().await), "missing");
}

//! Access to Notion through the proxy, and the pause that all tenants share.

use std::sync::Arc;

use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, StatusCode};
use notion_import_core::testing::{SimClock, World, WorldTransport};
use notion_import_core::transport::Clock;
use notion_import_core::{Authorizer, Connection, ConnectionRef, Fault, TenantId, TokenSource};
use notion_import_nango::Nango;

use crate::{API_KEY, attempt, config, moment, nango};

fn connection(reference: &str) -> Connection {
    Connection::new(TenantId::fresh(), reference)
}

#[tokio::test]
async fn access_leads_to_the_proxy_below_the_base() {
    let check = async |base: &str, expected: &str| {
        let access = nango(base).access(&connection("c-1")).await.unwrap();
        assert_eq!(access.base.url().as_str(), expected);
        assert_eq!(access.version_header, "nango-proxy-notion-version");
        let mut url = access.base.url().clone();
        url.path_segments_mut().unwrap().pop_if_empty().extend(["v1", "users", "me"]);
        assert_eq!(url.as_str(), format!("{expected}v1/users/me"));
        assert_eq!(access.base.url().join("v1/users/me").unwrap(), url);
    };
    check("https://api.nango.dev", "https://api.nango.dev/proxy/").await;
    check("https://api.nango.dev/", "https://api.nango.dev/proxy/").await;
    check("http://localhost:3003/tools/nango", "http://localhost:3003/tools/nango/proxy/").await;
    check("http://localhost:3003/tools/nango/", "http://localhost:3003/tools/nango/proxy/").await;
}

#[tokio::test]
async fn access_names_the_connection_asked_for_in_sensitive_headers() {
    let access = nango("https://api.nango.dev").access(&connection("c-1")).await.unwrap();
    let check = |name: &str, value: &str| {
        assert_eq!(access.headers[name], value);
        assert!(access.headers[name].is_sensitive(), "{name}");
    };
    check("authorization", &format!("Bearer {API_KEY}"));
    check("provider-config-key", "notion");
    check("connection-id", "c-1");
    assert_eq!(access.headers.len(), 3, "no Retries, no Base-Url-Override");
}

#[tokio::test]
async fn a_reference_no_header_can_carry_is_no_connection() {
    let refused = nango("https://api.nango.dev").access(&connection("c-1\r\nx: y")).await;
    assert_eq!(refused.unwrap_err().fault, Fault::ConnectionMissing);
}

/// An adapter under a clock of its own, before a world that writes down what it is asked.
fn staged() -> (Nango, SimClock, World) {
    let (clock, world) = (SimClock::new(moment()), World::new(7));
    let transport = WorldTransport::new(world.clone(), clock.clone());
    let config = config("https://api.nango.dev");
    let nango = Nango::assembled(config, Arc::new(transport), Arc::new(clock.clone())).unwrap();
    (nango, clock, world)
}

#[tokio::test]
async fn a_429_of_nangos_holds_every_tenant_until_it_is_over() {
    let (nango, clock, world) = staged();
    let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("9"))]);
    let body = br#"{"error":{"code":"too_many_request"}}"#;
    let error = nango.explain(StatusCode::TOO_MANY_REQUESTS, &headers, body, clock.now());
    let fault = error.fault;
    let cause = error.source.unwrap().to_string();
    assert_eq!(cause, "Nango refused: 429 too_many_request, the account's limit is used up for another 10 s");
    // Nango rounds down.
    let until = moment() + TimeDelta::seconds(10);
    assert_eq!(fault, Fault::AccountPause(until));

    // A person's click is refused at once; a sync waits.
    let refused = nango.begin(&attempt()).await.unwrap_err();
    assert_eq!(refused.fault, fault);
    assert_eq!(nango.inspect(&ConnectionRef::new("c-1")).await.unwrap_err().fault, fault);
    assert_eq!((clock.now(), world.requests().len()), (moment(), 0));

    let (first, second) = (connection("c-1"), connection("c-2"));
    let clone = nango.clone();
    let held = async |nango: &Nango, connection: &Connection| {
        nango.access(connection).await.unwrap();
        clock.now()
    };
    assert_eq!(tokio::join!(held(&nango, &first), held(&clone, &second)), (until, until));
}

#[tokio::test]
async fn a_clock_that_is_set_neither_prolongs_nor_ends_the_pause() {
    for hours in [0, 1, -1] {
        let (nango, clock, world) = staged();
        let began = clock.instant();
        let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("9"))]);
        let body = br#"{"error":{"code":"too_many_request"}}"#;
        nango.explain(StatusCode::TOO_MANY_REQUESTS, &headers, body, clock.now());
        clock.set_by(TimeDelta::hours(hours));
        let refused = nango.begin(&attempt()).await.unwrap_err();
        let until = moment() + TimeDelta::hours(hours) + TimeDelta::seconds(10);
        assert_eq!(refused.fault, Fault::AccountPause(until), "{hours} h");
        nango.access(&connection("c-1")).await.unwrap();
        assert_eq!(clock.instant() - began, std::time::Duration::from_secs(10), "{hours} h");
        assert_eq!(world.requests().len(), 0, "{hours} h");
    }
}

#[tokio::test]
async fn notions_429_holds_nobody_else() {
    let (nango, clock, _) = staged();
    let body = br#"{"object":"error","status":429,"code":"rate_limited"}"#;
    nango.explain(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), body, clock.now());
    assert!(nango.access(&connection("c-1")).await.is_ok());
    assert_eq!(clock.now(), moment());
}

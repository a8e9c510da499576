//! The stand-in is as strict, and as surprising, as Nango.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use notion_import_core::Authorizer;
use notion_import_core::testing::SimClock;
use serde_json::{Value, json};
use url::Url;

use super::Stage;
use crate::{API_KEY, attempt};

#[tokio::test]
async fn refusals_have_nangos_status_and_code() {
    let stage = Stage::new().await;
    let key = format!("Bearer {API_KEY}");
    let check = async |method: &str, path: &str, auth: &str, body: Option<&str>, status: u16, code: &str| {
        let headers: Vec<_> =
            [("authorization", auth)].into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let answer = stage.ask(method, path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body:?}: {}", answer.text());
        assert_eq!(answer.json()["error"]["code"], code, "{method} {path} {body:?}");
    };
    let list = "/connections";
    check("GET", list, "", None, 401, "missing_auth_header").await;
    check("GET", list, "Bearer ", None, 401, "invalid_secret_key_format").await;
    check("GET", list, "Bearer abc", None, 401, "invalid_secret_key_format").await;
    check("GET", list, "Bearer 0c1ab1e5-0000-4000-8000-00000000beef", None, 401, "unknown_account").await;
    check("GET", "/connections?unknown=1", &key, None, 400, "invalid_query_params").await;
    check("GET", "/connections?limit=0", &key, None, 400, "invalid_query_params").await;
    check("GET", "/connections/x", &key, None, 400, "invalid_query_params").await;
    check("GET", "/connections/x?provider_config_key=slack", &key, None, 400, "unknown_provider_config")
        .await;
    check("GET", "/connections/x?provider_config_key=notion", &key, None, 404, "not_found").await;
    check(
        "GET",
        "/connections/x?provider_config_key=notion&force_refresh=true",
        &key,
        None,
        403,
        "forbidden",
    )
    .await;
    check("DELETE", "/connections/x?provider_config_key=notion", &key, None, 400, "unknown_connection").await;
    check("GET", "/integrations/slack", &key, None, 404, "not_found").await;

    let (new, again) = ("/connect/sessions", "/connect/sessions/reconnect");
    check("POST", new, &key, Some("{"), 400, "invalid_json").await;
    check("POST", new, &key, Some("{}"), 400, "invalid_body").await;
    check("POST", new, &key, Some(r#"{"allowed_integrations":["notion"]}"#), 400, "invalid_body").await;
    check("POST", new, &key, Some(r#"{"tags":{},"allowed_integrations":["slack"]}"#), 400, "invalid_body")
        .await;
    check("POST", new, &key, Some(r#"{"tags":{},"brand_new":1}"#), 400, "invalid_body").await;
    check("POST", new, &key, Some(r#"{"tags":{"1st":"x"}}"#), 400, "invalid_body").await;
    check("POST", "/connect/sessions?a=b", &key, Some(r#"{"tags":{}}"#), 400, "invalid_query_params").await;
    let unknown = r#"{"connection_id":"x","integration_id":"notion","tags":{}}"#;
    check("POST", again, &key, Some(unknown), 400, "invalid_body").await;
    check("POST", again, &key, Some(r#"{"connection_id":"x"}"#), 400, "invalid_body").await;
    check("GET", "/proxy/v1/users/me", &key, None, 400, "invalid_headers").await;
    check("GET", "/connect/session", &key, None, 401, "invalid_connect_session_token_format").await;
}

#[tokio::test]
async fn the_proxys_own_refusals_look_like_nangos() {
    let stage = Stage::new().await;
    let key = format!("Bearer {API_KEY}");
    let check = async |extra: &[(&str, &str)], status: u16, code: &str| {
        let headers: Vec<_> = [("authorization", key.as_str())].iter().chain(extra).copied().collect();
        let answer = stage.ask("GET", "/proxy/v1/users/me", &headers, None).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (status, &code.into()),
            "{extra:?}"
        );
    };
    let connection = ("connection-id", "x");
    check(&[connection, ("provider-config-key", "slack")], 404, "unknown_provider_config").await;
    check(&[connection, ("provider-config-key", "notion")], 400, "server_error").await;
    let elsewhere = ("base-url-override", "https://example.com");
    check(&[connection, ("provider-config-key", "notion"), elsewhere], 400, "base_url_override_disabled")
        .await;
}

#[tokio::test]
async fn an_unknown_path_is_the_dashboard() {
    let stage = Stage::new().await;
    for path in ["/", "/v1/connections", "/connections/a/b"] {
        let answer = stage.ask("GET", path, &[], None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn the_accounts_limit_counts_every_call_and_says_so() {
    let stage = Stage::with(|settings| settings.limit = Some(1)).await;
    let key = format!("Bearer {API_KEY}");
    let headers = [("authorization", key.as_str())];
    let first = stage.ask("GET", "/connections", &headers, None).await;
    assert_eq!(
        (&first.headers["x-ratelimit-limit"], &first.headers["x-ratelimit-remaining"]),
        (&"1".parse().unwrap(), &"0".parse().unwrap())
    );
    let second = stage.ask("GET", "/proxy/v1/users/me", &headers, None).await;
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(second.json()["error"]["code"], "too_many_request");
    assert!(second.json()["error"].get("message").is_none());
    assert!(second.headers.contains_key("retry-after"));
    stage.stand_in.limit_to(None);
    assert_eq!(stage.ask("GET", "/connections", &headers, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn notion_gets_the_old_version_unless_another_is_asked_for() {
    let stage = Stage::new().await;
    let link = stage.nango.begin(&attempt()).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    let key = format!("Bearer {API_KEY}");
    let named = [
        ("authorization", key.as_str()),
        ("provider-config-key", "notion"),
        ("connection-id", reference.as_str()),
    ];
    // Headers without the prefix are not handed on.
    let direct: Vec<_> = named.into_iter().chain([("notion-version", "2026-03-11")]).collect();
    let page = format!("/proxy/v1/pages/{}", stage.page);
    assert_eq!(stage.ask("GET", &page, &direct, None).await.json()["archived"], json!(false));
    let prefixed: Vec<_> = named.into_iter().chain([("nango-proxy-notion-version", "2026-03-11")]).collect();
    assert_eq!(stage.ask("GET", &page, &prefixed, None).await.json().get("archived"), None);
}

/// The header that a session authorises itself with.
fn bearer(link: &Url) -> String {
    let token = link.query_pairs().find(|(name, _)| name == "session_token").unwrap().1.into_owned();
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_session_shows_itself_without_its_tags() {
    let stage = Stage::new().await;
    let own = bearer(&stage.nango.begin(&attempt()).await.unwrap().url);
    let shown = stage.ask("GET", "/connect/session", &[("authorization", &own)], None).await;
    assert_eq!(shown.status, StatusCode::OK);
    let data = &shown.json()["data"];
    assert_eq!((&data["allowed_integrations"], &data["endUser"]), (&json!(["notion"]), &Value::Null));
    assert!(data["connectUISettings"].is_object());
    assert!(data.get("tags").is_none() && data.get("isReconnecting").is_none());
}

#[tokio::test]
async fn a_session_closes_itself_and_what_was_under_way_leads_nowhere() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap().url;
    let own = bearer(&link);
    let own = [("authorization", &*own)];
    stage.stand_in.set_out(&link).unwrap();
    let closed = stage.ask("DELETE", "/connect/session", &own, None).await;
    assert_eq!((closed.status, closed.text()), (StatusCode::NO_CONTENT, String::new()));
    assert!(stage.stand_in.consent(&link, stage.workspace, &[]).await.is_err());
    assert!(stage.stand_in.set_out(&link).is_err());
    assert!(stage.nango.find(&attempt).await.unwrap().is_empty());
    for method in ["GET", "DELETE"] {
        let again = stage.ask(method, "/connect/session", &own, None).await;
        assert_eq!(again.status, StatusCode::UNAUTHORIZED);
        assert_eq!(again.json()["error"]["code"], "unknown_connect_session_token");
    }
}

#[tokio::test]
async fn a_consent_finished_after_the_session_has_lapsed_leads_to_a_connection_unless_it_was_closed() {
    let clock = SimClock::new(crate::moment());
    let stage = Stage::with(|settings| settings.clock = Arc::new(clock.clone())).await;
    let attempt = attempt();
    let link = stage.nango.begin(&attempt).await.unwrap().url;
    stage.stand_in.set_out(&link).unwrap();
    clock.advance(Duration::from_secs(40 * 60));
    let late = stage.stand_in.consent(&link, stage.workspace, &[]).await.unwrap();
    assert_eq!(stage.nango.find(&attempt).await.unwrap()[0].reference, late);
    assert!(
        stage.stand_in.consent(&link, stage.workspace, &[]).await.is_err(),
        "one that was not begun in time"
    );
}

#[tokio::test]
async fn it_can_live_below_a_path() {
    let stage =
        Stage::with(|settings| settings.origin = Some("http://demo.test/nango/".parse().unwrap())).await;
    let base = super::serve(axum::Router::new().nest("/nango", stage.stand_in.router())).await;
    let nango = crate::nango(&format!("{base}/nango"));
    let link = nango.begin(&attempt()).await.unwrap().url;
    assert!(link.as_str().starts_with("http://demo.test/nango/connect-ui/?session_token="), "{link}");
    let page = format!("{base}{}?{}", link.path(), link.query().unwrap());
    let shown = super::send(http::Method::GET, page.parse().unwrap(), http::HeaderMap::new(), None).await;
    assert!(shown.text().contains("Allow access"));
    let reference = stage.stand_in.consent(&link, stage.workspace, &[stage.page]).await.unwrap();
    let connection = notion_import_core::Connection::new(attempt().tenant, reference.as_str());
    let access = notion_import_core::TokenSource::access(&nango, &connection).await.unwrap();
    let mut headers = access.headers;
    headers.insert(access.version_header, http::HeaderValue::from_static("2026-03-11"));
    let me = access.base.url().join("v1/users/me").unwrap();
    assert_eq!(super::send(http::Method::GET, me, headers, None).await.status, StatusCode::OK);
}

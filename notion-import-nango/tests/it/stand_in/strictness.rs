//! What was seen of a running Nango, one line each: the status and the shape.

use http::StatusCode;
use notion_import_core::Authorizer;
use notion_import_nango::testing::{Refresh, scope};
use serde_json::{Value, json};

use super::{Answered, Receiver, Stage};
use crate::{API_KEY, attempt};

impl Stage {
    async fn keyed(&self, method: &str, path: &str, more: &[(&str, &str)], body: Option<&Value>) -> Answered {
        let key = format!("Bearer {API_KEY}");
        let headers: Vec<_> =
            [("authorization", key.as_str())].into_iter().chain(more.iter().copied()).collect();
        self.ask(method, path, &headers, body.map(Value::to_string).as_deref()).await
    }

    async fn connected(&self) -> String {
        let link = self.nango.begin(&attempt()).await.unwrap();
        let reference = self.stand_in.consent(&link.url, self.workspace, &[self.page]).await.unwrap();
        reference.to_string()
    }
}

#[tokio::test]
async fn an_unknown_post_is_answered_with_a_page_and_404() {
    let answer = Stage::new().await.keyed("POST", "/nowhere", &[], Some(&json!({}))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(answer.text().contains("<pre>Cannot POST /nowhere</pre>"));
}

#[tokio::test]
async fn a_key_alone_authorises_as_well() {
    let stage = Stage::new().await;
    assert_eq!(stage.ask("GET", "/connections", &[("authorization", API_KEY)], None).await.status, 200);
}

#[tokio::test]
async fn the_singular_still_works() {
    let (stage, at) = (Stage::new().await, "?provider_config_key=notion");
    let id = stage.connected().await;
    assert_eq!(
        stage.keyed("GET", "/connection", &[], None).await.json()["connections"][0]["connection_id"],
        id.as_str()
    );
    let path = format!("/connection/{id}{at}");
    assert_eq!(stage.keyed("GET", &path, &[], None).await.json()["connection_id"], id.as_str());
    assert_eq!(stage.keyed("DELETE", &path, &[], None).await.json(), json!({ "success": true }));
}

#[tokio::test]
async fn sessions_are_refused_for_what_they_say_too_much_or_wrongly() {
    let stage = Stage::new().await;
    let asks = |more: Value| {
        let mut body = json!({ "tags": { "tenant_id": "x" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (more, status, code, path) in [
        (json!({ "overrides": {} }), 201, None, None),
        (json!({ "overrides": { "notion": {} } }), 201, None, None),
        (json!({ "overrides": { "notion": { "docs_connect": "https://x" } } }), 403, Some("forbidden"), None),
        (json!({ "end_user": { "id": "u-1", "email": "ana@example.com" } }), 201, None, None),
        (json!({ "end_user": {} }), 400, Some("invalid_body"), Some(json!(["id"]))),
        (json!({ "webhook_url_override": "" }), 201, None, None),
        (json!({ "webhook_url_override": "https://host.example/hook" }), 201, None, None),
        (
            json!({ "webhook_url_override": "no address" }),
            400,
            Some("invalid_body"),
            Some(json!(["webhook_url_override"])),
        ),
        (
            json!({ "webhook_url_override": "https://api.nango.dev/x" }),
            400,
            Some("invalid_body"),
            Some(json!(["webhook_url_override"])),
        ),
        (
            json!({ "integrations_config_defaults": { "notion": { "connection_config": {} } } }),
            201,
            None,
            None,
        ),
        (
            json!({ "integrations_config_defaults": { "notion": { "new": 1 } } }),
            400,
            Some("invalid_body"),
            Some(json!(["new"])),
        ),
        (
            json!({ "tags": { "end_user_email": "a@b" } }),
            400,
            Some("invalid_body"),
            Some(json!(["tags", "end_user_email"])),
        ),
        (
            json!({ "allowed_integrations": ["slack"] }),
            400,
            Some("invalid_body"),
            Some(json!(["allowed_integrations", "0"])),
        ),
    ] {
        let answer = stage.keyed("POST", "/connect/sessions", &[], Some(&asks(more.clone()))).await;
        assert_eq!(answer.status, status, "{more}: {}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(error["code"].as_str(), code, "{more}");
        assert_eq!(error["errors"][0].get("path"), path.as_ref(), "{more}");
    }
    // Of tags alone a session may be for nobody, but not of nothing at all.
    let nobody = stage.keyed("POST", "/connect/sessions", &[], Some(&json!({ "tags": {} }))).await;
    assert_eq!(nobody.status, 201);
}

#[tokio::test]
async fn what_is_asked_of_a_connection_is_checked() {
    let stage = Stage::with(|settings| {
        settings.scopes.insert(scope::CREDENTIALS);
    })
    .await;
    let id = stage.connected().await;
    for (more, status) in [
        ("", 200),
        ("&refresh_github_app_jwt_token=false", 200),
        ("&force_refresh=true", 200),
        ("&force_refresh=1", 200),
        ("&force_refresh=maybe", 400),
        ("&refresh_token=maybe", 400),
        ("&new=1", 400),
    ] {
        let path = format!("/connections/{id}?provider_config_key=notion{more}");
        assert_eq!(stage.keyed("GET", &path, &[], None).await.status, status, "{more}");
    }
    let bad = stage.keyed("GET", "/connections?tags[1st]=x", &[], None).await;
    assert_eq!((bad.status.as_u16(), &bad.json()["error"]["code"]), (400, &json!("invalid_query_params")));
    let named = stage.keyed("GET", &format!("/connections?connectionId={id}"), &[], None).await.json();
    assert_eq!(named["connections"].as_array().unwrap().len(), 1);
    let other = stage.keyed("GET", "/connections?connectionId=x", &[], None).await.json();
    assert_eq!(other, json!({ "connections": [] }));
}

#[tokio::test]
async fn the_proxy_checks_what_is_said_of_a_call() {
    let stage = Stage::new().await;
    let id = stage.connected().await;
    let named = [
        ("provider-config-key", "notion"),
        ("connection-id", id.as_str()),
        ("nango-proxy-notion-version", "2026-03-11"),
    ];
    for (name, value, status) in [
        ("retries", "3", 200),
        ("retries", "many", 400),
        ("retry-on", "500,502", 200),
        ("retry-on", "5xx", 400),
        ("decompress", "true", 200),
        ("decompress", "yes", 400),
        ("forward-headers-on-redirect", "no", 400),
        ("base-url-override", "", 200),
    ] {
        let headers: Vec<_> = named.into_iter().chain([(name, value)]).collect();
        let answer = stage.keyed("GET", "/proxy/v1/users/me", &headers, None).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        if status == 400 {
            let error = &answer.json()["error"];
            assert_eq!(
                (&error["code"], &error["errors"][0]["path"]),
                (&json!("invalid_headers"), &json!([name]))
            );
        }
    }
}

#[tokio::test]
async fn of_an_unchunked_success_four_headers_are_left() {
    for unchunked in [false, true] {
        let stage = Stage::with(|settings| settings.unchunked = unchunked).await;
        let id = stage.connected().await;
        let named = [
            ("provider-config-key", "notion"),
            ("connection-id", id.as_str()),
            ("nango-proxy-notion-version", "2026-03-11"),
        ];
        let answer = stage.keyed("GET", "/proxy/v1/users/me", &named, None).await;
        assert_eq!(answer.headers.contains_key("x-notion-request-id"), !unchunked);
        assert!(answer.headers.contains_key("content-type"));
        let refused =
            stage.keyed("GET", "/proxy/v1/pages/00000000-0000-0000-0000-000000000000", &named, None).await;
        assert!(refused.status == 404 && refused.headers.contains_key("x-notion-request-id"));
    }
}

#[tokio::test]
async fn integrations_say_what_they_do_with_notions_events() {
    let stage = Stage::new().await;
    let listed = stage.keyed("GET", "/integrations", &[], None).await.json();
    assert_eq!(
        (&listed["data"][0]["unique_key"], &listed["data"][0]["forward_webhooks"]),
        (&json!("notion"), &json!(true))
    );
    let one = stage.keyed("GET", "/integrations/notion?include=webhook", &[], None).await.json();
    assert!(one["data"]["webhook_url"].as_str().unwrap().contains("/webhook/"));
    assert_eq!(stage.keyed("GET", "/integrations/notion?include=all", &[], None).await.status, 400);
}

#[tokio::test]
async fn a_refresh_that_fails_is_told_by_each_call_in_its_own_way() {
    for (refresh, proxied, read) in [
        (Refresh::Fails, (400, "server_error"), 400),
        (Refresh::BacksOff, (424, "connection_refresh_backoff"), 424),
        (Refresh::Exhausted, (424, "server_error"), 424),
    ] {
        let stage = Stage::with(|settings| {
            settings.scopes.insert(scope::CREDENTIALS);
        })
        .await;
        let id = stage.connected().await;
        stage.stand_in.let_refresh(&id, refresh);
        let listed = stage.keyed("GET", "/connections", &[], None).await.json();
        assert_eq!(listed["connections"][0]["errors"][0]["type"], "auth", "{refresh:?}");
        let named = [("provider-config-key", "notion"), ("connection-id", id.as_str())];
        let answer = stage.keyed("GET", "/proxy/v1/users/me", &named, None).await;
        let code = answer.json()["error"]["code"].clone();
        assert_eq!((answer.status.as_u16(), code), (proxied.0, json!(proxied.1)), "{refresh:?}");
        let path = format!("/connections/{id}?provider_config_key=notion");
        let answer = stage.keyed("GET", &path, &[], None).await;
        let code = answer.json()["error"]["code"].clone();
        assert_eq!((answer.status.as_u16(), code), (read, json!("invalid_credentials")), "{refresh:?}");
    }
}

#[tokio::test]
async fn a_self_hosted_nango_begins_without_webhooks_of_creations() {
    let stage = Stage::with(|settings| settings.tell_creations = false).await;
    let receiver = Receiver::of(&stage).await;
    let id = stage.connected().await;
    assert_eq!(receiver.events().len(), 0);
    let body = json!({ "connection_id": id, "integration_id": "notion", "tags": {} });
    let link = stage.keyed("POST", "/connect/sessions/reconnect", &[], Some(&body)).await.json();
    let link = link["data"]["connect_link"].as_str().unwrap().parse().unwrap();
    stage.stand_in.consent(&link, stage.workspace, &[stage.page]).await.unwrap();
    assert_eq!(receiver.events().len(), 1, "a renewal is always told");
}

//! The connect flow: what is asked of Nango, and what its answers mean.

use notion_import_core::{Authorizer, ConnectionId, ConnectionRef, Fault, Inspected};
use notion_import_nango::Finding;
use serde_json::{Value, json};
use wiremock::matchers::{any, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate, Times};

use crate::{API_KEY, attempt, nango};

/// A server that answers everything alike.
async fn answering(status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_json(body)).mount(&server).await;
    server
}

fn session() -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(json!({ "data": {
        "token": "nango_connect_session_00", "expires_at": "2026-11-22T16:30:00.000Z",
        "connect_link": "https://connect.nango.dev/?session_token=nango_connect_session_00",
    }}))
}

fn once() -> Times {
    1.into()
}

#[tokio::test]
async fn a_session_carries_tenant_and_attempt_and_nothing_else() {
    let (server, attempt) = (MockServer::start().await, attempt());
    Mock::given(method("POST"))
        .and(path("/below/connect/sessions"))
        .and(header("authorization", format!("Bearer {API_KEY}")))
        .and(header("content-type", "application/json"))
        .and(body_json(json!({
            "allowed_integrations": ["notion"],
            "tags": { "tenant_id": attempt.tenant, "attempt_id": attempt.id },
        })))
        .respond_with(session())
        .expect(once())
        .mount(&server)
        .await;
    let base = format!("{}/below", server.uri());
    let link = nango(&base).begin(&attempt).await.unwrap();
    assert_eq!(link.expires_at.to_rfc3339(), "2026-11-22T16:30:00+00:00");
    // A self-hosted connect page has to be told where its server is.
    let told = link.url.query_pairs().find(|(name, _)| name == "apiURL").map(|(_, url)| url.into_owned());
    assert_eq!(told, Some(base));
}

#[tokio::test]
async fn a_reconnect_opens_a_session_that_leads_to_a_new_connection() {
    let (server, mut attempt) = (MockServer::start().await, attempt());
    attempt.renews = Some(ConnectionId::fresh());
    Mock::given(method("POST"))
        .and(path("/connect/sessions"))
        .and(body_json(json!({
            "allowed_integrations": ["notion"],
            "tags": { "tenant_id": attempt.tenant, "attempt_id": attempt.id },
        })))
        .respond_with(session())
        .expect(once())
        .mount(&server)
        .await;
    assert!(nango(&server.uri()).begin(&attempt).await.is_ok());
}

#[tokio::test]
async fn an_attempt_finds_the_connections_it_led_to_and_no_others() {
    let (server, attempt) = (MockServer::start().await, attempt());
    let listed = |id: &str, tags: Value| {
        json!({
            "id": 7, "connection_id": id, "provider_config_key": "notion", "provider": "notion", "errors": [],
            "end_user": null, "tags": tags, "metadata": null, "created": "2026-11-22T16:00:00.123456+00:00",
        })
    };
    let tags = json!({ "tenant_id": attempt.tenant, "attempt_id": attempt.id });
    Mock::given(method("GET"))
        .and(path("/connections"))
        .and(query_param("tags[tenant_id]", attempt.tenant.to_string()))
        .and(query_param("tags[attempt_id]", attempt.id.to_string()))
        .and(query_param("integrationId", "notion"))
        .and(query_param("limit", "100"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "connections": [
            listed("newer", tags.clone()), listed("older", tags.clone()),
            listed("another", json!({ "tenant_id": attempt.tenant })), listed("bare", json!({})),
        ]})))
        .expect(once())
        .mount(&server)
        .await;
    let found = nango(&server.uri()).find(&attempt).await.unwrap();
    let names: Vec<_> = found.iter().map(|one| one.reference.as_str()).collect();
    assert_eq!(names, ["newer", "older"]);
}

#[tokio::test]
async fn a_connection_is_read_without_its_credentials() {
    let (server, attempt) = (MockServer::start().await, attempt());
    Mock::given(method("GET"))
        .and(path("/connections/c%2F1%3F%23"))
        .and(query_param("provider_config_key", "notion"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "id": 123, "connection_id": "c/1?#", "provider_config_key": "notion", "provider": "notion",
            "errors": [], "end_user": null, "metadata": null, "webhook_url_override": null, "credentials": {},
            "tags": { "tenant_id": attempt.tenant, "attempt_id": attempt.id },
            "connection_config": { "workspace_id": "w-1" }, "last_fetched_at": null,
        })))
        .expect(once())
        .mount(&server)
        .await;
    let reference = ConnectionRef::new("c/1?#");
    let found = nango(&server.uri()).inspect(&reference).await.unwrap();
    let (tenant, attempt) = (Some(attempt.tenant), Some(attempt.id));
    let workspace_id = Some("w-1".to_owned());
    assert_eq!(found, Some(Inspected { reference, tenant, attempt, workspace_id, is_failing: false }));
    let asked = &server.received_requests().await.unwrap()[0];
    assert_eq!(asked.url.query(), Some("provider_config_key=notion"), "neither refresh nor tokens");
}

#[tokio::test]
async fn only_a_missing_connection_is_missing() {
    let coded = |code: &str| json!({ "error": { "code": code, "message": "x" } });
    let check = async |status: u16, body: Value, inspected: Option<Fault>, revoked: Option<Fault>| {
        let server = answering(status, body.clone()).await;
        let (nango, reference) = (nango(&server.uri()), ConnectionRef::new("c-1"));
        let found = nango.inspect(&reference).await.map_err(|error| error.fault);
        assert_eq!(found, inspected.map_or(Ok(None), Err), "inspect: {status} {body}");
        let done = nango.revoke(&reference).await.map_err(|error| error.fault);
        assert_eq!(done, revoked.map_or(Ok(()), Err), "revoke: {status} {body}");
    };
    check(404, coded("not_found"), None, None).await;
    check(404, coded("unknown_connection"), None, None).await;
    let operator = Some(Fault::Operator);
    check(400, coded("unknown_provider_config"), operator, operator).await;
    check(404, json!("not here"), operator, operator).await;
    // To a look-up it is no answer that Nango gives.
    check(400, coded("unknown_connection"), Some(Fault::ConnectionMissing), Some(Fault::ConnectionMissing))
        .await;
    check(401, coded("unknown_account"), operator, operator).await;
    check(403, coded("forbidden"), operator, operator).await;
    let transient = Some(Fault::Transient);
    check(500, coded("server_error"), transient, transient).await;
    check(502, json!("bad gateway"), transient, transient).await;
    check(500, coded("unknown_connection_of_next_year"), transient, transient).await;
}

/// Nango says the same where there is no such connection and where there is no such integration.
#[tokio::test]
async fn that_a_connection_is_gone_is_believed_only_once_it_is_not_found() {
    let coded = |status, code: &str| {
        ResponseTemplate::new(status).set_body_json(json!({ "error": { "code": code } }))
    };
    let shown = ResponseTemplate::new(200).set_body_json(json!({ "connection_id": "c-1" }));
    for (looked_up, revoked) in [
        (coded(404, "not_found"), Ok(())),
        (coded(400, "unknown_provider_config"), Err(Fault::Operator)),
        (coded(401, "unknown_account"), Err(Fault::Operator)),
        (coded(500, "server_error"), Err(Fault::Transient)),
        (shown, Err(Fault::Operator)),
    ] {
        let server = MockServer::start().await;
        let deletion = Mock::given(method("DELETE")).respond_with(coded(400, "unknown_connection"));
        deletion.expect(once()).mount(&server).await;
        Mock::given(method("GET")).respond_with(looked_up.clone()).expect(once()).mount(&server).await;
        let outcome = nango(&server.uri()).revoke(&ConnectionRef::new("c-1")).await;
        assert_eq!(outcome.map_err(|error| error.fault), revoked, "{looked_up:?}");
    }
}

#[tokio::test]
async fn a_connection_whose_credentials_could_not_be_renewed_is_failing() {
    for (errors, is_failing) in [
        (json!([{ "type": "auth", "log_id": "l-1" }]), true),
        (json!([{ "type": "sync", "log_id": "l-1" }, { "type": "auth" }]), true),
        (json!([{ "type": "sync", "log_id": "l-1" }]), false),
        (json!([{ "brand_new": 1 }]), false),
        (json!([]), false),
    ] {
        let server = answering(200, json!({ "connection_id": "c-1", "errors": errors })).await;
        let found = nango(&server.uri()).inspect(&ConnectionRef::new("c-1")).await.unwrap().unwrap();
        assert_eq!(found.is_failing, is_failing, "{errors}");
    }
}

#[tokio::test]
async fn browsers_are_told_the_address_that_they_reach() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(session()).mount(&server).await;
    let mut config = crate::config(&server.uri());
    config.public_url = Some("https://nango.example/below/".parse().unwrap());
    let nango = notion_import_nango::Nango::new(config).unwrap();
    let link = nango.begin(&attempt()).await.unwrap().url;
    let told: Vec<_> = link.query_pairs().filter(|(name, _)| name == "apiURL").collect();
    assert_eq!(told, [("apiURL".into(), "https://nango.example/below".into())]);
}

#[tokio::test]
async fn revoking_deletes_the_connection() {
    let server = MockServer::start().await;
    Mock::given(method("DELETE"))
        .and(path("/connections/c-1"))
        .and(query_param("provider_config_key", "notion"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "success": true })))
        .expect(once())
        .mount(&server)
        .await;
    nango(&server.uri()).revoke(&ConnectionRef::new("c-1")).await.unwrap();
}

#[tokio::test]
async fn a_reference_no_path_can_carry_asks_for_nothing() {
    let server = answering(200, json!({ "success": true })).await;
    for reference in ["", ".", ".."] {
        let reference = ConnectionRef::new(reference);
        assert_eq!(nango(&server.uri()).inspect(&reference).await.unwrap(), None);
        nango(&server.uri()).revoke(&reference).await.unwrap();
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_dashboard_is_not_an_answer() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<!doctype html>", "text/html; charset=utf-8");
    Mock::given(any()).respond_with(page).mount(&server).await;
    let nango = nango(&server.uri());
    assert_eq!(nango.inspect(&ConnectionRef::new("c-1")).await.unwrap_err().fault, Fault::Operator);
    assert_eq!(nango.find(&attempt()).await.unwrap_err().fault, Fault::Operator);
    assert!(matches!(nango.check().await[..], [Finding::NotNango]));
}

#[tokio::test]
async fn the_last_call_the_limit_allows_starts_the_pause() {
    let server = MockServer::start().await;
    let reset = (chrono::Utc::now().timestamp() + 30).to_string();
    let last = ResponseTemplate::new(200)
        .set_body_json(json!({ "success": true }))
        .insert_header("x-ratelimit-limit", "200")
        .insert_header("x-ratelimit-remaining", "0")
        .insert_header("x-ratelimit-reset", reset.as_str());
    Mock::given(any()).respond_with(last).expect(once()).mount(&server).await;
    let nango = nango(&server.uri());
    nango.revoke(&ConnectionRef::new("c-1")).await.unwrap();
    let refused = nango.revoke(&ConnectionRef::new("c-2")).await.unwrap_err();
    assert!(matches!(refused.fault, Fault::AccountPause(_)));
    let cause = refused.source.unwrap().to_string();
    assert!(cause.contains("the account's limit of 200 requests a minute is used up for another"), "{cause}");
}

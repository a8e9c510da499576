//! What the operator is told of the set-up.

use notion_import_nango::testing::{Settings, scope};
use notion_import_nango::{Config, Finding, Level, Nango};
use serde_json::json;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stand_in::Stage;
use crate::{API_KEY, SIGNING_KEY, nango};

/// What is found, by its words, of a stand-in and a configuration that are set up so.
async fn found(
    settings: impl FnOnce(&mut Settings),
    spoil: impl FnOnce(&mut Config),
) -> Vec<(Level, String)> {
    let stage = Stage::with(settings).await;
    let mut config = crate::config(&stage.base);
    spoil(&mut config);
    let findings = Nango::new(config).unwrap().check().await;
    // Nothing is left behind by it.
    assert_eq!(stage.stand_in.save().unwrap()["sessions"], json!({}));
    findings.iter().map(|one| (one.level(), one.to_string())).collect()
}

/// What is more than a note.
fn wrong(found: Vec<(Level, String)>) -> Vec<(Level, String)> {
    found.into_iter().filter(|(level, _)| *level > Level::Note).collect()
}

async fn check(
    settings: impl FnOnce(&mut Settings),
    spoil: impl FnOnce(&mut Config),
    level: Level,
    words: &[&str],
) {
    let found = wrong(found(settings, spoil).await);
    assert!(matches!(&found[..], [(found, _)] if *found == level), "{words:?}: {found:?}");
    for word in words {
        assert!(found[0].1.contains(word), "{word}: {found:?}");
    }
    for secret in [API_KEY, SIGNING_KEY] {
        assert!(!found[0].1.contains(secret));
    }
}

#[tokio::test]
async fn a_set_up_that_is_right_is_said_to_be() {
    let found = found(|_| {}, |_| {}).await;
    assert!(wrong(found.clone()).is_empty(), "{found:?}");
    assert!(found[0].1.contains("/webhook/"), "where Notion's events go is a note");
}

#[tokio::test]
async fn each_scope_that_is_missing_is_named() {
    for scope in [scope::SESSIONS, scope::READ, scope::LIST, scope::DELETE, scope::PROXY, scope::INTEGRATIONS]
    {
        let remove = |settings: &mut Settings| {
            settings.scopes.remove(scope);
        };
        check(remove, |_| {}, Level::Error, &["lacks the scope", scope]).await;
    }
    let add = |settings: &mut Settings| {
        settings.scopes.insert(scope::CREDENTIALS);
    };
    check(add, |_| {}, Level::Warning, &["may read the tokens"]).await;
}

#[tokio::test]
async fn a_wrong_key_base_or_integration_is_told() {
    let key = |key: &'static str| move |config: &mut Config| config.api_key = key.into();
    let refused = ["Nango refused: 401 unknown_account", "deleted"];
    check(|_| {}, key("0c1ab1e5-0000-4000-8000-00000000beef"), Level::Error, &refused).await;
    let refused = ["Nango refused: 401 invalid_secret_key_format", "a UUID"];
    check(|_| {}, key("nango-key"), Level::Error, &refused).await;
    let below = |config: &mut Config| {
        config.base_url = config.base_url.join("v1").unwrap();
    };
    check(|_| {}, below, Level::Error, &["not Nango's API"]).await;
    let other = |config: &mut Config| config.integration_id = "slack".to_owned();
    check(|_| {}, other, Level::Error, &["no integration of this id"]).await;
    let keyless = |config: &mut Config| config.webhook_signing_keys.clear();
    check(|_| {}, keyless, Level::Warning, &["no webhook is accepted", "later"]).await;
    let limited = |settings: &mut Settings| settings.limit = Some(1);
    check(limited, |_| {}, Level::Warning, &["takes no more requests", "429 too_many_request"]).await;
    let nowhere = nango("http://127.0.0.1:9").check().await;
    assert!(matches!(nowhere[..], [Finding::Unreachable(_)]), "{nowhere:?}");
}

#[tokio::test]
async fn an_integration_of_another_provider_is_none_of_notions() {
    let of = |provider: &str, forwards: bool| json!({ "data": { "unique_key": "notion", "provider": provider, "forward_webhooks": forwards } });
    for (integration, level, words) in [
        (of("notion-mcp", true), Level::Error, "not one of Notion's"),
        (of("notion", false), Level::Note, "does not forward"),
    ] {
        let server = MockServer::start().await;
        let coded = |status, code: &str| {
            ResponseTemplate::new(status).set_body_json(json!({ "error": { "code": code } }))
        };
        let ok = |body| ResponseTemplate::new(200).set_body_json(body);
        for (verb, at, answer) in [
            ("GET", "/health", ok(json!({ "result": "ok" }))),
            ("GET", "/integrations/notion", ok(integration)),
            ("GET", "/connections", ok(json!({ "connections": [] }))),
            ("DELETE", "/connections/00000000-0000-0000-0000-000000000000", coded(400, "unknown_connection")),
            ("POST", "/connect/sessions", coded(400, "invalid_body")),
            ("GET", "/proxy/v1/users/me", coded(400, "invalid_headers")),
        ] {
            Mock::given(method(verb)).and(path(at)).respond_with(answer).mount(&server).await;
        }
        let of_nobody = || wiremock::matchers::path_regex("^/connections/0");
        let with_token = wiremock::matchers::query_param("refresh_token", "true");
        Mock::given(method("GET"))
            .and(of_nobody())
            .and(with_token)
            .respond_with(coded(403, "forbidden"))
            .with_priority(1)
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(of_nobody())
            .respond_with(coded(404, "not_found"))
            .mount(&server)
            .await;
        Mock::given(any()).respond_with(coded(500, "server_error")).with_priority(9).mount(&server).await;
        let found = nango(&server.uri()).check().await;
        assert!(
            matches!(&found[..], [one] if one.level() == level && one.to_string().contains(words)),
            "{found:?}"
        );
    }
}

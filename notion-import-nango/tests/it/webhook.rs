//! Webhooks: who signed them, and what they hint at.

use http::{HeaderMap, HeaderValue};
use notion_import_core::webhook as notion;
use notion_import_core::{ConnectionRef, Hint, NotionId};
use notion_import_nango::webhook::{Auth, Changed, Event, Operation, Tags, WebhookError, verify};
use secrecy::SecretString;

use crate::{API_KEY, SIGNING_KEY, moment, nango};

// The documented vectors: body, HMAC, legacy signature.
const CREATION: &str = r#"{"authMode":"OAUTH2","connectionId":"c2f0a3de-8d7d-4a2e-9f6c-2f0f6f7f2b11","environment":"prod","from":"nango","operation":"creation","provider":"notion","providerConfigKey":"notion","success":true,"tags":{"end_user_email":"ana@example.com","end_user_id":"user-42","tenant_id":"6f1d2c3b-0000-4000-8000-000000000001"},"type":"auth"}"#;
const CREATION_HMAC: &str = "e9927fd506ed34ae45340cce0edb264d2454dce275b220680e1d4cb3c5428896";
const CREATION_LEGACY: &str = "dbd262b69efbd11cad7eb18708485baf920d2918de89b1207ffc61a92e7a3a5e";
const REFRESH: &str = r#"{"authMode":"OAUTH2","connectionId":"c2f0a3de-8d7d-4a2e-9f6c-2f0f6f7f2b11","environment":"prod","error":{"description":"The external API returned an error when trying to refresh the access token. Please try again later.","type":"refresh_token_external_error"},"from":"nango","operation":"refresh","provider":"notion","providerConfigKey":"notion","success":false,"tags":{"tenant_id":"Zürich–東京 🔐"},"type":"auth"}"#;
const REFRESH_HMAC: &str = "a51c98c5026403edffb20d7a57eae01c5797ea34dd83b9e8e608ec3132e18c5e";
const REFRESH_LEGACY: &str = "a092467403967ee9bb8841b22f3ede4561cd0ccb1bdc6fbddd2f633432ca29dd";
const FORWARD: &str = r#"{"connectionId":"c2f0a3de-8d7d-4a2e-9f6c-2f0f6f7f2b11","from":"notion","payload":{"entity":{"id":"0f2b1c9e-0000-4000-8000-0000000000aa","type":"page"},"type":"page.content_updated","workspace_id":"ws-1"},"providerConfigKey":"notion","type":"forward"}"#;
const FORWARD_HMAC: &str = "f0ad7a600b192951e5c4c07dd00fb49a8c28a1678bd73ce4c15ee2fd25572c29";
const FORWARD_LEGACY: &str = "b60a3fbd013c3067eae422d5a90a1c9db88ec6af3d7806cfd3c2be5479f0eed6";
const EMPTY_HMAC: &str = "91ec30ecf43bc3102a3b0be789363cdaf987fe11a4d49bfeff16d3894439a30a";

const CONNECTION: &str = "c2f0a3de-8d7d-4a2e-9f6c-2f0f6f7f2b11";

fn keys(keys: &[&str]) -> Vec<SecretString> {
    keys.iter().map(|key| SecretString::from(*key)).collect()
}

fn signed(signature: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        "x-nango-hmac-sha256".parse().unwrap(),
        HeaderValue::from_str(signature).unwrap(),
    )])
}

fn read(body: &str) -> Event {
    use hmac::{Hmac, KeyInit, Mac};
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).unwrap().chain_update(body);
    let signature = hex::encode(mac.finalize().into_bytes());
    verify(body.as_bytes(), &signed(&signature), &keys(&[SIGNING_KEY]), moment()).unwrap()
}

#[test]
fn the_documented_signatures_are_accepted() {
    let check = |body: &str, signature: &str| {
        let verified = verify(body.as_bytes(), &signed(signature), &keys(&[SIGNING_KEY]), moment());
        assert!(verified.is_ok(), "{body}: {verified:?}");
    };
    check(CREATION, CREATION_HMAC);
    check(REFRESH, REFRESH_HMAC);
    check(FORWARD, FORWARD_HMAC);
    check(CREATION, &CREATION_HMAC.to_uppercase());
    // That of the empty body fits too, and there is nothing to read.
    let empty = verify(b"", &signed(EMPTY_HMAC), &keys(&[SIGNING_KEY]), moment());
    assert_eq!(empty, Err(WebhookError::Malformed));
}

#[test]
fn everything_else_is_refused() {
    let check = |body: &str, headers: HeaderMap, with: &[&str], expected: WebhookError| {
        assert_eq!(
            verify(body.as_bytes(), &headers, &keys(with), moment()),
            Err(expected),
            "{headers:?} {with:?}"
        );
    };
    let legacy = |signature: &str| {
        HeaderMap::from_iter([(
            "x-nango-signature".parse().unwrap(),
            HeaderValue::from_str(signature).unwrap(),
        )])
    };
    let twice = {
        let mut headers = signed(CREATION_HMAC);
        headers.append("x-nango-hmac-sha256", HeaderValue::from_static(CREATION_HMAC));
        headers
    };
    let wrong = WebhookError::WrongSignature;
    check(&format!("{CREATION} "), signed(CREATION_HMAC), &[SIGNING_KEY], wrong);
    check(REFRESH, signed(CREATION_HMAC), &[SIGNING_KEY], wrong);
    check(CREATION, signed(&"z".repeat(64)), &[SIGNING_KEY], wrong);
    check(CREATION, signed(&CREATION_HMAC[..62]), &[SIGNING_KEY], wrong);
    check(CREATION, signed(&format!("{CREATION_HMAC}00")), &[SIGNING_KEY], wrong);
    check(CREATION, signed(""), &[SIGNING_KEY], wrong);
    check(CREATION, signed(CREATION_HMAC), &[API_KEY], wrong);
    check(CREATION, signed(CREATION_HMAC), &[], WebhookError::NoKey);
    // The signature the empty key gives to the empty body.
    let empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    check("", signed(empty), &[""], wrong);
    check(CREATION, signed(CREATION_LEGACY), &[SIGNING_KEY], wrong);
    check(CREATION, legacy(CREATION_LEGACY), &[SIGNING_KEY], WebhookError::Unsigned);
    check(REFRESH, legacy(REFRESH_LEGACY), &[SIGNING_KEY], WebhookError::Unsigned);
    check(FORWARD, legacy(FORWARD_LEGACY), &[SIGNING_KEY], WebhookError::Unsigned);
    check(CREATION, HeaderMap::new(), &[SIGNING_KEY], WebhookError::Unsigned);
    check(CREATION, twice, &[SIGNING_KEY], WebhookError::Unsigned);
}

#[test]
fn old_and_new_key_are_accepted_during_a_rotation() {
    for rotation in [[SIGNING_KEY, API_KEY], [API_KEY, SIGNING_KEY]] {
        assert!(verify(CREATION.as_bytes(), &signed(CREATION_HMAC), &keys(&rotation), moment()).is_ok());
    }
}

#[test]
fn auth_events_say_what_happened_to_which_connection() {
    let check = |operation: &str, success: bool, expected: Operation| {
        let tenant = "6f1d2c3b-0000-4000-8000-000000000001";
        let attempt = "6f1d2c3b-0000-4000-8000-000000000002";
        let body = serde_json::json!({
            "from": "nango", "type": "auth", "operation": operation, "success": success, "connectionId": CONNECTION,
            "providerConfigKey": "notion", "authMode": "unknown", "brand": {"new": ["field"]},
            "tags": {"tenant_id": tenant, "attempt_id": attempt, "other": 1},
        });
        let tags = Tags { tenant: tenant.parse().ok(), attempt: attempt.parse().ok() };
        let connection = ConnectionRef::new(CONNECTION);
        let auth = Auth { integration: "notion".to_owned(), operation: expected, success, connection, tags };
        assert_eq!(read(&body.to_string()), Event::Auth(auth));
    };
    check("creation", true, Operation::Creation);
    check("override", true, Operation::Override);
    check("override", false, Operation::Override);
    check("refresh", false, Operation::Refresh);
    check("refresh", true, Operation::Refresh);
    check("deletion", true, Operation::Deletion);
}

#[test]
fn tags_that_are_not_ours_name_nobody() {
    let check = |tags: &str| {
        let body = format!(
            r#"{{"type":"auth","operation":"creation","success":false,"connectionId":"x","providerConfigKey":"notion"{tags}}}"#
        );
        let Event::Auth(auth) = read(&body) else { panic!("{body}") };
        assert_eq!(auth.tags, Tags::default(), "{body}");
    };
    check("");
    check(r#","tags":null"#);
    check(r#","tags":{}"#);
    check(r#","tags":{"tenant_id":"Zürich","attempt_id":7}"#);
}

#[test]
fn what_is_not_known_is_ignored_and_not_refused() {
    let check = |body: &str| assert_eq!(read(body), Event::Ignored, "{body}");
    check("[]");
    check("{}");
    check(r#"{"type":7}"#);
    check(r#"{"type":"sync","connectionId":"x"}"#);
    check(r#"{"type":"async_action"}"#);
    check(r#"{"type":"auth"}"#);
    check(
        r#"{"type":"auth","operation":"unknown","success":true,"connectionId":"x","providerConfigKey":"notion"}"#,
    );
    check(r#"{"verification_token":"secret_x"}"#);
    check(
        r#"{"type":"forward","connectionId":"x","providerConfigKey":"notion","payload":{"entity":{"id":"no id"}}}"#,
    );
    // Notion's own body, forwarded without a wrapper since no connection matched.
    check(r#"{"type":"page.created","entity":{"id":"0f2b1c9e-0000-4000-8000-0000000000aa","type":"page"}}"#);
}

#[test]
fn a_change_in_notion_names_the_entity_what_it_stands_in_and_which_bots_can_see_it() {
    let (bot, data_source) = ("0f2b1c9e-0000-4000-8000-0000000000b0", "0f2b1c9e-0000-4000-8000-0000000000c0");
    let database = "0f2b1c9e-0000-4000-8000-0000000000d0";
    let id = |id: &str| id.parse::<NotionId>().unwrap();
    let check = |more: &str, within: Option<&str>, bots: Option<Vec<&str>>| {
        let body = FORWARD.replace(r#""workspace_id":"ws-1""#, &format!(r#""workspace_id":"ws-1"{more}"#));
        let changed = Changed {
            integration: "notion".to_owned(),
            connection: ConnectionRef::new(CONNECTION),
            event: notion::Event {
                id: None,
                attempt: None,
                at: None,
                kind: "page.content_updated".to_owned(),
                workspace: Some("ws-1".to_owned()),
                entity: id("0f2b1c9e-0000-4000-8000-0000000000aa"),
                entity_kind: "page".to_owned(),
                within: within.map(id),
                bots: bots.map(|bots| bots.into_iter().map(id).collect()),
            },
        };
        assert_eq!(read(&body), Event::Notion(changed), "{more}");
    };
    let parent = |parent: &str| format!(r#","data":{{"parent":{parent}}}"#);
    check("", None, None);
    check(r#","accessible_by":[]"#, None, Some(vec![]));
    check(
        &format!(r#","accessible_by":[{{"id":"{bot}","type":"bot"}},{{"type":"person"}}]"#),
        None,
        Some(vec![bot]),
    );
    check(&format!(r#","accessible_by":[{{"id":"{bot}","type":"person"}}]"#), None, None);
    check(&parent(&format!(r#"{{"id":"{bot}","type":"page"}}"#)), None, None);
    check(&parent(&format!(r#"{{"id":"{database}","type":"database"}}"#)), Some(database), None);
    let row = format!(r#"{{"id":"{database}","type":"database","data_source_id":"{data_source}"}}"#);
    check(&parent(&row), Some(data_source), None);
}

#[test]
fn a_hint_names_what_is_to_be_looked_at_and_nothing_else() {
    let check = |kind: &str, sources: Option<usize>| {
        let parent =
            r#""data":{"parent":{"id":"0f2b1c9e-0000-4000-8000-0000000000d0","type":"database"}},"entity""#;
        let body = FORWARD
            .replace(r#""entity""#, parent)
            .replace(r#""type":"page""#, &format!(r#""type":"{kind}""#));
        let hint = read(&body).hint();
        let named = hint.map(|hint| match hint {
            Hint::Changed { connection, sources, bots: None } if connection.as_str() == CONNECTION => {
                sources.len()
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(named, sources, "{kind}");
    };
    check("page", Some(2));
    check("data_source", Some(2));
    check("database", Some(2));
    check("comment", None);
    check("file_upload", None);
    check("view", None);
    let refresh = read(REFRESH).hint();
    assert_eq!(refresh, Some(Hint::Doubted(ConnectionRef::new(CONNECTION))));
    assert_eq!(read(CREATION).hint(), Some(Hint::Authorized(ConnectionRef::new(CONNECTION))));
}

#[test]
fn another_integrations_events_do_not_matter() {
    let nango = nango("https://api.nango.dev");
    let check = |body: &str, expected: bool| {
        let headers = signed(match body {
            CREATION => CREATION_HMAC,
            _ => FORWARD_HMAC,
        });
        let event = nango.webhook(body.as_bytes(), &headers).unwrap();
        assert_eq!(event != Event::Ignored, expected);
        let mut other = crate::config("https://api.nango.dev");
        other.integration_id = "notion-staging".to_owned();
        let other = notion_import_nango::Nango::new(other).unwrap();
        assert_eq!(other.webhook(body.as_bytes(), &headers), Ok(Event::Ignored));
    };
    check(CREATION, true);
    check(FORWARD, true);
}

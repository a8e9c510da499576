//! Notion's own webhooks: verified over the raw bytes, read leniently, believed in nothing.

use chrono::{TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use notion_import_core::webhook::{Event, SIGNATURE, WebhookError, handshake, verify};
use notion_import_core::{ConnectionRef, Hint, NotionId, Workspace};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

const TOKEN: &str = "secret_notion-verification-token";
const BOT: &str = "0f2b1c9e-0000-4000-8000-0000000000b0";
const PAGE: &str = "0f2b1c9e-0000-4000-8000-0000000000aa";
const WORKSPACE: &str = "6a5f2a34-0000-4000-8000-000000000001";

/// A body and what openssl computes over it with the token as the key.
const SIGNED: (&str, &str) = (
    r#"{"type":"page.content_updated","workspace_id":"w"}"#,
    "45ddfec10109fa91ecb9b6f9e4f427b755767f09310acaacf9143f82ad26f104",
);
const HANDSHAKE: (&str, &str) = (
    r#"{"verification_token":"secret_notion-verification-token"}"#,
    "e21cd21eabdd3cf6ded6e5c7775b1280c864e4152c466e1e87848f6cb570bddb",
);

fn headers(signature: &str) -> HeaderMap {
    HeaderMap::from_iter([(SIGNATURE, HeaderValue::from_str(signature).unwrap())])
}

fn event(more: Value) -> Event {
    let mut event = json!({
        "type": "page.content_updated", "workspace_id": WORKSPACE, "entity": {"id": PAGE, "type": "page"},
        "attempt_number": 1, "brand": {"new": ["field"]},
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Event::read(&event).unwrap()
}

#[test]
fn only_what_is_signed_with_a_verification_token_is_looked_at() {
    let keys = |keys: &[&str]| keys.iter().map(|key| SecretString::from(*key)).collect::<Vec<_>>();
    let (body, hmac) = SIGNED;
    let check = |body: &str, headers: &HeaderMap, tokens: &[&str], expected| {
        assert_eq!(
            verify(body.as_bytes(), headers, &keys(tokens), Utc::now()),
            expected,
            "{body} {headers:?} {tokens:?}"
        );
    };
    let good = headers(&format!("sha256={hmac}"));
    // It names no entity, so there is nothing in it.
    check(body, &good, &[TOKEN], Ok(None));
    check(body, &good, &["secret_older", TOKEN], Ok(None));
    let wrong = Err(WebhookError::WrongSignature);
    check(&format!("{body} "), &good, &[TOKEN], wrong.clone());
    check(body, &good, &["secret_other"], wrong.clone());
    check(body, &good, &[], Err(WebhookError::NoKey));
    check(body, &headers(hmac), &[TOKEN], wrong.clone());
    check(body, &headers("sha256="), &[TOKEN], wrong.clone());
    check(body, &headers(&format!("sha256={hmac}00")), &[TOKEN], wrong.clone());
    // The signature that the empty key gives to the empty body.
    let empty = "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    check("", &headers(empty), &[""], wrong);
    check(body, &HeaderMap::new(), &[TOKEN], Err(WebhookError::Unsigned));
    let mut twice = good.clone();
    twice.append(SIGNATURE, good[SIGNATURE].clone());
    check(body, &twice, &[TOKEN], Err(WebhookError::Unsigned));
}

/// What Notion would send: a body and its signature.
fn sent(body: &str) -> HeaderMap {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap().chain_update(body);
    headers(&format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

#[test]
fn what_is_signed_is_refused_if_it_is_no_json_or_older_than_what_is_sent_again() {
    let now = Utc::now();
    let check = |body: &str, expected: Result<bool, WebhookError>| {
        let verified = verify(body.as_bytes(), &sent(body), &[TOKEN.into()], now);
        assert_eq!(verified.map(|event| event.is_some()), expected, "{body}");
    };
    let at = |hours: i64| {
        let at = (now - TimeDelta::hours(hours)).to_rfc3339();
        json!({ "timestamp": at, "type": "page.deleted", "entity": {"id": PAGE, "type": "page"} }).to_string()
    };
    check("", Err(WebhookError::Malformed));
    check("not json", Err(WebhookError::Malformed));
    check(&at(0)[1..], Err(WebhookError::Malformed));
    check("[]", Ok(false));
    check(r#"{"type":"page.turned_over"}"#, Ok(false));
    check(&at(24), Ok(true));
    check(&at(26), Err(WebhookError::Outdated));
    // A clock of ours that is behind makes nothing old.
    check(&at(-26), Ok(true));
    check(&json!({ "type": "page.deleted", "entity": {"id": PAGE, "type": "page"} }).to_string(), Ok(true));
}

#[test]
fn the_token_of_a_subscription_comes_signed_with_itself() {
    let (body, hmac) = HANDSHAKE;
    let signed = headers(&format!("sha256={hmac}"));
    let token = handshake(body.as_bytes(), &signed).unwrap();
    assert_eq!(token.expose_secret(), TOKEN);
    assert!(!format!("{token:?}").contains(TOKEN));
    assert!(handshake(body.as_bytes(), &HeaderMap::new()).is_none());
    assert!(handshake(body.as_bytes(), &headers(&format!("sha256={}", SIGNED.1))).is_none());
    assert!(handshake(SIGNED.0.as_bytes(), &headers(&format!("sha256={}", SIGNED.1))).is_none());
    // Nor is it an event.
    assert_eq!(verify(body.as_bytes(), &signed, &[TOKEN.into()], Utc::now()), Ok(None));
}

#[test]
fn an_event_concerns_the_connections_to_its_workspace_whose_bot_can_see_it() {
    let workspace = |id: Option<&str>, bot: &str| Workspace {
        id: id.map(str::to_owned),
        name: String::new(),
        bot: bot.parse().unwrap(),
    };
    let (ours, other) = (workspace(Some(WORKSPACE), BOT), "0f2b1c9e-0000-4000-8000-0000000000c0");
    let by = |who: Value| event(json!({ "accessible_by": who }));
    for (event, concerned) in [
        (event(json!({})), true),
        (by(json!([])), false),
        (by(json!([{"id": BOT, "type": "bot"}])), true),
        (by(json!([{"id": other, "type": "bot"}])), false),
        (event(json!({"workspace_id": other})), false),
        (event(json!({"workspace_id": null})), false),
    ] {
        assert_eq!(event.concerns(&ours), concerned, "{event:?}");
    }
    assert!(!event(json!({})).concerns(&workspace(None, BOT)));
    assert!(!event(json!({"workspace_id": null})).concerns(&workspace(None, BOT)));
}

#[test]
fn a_hint_names_what_is_to_be_looked_at_and_nothing_else() {
    let id = |id: &str| id.parse::<NotionId>().unwrap();
    let connection = ConnectionRef::new("c-1");
    for (kind, sources) in
        [("page", Some(2)), ("data_source", Some(2)), ("database", Some(2)), ("comment", None)]
    {
        let parent = json!({"parent": {"id": BOT, "type": "database"}});
        let event = event(json!({"entity": {"id": PAGE, "type": kind}, "data": parent}));
        let hint = event.hint(connection.clone());
        let expected = sources.map(|_| Hint::Changed {
            connection: connection.clone(),
            sources: vec![id(PAGE), id(BOT)],
            bots: None,
        });
        assert_eq!(hint, expected, "{kind}");
    }
    assert_eq!(Event::read(&json!({"type": "page.created"})), None);
    assert_eq!(Event::read(&json!([])), None);
}

//! Webhooks: written, signed, sent, and sent again.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use notion_import_core::transport::Request;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::stand_in::StandIn;
use super::state::Delivery;
use crate::webhook::SIGNATURE;

/// Longer than this no receiver may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often it is sent, if the receiver does not answer or fails.
const ATTEMPTS: u32 = 3;

/// A webhook before it is addressed to anybody.
pub(super) struct Hook(Value);

impl Hook {
    /// Something was done.
    pub fn auth(operation: &str, connection: &str, tags: &BTreeMap<String, String>) -> Self {
        Self(
            json!({ "type": "auth", "operation": operation, "success": true, "connectionId": connection, "tags": tags }),
        )
    }

    /// Somebody declined. Nango then tells neither tags nor whether it was a reconnect.
    pub fn declined(connection: &str) -> Self {
        let error = json!({ "type": "invalid_callback", "description": "access_denied" });
        Self(json!({
            "type": "auth", "operation": "creation", "success": false, "connectionId": connection, "error": error,
        }))
    }
}

impl StandIn {
    /// Forwards an event of Notion's to every connection to the event's workspace; with none it forwards the
    /// bare event, as Nango does.
    pub async fn forward(&self, event: &Value) {
        let workspace = event["workspace_id"].as_str().unwrap_or_default();
        let connections: Vec<String> = {
            let state = self.state();
            let matching =
                state.connections.iter().filter(|(_, found)| found.workspace.to_string() == workspace);
            matching.map(|(id, _)| id.clone()).collect()
        };
        if connections.is_empty() {
            self.deliver(event.clone()).await;
        }
        for connection in connections {
            let wrapped = json!({
                "from": "notion", "type": "forward", "payload": event, "connectionId": connection,
                "providerConfigKey": self.settings().integration_id,
            });
            self.deliver(wrapped).await;
        }
    }

    pub(super) async fn send(&self, hook: Hook) {
        self.deliver(self.addressed(hook)).await;
    }

    /// It does not keep the caller waiting.
    pub(super) fn send_later(&self, hook: Hook) {
        let stand_in = self.clone();
        tokio::spawn(async move { stand_in.send(hook).await });
    }

    fn addressed(&self, Hook(mut body): Hook) -> Value {
        body["from"] = "nango".into();
        body["provider"] = "notion".into();
        body["providerConfigKey"] = self.settings().integration_id.as_str().into();
        body["authMode"] = "OAUTH2".into();
        body["environment"] = self.settings().environment.as_str().into();
        body
    }

    async fn deliver(&self, body: Value) {
        let Some(url) = self.webhook_url() else { return };
        let raw = Bytes::from(sorted(&body).to_string());
        let mut delivery = Delivery { body, attempts: 0, status: None };
        loop {
            delivery.attempts += 1;
            delivery.status = self.post(&url, raw.clone()).await;
            // Only silence and 5xx are worth another try; 3xx and 4xx are final.
            let failed = delivery.status.is_none_or(|status| status >= 500);
            if !failed || delivery.attempts == ATTEMPTS {
                break;
            }
            self.settings().clock.sleep(self.settings().retry_pause * delivery.attempts).await;
        }
        self.state().deliveries.push(delivery);
    }

    async fn post(&self, url: &Url, raw: Bytes) -> Option<u16> {
        let headers = self.signed(&raw);
        let request = Request { method: Method::POST, url: url.clone(), headers, body: Some(raw) };
        let answer = tokio::time::timeout(TIMEOUT, self.transport().send(request)).await.ok()?;
        Some(answer.ok()?.status.as_u16())
    }

    fn signed(&self, raw: &[u8]) -> HeaderMap {
        let key = self.settings().webhook_signing_key.expose_secret().as_bytes();
        let text = |value: String| HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""));
        let legacy = hex::encode(Sha256::new_with_prefix(key).chain_update(raw).finalize());
        let mut headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::USER_AGENT, HeaderValue::from_static("nango/0.71.4 (stand-in)")),
            (HeaderName::from_static("x-nango-signature"), text(legacy)),
        ]);
        if let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) {
            let signature = hex::encode(mac.chain_update(raw).finalize().into_bytes());
            headers.insert(SIGNATURE, text(signature));
        }
        headers
    }
}

/// The same value with the keys of every object in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let ordered: BTreeMap<_, _> =
                fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            Value::Object(Map::from_iter(ordered))
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

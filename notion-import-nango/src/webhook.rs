//! Webhooks from Nango: is it Nango that speaks, and what does it hint at?
//!
//! # A hint, never a fact
//! A signature proves that Nango sent the bytes and no more. There is no id and no timestamp, so an old webhook
//! can be sent again; and Nango forwards, signed, whatever arrives at its public address for Notion's events, so
//! whoever knows that address can have any body signed. What an [`Event`] says is therefore asked for
//! before anything is done, and doing it twice must change nothing: [`Service::hint`](notion_import_core::Service::hint)
//! does both with [`Event::hint`].
//!
//! # What to answer
//! 2xx to every event, [`Event::Ignored`] too, as new kinds appear without notice; 5xx if it could not be kept:
//! only that is sent again, twice. [`WebhookError::status`] to what is refused. Webhooks get lost, so polling has to find what they
//! would have told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName};
pub use notion_import_core::webhook::WebhookError;
use notion_import_core::{AttemptId, ConnectionRef, Hint, TenantId, webhook as notion};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

/// The header with the signature. The older `X-Nango-Signature` can be forged by extension and is never accepted.
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-nango-hmac-sha256");

/// The names of the tags a session of ours carries.
pub mod tag {
    /// Whose attempt it is.
    pub const TENANT: &str = "tenant_id";
    /// Which attempt it is.
    pub const ATTEMPT: &str = "attempt_id";
}

/// What a webhook hints at.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Something happened to a connection.
    Auth(Auth),
    /// Something happened in Notion.
    Notion(Changed),
    /// Nothing that matters here: 2xx.
    Ignored,
}

impl Event {
    /// Returns what [`Service::hint`](notion_import_core::Service::hint) takes; none if there is nothing to be done.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Auth(auth) if auth.success => Some(Hint::Authorized(auth.connection.clone())),
            Self::Auth(auth) => Some(Hint::Doubted(auth.connection.clone())),
            Self::Notion(changed) => changed.event.hint(changed.connection.clone()),
            Self::Ignored => None,
        }
    }
}

/// A connection was made, renewed, refreshed or deleted, or was not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auth {
    /// The integration's id in Nango.
    pub integration: String,
    /// What was done.
    pub operation: Operation,
    /// Whether it was. A failed creation names a connection that never existed, and no tags.
    pub success: bool,
    /// The connection.
    pub connection: ConnectionRef,
    /// The attempt that led to it, if the tags are ours.
    pub tags: Tags,
}

/// What is done to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// A new one, or the person declined, also to renew one.
    Creation,
    /// An old one was renewed: the person may have chosen another workspace.
    Override,
    /// Its token was refreshed.
    Refresh,
    /// It was deleted at Nango.
    Deletion,
}

/// The tags of ours that a session hands on to its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tags {
    /// Who wants to connect.
    pub tenant: Option<TenantId>,
    /// In which attempt.
    pub attempt: Option<AttemptId>,
}

impl Tags {
    pub(crate) fn of(tags: &BTreeMap<String, Value>) -> Self {
        let text = |name| tags.get(name).and_then(Value::as_str).unwrap_or_default();
        Self { tenant: text(tag::TENANT).parse().ok(), attempt: text(tag::ATTEMPT).parse().ok() }
    }
}

/// Something changed in Notion, seen through one connection. Nango sends it once for each connection to the
/// workspace, whether that connection can see the entity or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The integration's id in Nango.
    pub integration: String,
    /// The connection.
    pub connection: ConnectionRef,
    /// What Notion says.
    pub event: notion::Event,
}

/// Checks the signature over the raw bytes with every key, then reads the event leniently.
///
/// # Errors
/// [`WebhookError`] if no key fits, it is no JSON, or it forwards an event of Notion's long after that.
pub fn verify(
    raw: &[u8],
    headers: &HeaderMap,
    keys: &[SecretString],
    now: DateTime<Utc>,
) -> Result<Event, WebhookError> {
    notion::check_signature(raw, &signature(headers)?, keys)?;
    let event = Event::read(raw)?;
    if let Event::Notion(changed) = &event {
        changed.event.check_age(now)?;
    }
    Ok(event)
}

fn signature(headers: &HeaderMap) -> Result<[u8; 32], WebhookError> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(WebhookError::Unsigned) };
    let mut signature = [0; 32];
    hex::decode_to_slice(value.as_bytes(), &mut signature).map_err(|_| WebhookError::WrongSignature)?;
    Ok(signature)
}

impl Event {
    /// JSON of another form is something new of Nango's.
    fn read(raw: &[u8]) -> Result<Self, WebhookError> {
        let payload: Value = serde_json::from_slice(raw).map_err(|_| WebhookError::Malformed)?;
        let read = Envelope::deserialize(payload).ok().and_then(|envelope| match envelope {
            Envelope::Auth(auth) => auth.event(),
            Envelope::Forward(forward) => forward.event(),
            Envelope::Other => None,
        });
        Ok(read.unwrap_or(Self::Ignored))
    }

    /// What is not of this integration does not matter.
    pub(crate) fn of_integration(self, id: &str) -> Self {
        match &self {
            Self::Auth(auth) if auth.integration == id => self,
            Self::Notion(changed) if changed.integration == id => self,
            Self::Auth(_) | Self::Notion(_) | Self::Ignored => Self::Ignored,
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Envelope {
    Auth(RawAuth),
    Forward(RawForward),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAuth {
    operation: String,
    success: bool,
    connection_id: String,
    provider_config_key: String,
    #[serde(default)]
    tags: Option<BTreeMap<String, Value>>,
}

impl RawAuth {
    fn event(self) -> Option<Event> {
        let operation = match self.operation.as_str() {
            "creation" => Operation::Creation,
            "override" => Operation::Override,
            "refresh" => Operation::Refresh,
            "deletion" => Operation::Deletion,
            _ => return None,
        };
        Some(Event::Auth(Auth {
            integration: self.provider_config_key,
            operation,
            success: self.success,
            connection: ConnectionRef::new(self.connection_id),
            tags: Tags::of(&self.tags.unwrap_or_default()),
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawForward {
    connection_id: String,
    provider_config_key: String,
    payload: Value,
}

impl RawForward {
    fn event(self) -> Option<Event> {
        let event = notion::Event::read(&self.payload)?;
        let connection = ConnectionRef::new(self.connection_id);
        Some(Event::Notion(Changed { integration: self.provider_config_key, connection, event }))
    }
}

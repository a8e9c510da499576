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
//! only that is sent again, twice. 401 to a [`WebhookError`]. Webhooks get lost, so polling has to find what they
//! would have told.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use notion_import_core::{AttemptId, ConnectionRef, Hint, NotionId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

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
            Self::Notion(changed) => changed.hint(),
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
    /// Notion's name for what happened, such as `page.content_updated`.
    pub kind: String,
    /// The page, data source, database or other thing it happened to.
    pub entity: NotionId,
    /// What the entity is: `page`, `data_source`, `database`, ..
    pub entity_kind: String,
    /// The data source or database that it stands in, if it stands in one: as one of its rows, for instance.
    pub within: Option<NotionId>,
    /// The bots that can see it; none if Notion does not tell. A connection whose bot is not among them has nothing to look for.
    pub bots: Option<Vec<NotionId>>,
}

impl Changed {
    /// Names what is to be looked at; none if nothing that is read here has changed, but a comment or a view.
    fn hint(&self) -> Option<Hint> {
        let is_source = matches!(self.entity_kind.as_str(), "page" | "data_source" | "database");
        let sources: Vec<NotionId> =
            is_source.then_some(self.entity).into_iter().chain(self.within.filter(|_| is_source)).collect();
        let (connection, bots) = (self.connection.clone(), self.bots.clone());
        (!sources.is_empty()).then_some(Hint::Changed { connection, sources, bots })
    }
}

/// It is not a webhook of Nango's. Nothing in it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// There is no signature, or more than one.
    #[error("the webhook is not signed")]
    Unsigned,
    /// The signature is not made with one of the keys.
    #[error("the webhook's signature is wrong")]
    WrongSignature,
}

/// Checks the signature over the raw bytes with every key, then reads the event leniently.
///
/// # Errors
/// [`WebhookError`] if no key fits.
pub fn verify(raw: &[u8], headers: &HeaderMap, keys: &[SecretString]) -> Result<Event, WebhookError> {
    let signature = signature(headers)?;
    if !keys.iter().any(|key| is_signed_with(key, raw, &signature)) {
        return Err(WebhookError::WrongSignature);
    }
    Ok(Event::read(raw))
}

fn signature(headers: &HeaderMap) -> Result<[u8; 32], WebhookError> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(WebhookError::Unsigned) };
    let mut signature = [0; 32];
    hex::decode_to_slice(value.as_bytes(), &mut signature).map_err(|_| WebhookError::WrongSignature)?;
    Ok(signature)
}

fn is_signed_with(key: &SecretString, raw: &[u8], signature: &[u8; 32]) -> bool {
    let key = key.expose_secret().as_bytes();
    // Anybody could sign with an empty key.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    !key.is_empty() && mac.chain_update(raw).verify_slice(signature).is_ok()
}

impl Event {
    fn read(raw: &[u8]) -> Self {
        let read = serde_json::from_slice::<Envelope>(raw).ok().and_then(|envelope| match envelope {
            Envelope::Auth(auth) => auth.event(),
            Envelope::Forward(forward) => forward.event(),
            Envelope::Other => None,
        });
        read.unwrap_or(Self::Ignored)
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
        let entity = &self.payload["entity"];
        Some(Event::Notion(Changed {
            integration: self.provider_config_key,
            connection: ConnectionRef::new(self.connection_id),
            kind: self.payload["type"].as_str()?.to_owned(),
            entity: entity["id"].as_str()?.parse().ok()?,
            entity_kind: entity["type"].as_str()?.to_owned(),
            within: within(&self.payload["data"]["parent"]),
            bots: self.payload["accessible_by"].as_array().and_then(|who| bots(who)),
        }))
    }
}

/// The rows of a data source name their database as the parent, and the data source beside it.
fn within(parent: &Value) -> Option<NotionId> {
    let database = (parent["type"] == "database").then(|| &parent["id"]);
    [Some(&parent["data_source_id"]), database].into_iter().flatten().find_map(|id| id.as_str()?.parse().ok())
}

/// Where people are named and no bot, that says nothing of bots.
fn bots(who: &[Value]) -> Option<Vec<NotionId>> {
    let bots: Vec<NotionId> = who
        .iter()
        .filter(|one| one["type"] != "person")
        .filter_map(|one| one["id"].as_str()?.parse().ok())
        .collect();
    (who.is_empty() || !bots.is_empty()).then_some(bots)
}

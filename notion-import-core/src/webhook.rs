//! Notion's own webhooks: is it Notion that speaks, and what does it hint at?
//!
//! For hosts that Notion sends its events to itself. One subscription serves all connections of an integration, so an event names
//! the workspace and, for public integrations, the bots that can see what has changed; the host asks [`Event::concerns`] which of
//! its connections that are. Nango forwards the same events, one for each connection.
//!
//! # A subscription
//! is made in Notion's developer portal. Notion first posts a token, which [`handshake`] takes out: the operator enters it in Notion,
//! and it is the key of [`verify`] from then on.
//!
//! # A hint, never a fact
//! An event tells that something may have changed, and is never content: [`Service::hint`](crate::Service::hint) gathers what
//! [`Event::hint`] names, in memory and in no time, and what is looked at later is asked of Notion. Events arrive late, twice, out
//! of order or not at all, so syncs have to find what they would have told.
//!
//! ```
//! # use chrono::Utc;
//! # use http::{HeaderMap, StatusCode};
//! # use notion_import_core::{ConnectionRecord, Error, Service, webhook};
//! # use secrecy::SecretString;
//! async fn notion(
//!     service: &Service, connections: &[ConnectionRecord], token: &SecretString, headers: &HeaderMap, body: &[u8],
//! ) -> Result<StatusCode, Error> {
//!     let event = match webhook::verify(body, headers, std::slice::from_ref(token), Utc::now()) {
//!         Ok(event) => event,
//!         Err(refused) => return Ok(refused.status()),
//!     };
//!     let concerned = |known: &&ConnectionRecord| event.as_ref().is_some_and(|event| event.concerns(&known.workspace));
//!     for known in connections.iter().filter(concerned) {
//!         if let Some(hint) = event.as_ref().and_then(|event| event.hint(known.reference.clone())) {
//!             service.hint(&hint).await?;
//!         }
//!     }
//!     Ok(StatusCode::NO_CONTENT)
//! }
//! ```

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use crate::connection::{ConnectionRef, Hint, Workspace};
use crate::id::NotionId;
use crate::telemetry;

/// The header with the signature.
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-notion-signature");

/// What stands before the signature's digits.
const SCHEME: &[u8] = b"sha256=";

/// Notion sends an event that was not taken again, for the last time about a day later.
const SENT_AGAIN: TimeDelta = TimeDelta::hours(25);

/// Why a webhook is refused. Nothing in it was believed, and nothing of it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// There is nothing to check a signature with.
    #[error("no key is configured to check it with")]
    NoKey,
    /// There is no signature, or more than one.
    #[error("it is not signed")]
    Unsigned,
    /// The signature is not made with one of the keys.
    #[error("its signature is wrong")]
    WrongSignature,
    /// The signature is right, and the body is no JSON.
    #[error("it is no JSON")]
    Malformed,
    /// The event is older than any that is still sent again: somebody repeats it.
    #[error("it is too old to be sent again by who signed it")]
    Outdated,
}

impl WebhookError {
    const fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::Unsigned => "unsigned",
            Self::WrongSignature => "wrong_signature",
            Self::Malformed => "malformed",
            Self::Outdated => "outdated",
        }
    }

    /// Returns what to answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NoKey | Self::Unsigned | Self::WrongSignature => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Outdated => StatusCode::FORBIDDEN,
        }
    }
}

/// Something changed in Notion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its id, the same each time it is sent, if it is told.
    pub id: Option<NotionId>,
    /// How often it was sent by now, from 1 on, if that is told.
    pub attempt: Option<u64>,
    /// When it happened, if that is told.
    pub at: Option<DateTime<Utc>>,
    /// Notion's name for what happened, such as `page.content_updated`.
    pub kind: String,
    /// The workspace, if it is told.
    pub workspace: Option<String>,
    /// The page, data source, database or other thing it happened to.
    pub entity: NotionId,
    /// What the entity is: `page`, `data_source`, `database`, ..
    pub entity_kind: String,
    /// The data source or database that it stands in, if it stands in one: as one of its rows, for instance.
    pub within: Option<NotionId>,
    /// The bots that can see it; none if Notion does not tell. A connection whose bot is not among them has nothing to look for.
    pub bots: Option<Vec<NotionId>>,
}

impl Event {
    /// Reads an event leniently; none if it is of no kind that names an entity.
    pub fn read(payload: &Value) -> Option<Self> {
        let entity = &payload["entity"];
        Some(Self {
            id: payload["id"].as_str().and_then(|id| id.parse().ok()),
            attempt: payload["attempt_number"].as_u64(),
            at: payload["timestamp"].as_str().and_then(|at| at.parse().ok()),
            kind: payload["type"].as_str()?.to_owned(),
            workspace: payload["workspace_id"].as_str().map(str::to_owned),
            entity: entity["id"].as_str()?.parse().ok()?,
            entity_kind: entity["type"].as_str()?.to_owned(),
            within: within(&payload["data"]["parent"]),
            bots: payload["accessible_by"].as_array().and_then(|who| bots(who)),
        })
    }

    /// Refuses an event that is older than any that Notion still sends. One that does not tell when it happened passes.
    ///
    /// # Errors
    /// [`WebhookError::Outdated`].
    pub fn check_age(&self, now: DateTime<Utc>) -> Result<(), WebhookError> {
        let is_outdated = self.at.is_some_and(|at| now.signed_duration_since(at) > SENT_AGAIN);
        if is_outdated { Err(WebhookError::Outdated) } else { Ok(()) }
    }

    /// Tells whether a connection to this workspace may see what has changed.
    pub fn concerns(&self, workspace: &Workspace) -> bool {
        let is_there = self.workspace.is_some() && self.workspace == workspace.id;
        is_there && self.bots.as_ref().is_none_or(|bots| bots.contains(&workspace.bot))
    }

    /// Returns what [`Service::hint`](crate::Service::hint) takes of it for a connection; none if nothing that is read here has
    /// changed, but a comment or a view.
    pub fn hint(&self, connection: ConnectionRef) -> Option<Hint> {
        let is_source = matches!(self.entity_kind.as_str(), "page" | "data_source" | "database");
        let sources = [Some(self.entity), self.within].into_iter().flatten().collect();
        is_source.then(|| Hint::Changed { connection, sources, bots: self.bots.clone() })
    }
}

/// Checks the signature over the raw bytes with every verification token, then reads the event; none if there is nothing in it
/// that is known here, which is answered 2xx like any other. What is refused is logged with the reason.
///
/// # Errors
/// [`WebhookError`] if no token fits, it is no JSON, or `now` is long after the event.
pub fn verify(
    raw: &[u8],
    headers: &HeaderMap,
    tokens: &[SecretString],
    now: DateTime<Utc>,
) -> Result<Option<Event>, WebhookError> {
    let verified = || {
        check_signature(raw, &signature(headers)?, tokens)?;
        let payload = serde_json::from_slice(raw).map_err(|_| WebhookError::Malformed)?;
        let event = Event::read(&payload);
        event.as_ref().map_or(Ok(()), |event| event.check_age(now))?;
        Ok(event)
    };
    let verified = verified();
    tell("notion", verified.as_ref().err());
    verified
}

/// Logs and counts what came of checking a webhook, for whoever checks those of another sender than Notion. `sender` is its name, such
/// as `nango`.
pub fn tell(sender: &'static str, refused: Option<&WebhookError>) {
    telemetry::webhook(sender, refused.map(|reason| (reason.code(), reason as &dyn std::error::Error)));
}

/// Checks a signature by HMAC-SHA256 over these bytes with every key.
///
/// # Errors
/// [`WebhookError`] if none fits, or there is none.
pub fn check_signature(raw: &[u8], signature: &[u8; 32], keys: &[SecretString]) -> Result<(), WebhookError> {
    match keys {
        [] => Err(WebhookError::NoKey),
        keys if keys.iter().any(|key| is_signed_with(key, raw, signature)) => Ok(()),
        _ => Err(WebhookError::WrongSignature),
    }
}

/// Returns the verification token that Notion sends first, for the operator to enter in Notion and to keep as the key of
/// [`verify`]; none of any other body. Anybody can send one, so it is looked at only while a subscription is being set up, and
/// trusted once Notion has accepted it.
pub fn handshake(raw: &[u8], headers: &HeaderMap) -> Option<SecretString> {
    let Handshake { verification_token } = serde_json::from_slice(raw).ok()?;
    let token = SecretString::from(verification_token);
    is_signed_with(&token, raw, &signature(headers).ok()?).then_some(token)
}

#[derive(Deserialize)]
struct Handshake {
    verification_token: String,
}

fn signature(headers: &HeaderMap) -> Result<[u8; 32], WebhookError> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(WebhookError::Unsigned) };
    let digits = value.as_bytes().strip_prefix(SCHEME).ok_or(WebhookError::WrongSignature)?;
    let mut signature = [0; 32];
    hex::decode_to_slice(digits, &mut signature).map_err(|_| WebhookError::WrongSignature)?;
    Ok(signature)
}

/// Tells in constant time whether this key has signed these bytes by HMAC-SHA256. An empty key signs nothing: anybody has it.
fn is_signed_with(key: &SecretString, raw: &[u8], signature: &[u8; 32]) -> bool {
    let key = key.expose_secret().as_bytes();
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    !key.is_empty() && mac.chain_update(raw).verify_slice(signature).is_ok()
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

//! How a stand-in is set up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use notion_import_core::transport::{SharedClock, SystemClock};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

/// What an API key may be allowed to do.
pub mod scope {
    /// Connect sessions, new ones and reconnects.
    pub const SESSIONS: &str = "environment:connect_sessions:write";
    /// Reading one connection, without its credentials.
    pub const READ: &str = "environment:connections:read";
    /// Listing connections.
    pub const LIST: &str = "environment:connections:list";
    /// Deleting connections.
    pub const DELETE: &str = "environment:connections:delete";
    /// The proxy.
    pub const PROXY: &str = "environment:proxy";
    /// Reading integrations.
    pub const INTEGRATIONS: &str = "environment:integrations:read";
    /// Seeing credentials, which the adapter neither needs nor reads.
    pub const CREDENTIALS: &str = "environment:connections:read_credentials";
}

/// A Nango environment with one integration.
#[derive(Clone)]
pub struct Settings {
    /// The key it accepts: a UUID of version 4.
    pub api_key: SecretString,
    /// What the key may do. By default all the adapter needs.
    pub scopes: BTreeSet<&'static str>,
    /// The id of its integration, whose provider is `notion`.
    pub integration_id: String,
    /// The environment's name.
    pub environment: String,
    /// The environment's id, which no other environment has.
    pub environment_id: Uuid,
    /// Where browsers reach it, with the path the router is nested under. By default what the request that opens a
    /// session says in `Host`, and no path.
    pub origin: Option<Url>,
    /// Where webhooks go, if anywhere.
    pub webhook_url: Option<Url>,
    /// What webhooks are signed with.
    pub webhook_signing_key: SecretString,
    /// Whether a new connection sends a webhook. By default it does, as at Nango's cloud; a self-hosted Nango begins without.
    pub tell_creations: bool,
    /// Whether Notion's answers come through the proxy unchunked: then Nango keeps four of their headers. By default not.
    pub unchunked: bool,
    /// Whether a deletion sends a webhook. By default not, as at Nango.
    pub tell_deletions: bool,
    /// How long it waits before it sends a webhook again; the second time twice as long. By default 3 s.
    pub retry_pause: Duration,
    /// Requests the account may make in a minute; no limit by default.
    pub limit: Option<u64>,
    /// Where the last page of a consent leads back to. Nango's leads nowhere.
    pub back: Option<(String, Url)>,
    /// The time.
    pub clock: SharedClock,
}

impl Settings {
    /// A stand-in that accepts one key, signs with another, and sends webhooks nowhere yet.
    pub fn new(api_key: impl Into<SecretString>, webhook_signing_key: impl Into<SecretString>) -> Self {
        use scope::{DELETE, INTEGRATIONS, LIST, PROXY, READ, SESSIONS};
        Self {
            api_key: api_key.into(),
            scopes: [SESSIONS, READ, LIST, DELETE, PROXY, INTEGRATIONS].into(),
            integration_id: "notion".to_owned(),
            environment: "dev".to_owned(),
            environment_id: Uuid::from_u128(0x5ed1_a1b0_0000_4000_8000_0000_0000_0001),
            origin: None,
            webhook_url: None,
            webhook_signing_key: webhook_signing_key.into(),
            tell_creations: true,
            unchunked: false,
            tell_deletions: false,
            retry_pause: Duration::from_secs(3),
            limit: None,
            back: None,
            clock: Arc::new(SystemClock),
        }
    }
}

//! The connect flow at Nango: sessions, and what they led to.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::StatusCode;
use notion_import_core::{
    AccessError, Attempt, Authorizer, ConnectLink, ConnectionRef, Inspected, Namespace,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::call::Failed;
use crate::fault::unexpected;
use crate::nango::{Enveloped, Nango, sensitive};
use crate::webhook::{Tags, tag};

/// An attempt leads to one connection; more of them mean that its link was used more than once.
const MOST_FOUND: &str = "100";

#[async_trait]
impl Authorizer for Nango {
    async fn begin(&self, attempt: &Attempt) -> Result<ConnectLink, AccessError> {
        let body = json!({ "allowed_integrations": [self.0.config.integration_id], "tags": tags(attempt) });
        let session: Enveloped<Session> = self.post(self.url(&["connect", "sessions"]), &body).await?;
        self.link(session.data)
    }

    /// The token is its own authorisation. Of one that has expired Nango may know nothing any more: what was under way
    /// then is found by the attempt's tag.
    async fn close(&self, session: &SecretString) -> Result<(), AccessError> {
        let bearer = sensitive(&format!("Bearer {}", session.expose_secret()))
            .ok_or_else(|| unexpected("the session's token cannot be sent in a header"))?;
        match self.delete_by(self.url(&["connect", "session"]), bearer).await {
            Ok(()) => Ok(()),
            Err(failed) if failed.is_no_session() => Ok(()),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Nango reads a replica here, so a connection may take a moment to appear; and lists leave the workspace out.
    async fn find(&self, attempt: &Attempt) -> Result<Vec<Inspected>, AccessError> {
        let mut url = self.url(&["connections"]);
        url.query_pairs_mut()
            .append_pair("integrationId", &self.0.config.integration_id)
            .append_pair(&format!("tags[{}]", tag::TENANT), &attempt.tenant.to_string())
            .append_pair(&format!("tags[{}]", tag::ATTEMPT), &attempt.id.to_string())
            .append_pair("limit", MOST_FOUND);
        let listing: Listing = self.get(url).await?;
        let found = listing.connections.into_iter().map(Inspected::from);
        // An older server that ignores a filter must not attribute somebody else's connection.
        Ok(found
            .filter(|one| one.tenant == Some(attempt.tenant) && one.attempt == Some(attempt.id))
            .collect())
    }

    async fn inspect(&self, reference: &ConnectionRef) -> Result<Option<Inspected>, AccessError> {
        let Some(url) = self.connection_url(reference) else { return Ok(None) };
        match self.get::<Described>(url).await {
            Ok(found) => Ok(Some(found.into())),
            Err(failed) if failed.is_not_found() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// A key is of one environment for ever, and a connection of one integration there.
    async fn namespace(&self) -> Result<Namespace, AccessError> {
        Ok(self.0.namespace.get_or_try_init(|| self.ask_namespace()).await?.clone())
    }

    /// Notion is not told: the grant there stays until the person removes it in Notion. That there is no such connection Nango also
    /// says where there is no such *integration*, so it is believed only once the connection is not found either.
    async fn revoke(&self, reference: &ConnectionRef) -> Result<(), AccessError> {
        let Some(url) = self.connection_url(reference) else { return Ok(()) };
        match self.delete::<Deleted>(url).await {
            Ok(Deleted { success: true }) => Ok(()),
            Ok(Deleted { success: false }) => Err(unexpected("Nango did not delete the connection")),
            Err(failed) if failed.is_missing() => match self.inspect(reference).await? {
                None => Ok(()),
                Some(_) => Err(unexpected("Nango shows a connection that it does not delete")),
            },
            Err(failed) => Err(failed.into()),
        }
    }
}

impl Nango {
    async fn ask_namespace(&self) -> Result<Namespace, AccessError> {
        let integration = self.integration().await?;
        let place = integration.place().ok_or_else(|| unexpected("Nango does not tell the environment"))?;
        Ok(Namespace::new(format!("{place}/{}", self.0.config.integration_id)))
    }

    fn link(&self, session: Session) -> Result<ConnectLink, AccessError> {
        let mut url = session.connect_link;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(unexpected("Nango's connect link is not an http address"));
        }
        // The connect page assumes Nango's cloud unless it is told otherwise, and a self-hosted server does not.
        if let Some(told) = self.0.config.told_to_browsers()
            && !url.query_pairs().any(|(name, _)| name == "apiURL")
        {
            url.query_pairs_mut().append_pair("apiURL", told.as_str().trim_end_matches('/'));
        }
        Ok(ConnectLink { url, expires_at: session.expires_at, session: session.token.into() })
    }

    /// None for what no path can carry: then it is no connection of Nango's.
    pub(crate) fn connection_url(&self, reference: &ConnectionRef) -> Option<Url> {
        let reference = reference.as_str();
        if matches!(reference, "" | "." | "..") {
            return None;
        }
        let mut url = self.url(&["connections", reference]);
        url.query_pairs_mut().append_pair("provider_config_key", &self.0.config.integration_id);
        Some(url)
    }
}

impl Failed {
    /// What a look-up is answered where there is no such connection of an integration that there is.
    pub(crate) fn is_not_found(&self) -> bool {
        self.is(StatusCode::NOT_FOUND, "not_found") || self.is(StatusCode::NOT_FOUND, "unknown_connection")
    }

    /// What a deletion is answered; the same where there is no such integration.
    fn is_missing(&self) -> bool {
        self.is_not_found() || self.is(StatusCode::BAD_REQUEST, "unknown_connection")
    }

    fn is_no_session(&self) -> bool {
        self.is(StatusCode::UNAUTHORIZED, "unknown_connect_session_token")
    }
}

fn tags(attempt: &Attempt) -> Value {
    json!({ tag::TENANT: attempt.tenant.to_string(), tag::ATTEMPT: attempt.id.to_string() })
}

#[derive(Deserialize)]
struct Session {
    token: String,
    connect_link: Url,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Listing {
    connections: Vec<Described>,
}

/// A connection as Nango describes it. Credentials, should the key be allowed to see them, are skipped and become no value.
#[derive(Deserialize)]
struct Described {
    connection_id: String,
    #[serde(default)]
    tags: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    connection_config: Option<Value>,
    #[serde(default)]
    errors: Vec<Trouble>,
}

/// What is wrong with a connection at the moment.
#[derive(Deserialize)]
struct Trouble {
    #[serde(rename = "type", default)]
    kind: String,
}

impl From<Described> for Inspected {
    fn from(described: Described) -> Self {
        let Tags { tenant, attempt } = Tags::of(&described.tags.unwrap_or_default());
        let is_failing = described.errors.iter().any(|trouble| trouble.kind == "auth");
        let workspace =
            described.connection_config.as_ref().and_then(|config| config["workspace_id"].as_str());
        Self {
            reference: ConnectionRef::new(described.connection_id),
            tenant,
            attempt,
            workspace_id: workspace.map(str::to_owned),
            is_failing,
        }
    }
}

#[derive(Deserialize)]
struct Deleted {
    success: bool,
}

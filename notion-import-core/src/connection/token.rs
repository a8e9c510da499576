//! Where access to Notion comes from.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use super::{ApiBase, Connection};
use crate::error::{AccessError, Fault};

/// Where to send a request for Notion and with which headers.
#[derive(Clone)]
pub struct ApiAccess {
    /// Notion itself, or a proxy.
    pub base: ApiBase,
    /// Headers that authorise the request, marked sensitive. The client adds the Notion version with
    /// [`ApiAccess::version_header`].
    pub headers: HeaderMap,
    /// The name of the header that carries the Notion version: proxies rename it.
    pub version_header: &'static str,
}

impl fmt::Debug for ApiAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAccess").field("base", &self.base).finish_non_exhaustive()
    }
}

impl ApiAccess {
    /// Returns access to Notion itself by a token: an integration's, or one that OAuth gave. Blanks around it are left out.
    ///
    /// # Errors
    /// [`Fault::CredentialsRefused`] for what cannot be a token: nothing at all, or several lines.
    pub fn bearer(token: impl Into<SecretString>) -> Result<Self, AccessError> {
        let token: SecretString = token.into();
        let words = token.expose_secret().trim();
        let bearer = HeaderValue::try_from(format!("Bearer {words}")).ok().filter(|_| !words.is_empty());
        let mut bearer = bearer.ok_or(Fault::CredentialsRefused)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        Ok(Self { base: ApiBase::notion(), headers, version_header: "notion-version" })
    }

    /// Leads the same request to another address.
    #[must_use]
    pub fn at(mut self, base: ApiBase) -> Self {
        self.base = base;
        self
    }

    /// Tells what an answer means that came to a [`bearer`](Self::bearer) and not from Notion, for [`TokenSource::explain`].
    ///
    /// With a plain token nothing stands between us and Notion but its edge. A 401 refuses the token, whoever says it; nothing
    /// else is the edge's last word.
    pub fn explain_bearer(status: StatusCode) -> Fault {
        match status {
            StatusCode::UNAUTHORIZED => Fault::CredentialsRefused,
            _ => Fault::Transient,
        }
    }
}

/// Where access to Notion comes from.
///
/// # Contract
/// `access` is called before every request, so an account-wide pause may wait in it. It must serve only the
/// connection it was asked for.
///
/// # Example
/// A vault with a token for each connection:
///
/// ```
/// # use std::{collections::HashMap, sync::Arc};
/// # use async_trait::async_trait;
/// # use chrono::{DateTime, Utc};
/// # use http::{HeaderMap, StatusCode};
/// # use notion_import_core::{AccessError, Actor, ApiAccess, Connection, Fault, Importer, MemberId, MemoryBlobs, MemoryLibrary, Query, Role, TenantId, TokenSource};
/// # use notion_import_core::testing::{SimClock, World, WorldTransport};
/// struct Vault(HashMap<String, String>);
///
/// #[async_trait]
/// impl TokenSource for Vault {
///     async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError> {
///         let token = self.0.get(connection.reference.as_str()).ok_or(Fault::ConnectionMissing)?;
///         ApiAccess::bearer(token.as_str())
///     }
///
///     fn explain(&self, status: StatusCode, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> AccessError {
///         ApiAccess::explain_bearer(status).into()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (world, clock) = (World::new(7), SimClock::new("2026-11-22T08:00:00Z".parse()?));
/// # let author = world.at("2026-11-22T07:00:00Z".parse()?);
/// # let workspace = author.workspace("Acme");
/// # let policy = author.page(workspace, "Security policy");
/// # let vault = Vault(HashMap::from([("acme".to_owned(), world.grant(workspace, [policy]).token)]));
/// # let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
/// # let transport = Arc::new(WorldTransport::new(world.clone(), clock.clone()));
/// # let importer =
/// #     Importer::builder(Arc::new(vault), documents, blobs).through(transport, Arc::new(clock)).build()?;
/// let connection = Connection::new(TenantId::fresh(), "acme");
/// let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
/// let listing = importer.browse(&actor, &connection, &Query::default()).await?;
/// assert_eq!(listing.entries[0].source.title, "Security policy");
/// let unknown = Connection::new(connection.tenant, "globex");
/// assert!(importer.browse(&actor, &unknown, &Query::default()).await.unwrap_err().needs_reconnect());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Returns how to reach Notion through `connection`.
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError>;

    /// Looks for other access after Notion no longer accepted this one, and tells whether there is any: then the request is sent
    /// once more with what `access` returns now. By default there is none.
    async fn renew(&self, _: &Connection, _refused: &ApiAccess) -> Result<bool, AccessError> {
        Ok(false)
    }

    /// Tells what an answer means that Notion did not give (one without `"object":"error"`): what stands in between did.
    /// For a plain token that is [`ApiAccess::explain_bearer`]. The cause names who refused, and no more than may be logged.
    fn explain(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> AccessError;
}

/// One token for every connection: an internal integration's, or a personal one.
pub struct StaticToken {
    token: SecretString,
    base: ApiBase,
}

impl StaticToken {
    /// A token for `https://api.notion.com`.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self { token: token.into(), base: ApiBase::notion() }
    }

    /// Talks to another address.
    #[must_use]
    pub fn at(mut self, base: ApiBase) -> Self {
        self.base = base;
        self
    }
}

impl fmt::Debug for StaticToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticToken").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenSource for StaticToken {
    async fn access(&self, _connection: &Connection) -> Result<ApiAccess, AccessError> {
        Ok(ApiAccess::bearer(self.token.clone())?.at(self.base.clone()))
    }

    fn explain(&self, status: StatusCode, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> AccessError {
        ApiAccess::explain_bearer(status).into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_token_makes_a_header_that_is_not_shown_and_blanks_around_it_are_left_out() {
        let access = ApiAccess::bearer(" ntn_1\n").unwrap();
        let header = access.headers.get(header::AUTHORIZATION).unwrap();
        assert_eq!(header, "Bearer ntn_1");
        assert!(!format!("{access:?} {header:?}").contains("ntn_1"));
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_before_it_is_sent() {
        for token in ["", " \n", "ntn_1\nntn_2"] {
            assert_eq!(ApiAccess::bearer(token).unwrap_err().fault, Fault::CredentialsRefused, "{token:?}");
        }
    }

    #[test]
    fn of_answers_that_notion_did_not_give_only_a_401_refuses_a_plain_token() {
        for (status, fault) in [
            (StatusCode::UNAUTHORIZED, Fault::CredentialsRefused),
            (StatusCode::FORBIDDEN, Fault::Transient),
            (StatusCode::OK, Fault::Transient),
            (StatusCode::NOT_FOUND, Fault::Transient),
            (StatusCode::BAD_GATEWAY, Fault::Transient),
        ] {
            let token = StaticToken::new("ntn_1");
            let explained = token.explain(status, &HeaderMap::new(), b"<html>", DateTime::UNIX_EPOCH);
            assert_eq!(explained.fault, fault, "{status}");
        }
    }
}

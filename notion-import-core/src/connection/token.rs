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

/// Where access to Notion comes from.
///
/// # Contract
/// `access` is called before every request, so an account-wide pause may wait in it. It must serve only the
/// connection it was asked for.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// It returns how to reach Notion through `connection`.
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError>;

    /// It tells what an answer means that Notion did not give (one without `"object":"error"`).
    fn explain(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Fault;
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
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", self.token.expose_secret()))
            .map_err(|_| Fault::CredentialsRefused)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        Ok(ApiAccess { base: self.base.clone(), headers, version_header: "notion-version" })
    }

    fn explain(&self, _status: StatusCode, _headers: &HeaderMap, _body: &[u8], _now: DateTime<Utc>) -> Fault {
        // Nothing stands between us and Notion but its edge, and that is never the last word.
        Fault::Transient
    }
}

//! Access to Notion without Nango's proxy, by the tokens that Nango holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use notion_import_core::{AccessError, ApiAccess, ApiBase, Connection, ConnectionRef, Fault, TokenSource};
use serde::Deserialize;
use tokio::sync::Mutex as Turn;

use crate::nango::Nango;

/// For so long a token is used before Nango is asked for it again: it may have been replaced there.
const FRESH: Duration = Duration::from_secs(300);

/// Access to Notion itself, for hosts whose documents must not pass through Nango's proxy.
///
/// The key needs the scope `environment:connections:read_credentials`, and `environment:proxy` no more. A token is in memory only,
/// for a few minutes; one that Notion refuses is refreshed at Nango once, and given to nobody again.
pub struct DirectTokens {
    nango: Nango,
    base: ApiBase,
    known: Mutex<HashMap<ConnectionRef, Arc<Turn<Option<Known>>>>>,
}

struct Known {
    access: ApiAccess,
    asked: Instant,
}

impl Nango {
    /// Returns access to Notion that goes past the proxy.
    pub fn direct(&self) -> DirectTokens {
        DirectTokens { nango: self.clone(), base: ApiBase::notion(), known: Mutex::default() }
    }

    async fn token(&self, reference: &ConnectionRef, force: bool) -> Result<ApiAccess, AccessError> {
        let mut url = self.connection_url(reference).ok_or(Fault::ConnectionMissing)?;
        if force {
            url.query_pairs_mut().append_pair("force_refresh", "true");
        }
        let credentials = match self.get::<Described>(url).await {
            Ok(described) => described.credentials,
            Err(failed) if failed.is_not_found() => return Err(Fault::ConnectionMissing.into()),
            Err(failed) => return Err(failed.into()),
        };
        let token = credentials.access_token.ok_or_else(|| {
            crate::fault::unexpected("the API key lacks the scope environment:connections:read_credentials")
        })?;
        ApiAccess::bearer(token)
    }
}

impl fmt::Debug for DirectTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectTokens").field("nango", &self.nango).finish_non_exhaustive()
    }
}

impl DirectTokens {
    /// Talks to another address than Notion's.
    #[must_use]
    pub fn at(mut self, base: ApiBase) -> Self {
        self.base = base;
        self
    }

    /// Returns what is known of a connection, and forgets what is old.
    fn known(&self, reference: &ConnectionRef) -> Arc<Turn<Option<Known>>> {
        let now = self.nango.0.clock.instant();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, one| match one.try_lock() {
            Ok(one) => one.as_ref().is_some_and(|one| one.is_fresh(now)),
            Err(_) => true,
        });
        known.entry(reference.clone()).or_default().clone()
    }

    async fn ask(&self, reference: &ConnectionRef, force: bool) -> Result<Known, AccessError> {
        let asked = self.nango.0.clock.instant();
        let access = self.nango.token(reference, force).await?.at(self.base.clone());
        Ok(Known { access, asked })
    }
}

impl Known {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.asked) < FRESH
    }
}

/// Whoever comes while the same connection's token is asked for waits for that.
#[async_trait]
impl TokenSource for DirectTokens {
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError> {
        let known = self.known(&connection.reference);
        let mut known = known.lock().await;
        if let Some(fresh) = known.as_ref().filter(|one| one.is_fresh(self.nango.0.clock.instant())) {
            return Ok(fresh.access.clone());
        }
        // What is old is not used again, whether there is something new or not.
        *known = None;
        Ok(known.insert(self.ask(&connection.reference, false).await?).access.clone())
    }

    async fn renew(&self, connection: &Connection, refused: &ApiAccess) -> Result<bool, AccessError> {
        let known = self.known(&connection.reference);
        let mut known = known.lock().await;
        // Somebody else was refused before and has renewed it since.
        if known.as_ref().is_some_and(|one| !is_same(&one.access, refused)) {
            return Ok(true);
        }
        *known = None;
        let renewed = self.ask(&connection.reference, true).await?;
        let is_other = !is_same(&renewed.access, refused);
        *known = is_other.then_some(renewed);
        Ok(is_other)
    }

    fn explain(&self, status: StatusCode, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> AccessError {
        ApiAccess::explain_bearer(status).into()
    }
}

fn is_same(one: &ApiAccess, other: &ApiAccess) -> bool {
    one.headers.get(header::AUTHORIZATION) == other.headers.get(header::AUTHORIZATION)
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    credentials: Credentials,
}

#[derive(Deserialize, Default)]
struct Credentials {
    access_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fresh_for_some_minutes() {
        let now = Instant::now();
        let access = ApiAccess::bearer("ntn_1").unwrap_or_else(|error| panic!("{error}"));
        let known = Known { access, asked: now };
        assert!(known.is_fresh(now) && known.is_fresh(now + FRESH / 2) && !known.is_fresh(now + FRESH));
    }
}

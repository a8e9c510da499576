//! Access to Notion through Nango's proxy: Nango puts the token in, so there is none here.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, StatusCode};
use notion_import_core::{AccessError, ApiAccess, Connection, Fault, TokenSource};

use crate::fault;
use crate::nango::{Nango, sensitive};

const INTEGRATION: HeaderName = HeaderName::from_static("provider-config-key");
const CONNECTION: HeaderName = HeaderName::from_static("connection-id");

/// `access` gives the base `{base_url}/proxy/`, to which the path is *appended*, segment by segment (`v1`, `pages`,
/// ..), and waits while Nango's rate limit, which all tenants share, is exhausted. There is no `Retries` header:
/// whoever asks, retries.
#[async_trait]
impl TokenSource for Nango {
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError> {
        // What no header can carry is no connection of Nango's.
        let reference = sensitive(connection.reference.as_str()).ok_or(Fault::ConnectionMissing)?;
        self.wait().await;
        let mut headers = self.authorization();
        headers.insert(INTEGRATION, self.0.integration.clone());
        headers.insert(CONNECTION, reference);
        // The empty segment is the closing slash.
        let base = self.url(&["proxy", ""]).try_into().map_err(|_| Fault::Operator)?;
        Ok(ApiAccess { base, headers, version_header: "nango-proxy-notion-version" })
    }

    fn explain(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> AccessError {
        let error = fault::explain(status, headers, body, now);
        self.note(error.fault, now);
        if error.fault == Fault::Operator {
            let cause = error.source.as_deref().map(|cause| cause as &dyn std::error::Error);
            tracing::warn!(error = cause, "Nango's set-up is wrong: see its key, scopes and integration");
        }
        error
    }
}

impl Nango {
    /// The pause may be extended while it is waited for.
    async fn wait(&self) {
        while let Some(left) = self.0.pause.left(self.0.clock.instant()) {
            self.0.clock.sleep(left).await;
        }
    }
}

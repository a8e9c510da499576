//! Which Nango the demo speaks to: a real one, if the environment names it.

use notion_import_nango::{Config, Finding, Level};
use url::Url;

use crate::app::{App, StartError};
use crate::environment::{secrets, variable};
use crate::people::COMPANIES;

/// The Nango that the environment names; none without `NANGO_SECRET_KEY`.
pub fn from_environment() -> Result<Option<Config>, StartError> {
    let Some(key) = variable("NANGO_SECRET_KEY") else { return Ok(None) };
    let mut config = Config::new(key);
    if let Some(base) = variable("NANGO_BASE_URL") {
        config.base_url =
            Url::parse(&base).map_err(|_| StartError::Environment("NANGO_BASE_URL is not a URL"))?;
    }
    if let Some(integration) = variable("NANGO_INTEGRATION_ID") {
        config.integration_id = integration;
    }
    if let Some(public) = variable("NANGO_PUBLIC_URL") {
        let public =
            Url::parse(&public).map_err(|_| StartError::Environment("NANGO_PUBLIC_URL is not a URL"))?;
        config.public_url = Some(public);
    }
    // Without keys no webhook is accepted, and polling carries the flow.
    config.webhook_signing_keys = secrets("NANGO_WEBHOOK_SIGNING_KEYS");
    Ok(Some(config))
}

/// Returns what is to be said about the set-up at Nango.
pub async fn findings(app: &App) -> Vec<Finding> {
    let mut findings = app.nango.check().await;
    let mut ours = Vec::new();
    for company in &COMPANIES {
        let known = app.stores.connections.list(company.tenant).await.unwrap_or_default();
        ours.extend(known.into_iter().map(|known| known.reference));
    }
    findings.extend(app.nango.check_connections(&ours).await);
    findings
}

/// Tells the operator what is wrong with the set-up at Nango.
pub async fn log_findings(app: &App) {
    for finding in findings(app).await {
        match finding.level() {
            Level::Error => tracing::error!(%finding, "the set-up at Nango is wrong"),
            Level::Warning => tracing::warn!(%finding, "the set-up at Nango could be better"),
            Level::Note => tracing::info!(%finding, "the set-up at Nango"),
        }
    }
}

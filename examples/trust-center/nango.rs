//! Which Nango the demo speaks to: a real one, if the environment names it.

use std::env;

use notion_import_nango::Config;
use secrecy::SecretString;
use url::Url;

use crate::app::StartError;

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
    let keys = variable("NANGO_WEBHOOK_SIGNING_KEYS").ok_or(StartError::Environment(
        "NANGO_WEBHOOK_SIGNING_KEYS is missing: webhooks could not be checked",
    ))?;
    config.webhook_signing_keys = keys.split(',').map(|key| SecretString::from(key.trim())).collect();
    Ok(Some(config))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

//! What the adapter has to be told.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where Nango is, and who we are there.
#[derive(Clone)]
pub struct Config {
    /// Nango's address: `https://api.nango.dev`, or a self-hosted one, under a path if it is behind a proxy.
    pub base_url: Url,
    /// What browsers reach it by, if that is not the base URL: a self-hosted Nango that the backend calls by an inner name. The
    /// page where a person consents is told of it.
    pub public_url: Option<Url>,
    /// An API key of one environment.
    pub api_key: SecretString,
    /// The integration's id in Nango, whose provider is `notion`.
    pub integration_id: String,
    /// The keys webhooks may be signed with. A rotation takes minutes to reach every sender, so the old key
    /// stays in the list for a while. Without keys no webhook is accepted, and polling finds what they would tell, later.
    pub webhook_signing_keys: Vec<SecretString>,
}

impl Config {
    /// Nango's cloud, the integration `notion`, no webhooks.
    pub fn new(api_key: impl Into<SecretString>) -> Self {
        Self {
            base_url: cloud(),
            public_url: None,
            api_key: api_key.into(),
            integration_id: "notion".to_owned(),
            webhook_signing_keys: Vec::new(),
        }
    }

    /// Fails on what could not work, or would not be safe.
    pub(crate) fn check(&self) -> Result<(), InvalidConfig> {
        for address in [Some(&self.base_url), self.public_url.as_ref()].into_iter().flatten() {
            check_address(address)?;
        }
        let key = self.api_key.expose_secret();
        if key.is_empty() || key.contains(char::is_whitespace) || HeaderValue::from_str(key).is_err() {
            return Err(InvalidConfig("the API key cannot be sent in a header"));
        }
        if !is_integration_id(&self.integration_id) {
            return Err(InvalidConfig("the integration id is not one"));
        }
        // Anybody could sign with an empty key.
        if self.webhook_signing_keys.iter().any(|key| key.expose_secret().trim().is_empty()) {
            return Err(InvalidConfig("a webhook signing key is empty"));
        }
        Ok(())
    }
}

impl Config {
    /// The address that the page where a person consents is told; none if that is Nango's cloud, which it assumes.
    pub(crate) fn told_to_browsers(&self) -> Option<&Url> {
        let is_cloud = self.base_url.host() == cloud().host();
        self.public_url.as_ref().or((!is_cloud).then_some(&self.base_url))
    }
}

fn check_address(address: &Url) -> Result<(), InvalidConfig> {
    if !matches!(address.scheme(), "https" | "http") || address.host_str().is_none() {
        return Err(InvalidConfig("the base URL, or the public one, is not an http address"));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(InvalidConfig("the base URL, or the public one, carries credentials"));
    }
    if address.query().is_some() || address.fragment().is_some() {
        return Err(InvalidConfig("the base URL, or the public one, carries a query or a fragment"));
    }
    Ok(())
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.base_url.host_str())
            .field("public_host", &self.public_url.as_ref().and_then(Url::host_str))
            .field("integration_id", &self.integration_id)
            .field("webhook_signing_keys", &self.webhook_signing_keys.len())
            .finish_non_exhaustive()
    }
}

/// The configuration cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Nango is not configured: {0}")]
pub struct InvalidConfig(pub(crate) &'static str);

fn cloud() -> Url {
    #[allow(clippy::unwrap_used, reason = "a constant")]
    Url::parse("https://api.nango.dev").unwrap()
}

fn is_integration_id(id: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "~:.@ _-".contains(c);
    !id.trim().is_empty() && id.len() <= 255 && id.chars().all(known)
}

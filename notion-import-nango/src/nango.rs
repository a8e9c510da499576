//! The adapter itself.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use notion_import_core::transport::{Http, SharedClock, SystemClock, Transport};
use notion_import_core::{Namespace, webhook};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use crate::config::{Config, InvalidConfig};
use crate::pause::Pause;
use crate::webhook::{Event, WebhookError, verify};

/// Nango: it runs the OAuth dance and holds the Notion tokens.
///
/// One value serves every tenant. Its account-wide pause is shared by all of them, so make one per API key.
#[derive(Clone)]
pub struct Nango(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub config: Config,
    pub bearer: HeaderValue,
    pub integration: HeaderValue,
    pub pause: Pause,
    pub transport: Arc<dyn Transport>,
    pub clock: SharedClock,
    /// Once Nango has told it.
    pub namespace: OnceCell<Namespace>,
}

impl Nango {
    /// Checks the configuration; it talks to nobody yet.
    ///
    /// # Errors
    /// [`InvalidConfig`] if the configuration cannot work, or this machine cannot speak TLS.
    pub fn new(config: Config) -> Result<Self, InvalidConfig> {
        let http = Http::new().map_err(|_| InvalidConfig("the TLS backend could not be loaded"))?;
        Self::assembled(config, Arc::new(http), Arc::new(SystemClock))
    }

    /// The same, over another transport and clock.
    ///
    /// # Errors
    /// As [`Nango::new`].
    #[doc(hidden)]
    pub fn assembled(
        config: Config,
        transport: Arc<dyn Transport>,
        clock: SharedClock,
    ) -> Result<Self, InvalidConfig> {
        config.check()?;
        let bearer = sensitive(&format!("Bearer {}", config.api_key.expose_secret()))
            .ok_or(InvalidConfig("the API key cannot be sent in a header"))?;
        let integration =
            sensitive(&config.integration_id).ok_or(InvalidConfig("the integration id is not one"))?;
        let (pause, namespace) = (Pause::default(), OnceCell::new());
        Ok(Self(Arc::new(Inner { config, bearer, integration, pause, transport, clock, namespace })))
    }

    /// Checks a webhook's signature and reads it. What belongs to another integration is [`Event::Ignored`]. A webhook that is
    /// refused is logged with the reason.
    ///
    /// # Errors
    /// [`WebhookError`] if it is not signed with one of the configured keys, is no JSON, or forwards what is too old.
    pub fn webhook(&self, raw: &[u8], headers: &HeaderMap) -> Result<Event, WebhookError> {
        let verified = verify(raw, headers, &self.0.config.webhook_signing_keys, self.0.clock.now());
        webhook::tell("nango", verified.as_ref().err());
        Ok(verified?.of_integration(&self.0.config.integration_id))
    }

    /// Tells whether webhooks can be checked. Without a signing key none is accepted, and polling finds everything, only later.
    pub fn takes_webhooks(&self) -> bool {
        !self.0.config.webhook_signing_keys.is_empty()
    }

    /// An address below the base, with each segment percent-encoded. The base's own path stays.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.0.config.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub(crate) fn authorization(&self) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, self.0.bearer.clone())])
    }
}

impl fmt::Debug for Nango {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nango").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// Nango wraps some answers.
#[derive(Deserialize)]
pub(crate) struct Enveloped<T> {
    pub data: T,
}

pub(crate) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

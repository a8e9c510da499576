//! The integration at Nango, and where it stands.

use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use crate::call::Failed;
use crate::nango::{Enveloped, Nango};

/// The integration as Nango describes it.
#[derive(Deserialize)]
pub(crate) struct Integration {
    pub provider: String,
    #[serde(default)]
    pub forward_webhooks: Option<bool>,
    /// Where Notion sends its events: `{Nango's address}/{the environment's id}/{the provider}`.
    #[serde(default)]
    pub webhook_url: Option<Url>,
    /// When it was made.
    #[serde(default)]
    created_at: Option<String>,
}

impl Nango {
    /// Asks for the integration. The key needs a scope for it.
    pub(crate) async fn integration(&self) -> Result<Integration, Failed> {
        let mut url = self.url(&["integrations", &self.0.config.integration_id]);
        url.query_pairs_mut().append_pair("include", "webhook");
        Ok(self.get::<Enveloped<Integration>>(url).await?.data)
    }
}

impl Integration {
    /// Returns what no integration of another environment has: the environment's id, which only that address tells, or where a server
    /// tells no address, the moment at which the integration was made.
    pub fn place(&self) -> Option<String> {
        self.environment().map(|id| id.to_string()).or_else(|| self.created_at.clone())
    }

    fn environment(&self) -> Option<Uuid> {
        let mut segments = self.webhook_url.as_ref()?.path_segments()?.rev();
        segments.nth(1)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_environment_is_known_by_its_id_and_without_one_by_when_the_integration_was_made() {
        let id = "5ed1a1b0-0000-4000-8000-000000000001";
        let made = "2026-01-01T00:00:00.000Z";
        for (address, expected) in [
            (Some(format!("https://api.nango.dev/webhook/{id}/notion")), Some(id)),
            (Some(format!("http://localhost:3003/nango/webhook/{id}/notion")), Some(id)),
            (Some("https://api.nango.dev/webhook/notion".to_owned()), Some(made)),
            (None, Some(made)),
        ] {
            let described =
                serde_json::json!({ "provider": "notion", "webhook_url": address, "created_at": made });
            let integration: Integration = serde_json::from_value(described).unwrap();
            assert_eq!(integration.place().as_deref(), expected, "{address:?}");
        }
        let bare: Integration = serde_json::from_str(r#"{ "provider": "notion" }"#).unwrap();
        assert_eq!(bare.place(), None);
    }
}

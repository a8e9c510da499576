//! Connect sessions.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use notion_import_core::testing::Answer;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::answer::{Asked, Outcome, Refusal, empty, reply};
use super::stand_in::StandIn;
use super::state::{Session, State};
use super::tags::normalise;

/// How long a link works, and it is not configurable.
const LIFETIME: TimeDelta = TimeDelta::minutes(30);
/// How long the row of a session stays: what was begun in time is finished by it, whatever the clock says.
const KEPT: TimeDelta = TimeDelta::days(1);
/// What every session token begins with.
const PREFIX: &str = "nango_connect_session_";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    tags: Option<Map<String, Value>>,
    end_user: Option<Value>,
    #[serde(rename = "organization")]
    _organization: Option<Value>,
    allowed_integrations: Option<Vec<String>>,
    #[serde(rename = "integrations_config_defaults")]
    _defaults: Option<Value>,
    overrides: Option<Value>,
    #[serde(rename = "webhook_url_override")]
    _webhook: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reconnect {
    connection_id: String,
    integration_id: String,
    tags: Option<Map<String, Value>>,
    #[serde(rename = "end_user")]
    _end_user: Option<Value>,
    #[serde(rename = "organization")]
    _organization: Option<Value>,
    #[serde(rename = "integrations_config_defaults")]
    _defaults: Option<Value>,
    overrides: Option<Value>,
    #[serde(rename = "webhook_url_override")]
    _webhook: Option<String>,
}

impl StandIn {
    pub(super) fn create_session(&self, asked: &Asked, state: &mut State) -> Outcome<Answer> {
        asked.only(&[])?;
        let Create { tags, end_user, allowed_integrations, overrides, .. } = asked.json()?;
        if tags.is_none() && end_user.is_none() {
            return Err(Refusal::invalid("invalid_body", "end_user or tags is required"));
        }
        for (at, id) in allowed_integrations.iter().flatten().enumerate() {
            if *id != self.settings().integration_id {
                let path = ["allowed_integrations".to_owned(), at.to_string()];
                let message = "Integration does not exist";
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "invalid_body")
                    .with("errors", json!([{ "code": "custom", "message": message, "path": path }])));
            }
        }
        unpaid(overrides.as_ref())?;
        self.open(asked, state, tags.unwrap_or_default(), None)
    }

    pub(super) fn reconnect_session(&self, asked: &Asked, state: &mut State) -> Outcome<Answer> {
        asked.only(&[])?;
        let Reconnect { connection_id, integration_id, tags, overrides, .. } = asked.json()?;
        unpaid(overrides.as_ref())?;
        let known = integration_id == self.settings().integration_id;
        if !known || !state.connections.contains_key(&connection_id) {
            return Err(Refusal::invalid("invalid_body", "ConnectionID or IntegrationId does not exists"));
        }
        // Without tags it holds none, and the connection will lose its own.
        self.open(asked, state, tags.unwrap_or_default(), Some(connection_id))
    }

    fn open(
        &self,
        asked: &Asked,
        state: &mut State,
        tags: Map<String, Value>,
        renews: Option<String>,
    ) -> Outcome<Answer> {
        let token = format!("{PREFIX}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let now = self.now();
        state.sessions.retain(|_, session| session.expires_at + KEPT > now);
        let expires_at = now + LIFETIME;
        let session = Session { tags: normalise(&tags)?, renews, expires_at, under_way: 0 };
        state.sessions.insert(token.clone(), session);
        let link = self.link(asked, &token);
        let expires_at = wire(expires_at);
        let data = json!({ "token": token, "connect_link": link, "expires_at": expires_at });
        Ok(reply(StatusCode::CREATED, &json!({ "data": data })))
    }

    fn link(&self, asked: &Asked, token: &str) -> String {
        let origin = match &self.settings().origin {
            Some(origin) => origin.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", asked.header("host").unwrap_or("localhost")),
        };
        format!("{origin}/connect-ui/?session_token={token}")
    }

    /// The session that authorises its own reading and closing.
    pub(super) fn own_session(&self, asked: &Asked, state: &mut State) -> Outcome<Answer> {
        let token =
            asked.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        if !token.starts_with(PREFIX) {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "invalid_connect_session_token_format"));
        }
        let Some(session) = state.session(&token, self.now()) else {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "unknown_connect_session_token"));
        };
        asked.only(&[])?;
        if asked.method == http::Method::DELETE {
            state.sessions.remove(&token);
            return Ok(empty(StatusCode::NO_CONTENT));
        }
        let mut data = json!({
            "endUser": null, "allowed_integrations": [&self.settings().integration_id],
            "connectUISettings": { "showWatermark": true, "defaultTheme": "system" }, "websocketsPath": "/",
        });
        if session.renews.is_some() {
            data["isReconnecting"] = true.into();
        }
        Ok(reply(StatusCode::OK, &json!({ "data": data })))
    }
}

/// The token in a connect link.
pub(super) fn token_of(link: &Url) -> Option<String> {
    link.query_pairs().find(|(name, _)| name == "session_token").map(|(_, token)| token.into_owned())
}

/// A time as Nango writes it in sessions.
fn wire(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn unpaid(overrides: Option<&Value>) -> Outcome<()> {
    match overrides {
        Some(_) => {
            Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden").saying("Overrides are a paid feature"))
        }
        None => Ok(()),
    }
}

//! Connect sessions.

use std::collections::BTreeMap;

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
    end_user: Option<EndUser>,
    organization: Option<Organization>,
    allowed_integrations: Option<Vec<String>>,
    #[serde(rename = "integrations_config_defaults")]
    _defaults: Option<BTreeMap<String, Defaults>>,
    overrides: Option<BTreeMap<String, Overridden>>,
    webhook_url_override: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reconnect {
    connection_id: String,
    integration_id: String,
    tags: Option<Map<String, Value>>,
    end_user: Option<EndUser>,
    organization: Option<Organization>,
    #[serde(rename = "integrations_config_defaults")]
    _defaults: Option<BTreeMap<String, Defaults>>,
    overrides: Option<BTreeMap<String, Overridden>>,
    webhook_url_override: Option<String>,
}

/// What tags have replaced.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndUser {
    id: String,
    email: Option<String>,
    display_name: Option<String>,
    tags: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Organization {
    id: String,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    #[serde(rename = "user_scopes")]
    _user_scopes: Option<String>,
    #[serde(rename = "authorization_params")]
    _authorization_params: Option<Map<String, Value>>,
    #[serde(rename = "connection_config")]
    _connection_config: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overridden {
    docs_connect: Option<String>,
}

impl StandIn {
    pub(super) fn create_session(&self, asked: &Asked, state: &mut State) -> Outcome<Answer> {
        asked.only(&[])?;
        let asks: Create = asked.json()?;
        if asks.tags.is_none() && asks.end_user.is_none() {
            let message = "Invalid input: expected object, received undefined";
            return Err(Refusal::validation("invalid_body", message, &["end_user"]));
        }
        for (at, id) in asks.allowed_integrations.iter().flatten().enumerate() {
            if *id != self.settings().integration_id {
                let path = ["allowed_integrations", &at.to_string()];
                return Err(Refusal::validation("invalid_body", "Integration does not exist", &path));
            }
        }
        unpaid(asks.overrides.as_ref())?;
        check_webhook(asks.webhook_url_override.as_deref())?;
        self.open(asked, state, tags(asks.tags, asks.end_user, asks.organization), None)
    }

    pub(super) fn reconnect_session(&self, asked: &Asked, state: &mut State) -> Outcome<Answer> {
        asked.only(&[])?;
        let asks: Reconnect = asked.json()?;
        unpaid(asks.overrides.as_ref())?;
        check_webhook(asks.webhook_url_override.as_deref())?;
        let known = asks.integration_id == self.settings().integration_id;
        if !known || !state.connections.contains_key(&asks.connection_id) {
            return Err(Refusal::invalid("invalid_body", "ConnectionID or IntegrationId does not exists"));
        }
        // Without tags it holds none, and the connection will lose its own.
        let tags = tags(asks.tags, asks.end_user, asks.organization);
        self.open(asked, state, tags, Some(asks.connection_id))
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

fn unpaid(overrides: Option<&BTreeMap<String, Overridden>>) -> Outcome<()> {
    match overrides.is_some_and(|all| all.values().any(|one| one.docs_connect.is_some())) {
        true => Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden").saying("Overrides are a paid feature")),
        false => Ok(()),
    }
}

/// Nothing is sent to this machine or to Nango itself; an empty one is for nowhere.
fn check_webhook(url: Option<&str>) -> Outcome<()> {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(()) };
    let host = Url::parse(url).ok().filter(|url| url.scheme().starts_with("http"));
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    let is_refused = |host: &str| {
        host == "localhost"
            || host.starts_with("127.")
            || host.starts_with("10.")
            || host.ends_with(".nango.dev")
    };
    match host.filter(|host| !is_refused(host)) {
        Some(_) => Ok(()),
        None => Err(Refusal::validation("invalid_body", "Invalid URL", &["webhook_url_override"])),
    }
}

/// Those that are sent win over those that a person or an organization stands for.
fn tags(
    tags: Option<Map<String, Value>>,
    person: Option<EndUser>,
    organization: Option<Organization>,
) -> Map<String, Value> {
    let mut all = Map::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value.into());
        }
    };
    if let Some(Organization { id, display_name }) = organization {
        add("organization_id", Some(id));
        add("organization_display_name", display_name);
    }
    if let Some(EndUser { id, email, display_name, tags }) = person {
        add("end_user_id", Some(id));
        add("end_user_email", email);
        add("end_user_display_name", display_name);
        all.extend(tags.unwrap_or_default());
    }
    all.extend(tags.unwrap_or_default());
    all
}

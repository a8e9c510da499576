//! Connections: read, listed, deleted.

use std::cmp::Reverse;

use http::StatusCode;
use notion_import_core::testing::Answer;
use serde_json::{Value, json};

use super::answer::{Asked, Outcome, Refusal, reply};
use super::gate::lacks;
use super::hook::Hook;
use super::settings::scope;
use super::stand_in::StandIn;
use super::state::{Connection, Refresh, State};
use super::tags::is_key;

impl StandIn {
    pub(super) fn get_connection(&self, asked: &Asked, id: &str, state: &mut State) -> Outcome<Answer> {
        asked.only(&[
            "provider_config_key",
            "force_refresh",
            "refresh_token",
            "refresh_github_app_jwt_token",
        ])?;
        let force = asked.flag("force_refresh")?;
        let wants_more = asked.flag("refresh_token")? || force;
        asked.flag("refresh_github_app_jwt_token")?;
        let secrets = self.settings().scopes.contains(scope::CREDENTIALS);
        if !secrets && wants_more {
            return Err(lacks(scope::CREDENTIALS));
        }
        self.integration_of(asked)?;
        let Some(found) = state.connections.get_mut(id) else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found").saying("Failed to find connection"));
        };
        // A key that does not see credentials renews none.
        if secrets {
            found.renewed(force)?;
        }
        Ok(reply(StatusCode::OK, &self.described(id, found, secrets)))
    }

    pub(super) fn list_connections(&self, asked: &Asked, state: &State) -> Outcome<Answer> {
        let mut tags = Vec::new();
        let mut limit = 10_000;
        let mut page = 0;
        let mut integrations = None;
        let mut named = None;
        let number = |value: &str| value.parse().map_err(|_| invalid_query(value));
        for (name, value) in asked.pairs() {
            match name.as_str() {
                "limit" => {
                    limit = number(&value).and_then(|n| {
                        if (1..=2000).contains(&n) { Ok(n) } else { Err(invalid_query("limit")) }
                    })?
                }
                "page" => page = number(&value)?,
                "integrationId" => integrations = Some(value),
                "connectionId" => named = Some(value),
                "endUserId" => tags.push(("end_user_id".to_owned(), value)),
                "endUserOrganizationId" => tags.push(("organization_id".to_owned(), value)),
                // Not asked by any client here, so not filtered by.
                "search" => return Err(invalid_query("search is not stood in for")),
                _ => match name.strip_prefix("tags[").and_then(|rest| rest.strip_suffix(']')) {
                    Some(key) if !is_key(key) => {
                        return Err(Refusal::validation(
                            "invalid_query_params",
                            "Invalid tag key",
                            &["tags", key],
                        ));
                    }
                    Some(key) => tags.push((key.to_ascii_lowercase(), value)),
                    None => return Err(invalid_query(&name)),
                },
            }
        }
        let ours =
            integrations.is_none_or(|ids| ids.split(',').any(|id| id == self.settings().integration_id));
        let fits = |found: &Connection| tags.iter().all(|(key, value)| found.tags.get(key) == Some(value));
        let asked_for = |id: &String| named.as_ref().is_none_or(|named| named == id);
        let all = state.connections.iter();
        let mut found: Vec<_> = all.filter(|(id, found)| ours && asked_for(id) && fits(found)).collect();
        found.sort_by_key(|(_, found)| Reverse(found.number));
        let listed = found.into_iter().skip(limit * page).take(limit);
        let listed: Vec<Value> = listed.map(|(id, found)| self.listed(id, found)).collect();
        Ok(reply(StatusCode::OK, &json!({ "connections": listed })))
    }

    pub(super) fn delete_connection(&self, asked: &Asked, id: &str, state: &mut State) -> Outcome<Answer> {
        asked.only(&["provider_config_key"])?;
        self.integration_of(asked)?;
        let Some(gone) = state.connections.remove(id) else {
            let message =
                "No connection matching the provided params of 'connection_id' and 'provider_config_key'.";
            return Err(Refusal::invalid("unknown_connection", message));
        };
        if self.settings().tell_deletions {
            self.send_later(Hook::auth("deletion", id, &gone.tags));
        }
        Ok(reply(StatusCode::OK, &json!({ "success": true })))
    }

    pub(super) fn list_integrations(&self, asked: &Asked) -> Outcome<Answer> {
        asked.only(&[])?;
        Ok(reply(StatusCode::OK, &json!({ "data": [self.integration()] })))
    }

    pub(super) fn get_integration(&self, asked: &Asked, id: &str) -> Outcome<Answer> {
        asked.only(&["include"])?;
        if id != self.settings().integration_id {
            let message = format!("Integration \"{id}\" does not exist");
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found").saying(&message));
        }
        let mut data = self.integration();
        match asked.parameter("include").as_deref() {
            None => {}
            Some("webhook") => data["webhook_url"] = self.events_url(id).into(),
            Some(_) => {
                return Err(Refusal::validation("invalid_query_params", "Invalid option", &["include", "0"]));
            }
        }
        Ok(reply(StatusCode::OK, &json!({ "data": data })))
    }

    fn integration(&self) -> Value {
        json!({
            "unique_key": self.settings().integration_id, "provider": "notion", "display_name": "Notion",
            "logo": "/images/notion.svg", "forward_webhooks": true,
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
        })
    }

    /// Where Notion would send its events.
    fn events_url(&self, id: &str) -> String {
        format!("https://api.nango.dev/webhook/{}/{id}", self.settings().environment_id)
    }

    fn integration_of(&self, asked: &Asked) -> Outcome<()> {
        let Some(key) = asked.parameter("provider_config_key") else {
            let message = "Invalid input: expected string, received undefined";
            return Err(Refusal::validation("invalid_query_params", message, &["provider_config_key"]));
        };
        if key != self.settings().integration_id {
            return Err(Refusal::invalid("unknown_provider_config", "Provider does not exists"));
        }
        Ok(())
    }

    fn described(&self, id: &str, found: &Connection, secrets: bool) -> Value {
        let raw = json!({
            "access_token": found.token, "token_type": "bearer", "bot_id": found.bot, "workspace_id": found.workspace,
        });
        let credentials = json!({ "type": "OAUTH2", "access_token": found.token, "raw": raw });
        let mut described = self.listed(id, found);
        if let Some(fields) = described.as_object_mut() {
            fields.remove("created");
        }
        described["connection_config"] = json!({ "workspace_id": found.workspace });
        described["webhook_url_override"] = Value::Null;
        described["created_at"] = found.created_at.to_rfc3339().into();
        described["updated_at"] = found.updated_at.to_rfc3339().into();
        described["last_fetched_at"] = Value::Null;
        described["credentials"] = if secrets { credentials } else { json!({}) };
        described
    }

    fn listed(&self, id: &str, found: &Connection) -> Value {
        json!({
            "id": found.number, "connection_id": id, "provider_config_key": self.settings().integration_id,
            "provider": "notion", "errors": found.errors(), "end_user": null, "tags": found.tags, "metadata": null,
            "created": found.created_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, false),
        })
    }
}

fn invalid_query(what: &str) -> Refusal {
    Refusal::validation("invalid_query_params", what, &[])
}

impl Connection {
    /// Renews what is due, or fails to, as whoever reads credentials is told.
    fn renewed(&mut self, force: bool) -> Outcome<()> {
        let (status, message) = match self.refresh {
            Refresh::Works => {
                if let Some(next) = self.next_token.take_if(|_| force) {
                    self.token = next;
                }
                return Ok(());
            }
            Refresh::Fails => (StatusCode::BAD_REQUEST, FAILED),
            Refresh::BacksOff => (StatusCode::FAILED_DEPENDENCY, BACKS_OFF),
            Refresh::Exhausted => (StatusCode::FAILED_DEPENDENCY, EXHAUSTED),
        };
        Err(Refusal::new(status, "invalid_credentials").saying(message).with("payload", json!({})))
    }

    /// The same, as the proxy says it.
    pub(super) fn proxied(&self) -> Outcome<()> {
        let quoted = |status, message: &str| {
            let message = format!("Failed to get connection credentials: '{message}'");
            Err(Refusal::new(status, "server_error").saying(&message))
        };
        match self.refresh {
            Refresh::Works => Ok(()),
            Refresh::Fails => quoted(StatusCode::BAD_REQUEST, FAILED),
            Refresh::BacksOff => {
                Err(Refusal::new(StatusCode::FAILED_DEPENDENCY, "connection_refresh_backoff")
                    .saying(BACKS_OFF))
            }
            Refresh::Exhausted => quoted(StatusCode::FAILED_DEPENDENCY, EXHAUSTED),
        }
    }

    fn errors(&self) -> Value {
        match self.refresh {
            Refresh::Works => json!([]),
            Refresh::Fails | Refresh::BacksOff | Refresh::Exhausted => {
                json!([{ "type": "auth", "log_id": "log-1" }])
            }
        }
    }
}

const FAILED: &str =
    "The external API returned an error when trying to refresh the access token. Please try again later.";
const BACKS_OFF: &str = "A recent refresh attempt failed. Backing off before retrying.";
const EXHAUSTED: &str =
    "The maximum number of refresh attempts has been reached. The connection has to be reconnected.";

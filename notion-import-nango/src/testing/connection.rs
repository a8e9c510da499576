//! Connections: read, listed, deleted.

use std::cmp::Reverse;

use http::StatusCode;
use notion_import_core::testing::Answer;
use serde_json::{Value, json};

use super::answer::{Asked, Outcome, Refusal, reply};
use super::hook::Hook;
use super::settings::scope;
use super::stand_in::StandIn;
use super::state::{Connection, State};

impl StandIn {
    pub(super) fn get_connection(&self, asked: &Asked, id: &str, state: &State) -> Outcome<Answer> {
        asked.only(&["provider_config_key", "force_refresh", "refresh_token"])?;
        let secrets = self.settings().scopes.contains(scope::CREDENTIALS);
        let wants = |name| asked.parameter(name).is_some_and(|value| matches!(value.as_str(), "true" | "1"));
        if !secrets && (wants("force_refresh") || wants("refresh_token")) {
            let message = format!("Insufficient scope. Required: {}", scope::CREDENTIALS);
            return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden").saying(&message));
        }
        self.integration_of(asked)?;
        let Some(found) = state.connections.get(id) else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found").saying("Failed to find connection"));
        };
        Ok(reply(StatusCode::OK, &self.described(id, found, secrets)))
    }

    pub(super) fn list_connections(&self, asked: &Asked, state: &State) -> Outcome<Answer> {
        let mut tags = Vec::new();
        let mut limit = 10_000;
        let mut page = 0;
        let mut integrations = None;
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
                // Not asked by any client here, so not filtered by.
                "connectionId" | "search" | "endUserId" | "endUserOrganizationId" => {
                    return Err(invalid_query("not stood in for"));
                }
                _ => match name.strip_prefix("tags[").and_then(|rest| rest.strip_suffix(']')) {
                    Some(key) => tags.push((key.to_ascii_lowercase(), value)),
                    None => return Err(invalid_query(&name)),
                },
            }
        }
        let ours =
            integrations.is_none_or(|ids| ids.split(',').any(|id| id == self.settings().integration_id));
        let fits = |found: &Connection| tags.iter().all(|(key, value)| found.tags.get(key) == Some(value));
        let mut found: Vec<_> = state.connections.iter().filter(|(_, found)| ours && fits(found)).collect();
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

    pub(super) fn get_integration(&self, id: &str) -> Outcome<Answer> {
        if id != self.settings().integration_id {
            let message = format!("Integration \"{id}\" does not exist");
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found").saying(&message));
        }
        let data = json!({
            "unique_key": id, "provider": "notion", "display_name": "Notion", "logo": "/images/notion.svg",
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
        });
        Ok(reply(StatusCode::OK, &json!({ "data": data })))
    }

    fn integration_of(&self, asked: &Asked) -> Outcome<()> {
        let Some(key) = asked.parameter("provider_config_key") else {
            return Err(invalid_query("provider_config_key"));
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
            "provider": "notion", "errors": [], "end_user": null, "tags": found.tags, "metadata": null,
            "created": found.created_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, false),
        })
    }
}

fn invalid_query(what: &str) -> Refusal {
    Refusal::invalid("invalid_query_params", what)
}

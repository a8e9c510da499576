//! The versions of Notion's API: the latest is the world's own, and what older ones say is told from that.

use serde_json::{Value, json};

use super::object::{Kind, Node};
use super::reply::{Outcome, Refusal};
use super::retrieve::Ask;
use super::route::Call;
use super::state::State;

/// Which of the versions a request asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// A database is the table.
    June2022,
    /// A database holds data sources.
    September2025,
    /// Nothing is called archived that is in the trash.
    March2026,
}

impl Version {
    pub fn of(call: &Call) -> Outcome<Self> {
        match call.header("notion-version") {
            Some("2022-06-28") => Ok(Self::June2022),
            Some("2025-09-03") => Ok(Self::September2025),
            Some("2026-03-11") => Ok(Self::March2026),
            Some(other) => {
                let message = format!(
                    "Notion-Version header should be `2022-06-28`, `2025-09-03` or `2026-03-11` in this world, instead was `{other}`."
                );
                Err(Refusal::invalid(message).violation())
            }
            None => {
                let message =
                    "Notion-Version header failed validation: Notion-Version header should be defined.";
                Err(Refusal::new(http::StatusCode::BAD_REQUEST, "missing_version", message).violation())
            }
        }
    }

    pub const fn is_latest(self) -> bool {
        match self {
            Self::March2026 => true,
            Self::June2022 | Self::September2025 => false,
        }
    }

    pub const fn has_data_sources(self) -> bool {
        match self {
            Self::June2022 => false,
            Self::September2025 | Self::March2026 => true,
        }
    }

    /// The word of this version for what search calls a data source.
    pub const fn table(self) -> &'static str {
        if self.has_data_sources() { "data_source" } else { "database" }
    }

    /// Says it in this version's words, whatever it is in.
    pub fn tell(self, value: &mut Value) {
        if self.is_latest() {
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.tell(item)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.tell(field));
                self.tell_object(value);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn tell_object(self, object: &mut Value) {
        if object["object"].is_string() && object["in_trash"].is_boolean() {
            object["archived"] = object["in_trash"].clone();
        }
        if object["object"] == "block" && object["type"] == "meeting_notes" {
            object["type"] = json!("transcription");
            object["transcription"] = take(object, "meeting_notes");
        }
        if self.has_data_sources() {
            return;
        }
        if object["object"] == "data_source" {
            object["object"] = json!("database");
            object["id"] = object["parent"]["database_id"].clone();
            object["parent"] = take(object, "database_parent");
        }
        if object["type"] == "data_source_id" {
            take(object, "data_source_id");
            object["type"] = json!("database_id");
        }
        if object["type"] == "page_or_data_source" {
            object["type"] = json!("page_or_database");
            object["page_or_database"] = take(object, "page_or_data_source");
        }
    }
}

fn take(object: &mut Value, field: &str) -> Value {
    object.as_object_mut().and_then(|fields| fields.remove(field)).unwrap_or_default()
}

impl State {
    /// The data source that an old version means by a database.
    pub fn only_source(&self, ask: &Ask<'_>, id: &str) -> Outcome<&Node> {
        let database = self.find(ask, id, "database")?;
        if !matches!(database.kind, Kind::Database(_)) {
            return Err(self.wrong_kind(database, "database"));
        }
        let mut sources = self.living(database);
        match (sources.next(), sources.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Refusal::missing("database", id)),
            (Some(_), Some(_)) => {
                let error = "multiple_data_sources_for_database";
                let message = "Databases with multiple data sources are not supported in this API version.";
                let more = json!({"error_type": error, "minimum_api_version": "2025-09-03"});
                Err(Refusal::invalid(message).additional(more))
            }
        }
    }
}

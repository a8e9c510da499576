//! Views: `GET /v1/views` lists those of a database or a data source, `GET /v1/views/{id}` gives one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::column::Column;
use super::list::{Listing, Window};
use super::object::Kind;
use super::reply::{Outcome, Refusal};
use super::retrieve::Ask;
use super::state::State;
use crate::id::NotionId;

/// A view of a database.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct View {
    pub id: NotionId,
    pub database: NotionId,
    /// A dashboard has none.
    pub source: Option<NotionId>,
    /// What of it is not as when it was made: `name`, `type`, `filter`, `sorts`, `quick_filters` and `configuration`.
    pub about: Value,
}

impl State {
    pub fn add_view(&mut self, database: NotionId, source: Option<NotionId>, mut about: Value) -> NotionId {
        let columns = source.map(|source| self.schema(source)).unwrap_or_default();
        name_by_id(&mut about, &columns);
        // Of a sequence of its own: what is made beside views keeps its id.
        let id = self.uuid("view", self.views.len() as u64 + 1);
        self.views.push(View { id, database, source, about });
        id
    }

    pub fn list_views(&self, ask: &Ask<'_>) -> Outcome {
        ask.call.only_parameters(&["database_id", "data_source_id", "page_size", "start_cursor"])?;
        let window = Window::of_query(ask.call)?;
        let sent =
            |name: &str| ask.call.query.iter().find(|(sent, _)| sent == name).map(|(_, id)| id.as_str());
        let (of, is_database) = match (sent("database_id"), sent("data_source_id")) {
            (Some(id), None) => (self.find(ask, id, "database")?, true),
            (None, Some(id)) => (self.find(ask, id, "data source")?, false),
            _ => {
                let message =
                    "query failed validation: either database_id or data_source_id should be defined.";
                return Err(Refusal::invalid(message).violation());
            }
        };
        let is_of = |view: &&View| match is_database {
            true => view.database == of.id,
            false => view.source == Some(of.id),
        };
        let items: Vec<&View> = self.views.iter().filter(is_of).collect();
        let listing = Listing { key: &format!("views {}", of.id), kind: "view", items };
        self.page_of_list(&listing, &window, |view| json!({"object": "view", "id": view.id}))
    }

    pub fn retrieve_view(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&[])?;
        let known = id.parse().ok().and_then(|id: NotionId| self.views.iter().find(|view| view.id == id));
        let view = known.filter(|view| self.sees(ask.grant, view.database));
        let view = view.ok_or_else(|| Refusal::missing("view", id))?;
        let kind = view.about["type"].as_str().unwrap_or("table");
        let name = view.about["name"].as_str().unwrap_or("View");
        if kind == "feed" {
            return Err(Refusal::invalid("Unsupported view type"));
        }
        let mut object = json!({
            "object": "view", "id": view.id, "parent": {"type": "database_id", "database_id": view.database},
            "data_source_id": view.source, "name": name, "type": kind, "filter": view.about["filter"],
            "sorts": view.about["sorts"], "configuration": view.about["configuration"],
        });
        if let Some(filters) = view.about.get("quick_filters") {
            object["quick_filters"] = filters.clone();
        }
        if view.about.get("configuration").is_none() && kind != "dashboard" {
            let columns = view.source.map(|source| self.schema(source)).unwrap_or_default();
            let all = columns.iter().map(|column| json!({"property_id": column.id, "visible": true}));
            object["configuration"] = json!({"properties": all.collect::<Vec<_>>()});
        }
        Ok(object)
    }

    fn schema(&self, source: NotionId) -> Vec<Column> {
        match &self.peek(source).kind {
            Kind::DataSource { columns, .. } => columns.clone(),
            Kind::Page(_) | Kind::Database(_) | Kind::Block(_) => panic!("{source} is no data source"),
        }
    }
}

/// Properties are given by name, and Notion names them by id.
fn name_by_id(about: &mut Value, columns: &[Column]) {
    match about {
        Value::Object(fields) => {
            for (name, value) in fields {
                let named = (name == "property_id" || name == "property").then(|| value.as_str()).flatten();
                match named.and_then(|named| columns.iter().find(|column| column.name == named)) {
                    Some(column) => *value = json!(column.id),
                    None => name_by_id(value, columns),
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| name_by_id(part, columns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

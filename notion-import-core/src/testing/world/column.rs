//! Columns of a data source, and the values in them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::object::{Kind, Node};
use super::state::{State, wire};

/// A property of a data source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, such as `select`.
    pub kind: String,
    /// What the schema says under the type's key.
    pub config: Value,
    /// Its id; empty until a world gives it one.
    pub(super) id: String,
}

impl From<(&str, &str)> for Column {
    fn from((name, kind): (&str, &str)) -> Self {
        let id = if kind == "title" { "title".to_owned() } else { String::new() };
        Self { name: name.to_owned(), kind: kind.to_owned(), config: json!({}), id }
    }
}

impl Column {
    /// Sets what the schema says under the type's key, such as a select's options.
    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    pub(super) fn is_title(&self) -> bool {
        self.kind == "title"
    }

    /// Whether a name or an id, escaped or not, means this column.
    pub(super) fn answers_to(&self, wanted: &str) -> bool {
        let unescaped = self.id.replace("%3A", ":").replace("%40", "@").replace("%3B", ";");
        wanted == self.id || wanted == unescaped || wanted == self.name
    }

    pub(super) fn schema(&self) -> Value {
        let mut schema = json!({"id": self.id, "name": self.name, "type": self.kind, "description": null});
        schema[&self.kind] = self.config.clone();
        if self.kind == "number" && schema["number"]["format"].is_null() {
            schema["number"] = json!({"format": "number"});
        }
        schema
    }

    /// Whether the page object shows only so many of its items.
    pub(super) fn is_listed(&self) -> bool {
        matches!(self.kind.as_str(), "title" | "rich_text" | "relation" | "people")
    }
}

impl State {
    /// An id as short and as awkward in URLs as Notion's are.
    pub fn property_id(&self, name: &str) -> String {
        let digest = hex::encode(self.digest(&["property", name]));
        let awkward = ["%3A", "%40", "%3B"][usize::from(digest.as_bytes()[0]) % 3];
        format!("{}{awkward}{}", &digest[1..3], &digest[3..4])
    }

    /// A page's value in a column, whole.
    pub fn value(&self, page: &Node, column: &Column) -> Value {
        let Kind::Page(content) = &page.kind else { return Value::Null };
        let owner = self.workspaces.get(&page.workspace).map(|workspace| workspace.owner);
        match column.kind.as_str() {
            "created_time" => json!(wire(page.created)),
            "last_edited_time" => json!(wire(page.edited)),
            "created_by" | "last_edited_by" => json!({"object": "user", "id": owner}),
            kind => content.properties.get(&column.name).cloned().unwrap_or_else(|| empty(kind)),
        }
    }
}

fn empty(kind: &str) -> Value {
    match kind {
        "title" | "rich_text" | "multi_select" | "people" | "files" | "relation" => json!([]),
        "checkbox" => json!(false),
        "button" => json!({}),
        "formula" => json!({"type": "string", "string": null}),
        "rollup" => json!({"type": "array", "array": [], "function": "show_original"}),
        _ => Value::Null,
    }
}

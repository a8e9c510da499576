//! Objects as Notion writes them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::column::Column;
use super::object::{Block, Described, Kind, Node, Page, Parent, words};
use super::state::{State, wire};
use crate::id::NotionId;

/// How many items of a property a page object shows.
const SHOWN: usize = 25;

impl State {
    /// The page object, with all its properties or those wanted.
    pub fn page_object(
        &self,
        node: &Node,
        page: &Page,
        wanted: Option<&[Column]>,
        now: DateTime<Utc>,
    ) -> Value {
        if page.withheld {
            return json!({"object": "page", "id": node.id});
        }
        let all = self.columns(node);
        let columns = wanted.unwrap_or(&all);
        let properties = columns.iter().map(|column| (column.name.clone(), self.property(node, column)));
        let mut object = self.envelope("page", node);
        object["properties"] = Value::Object(properties.collect());
        object["is_archived"] = json!(page.archived);
        object["is_locked"] = json!(page.locked);
        object["public_url"] = json!(page.public_url);
        self.dress(&mut object, node, now);
        object
    }

    fn property(&self, node: &Node, column: &Column) -> Value {
        let mut property = json!({"id": column.id, "type": column.kind});
        let mut value = self.value(node, column);
        if let (true, Some(items)) = (column.is_listed(), value.as_array_mut()) {
            if column.kind == "relation" {
                property["has_more"] = json!(items.len() > SHOWN);
            }
            items.truncate(SHOWN);
        }
        if column.kind == "rollup" {
            roll_up_the_shown(&mut value);
        }
        property[&column.kind] = value;
        property
    }

    /// The container: what it is called and which data sources it has, but no schema.
    pub fn database_object(&self, node: &Node, about: &Described, now: DateTime<Utc>) -> Value {
        let sources =
            self.living(node).map(|source| json!({"id": source.id, "name": words(&self.title(source))}));
        let mut object = self.envelope("database", node);
        object["data_sources"] = Value::Array(sources.collect());
        object["is_locked"] = json!(false);
        self.describe(&mut object, node, about, now);
        object
    }

    /// The data source with its schema.
    pub fn data_source_object(
        &self,
        node: &Node,
        about: &Described,
        columns: &[Column],
        now: DateTime<Utc>,
    ) -> Value {
        let schema = columns.iter().map(|column| (column.name.clone(), column.schema()));
        let container = match node.parent {
            Parent::Within(database) => self.nodes.get(&database),
            Parent::Workspace => None,
        };
        let mut object = self.envelope("data_source", node);
        object["properties"] = Value::Object(schema.collect());
        object["database_parent"] = container.map_or(Value::Null, |database| self.parent(database));
        self.describe(&mut object, node, about, now);
        object
    }

    fn describe(&self, object: &mut Value, node: &Node, about: &Described, now: DateTime<Utc>) {
        object["title"] = about.title.clone();
        object["description"] = about.description.clone();
        object["is_inline"] = json!(about.inline);
        object["public_url"] = Value::Null;
        self.dress(object, node, now);
    }

    /// Any node as a block; a page is `child_page`, a database `child_database`.
    pub fn block_object(&self, node: &Node, now: DateTime<Utc>) -> Value {
        let (kind, mut payload) = match &node.kind {
            Kind::Page(_) => ("child_page", json!({"title": words(&self.title(node))})),
            Kind::Database(about) => ("child_database", json!({"title": words(&about.title)})),
            Kind::DataSource { about, .. } => ("unsupported", json!({"block_type": words(&about.title)})),
            Kind::Block(block) => (block.kind.as_str(), block.payload.clone()),
        };
        self.sign_within(&mut payload, now);
        let mut object = self.envelope("block", node);
        object["type"] = json!(kind);
        object["has_children"] = json!(self.has_children(node));
        object[kind] = payload;
        object
    }

    fn has_children(&self, node: &Node) -> bool {
        match &node.kind {
            Kind::Page(_) => self.living(node).next().is_some(),
            Kind::Database(_) | Kind::DataSource { .. } => false,
            Kind::Block(block) => {
                self.listed(node).next().is_some()
                    || original(block)
                        .and_then(|id| self.nodes.get(&id))
                        .is_some_and(|from| self.living(from).next().is_some())
            }
        }
    }

    fn envelope(&self, object: &str, node: &Node) -> Value {
        let owner = self.workspaces.get(&node.workspace).map(|workspace| workspace.owner);
        let user = json!({"object": "user", "id": owner});
        json!({
            "object": object, "id": node.id, "parent": self.parent(node), "in_trash": self.in_trash(node.id),
            "created_time": wire(node.created), "created_by": user.clone(),
            "last_edited_time": wire(node.edited), "last_edited_by": user,
        })
    }

    /// Adds what pages, databases and data sources show around them: icon, cover, URL.
    fn dress(&self, object: &mut Value, node: &Node, now: DateTime<Utc>) {
        object["icon"] = node.icon.clone();
        object["cover"] = node.cover.clone();
        object["url"] = json!(page_url(&words(&self.title(node)), node.id));
        self.sign_within(object, now);
    }

    fn parent(&self, node: &Node) -> Value {
        let Parent::Within(id) = node.parent else { return json!({"type": "workspace", "workspace": true}) };
        let Some(parent) = self.nodes.get(&id) else {
            return json!({"type": "workspace", "workspace": true});
        };
        match &parent.kind {
            Kind::Page(_) => json!({"type": "page_id", "page_id": id}),
            Kind::Block(_) => json!({"type": "block_id", "block_id": id}),
            Kind::Database(_) => json!({"type": "database_id", "database_id": id}),
            Kind::DataSource { .. } => {
                let database = match parent.parent {
                    Parent::Within(database) => Some(database),
                    Parent::Workspace => None,
                };
                json!({"type": "data_source_id", "data_source_id": id, "database_id": database})
            }
        }
    }
}

/// A page rolls up the references that it shows, so that of more than these the result is of the first ones alone.
fn roll_up_the_shown(rollup: &mut Value) {
    if let Some(values) = rollup.get_mut("array").and_then(Value::as_array_mut) {
        values.truncate(SHOWN);
    }
    if rollup["function"] == "count"
        && let Some(number) = rollup.get_mut("number")
    {
        *number = json!(number.as_u64().map(|count| count.min(SHOWN as u64)));
    }
}

/// The block a synced copy copies.
pub(super) fn original(block: &Block) -> Option<NotionId> {
    block.payload["synced_from"]["block_id"].as_str()?.parse().ok()
}

/// The address Notion shows for a page: a slug of its title, and its id.
fn page_url(title: &str, id: NotionId) -> String {
    let slug: Vec<&str> = title.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    let slug: Vec<&str> = slug.into_iter().filter(|word| !word.is_empty()).collect();
    if slug.is_empty() {
        return format!("https://app.notion.com/p/{}", id.simple());
    }
    format!("https://app.notion.com/p/{}-{}", slug.join("-"), id.simple())
}

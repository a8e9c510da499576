//! Reading one object, the blocks in it, or one of its properties.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::column::Column;
use super::grant::Granted;
use super::list::{Listing, Window};
use super::object::{Kind, Node, Page};
use super::render::original;
use super::reply::{Outcome, Refusal};
use super::route::Call;
use super::rules::WrongKind;
use super::state::State;
use super::version::Version;
use crate::id::NotionId;

/// One authorized request.
pub(super) struct Ask<'a> {
    pub call: &'a Call,
    pub grant: &'a Granted,
    pub now: DateTime<Utc>,
    pub version: Version,
}

impl State {
    pub fn retrieve_page(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&["filter_properties", "filter_properties[]"])?;
        let (node, page) = self.find_page(ask, id)?;
        let wanted = self.wanted(ask.call, &self.columns(node))?;
        Ok(self.page_object(node, page, wanted.as_deref(), ask.now))
    }

    pub fn retrieve_property(&self, ask: &Ask<'_>, id: &str, property: &str) -> Outcome {
        ask.call.only_parameters(&["page_size", "start_cursor"])?;
        let (node, _) = self.find_page(ask, id)?;
        let columns = self.columns(node);
        let column = columns.iter().find(|column| column.answers_to(property));
        let column = column.ok_or_else(|| Refusal::missing("property", property))?;
        let mut value = self.value(node, column);
        self.sign_within(&mut value, ask.now);
        match value {
            Value::Array(items) if column.is_listed() => {
                property_list(self, ask, node.id, column, items, json!({}))
            }
            whole if column.kind == "rollup" => rollup_list(self, ask, node.id, column, whole),
            whole => Ok(property_item(column, whole)),
        }
    }

    pub fn retrieve_block(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&[])?;
        Ok(self.block_object(self.find_block(ask, id)?, ask.now))
    }

    pub fn list_children(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&["page_size", "start_cursor"])?;
        let window = Window::of_query(ask.call)?;
        let node = self.find_block(ask, id)?;
        let items = self.listed(self.listed_for(ask, node));
        let items = items.filter(|child| !self.hides(ask.grant, child.id)).collect();
        let listing = Listing { key: &format!("children {}", node.id), kind: "block", items };
        self.page_of_list(&listing, &window, |child| self.block_object(child, ask.now))
    }

    /// Whose children are listed: a synced copy's original's, if that can be seen.
    pub fn listed_for<'a>(&'a self, ask: &Ask<'_>, node: &'a Node) -> &'a Node {
        let Kind::Block(block) = &node.kind else { return node };
        match original(block).and_then(|id| self.nodes.get(&id)) {
            Some(from) if self.rules.copies_list_children && self.sees(ask.grant, from.id) => from,
            Some(_) | None => node,
        }
    }

    pub fn retrieve_database(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&[])?;
        if !ask.version.has_data_sources()
            && let source = self.only_source(ask, id)?
            && let Kind::DataSource { about, columns } = &source.kind
        {
            return Ok(self.data_source_object(source, about, columns, ask.now));
        }
        let node = self.find(ask, id, "database")?;
        match &node.kind {
            Kind::Database(about) => Ok(self.database_object(node, about, ask.now)),
            Kind::Page(_) | Kind::DataSource { .. } | Kind::Block(_) => {
                Err(self.wrong_kind(node, "database"))
            }
        }
    }

    pub fn retrieve_data_source(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&[])?;
        let node = self.find(ask, id, "data source")?;
        match &node.kind {
            Kind::DataSource { about, columns } => Ok(self.data_source_object(node, about, columns, ask.now)),
            Kind::Page(_) | Kind::Database(_) | Kind::Block(_) => Err(self.wrong_kind(node, "data source")),
        }
    }

    /// `GET /v1/users/me`: the bot the token speaks as.
    pub fn me(&self, ask: &Ask<'_>) -> Outcome {
        ask.call.only_parameters(&[])?;
        let workspace = self.workspaces.get(&ask.grant.workspace);
        let owner = json!({"object": "user", "id": workspace.map(|workspace| workspace.owner)});
        Ok(json!({
            "object": "user", "id": ask.grant.bot_id, "name": "Import", "avatar_url": null, "type": "bot",
            "bot": {
                "owner": {"type": "user", "user": owner},
                "workspace_id": ask.grant.workspace,
                "workspace_name": workspace.map(|workspace| workspace.name.as_str()),
                "workspace_limits": {"max_file_upload_size_in_bytes": 5_242_880},
            },
        }))
    }

    /// The object with this id, if there is one and the token sees it.
    pub fn find(&self, ask: &Ask<'_>, id: &str, kind: &str) -> Outcome<&Node> {
        let parsed: NotionId = id.parse().map_err(|_| {
            let place = kind.replace(' ', "_");
            let message = format!(
                "path failed validation: path.{place}_id should be a valid uuid, instead was `{id}`."
            );
            Refusal::invalid(message).violation()
        })?;
        let node = self.nodes.get(&parsed).filter(|node| self.sees(ask.grant, node.id));
        node.ok_or_else(|| Refusal::missing(kind, parsed))
    }

    fn find_page(&self, ask: &Ask<'_>, id: &str) -> Outcome<(&Node, &Page)> {
        let node = self.find(ask, id, "page")?;
        match &node.kind {
            Kind::Page(page) => Ok((node, page)),
            Kind::Database(_) | Kind::DataSource { .. } | Kind::Block(_) => {
                Err(self.wrong_kind(node, "page"))
            }
        }
    }

    pub fn find_block(&self, ask: &Ask<'_>, id: &str) -> Outcome<&Node> {
        let node = self.find(ask, id, "block")?;
        match &node.kind {
            Kind::Page(_) | Kind::Database(_) | Kind::Block(_) => Ok(node),
            Kind::DataSource { .. } => Err(Refusal::missing("block", node.id)),
        }
    }

    pub fn wrong_kind(&self, node: &Node, wanted: &str) -> Refusal {
        match self.rules.wrong_kind {
            WrongKind::NotFound => Refusal::missing(wanted, node.id),
            WrongKind::ValidationError => {
                let is = node.kind.name();
                Refusal::invalid(format!("Provided ID {} is a {is}, not a {wanted}.", node.id))
            }
        }
    }

    /// The columns that `filter_properties` names; `None` if it names none.
    pub fn wanted(&self, call: &Call, columns: &[Column]) -> Outcome<Option<Vec<Column>>> {
        let named = call.query.iter().filter(|(name, _)| name.trim_end_matches("[]") == "filter_properties");
        let wanted: Vec<Column> = named
            .map(|(_, name)| columns.iter().find(|column| column.answers_to(name)).cloned().ok_or(name))
            .collect::<Result<_, _>>()
            .map_err(|name| Refusal::invalid(format!("The property to filter by does not exist: {name}")))?;
        Ok((!wanted.is_empty()).then_some(wanted))
    }
}

fn property_item(column: &Column, value: Value) -> Value {
    let mut item = json!({"object": "property_item", "id": column.id, "type": column.kind});
    item[&column.kind] = value;
    item
}

fn property_list(
    state: &State,
    ask: &Ask<'_>,
    page: NotionId,
    column: &Column,
    items: Vec<Value>,
    about_all: Value,
) -> Outcome {
    let window = Window::of_query(ask.call)?;
    let listing = Listing { key: &format!("property {page} {}", column.id), kind: "property_item", items };
    let mut list = state.page_of_list(&listing, &window, |item| list_item(column, item.clone()))?;
    let next = list["next_cursor"].as_str().map(|cursor| {
        format!("https://api.notion.com/v1/pages/{page}/properties/{}?start_cursor={cursor}", column.id)
    });
    let mut about = json!({"id": column.id, "type": column.kind, "next_url": next});
    about[&column.kind] = about_all;
    list["property_item"] = about;
    Ok(list)
}

/// One of many values of a property. What is rolled up is of another type than the property, and of text one run at a time.
fn list_item(column: &Column, value: Value) -> Value {
    if column.kind != "rollup" {
        return property_item(column, value);
    }
    let mut item = value;
    item["object"] = json!("property_item");
    item["id"] = json!("rolled");
    for kind in ["title", "rich_text", "people", "relation"] {
        if let Some(first) = item.get(kind).and_then(|values| values.get(0)).cloned() {
            item[kind] = first;
        }
    }
    item
}

/// A roll-up: its values in the list, and what comes of them beside it, which of a list are none.
fn rollup_list(state: &State, ask: &Ask<'_>, page: NotionId, column: &Column, rollup: Value) -> Outcome {
    let mut about_all = rollup;
    let items = match about_all.get_mut("array").and_then(Value::as_array_mut) {
        Some(values) => std::mem::take(values),
        None => Vec::new(),
    };
    property_list(state, ask, page, column, items, about_all)
}

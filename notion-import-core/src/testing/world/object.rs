//! What a workspace is made of: pages, databases, data sources and blocks, in one tree.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::Column;
use super::state::State;
use crate::id::NotionId;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Node {
    pub id: NotionId,
    /// Its place in the order things were made.
    pub age: u64,
    pub workspace: NotionId,
    pub parent: Parent,
    /// What is in it, in order, the trashed among them.
    pub children: Vec<NotionId>,
    pub created: DateTime<Utc>,
    pub edited: DateTime<Utc>,
    pub in_trash: bool,
    pub icon: Value,
    pub cover: Value,
    pub kind: Kind,
    /// What search has been told about it, oldest first.
    pub entries: Vec<Entry>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum Parent {
    Workspace,
    Within(NotionId),
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Kind {
    Page(Page),
    Database(Described),
    DataSource { about: Described, columns: Vec<Column> },
    Block(Block),
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Page {
    /// Payloads by property name; what is absent has the empty value of its type.
    pub properties: BTreeMap<String, Value>,
    pub archived: bool,
    /// Whether nothing but its id is given.
    #[serde(default)]
    pub withheld: bool,
    pub locked: bool,
    pub public_url: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Described {
    pub title: Value,
    pub description: Value,
    pub inline: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Block {
    pub kind: String,
    pub payload: Value,
}

/// One state of an object as search knows it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When the edit happened, to the millisecond; the search lag counts from here.
    pub at: DateTime<Utc>,
    pub title: Value,
    pub edited: DateTime<Utc>,
    pub in_trash: bool,
}

impl Kind {
    /// The name of the kind in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Page(_) => "page",
            Self::Database(_) => "database",
            Self::DataSource { .. } => "data source",
            Self::Block(_) => "block",
        }
    }
}

impl State {
    /// The columns a page's properties go by: its data source's, or the title alone.
    pub fn columns(&self, page: &Node) -> Vec<Column> {
        let source = match page.parent {
            Parent::Within(parent) => self.nodes.get(&parent),
            Parent::Workspace => None,
        };
        match source.map(|node| &node.kind) {
            Some(Kind::DataSource { columns, .. }) => columns.clone(),
            Some(Kind::Page(_) | Kind::Database(_) | Kind::Block(_)) | None => {
                vec![Column::from(("title", "title"))]
            }
        }
    }

    /// The name of the property that holds a page's title.
    pub fn title_name(&self, page: &Node) -> String {
        let columns = self.columns(page);
        columns.into_iter().find(Column::is_title).map_or_else(|| "title".to_owned(), |column| column.name)
    }

    /// The rich text an object is called by.
    pub fn title(&self, node: &Node) -> Value {
        match &node.kind {
            Kind::Page(page) => page
                .properties
                .get(&self.title_name(node))
                .cloned()
                .unwrap_or_else(|| Value::Array(Vec::new())),
            Kind::Database(about) | Kind::DataSource { about, .. } => about.title.clone(),
            Kind::Block(_) => Value::Array(Vec::new()),
        }
    }

    /// The pages and databases at the top of a workspace, with their titles, oldest first.
    pub fn roots(&self, workspace: NotionId) -> Vec<(NotionId, String)> {
        let top = |node: &&Node| matches!(node.parent, Parent::Workspace) && node.workspace == workspace;
        let mut roots: Vec<&Node> = self.nodes.values().filter(top).filter(|node| !node.in_trash).collect();
        roots.sort_by_key(|node| node.age);
        roots.into_iter().map(|node| (node.id, words(&self.title(node)))).collect()
    }

    /// What an object lists as its blocks. Where the parts of a meeting are listed is not documented: under it, or nowhere.
    pub fn listed<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        let is_meeting = matches!(&node.kind, Kind::Block(block) if block.kind == "meeting_notes");
        let lists_nothing = is_meeting && !self.rules.meetings_list_parts;
        self.living(node).filter(move |_| !lists_nothing)
    }

    /// What is in an object and not in the trash.
    pub fn living(&self, node: &Node) -> impl Iterator<Item = &Node> {
        node.children.iter().filter_map(|child| self.nodes.get(child)).filter(|child| !child.in_trash)
    }
}

/// The words of a rich text.
pub(super) fn words(text: &Value) -> String {
    let items = text.as_array().into_iter().flatten();
    items.filter_map(|item| item["plain_text"].as_str()).collect()
}

//! A page as Notion gives it, and what comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use notion_import_core::markdown::{
    Database, DatabaseTable, Options, Rendered, database_tables, properties_table, render,
};
use notion_import_core::notion::{BlockTree, DataSource, Page, Row};
use notion_import_core::{Fidelity, Loss, LossKind};
use serde_json::Value;

/// What the JSON is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Blocks,
    Row,
    /// A data source and its rows.
    Table,
}

/// A page, or a part of one, as Notion gives it.
#[derive(Clone, Debug)]
pub struct Sample {
    pub kind: Kind,
    pub json: Value,
}

/// What comes of it.
#[derive(Debug)]
pub struct Account {
    pub words: String,
    pub fidelity: Fidelity,
}

impl Sample {
    pub fn blocks(json: Value) -> Self {
        Self { kind: Kind::Blocks, json }
    }

    pub fn row(json: Value) -> Self {
        Self { kind: Kind::Row, json }
    }

    pub fn table(json: Value) -> Self {
        Self { kind: Kind::Table, json }
    }

    pub fn with(&self, json: Value) -> Self {
        Self { json, ..*self }
    }

    pub fn account(&self) -> Account {
        let (title, rendered) = match self.kind {
            Kind::Blocks => (String::new(), render(&tree(&self.json), &Options::default())),
            Kind::Row => {
                let page: Page = serde_json::from_value(self.json.clone()).unwrap();
                (page.title(), properties_table(&page, &Options::default()))
            }
            Kind::Table => (String::new(), database_tables(&database(&self.json), &Options::default())),
        };
        let Rendered { markdown, fidelity, .. } = rendered;
        // A document shows its title above its text.
        Account { words: format!("{title}\n\n{markdown}"), fidelity }
    }
}

fn database(json: &Value) -> Database {
    let source: DataSource = serde_json::from_value(json["source"].clone()).unwrap();
    let rows: Vec<Row> = serde_json::from_value(json["rows"].clone()).unwrap();
    let table = DatabaseTable {
        columns: source.properties.0.iter().map(|(name, _)| name.clone()).collect(),
        schema: Arc::new(source.properties),
        rows,
        ..DatabaseTable::default()
    };
    Database { description: source.description, tables: vec![table], ..Database::default() }
}

fn tree(json: &Value) -> BlockTree {
    BlockTree::parse(json.to_string().as_bytes()).unwrap()
}

impl Account {
    pub fn is_truncated(&self) -> bool {
        matches!(self.fidelity, Fidelity::Truncated { .. })
    }

    pub fn count(&self, kind: LossKind) -> u64 {
        self.fidelity.losses().iter().find(|loss| loss.kind == kind).map_or(0, |loss| loss.count)
    }

    /// How often each kind of loss befell it.
    pub fn losses(&self) -> BTreeMap<String, u64> {
        let losses =
            self.fidelity.losses().iter().map(|Loss { kind, count, .. }| (format!("{kind:?}"), *count));
        let truncations: &[_] = match &self.fidelity {
            Fidelity::Truncated { truncations, .. } => truncations,
            Fidelity::Lossy { .. } | Fidelity::Complete => &[],
        };
        losses.chain(truncations.iter().map(|one| (format!("{:?}", one.kind), one.count))).collect()
    }

    /// Whether it says and counts the same.
    pub fn says_as(&self, other: &Self) -> bool {
        self.words == other.words && self.losses() == other.losses()
    }
}

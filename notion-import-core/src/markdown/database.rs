//! What a database shows, ready to be written.

use std::sync::Arc;

use crate::library::fidelity::{Exposure, LossKind, TruncationKind};
use crate::notion::column::{Column, Properties};
use crate::notion::row::Row;
use crate::notion::text::RichText;

/// What a database shows: what it is for, and its tables. A document of its own and one inside a page are written alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Database {
    /// Its title: the label of the link to it, where the block inside a page has none.
    pub title: Vec<RichText>,
    /// What it is for: it stands above the tables.
    pub description: Vec<RichText>,
    /// Its tables: one of each data source that is shown.
    pub tables: Vec<DatabaseTable>,
    /// Whether there is a table of which nothing can be read.
    pub is_cut: bool,
}

/// A data source as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseTable {
    /// Its name: a heading, where there are several.
    pub name: Vec<RichText>,
    /// What it is for, where its database does not say the same.
    pub description: Vec<RichText>,
    /// The names of the columns that are shown, from left to right.
    pub columns: Vec<String>,
    /// All of its columns: they say how values are shown.
    pub schema: Arc<Properties<Column>>,
    /// Its rows, from top to bottom.
    pub rows: Vec<Row>,
    /// What is lost of the way Notion shows it.
    pub losses: Vec<LossKind>,
    /// What is not shown of it. Rows that are not are named below the table.
    pub truncations: Vec<TruncationKind>,
    /// What it tells that may not be meant for its readers.
    pub exposure: Exposure,
}

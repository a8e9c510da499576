//! What of a database a document shows.

use serde::{Deserialize, Serialize};

use crate::id::NotionId;

/// What of a database is shown. It is asked for each data source, by its id, so that a host may decide for each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Shown {
    /// What the first view shows that has rows: its columns, its rows and their order. Where no view can be read, everything, and
    /// the exposure report says so.
    #[default]
    FirstView,
    /// What this view shows, if it is one of the data source's; else as `FirstView`, which the report says.
    View(NotionId),
    /// These columns, by name, in this order; all rows.
    Columns(Vec<String>),
    /// All columns and all rows.
    Everything,
}

//! Blocks to fill pages with. Ids, times and authors are given by the world they are appended to.

use serde_json::{Value, json};

use crate::id::NotionId;
use crate::testing::text::Text;
use crate::testing::world::StoredFile;

/// A block and what is nested in it, not yet anywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub(in crate::testing) kind: String,
    pub(in crate::testing) payload: Value,
    pub(in crate::testing) children: Vec<Block>,
}

/// A block of any type, with the payload under its type key.
pub fn block(kind: &str, payload: Value) -> Block {
    Block { kind: kind.to_owned(), payload, children: Vec::new() }
}

impl Block {
    /// Nests blocks, after those already nested.
    pub fn children(mut self, children: impl IntoIterator<Item = Block>) -> Self {
        self.children.extend(children);
        self
    }

    /// Sets one field of the payload.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.payload[field] = value.into();
        self
    }

    /// Sets the colour.
    pub fn color(self, color: &str) -> Self {
        self.with("color", color)
    }

    /// Sets the caption.
    pub fn caption(self, caption: impl Into<Text>) -> Self {
        self.with("caption", caption.into().into_value())
    }
}

fn worded(kind: &str, words: impl Into<Text>) -> Block {
    block(kind, json!({"rich_text": words.into().into_value(), "color": "default"}))
}

/// A paragraph.
pub fn paragraph(words: impl Into<Text>) -> Block {
    worded("paragraph", words).with("icon", Value::Null)
}

/// A heading of level 1 to 4. Give it children and `.with("is_toggleable", true)` for a toggle heading.
pub fn heading(level: u8, words: impl Into<Text>) -> Block {
    worded(&format!("heading_{level}"), words).with("is_toggleable", false)
}

/// A bullet.
pub fn bulleted(words: impl Into<Text>) -> Block {
    worded("bulleted_list_item", words)
}

/// A numbered line.
pub fn numbered(words: impl Into<Text>) -> Block {
    worded("numbered_list_item", words)
}

/// A to-do, done or not.
pub fn to_do(words: impl Into<Text>, checked: bool) -> Block {
    worded("to_do", words).with("checked", checked)
}

/// A toggle.
pub fn toggle(words: impl Into<Text>, children: impl IntoIterator<Item = Block>) -> Block {
    worded("toggle", words).children(children)
}

/// A quote.
pub fn quote(words: impl Into<Text>) -> Block {
    worded("quote", words)
}

/// A callout with an emoji.
pub fn callout(emoji: &str, words: impl Into<Text>) -> Block {
    worded("callout", words).with("icon", json!({"type": "emoji", "emoji": emoji}))
}

/// A code block.
pub fn code(language: &str, source: impl Into<Text>) -> Block {
    block("code", json!({"rich_text": source.into().into_value(), "caption": [], "language": language}))
}

/// A block equation.
pub fn equation(expression: &str) -> Block {
    block("equation", json!({"expression": expression}))
}

/// A divider.
pub fn divider() -> Block {
    block("divider", json!({}))
}

/// A bookmark.
pub fn bookmark(url: &str) -> Block {
    block("bookmark", json!({"url": url, "caption": []}))
}

/// A table whose first row is a header; every row has as many cells as the first.
pub fn table<Row, Cell>(rows: impl IntoIterator<Item = Row>) -> Block
where
    Row: IntoIterator<Item = Cell>,
    Cell: Into<Text>,
{
    let rows: Vec<Block> = rows.into_iter().map(table_row).collect();
    let width = rows.first().and_then(|row| row.payload["cells"].as_array()).map_or(0, Vec::len);
    let payload = json!({"table_width": width, "has_column_header": true, "has_row_header": false});
    block("table", payload).children(rows)
}

fn table_row<Cell: Into<Text>>(cells: impl IntoIterator<Item = Cell>) -> Block {
    let cells: Vec<Value> = cells.into_iter().map(|cell| cell.into().into_value()).collect();
    block("table_row", json!({"cells": cells}))
}

/// Columns side by side.
pub fn columns<Column: IntoIterator<Item = Block>>(columns: impl IntoIterator<Item = Column>) -> Block {
    let columns = columns.into_iter().map(|blocks| block("column", json!({})).children(blocks));
    block("column_list", json!({})).children(columns)
}

/// An original synced block.
pub fn synced(children: impl IntoIterator<Item = Block>) -> Block {
    block("synced_block", json!({"synced_from": null})).children(children)
}

/// A copy of an original synced block.
pub fn synced_copy(original: NotionId) -> Block {
    block("synced_block", json!({"synced_from": {"type": "block_id", "block_id": original}}))
}

/// An image that Notion hosts.
pub fn image(file: &StoredFile) -> Block {
    hosted("image", file)
}

/// A previewed PDF that Notion hosts.
pub fn pdf(file: &StoredFile) -> Block {
    hosted("pdf", file)
}

/// A file attachment that Notion hosts.
pub fn file(file: &StoredFile) -> Block {
    hosted("file", file).with("name", file.name.clone())
}

/// An embed of a file that Notion hosts, such as an HTML block: its signed address stands where another site's would.
pub fn embed(file: &StoredFile) -> Block {
    block("embed", json!({"url": file.address(), "caption": []}))
}

/// The same, in the form of other files.
pub fn embedded_file(file: &StoredFile) -> Block {
    hosted("embed", file)
}

/// An image, a PDF, a film or a sound at an address.
pub fn external(kind: &str, address: &str) -> Block {
    block(kind, json!({"type": "external", "external": {"url": address}, "caption": []}))
}

/// A block the API does not show, with its real type.
pub fn unsupported(block_type: &str) -> Block {
    block("unsupported", json!({"block_type": block_type}))
}

fn hosted(kind: &str, file: &StoredFile) -> Block {
    let mut payload = file.reference();
    payload["caption"] = json!([]);
    block(kind, payload)
}

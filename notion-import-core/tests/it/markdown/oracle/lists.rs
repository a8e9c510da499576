//! Which items are of one list.

use notion_import_core::notion::Content;

/// A list that the next sibling may carry on.
#[derive(PartialEq)]
pub struct List {
    pub kind: &'static str,
    pub start: u32,
    number: u32,
}

impl List {
    /// Whether an item carries on a list.
    pub fn carries_on(&self, list: Option<&Self>) -> bool {
        list.is_some_and(|list| list.kind == self.kind && self.number > self.start)
    }

    /// The list an item begins or carries on. Notion says a list's start on its first item or on every one.
    pub fn next(content: &Content, list: Option<&Self>) -> Option<Self> {
        let (kind, start) = match content {
            Content::BulletedListItem(_) => ("bullets", None),
            Content::ToDo(_) => ("tasks", None),
            Content::Toggle(_) => ("toggles", None),
            Content::NumberedListItem(item) => {
                ("numbers", item.list_start_index.map(|start| start.clamp(0.0, LAST_NUMBER) as u32))
            }
            _ => return None,
        };
        match list.filter(|list| list.kind == kind) {
            Some(Self { start: first, number, .. })
                if start.is_none_or(|start| start == *first || start == number + 1) =>
            {
                Some(Self { kind, start: *first, number: number + 1 })
            }
            _ => Some(Self { kind, start: start.unwrap_or(1), number: start.unwrap_or(1) }),
        }
    }
}

/// A number of a list has nine digits at most.
const LAST_NUMBER: f64 = 999_999_999.0;

//! Lists: pages of them, and the cursors between.

use serde_json::{Value, json};

use super::reply::{Outcome, Refusal};
use super::route::Call;
use super::state::State;

const LARGEST: u64 = 100;

/// Which part of a list is asked for.
pub(super) struct Window {
    pub size: usize,
    pub cursor: Option<String>,
}

impl Window {
    /// Reads a GET's parameters.
    pub fn of_query(call: &Call) -> Outcome<Self> {
        let sent =
            |name: &str| call.query.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone());
        let size = match sent("page_size") {
            Some(text) => text.parse().map_err(|_| bad_size("query", &text))?,
            None => LARGEST,
        };
        Ok(Self { size: checked("query", size)?, cursor: sent("start_cursor") })
    }

    /// Reads a POST's body.
    pub fn of_body(body: &Value) -> Outcome<Self> {
        let size = match &body["page_size"] {
            Value::Null => LARGEST,
            sent => sent.as_u64().ok_or_else(|| bad_size("body", sent))?,
        };
        let cursor = match &body["start_cursor"] {
            Value::Null => None,
            Value::String(cursor) => Some(cursor.clone()),
            _ => {
                let message = "body failed validation: body.start_cursor should be a string or `undefined`.";
                return Err(Refusal::invalid(message).violation());
            }
        };
        Ok(Self { size: checked("body", size)?, cursor })
    }
}

fn checked(place: &str, size: u64) -> Outcome<usize> {
    if !(1..=LARGEST).contains(&size) {
        return Err(bad_size(place, size));
    }
    usize::try_from(size).map_err(|_| bad_size(place, size))
}

fn bad_size(place: &str, sent: impl std::fmt::Display) -> Refusal {
    let message = format!(
        "{place} failed validation: {place}.page_size should be a number between 1 and {LARGEST}, instead was \
         `{sent}`."
    );
    Refusal::invalid(message).violation()
}

/// Whether a list is all there is.
pub(super) fn request_status(is_cut: bool) -> Value {
    match is_cut {
        true => json!({"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}),
        false => json!({"type": "complete"}),
    }
}

/// A list and how Notion names it.
pub(super) struct Listing<'a, T> {
    /// What the cursors belong to: one of another list is refused.
    pub key: &'a str,
    /// The list's `type`.
    pub kind: &'a str,
    pub items: Vec<T>,
}

impl State {
    /// Renders the part of a list that the window shows.
    pub fn page_of_list<T>(
        &self,
        listing: &Listing<'_, T>,
        window: &Window,
        render: impl Fn(&T) -> Value,
    ) -> Outcome {
        let Listing { key, kind, items } = listing;
        let start = match &window.cursor {
            Some(cursor) => self.position(key, cursor)?,
            None => 0,
        };
        let end = start.saturating_add(window.size).min(items.len());
        let shown: Vec<Value> = items.get(start..end).unwrap_or_default().iter().map(render).collect();
        let next = (end < items.len()).then(|| self.cursor(key, end));
        let mut list = json!({
            "object": "list", "type": kind, "results": shown, "next_cursor": next, "has_more": next.is_some(),
        });
        list[*kind] = json!({});
        Ok(list)
    }

    /// Opaque, and no UUID: Notion's cursors carry more than a place.
    fn cursor(&self, key: &str, position: usize) -> String {
        let seal = self.digest(&["cursor", key, &position.to_string()]);
        format!("c1.{position:x}.{}", hex::encode(&seal[..8]))
    }

    fn position(&self, key: &str, cursor: &str) -> Outcome<usize> {
        let middle = cursor.split('.').nth(1).and_then(|digits| usize::from_str_radix(digits, 16).ok());
        middle
            .filter(|position| self.cursor(key, *position) == cursor)
            .ok_or_else(|| Refusal::invalid(format!("The start_cursor provided is invalid: {cursor}")))
    }
}

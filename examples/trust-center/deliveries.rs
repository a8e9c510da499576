//! Which of Notion's events were taken already.

use notion_import_core::webhook::Event;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

/// So many are remembered.
const MOST: usize = 10_000;

/// How often an event was sent when it was taken, by what its connection and its id hash to: an event is no longer than that.
pub struct Deliveries(Cache<[u8; 32], u64>);

/// How an event stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    New,
    /// Taken before, and Notion counts that it sends it once more.
    SentAgain,
    /// Somebody repeats what was taken, to the letter.
    Replayed,
}

impl Deliveries {
    pub fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// What was taken long ago is forgotten, and an event without an id is always new: to look once more harms nobody.
    pub fn standing(&self, connection: &str, event: &Event) -> Standing {
        match name(connection, event).and_then(|name| self.0.get(&name)) {
            None => Standing::New,
            Some(taken) if event.attempt.unwrap_or_default() > taken => Standing::SentAgain,
            Some(_) => Standing::Replayed,
        }
    }

    pub fn note(&self, connection: &str, event: &Event) {
        if let Some(name) = name(connection, event) {
            self.0.insert(name, event.attempt.unwrap_or_default());
        }
    }
}

/// Nango sends an event once for each connection.
fn name(connection: &str, event: &Event) -> Option<[u8; 32]> {
    event.id.map(|id| Sha256::digest(format!("{id} {connection}")).into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(more: &serde_json::Value) -> Event {
        let mut event = json!({ "type": "page.deleted", "entity": { "id": ID, "type": "page" } });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Event::read(&event).unwrap()
    }

    const ID: &str = "35261e8c-e0a3-80c8-9f00-0123456789ab";

    #[test]
    fn what_was_taken_is_replayed_unless_notion_counts_on() {
        let (deliveries, sent) =
            (Deliveries::new(), |n: u64| event(&json!({ "id": ID, "attempt_number": n })));
        assert_eq!(deliveries.standing("c-1", &sent(2)), Standing::New);
        deliveries.note("c-1", &sent(2));
        for (connection, attempt, standing) in [
            ("c-1", 1, Standing::Replayed),
            ("c-1", 2, Standing::Replayed),
            ("c-1", 3, Standing::SentAgain),
            ("c-2", 2, Standing::New),
        ] {
            assert_eq!(deliveries.standing(connection, &sent(attempt)), standing, "{connection} {attempt}");
        }
        deliveries.note("c-1", &event(&json!({})));
        assert_eq!(deliveries.standing("c-1", &event(&json!({}))), Standing::New);
    }
}

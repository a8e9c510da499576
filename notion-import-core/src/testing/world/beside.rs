//! What Notion has beside what an import reads: its own clients ask for it.

use serde_json::{Value, json};

use super::list::{Listing, Window};
use super::reply::{Outcome, Refusal};
use super::retrieve::Ask;
use super::state::State;
use crate::id::NotionId;

impl State {
    /// The answer, if it is among these: people and comments.
    pub fn beside(&self, ask: &Ask<'_>) -> Option<Outcome> {
        let segments: Vec<&str> = ask.call.path.strip_prefix("/v1/")?.split('/').collect();
        match (ask.call.method.as_str(), segments.as_slice()) {
            ("GET", ["users"]) => Some(self.list_users(ask)),
            ("GET", ["users", id]) => Some(self.retrieve_user(ask, id)),
            ("GET", ["comments"]) => Some(self.list_comments(ask)),
            _ => None,
        }
    }

    fn list_users(&self, ask: &Ask<'_>) -> Outcome {
        ask.call.only_parameters(&["page_size", "start_cursor"])?;
        let window = Window::of_query(ask.call)?;
        let listing = Listing { key: "users", kind: "user", items: self.users(ask)? };
        self.page_of_list(&listing, &window, Value::clone)
    }

    fn retrieve_user(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&[])?;
        let users = self.users(ask)?;
        let found = users.into_iter().find(|user| id.parse().ok() == user["id"].as_str().and_then(parsed));
        found.ok_or_else(|| Refusal::missing("user", id))
    }

    /// Nobody comments in this world.
    fn list_comments(&self, ask: &Ask<'_>) -> Outcome {
        ask.call.only_parameters(&["block_id", "page_size", "start_cursor"])?;
        let window = Window::of_query(ask.call)?;
        let block = ask.call.query.iter().find(|(name, _)| name == "block_id").map(|(_, id)| id.as_str());
        let block = block.ok_or_else(|| {
            Refusal::invalid(
                "query failed validation: query.block_id should be defined, instead was `undefined`.",
            )
        })?;
        self.find_block(ask, block)?;
        let listing = Listing { key: &format!("comments {block}"), kind: "comment", items: Vec::new() };
        self.page_of_list(&listing, &window, Value::clone)
    }

    /// The workspace's owner, and the bot that asks.
    fn users(&self, ask: &Ask<'_>) -> Outcome<Vec<Value>> {
        let owner = self.workspaces.get(&ask.grant.workspace).map(|workspace| workspace.owner);
        let person = json!({
            "object": "user", "id": owner, "name": "Robin Example", "avatar_url": null, "type": "person",
            "person": {"email": "robin@example.com"},
        });
        let mut bot = json!({"object": "user", "id": ask.grant.bot_id, "name": "Import", "avatar_url": null, "type": "bot"});
        bot["bot"] =
            json!({"owner": {"type": "user", "user": person.clone()}, "workspace_id": ask.grant.workspace});
        Ok(vec![person, bot])
    }
}

fn parsed(id: &str) -> Option<NotionId> {
    id.parse().ok()
}

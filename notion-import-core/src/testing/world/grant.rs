//! Who may see what: a token sees the roots it was granted and everything below them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::state::State;
use crate::id::NotionId;

/// One authorization: what an OAuth token response says.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// The bearer token.
    pub token: String,
    /// The bot the token speaks as.
    pub bot_id: NotionId,
    /// The workspace.
    pub workspace_id: NotionId,
    /// The workspace's name.
    pub workspace_name: String,
    /// The person who granted it.
    pub owner: NotionId,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("token", &fingerprint(&self.token))
            .field("bot_id", &self.bot_id)
            .finish()
    }
}

/// A grant as the world keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Granted {
    pub bot_id: NotionId,
    pub workspace: NotionId,
    pub roots: BTreeSet<NotionId>,
    pub revoked: bool,
    /// What it does not see, though it sees what that is in.
    #[serde(default)]
    pub hidden: BTreeSet<NotionId>,
}

/// What stands for a token in logs.
pub(super) fn fingerprint(token: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(&Sha256::digest(token)[..4])
}

impl State {
    pub fn issue(&mut self, workspace: NotionId, roots: BTreeSet<NotionId>) -> Grant {
        let (name, owner) = match self.workspaces.get(&workspace) {
            Some(found) => (found.name.clone(), found.owner),
            None => panic!("there is no workspace {workspace}; make it with Author::workspace"),
        };
        let bot_id = self.mint();
        let token = format!("ntn_{}", hex::encode(self.digest(&["token", &bot_id.to_string()])));
        let granted = Granted { bot_id, workspace, roots, revoked: false, hidden: BTreeSet::new() };
        self.grants.insert(token.clone(), granted);
        Grant { token, bot_id, workspace_id: workspace, workspace_name: name, owner }
    }

    /// Whether the holder of a grant can see an object.
    pub fn sees(&self, grant: &Granted, id: NotionId) -> bool {
        let mut lineage = self.lineage(id).peekable();
        lineage.peek().is_some_and(|node| node.workspace == grant.workspace)
            && lineage.any(|node| grant.roots.contains(&node.id))
            && !self.hides(grant, id)
    }

    /// Whether an object is kept from the holder of a grant, or what it is in.
    pub fn hides(&self, grant: &Granted, id: NotionId) -> bool {
        !grant.hidden.is_empty() && self.lineage(id).any(|node| grant.hidden.contains(&node.id))
    }
}

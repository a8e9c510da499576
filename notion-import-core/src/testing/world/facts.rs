//! What is true of an object at this moment, for who holds an import against it.

use chrono::{DateTime, Utc};

use super::World;
use super::log::Seen;
use super::object::{Kind, Node, Parent, words};
use super::state::State;
use crate::id::NotionId;

/// What Notion would say of a page or a data source, if it were asked now and nothing went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::testing) struct Facts {
    pub title: String,
    /// The last edit, of a data source also of its rows.
    pub edited_at: DateTime<Utc>,
    pub is_in_trash: bool,
    pub is_archived: bool,
    pub is_locked: bool,
    pub emoji: Option<String>,
    /// What it stands in; none for the workspace itself.
    pub parent: Option<NotionId>,
}

impl World {
    /// Returns what is true of a page or data source; none if the token does not see it.
    pub(in crate::testing) fn facts(&self, token: &str, id: NotionId) -> Option<Facts> {
        let state = self.state();
        let grant = state.grants.get(token)?;
        state.sees(grant, id).then(|| state.facts(state.peek(id)))
    }

    /// Whether a token is accepted.
    pub(in crate::testing) fn accepts(&self, token: &str) -> bool {
        self.state().grants.get(token).is_some_and(|grant| !grant.revoked)
    }

    /// Whether there is such a thing, seen by anybody or not.
    pub(in crate::testing) fn has(&self, id: NotionId) -> bool {
        self.state().nodes.contains_key(&id)
    }

    /// Returns what something stands in; none for the workspace itself.
    pub(in crate::testing) fn parent(&self, id: NotionId) -> Option<NotionId> {
        self.state().peek(id).place()
    }

    /// Whether something is in another, or is that itself.
    pub(in crate::testing) fn is_within(&self, id: NotionId, place: NotionId) -> bool {
        self.state().lineage(id).any(|node| node.id == place)
    }

    /// Returns the requests seen since this was asked the last time, oldest first.
    pub(in crate::testing) fn take_requests(&self) -> Vec<Seen> {
        self.state().log.seen.drain(..).collect()
    }
}

impl Node {
    fn place(&self) -> Option<NotionId> {
        match self.parent {
            Parent::Workspace => None,
            Parent::Within(place) => Some(place),
        }
    }
}

impl State {
    fn facts(&self, node: &Node) -> Facts {
        let (is_archived, is_locked) = match &node.kind {
            Kind::Page(page) => (page.archived, page.locked),
            Kind::Database(_) | Kind::DataSource { .. } | Kind::Block(_) => (false, false),
        };
        let rows = self.living(node).filter(|row| match (&node.kind, &row.kind) {
            (Kind::DataSource { .. }, Kind::Page(page)) => !page.archived,
            _ => false,
        });
        Facts {
            title: words(&self.title(node)),
            edited_at: rows.map(|row| row.edited).fold(node.edited, Ord::max),
            is_in_trash: self.in_trash(node.id),
            is_archived,
            is_locked,
            emoji: node.icon["emoji"].as_str().map(str::to_owned),
            parent: node.place(),
        }
    }
}

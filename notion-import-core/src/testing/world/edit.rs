//! The edits themselves: how the tree changes, and what an edit leaves behind.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::object::{Block, Described, Entry, Kind, Node, Page, Parent};
use super::state::{State, minute};
use crate::id::NotionId;
use crate::testing::blocks;

impl State {
    pub fn peek(&self, id: NotionId) -> &Node {
        match self.nodes.get(&id) {
            Some(node) => node,
            None => panic!("there is nothing with the id {id} in this world"),
        }
    }

    pub fn node(&mut self, id: NotionId) -> &mut Node {
        match self.nodes.get_mut(&id) {
            Some(node) => node,
            None => panic!("there is nothing with the id {id} in this world"),
        }
    }

    pub fn page(&mut self, id: NotionId) -> &mut Page {
        match &mut self.node(id).kind {
            Kind::Page(page) => page,
            Kind::Database(_) | Kind::DataSource { .. } | Kind::Block(_) => panic!("{id} is no page"),
        }
    }

    /// What a database or a data source says of itself.
    pub fn described(&mut self, id: NotionId) -> &mut Described {
        match &mut self.node(id).kind {
            Kind::Database(about) | Kind::DataSource { about, .. } => about,
            Kind::Page(_) | Kind::Block(_) => panic!("{id} is no database"),
        }
    }

    /// Makes something new, as the last thing in its place.
    pub fn place(&mut self, place: NotionId, kind: Kind, now: DateTime<Utc>) -> NotionId {
        let id = self.mint();
        let time = minute(now);
        let node = Node {
            id,
            age: self.age(),
            workspace: place,
            parent: Parent::Workspace,
            children: Vec::new(),
            created: time,
            edited: time,
            in_trash: false,
            icon: Value::Null,
            cover: Value::Null,
            kind,
            entries: Vec::new(),
        };
        self.nodes.insert(id, node);
        self.attach(id, place);
        // A page shows that something was added to it; a data source does not show that a row was.
        let place = self.page_of(place).and_then(|page| self.nodes.get(&page));
        if let Some(page) = place.filter(|node| matches!(node.kind, Kind::Page(_))).map(|node| node.id) {
            self.touch(page, now);
        }
        id
    }

    pub fn attach(&mut self, id: NotionId, place: NotionId) {
        let (workspace, parent) = match self.workspaces.contains_key(&place) {
            true => (place, Parent::Workspace),
            false => (self.peek(place).workspace, Parent::Within(place)),
        };
        if let Parent::Within(place) = parent {
            self.node(place).children.push(id);
        }
        let node = self.node(id);
        node.workspace = workspace;
        node.parent = parent;
    }

    pub fn detach(&mut self, id: NotionId) {
        if let Parent::Within(place) = self.peek(id).parent {
            self.node(place).children.retain(|child| *child != id);
        }
    }

    /// Forgets something and all that is in it.
    pub fn uproot(&mut self, id: NotionId) {
        let mut doomed = vec![id];
        while let Some(next) = doomed.pop() {
            if let Some(node) = self.nodes.remove(&next) {
                doomed.extend(node.children);
            }
        }
    }

    /// Adds a block and all that is nested in it.
    pub fn grow(&mut self, place: NotionId, block: blocks::Block, now: DateTime<Utc>) -> NotionId {
        let mut waiting = vec![(place, block)];
        let mut first = None;
        while let Some((place, block)) = waiting.pop() {
            let kind = Kind::Block(Block { kind: block.kind, payload: block.payload });
            let id = self.place(place, kind, now);
            first.get_or_insert(id);
            waiting.extend(block.children.into_iter().rev().map(|child| (id, child)));
        }
        first.unwrap_or(place)
    }

    /// Trashes the blocks directly in a place.
    pub fn clear(&mut self, place: NotionId) {
        for child in self.peek(place).children.clone() {
            let child = self.node(child);
            child.in_trash |= matches!(child.kind, Kind::Block(_));
        }
    }

    pub fn set_title(&mut self, id: NotionId, title: Value) {
        let name = self.title_name(self.peek(id));
        match &mut self.node(id).kind {
            Kind::Page(page) => {
                page.properties.insert(name, title);
            }
            Kind::Database(about) | Kind::DataSource { about, .. } => about.title = title,
            Kind::Block(_) => panic!("{id} is a block and has no title"),
        }
    }

    /// Gives a row its number, where its data source counts.
    pub fn number(&mut self, id: NotionId) {
        let node = self.peek(id);
        let Parent::Within(source) = node.parent else { return };
        let counting = self.columns(node).into_iter().find(|column| column.kind == "unique_id");
        if let Some(column) = counting {
            let value = json!({"prefix": column.config["prefix"], "number": self.count(source)});
            self.page(id).properties.insert(column.name, value);
        }
    }

    fn count(&self, source: NotionId) -> usize {
        self.nodes.get(&source).map_or(0, |node| node.children.len())
    }

    /// Leaves the traces of an edit: on the thing itself, on its page, and for search.
    pub fn touch(&mut self, id: NotionId, now: DateTime<Utc>) {
        let page = self.page_of(id);
        for touched in [Some(id), page.filter(|page| *page != id)].into_iter().flatten() {
            self.node(touched).edited = minute(now);
            self.tell_search(touched, now);
        }
    }

    fn tell_search(&mut self, id: NotionId, now: DateTime<Utc>) {
        let node = self.peek(id);
        let entry = Entry { at: now, title: self.title(node), edited: node.edited, in_trash: node.in_trash };
        let lag = TimeDelta::from_std(self.rules.search_lag).unwrap_or(TimeDelta::MAX);
        let entries = &mut self.node(id).entries;
        entries.push(entry);
        // Of the entries search has caught up with, only the newest is ever read again.
        let caught_up = entries.iter().filter(|entry| now.signed_duration_since(entry.at) >= lag).count();
        entries.drain(..caught_up.saturating_sub(1));
    }
}

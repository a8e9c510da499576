//! A person at work in Notion, at a given moment.

use std::sync::MutexGuard;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::World;
use super::column::Column;
use super::file::{Stored, StoredFile};
use super::object::{Described, Kind, Page};
use super::state::{State, Workspace};
use crate::id::NotionId;
use crate::testing::blocks::{Block, block, paragraph};
use crate::testing::text::Text;

/// Edits a world. An edit moves the edited page's `last_edited_time` and not its parents'; moving, locking
/// and publishing a page move none.
///
/// # Panics
/// Every method panics, naming the id, when told to edit what does not exist or is of the wrong kind.
#[derive(Clone)]
pub struct Author {
    pub(super) world: World,
    pub(super) now: DateTime<Utc>,
}

/// A database as [`Author::database`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Database {
    /// The container.
    pub id: NotionId,
    /// Its first data source.
    pub data_source: NotionId,
}

/// Notes of a meeting as [`Author::meeting`] makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The block that points to the others.
    pub id: NotionId,
    /// The block that the summary is in.
    pub summary: NotionId,
    /// The block that the notes are in.
    pub notes: NotionId,
    /// The block that the transcript is in.
    pub transcript: NotionId,
}

impl Author {
    /// Opens a workspace.
    pub fn workspace(&self, name: &str) -> NotionId {
        let mut state = self.state();
        let (id, owner) = (state.mint(), state.mint());
        state.workspaces.insert(id, Workspace { name: name.to_owned(), owner });
        id
    }

    /// Makes a page in a workspace, page, block or data source.
    pub fn page(&self, place: NotionId, title: impl Into<Text>) -> NotionId {
        let mut state = self.state();
        let id = state.place(place, Kind::Page(Page::default()), self.now);
        state.set_title(id, title.into().into_value());
        state.number(id);
        state.touch(id, self.now);
        id
    }

    /// Makes a row: a page in a data source, with values by column name.
    pub fn row<'a>(
        &self,
        source: NotionId,
        title: impl Into<Text>,
        values: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> NotionId {
        let row = self.page(source, title);
        for (column, value) in values {
            self.set_property(row, column, value);
        }
        row
    }

    /// Makes a database with one data source of the same name.
    pub fn database<C: Into<Column>>(
        &self,
        place: NotionId,
        title: impl Into<Text>,
        columns: impl IntoIterator<Item = C>,
    ) -> Database {
        let title = title.into();
        let about = Described { title: title.clone().into_value(), description: json!([]), inline: false };
        let id = self.state().place(place, Kind::Database(about), self.now);
        Database { id, data_source: self.data_source(id, title, columns) }
    }

    /// Adds a data source to a database. Without a title column it gets one called `Name`.
    pub fn data_source<C: Into<Column>>(
        &self,
        database: NotionId,
        name: impl Into<Text>,
        columns: impl IntoIterator<Item = C>,
    ) -> NotionId {
        let mut state = self.state();
        let mut columns: Vec<Column> = columns.into_iter().map(Into::into).collect();
        if !columns.iter().any(Column::is_title) {
            columns.insert(0, Column::from(("Name", "title")));
        }
        for column in columns.iter_mut().filter(|column| column.id.is_empty()) {
            column.id = state.property_id(&column.name);
        }
        let about = Described { title: name.into().into_value(), description: json!([]), inline: false };
        let id = state.place(database, Kind::DataSource { about, columns }, self.now);
        if matches!(state.peek(database).kind, Kind::Database(_)) {
            state.add_view(database, Some(id), json!({"type": "table"}));
        }
        state.touch(id, self.now);
        id
    }

    /// Makes a linked database: a view of what stands elsewhere, without a data source of its own.
    pub fn linked_database(&self, place: NotionId, title: impl Into<Text>) -> NotionId {
        let about = Described { title: title.into().into_value(), description: json!([]), inline: true };
        self.state().place(place, Kind::Database(about), self.now)
    }

    /// Adds a view of a data source to a database, after those it has: its `type`, and what of it is not as when it was made. Properties
    /// are named; where no configuration is given, every column is shown.
    pub fn view(&self, database: NotionId, source: NotionId, about: Value) -> NotionId {
        self.state().add_view(database, Some(source), about)
    }

    /// Removes the views of a database.
    pub fn remove_views(&self, database: NotionId) {
        self.state().views.retain(|view| view.database != database);
    }

    /// Says what a database or a data source is for.
    pub fn describe(&self, id: NotionId, description: impl Into<Text>) {
        let description = description.into().into_value();
        let mut state = self.state();
        state.described(id).description = description;
        state.touch(id, self.now);
    }

    /// Shows a database in its page instead of a link to it.
    pub fn show_inline(&self, database: NotionId) {
        let mut state = self.state();
        state.described(database).inline = true;
        state.touch(database, self.now);
    }

    /// Lets Notion give no more of a page than its id, as where the token may not read it.
    pub fn withhold(&self, page: NotionId) {
        self.state().page(page).withheld = true;
    }

    /// Uploads a file, for `image`, `pdf` and `file` blocks, icons, covers and files properties.
    pub fn file(&self, name: &str, mime: &str, bytes: impl Into<Vec<u8>>) -> StoredFile {
        let mut state = self.state();
        let id = state.mint();
        let stored = Stored { name: name.to_owned(), mime: mime.to_owned(), bytes: bytes.into() };
        state.files.insert(id, stored);
        StoredFile { id, name: name.to_owned() }
    }

    /// Appends blocks to a page or block and returns their ids, without those nested in them.
    pub fn append(&self, place: NotionId, blocks: impl IntoIterator<Item = Block>) -> Vec<NotionId> {
        let mut state = self.state();
        let ids = blocks.into_iter().map(|block| state.grow(place, block, self.now)).collect();
        state.touch(place, self.now);
        ids
    }

    /// Appends notes of a meeting, of which each part says one thing.
    pub fn meeting(&self, place: NotionId, title: impl Into<Text>, parts: [Block; 3]) -> Meeting {
        let notes =
            block("meeting_notes", json!({"title": title.into().into_value(), "status": "notes_ready"}));
        let id = self.append(place, [notes.clone()])[0];
        let [summary, notes_of_it, transcript] =
            parts.map(|part| self.append(id, [paragraph("").children([part])])[0]);
        let children = json!({
            "summary_block_id": summary, "notes_block_id": notes_of_it, "transcript_block_id": transcript,
        });
        self.rewrite(id, notes.with("children", children));
        Meeting { id, summary, notes: notes_of_it, transcript }
    }

    /// Replaces all blocks of a page or block; child pages and databases stay.
    pub fn replace(&self, place: NotionId, blocks: impl IntoIterator<Item = Block>) -> Vec<NotionId> {
        self.state().clear(place);
        self.append(place, blocks)
    }

    /// Writes a block anew; what is nested in it stays.
    pub fn rewrite(&self, id: NotionId, block: Block) {
        let mut state = self.state();
        match &mut state.node(id).kind {
            Kind::Block(old) => {
                old.kind = block.kind;
                old.payload = block.payload;
            }
            Kind::Page(_) | Kind::Database(_) | Kind::DataSource { .. } => panic!("{id} is no block"),
        }
        state.touch(id, self.now);
    }

    /// Removes a block: like everything removed in Notion, it goes to the trash.
    pub fn remove(&self, block: NotionId) {
        self.trash(block);
    }

    /// Renames a page, database or data source.
    pub fn set_title(&self, id: NotionId, title: impl Into<Text>) {
        let mut state = self.state();
        state.set_title(id, title.into().into_value());
        state.touch(id, self.now);
    }

    /// Sets a property to what stands under the type's key, such as `{"name": "Done"}` for a status.
    pub fn set_property(&self, page: NotionId, name: &str, value: Value) {
        let mut state = self.state();
        let known = state.columns(state.peek(page)).iter().any(|column| column.name == name);
        assert!(known, "page {page} has no property called {name}");
        state.page(page).properties.insert(name.to_owned(), value);
        state.touch(page, self.now);
    }

    /// Lets a property come out otherwise that Notion computes, such as a roll-up: what it is computed from was edited, and not the page.
    pub fn set_computed(&self, page: NotionId, name: &str, value: Value) {
        self.state().page(page).properties.insert(name.to_owned(), value);
    }

    /// Sets what the schema says of a column under its type's key; no row is edited by it.
    pub fn set_column(&self, data_source: NotionId, name: &str, config: Value) {
        let mut state = self.state();
        let Kind::DataSource { columns, .. } = &mut state.node(data_source).kind else {
            panic!("{data_source} is no data source")
        };
        let column = columns.iter_mut().find(|column| column.name == name);
        column.unwrap_or_else(|| panic!("{data_source} has no column called {name}")).config = config;
        state.touch(data_source, self.now);
    }

    /// Sets the icon of a page or database; [`StoredFile::reference`] makes it a hosted one.
    pub fn set_icon(&self, id: NotionId, icon: Value) {
        let mut state = self.state();
        state.node(id).icon = icon;
        state.touch(id, self.now);
    }

    /// Sets the cover of a page or database.
    pub fn set_cover(&self, id: NotionId, cover: Value) {
        let mut state = self.state();
        state.node(id).cover = cover;
        state.touch(id, self.now);
    }

    /// Moves anything, with all that is in it, to the trash.
    pub fn trash(&self, id: NotionId) {
        let mut state = self.state();
        state.node(id).in_trash = true;
        state.touch(id, self.now);
    }

    /// Takes something out of the trash.
    pub fn restore(&self, id: NotionId) {
        let mut state = self.state();
        state.node(id).in_trash = false;
        state.touch(id, self.now);
    }

    /// Archives a page, which is not the trash.
    pub fn archive(&self, page: NotionId) {
        let mut state = self.state();
        state.page(page).archived = true;
        state.touch(page, self.now);
    }

    /// Takes a page out of the archive.
    pub fn unarchive(&self, page: NotionId) {
        let mut state = self.state();
        state.page(page).archived = false;
        state.touch(page, self.now);
    }

    /// Locks a page.
    pub fn lock(&self, page: NotionId) {
        self.state().page(page).locked = true;
    }

    /// Unlocks a page.
    pub fn unlock(&self, page: NotionId) {
        self.state().page(page).locked = false;
    }

    /// Publishes a page to the web.
    pub fn publish(&self, page: NotionId, url: &str) {
        self.state().page(page).public_url = Some(url.to_owned());
    }

    /// Moves a page or database, with all that is in it, to another place.
    pub fn move_to(&self, id: NotionId, place: NotionId) {
        let mut state = self.state();
        let title = state.title(state.peek(id));
        state.detach(id);
        state.attach(id, place);
        if matches!(state.peek(id).kind, Kind::Page(_)) {
            state.set_title(id, title);
        }
    }

    /// Deletes something for good: from now on Notion does not know it.
    pub fn purge(&self, id: NotionId) {
        let mut state = self.state();
        state.detach(id);
        state.uproot(id);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.world.state()
    }
}

//! The Notion workspace of a history, and the people who edit it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::setting::Setting;
use super::step::{Edit, Thing};
use crate::id::NotionId;
use crate::import::Pick;
use crate::testing::world::Facts;
use crate::testing::{Author, Database, Grant, World, file, paragraph, pdf, synced, synced_copy};

/// What was true of a source, and since when; none while the connection did not see it.
type Past = Vec<(DateTime<Utc>, Option<Facts>)>;

/// A workspace with some pages and a database, and what has been true of them.
pub(super) struct Workspace {
    pub(super) world: World,
    pub(super) grant: Grant,
    id: NotionId,
    /// What may be imported, the database last.
    things: Vec<Pick>,
    database: Database,
    /// What is shown in several places.
    original: NotionId,
    shared: BTreeSet<NotionId>,
    /// The first block of each page.
    first: HashMap<NotionId, NotionId>,
    /// Counts the edits, so that each says something else.
    edits: u64,
    past: HashMap<NotionId, Past>,
}

impl Workspace {
    pub(super) fn new(seed: u64, setting: &Setting, now: DateTime<Utc>) -> Self {
        let world = World::new(seed);
        setting.tune(&world);
        let author = world.at(now);
        let id = author.workspace("Acme");
        let elsewhere = author.page(id, "Elsewhere");
        let original = author.append(elsewhere, [synced([])])[0];
        let inner = author.append(original, [paragraph("Shared.")])[0];
        let columns = [("Total", "rollup"), ("Others", "relation"), ("Country", "rich_text")];
        let database = author.database(id, "Vendors", columns);
        let (mut things, mut first) = (Vec::new(), HashMap::new());
        for number in 0..setting.pages + setting.rows {
            let is_row = number >= setting.pages;
            let place = match number {
                _ if is_row => database.data_source,
                // The second page stands in the first.
                1 => things.first().map_or(id, |first: &Pick| first.id),
                _ => id,
            };
            let page = author.page(place, format!("Page {number}"));
            first.insert(page, author.append(page, [paragraph("One.")])[0]);
            if number == 2 {
                author.append(page, [synced_copy(original)]);
            }
            things.push(Pick::page(page));
        }
        things.push(Pick::data_source(database.data_source));
        first.insert(elsewhere, inner);
        let shared: BTreeSet<_> = things
            .iter()
            .map(|pick| pick.id)
            .chain([database.id, elsewhere])
            .filter(|id| !first.contains_key(id) || !world.is_within(*id, database.id))
            .collect();
        let grant = world.grant(id, shared.clone());
        Self {
            world,
            grant,
            id,
            things,
            database,
            original: inner,
            shared,
            first,
            edits: 0,
            past: HashMap::new(),
        }
    }

    pub(super) fn thing(&self, thing: Thing) -> Pick {
        self.things[usize::from(thing.0) % self.things.len()]
    }

    pub(super) fn things(&self) -> &[Pick] {
        &self.things
    }

    /// Another grant sees the same, and the one before nothing any more.
    pub(super) fn grant_anew(&mut self) {
        self.world.revoke(&self.grant.token);
        self.grant = self.world.grant(self.id, self.shared.clone());
    }

    /// Somebody edits something, if it is there.
    pub(super) fn edit(&mut self, thing: Thing, edit: Edit, now: DateTime<Utc>) {
        self.edits += 1;
        let (pick, number, author) = (self.thing(thing), self.edits, self.world.at(now));
        let (id, is_page) = (pick.id, pick.id != self.database.data_source);
        if !self.world.has(id) {
            return;
        }
        match edit {
            Edit::Rename => author.set_title(id, format!("Title {number}")),
            Edit::Icon => {
                let emoji = ["🔒", "📄"][number as usize % 2];
                author.set_icon(id, json!({"type": "emoji", "emoji": emoji}));
            }
            Edit::Trash => author.trash(id),
            Edit::Restore => {
                author.restore(id);
                self.show_in(self.world.parent(id), &author);
            }
            Edit::Share => self.share(id),
            Edit::Unshare => self.unshare(id),
            Edit::NewRow if self.world.has(self.database.data_source) => {
                author.row(self.database.data_source, format!("Row {number}"), []);
            }
            Edit::Original if self.world.has(self.original) => {
                author.rewrite(self.original, paragraph(format!("Shared, {number}.")));
            }
            _ if is_page => self.edit_page(id, edit, &author),
            _ => {}
        }
    }

    fn edit_page(&mut self, id: NotionId, edit: Edit, author: &Author) {
        let number = self.edits;
        let is_row = self.world.parent(id) == Some(self.database.data_source);
        let first = self.first.get(&id).copied().filter(|first| self.world.has(*first));
        match edit {
            Edit::Write => drop(author.append(id, [paragraph(format!("Words {number}."))])),
            Edit::Rewrite => {
                let words = ["One.", "Two."][number as usize % 2];
                first.into_iter().for_each(|first| author.rewrite(first, paragraph(words)));
            }
            Edit::Attach => {
                let name = format!("file-{number}.pdf");
                let uploaded = author.file(&name, "application/pdf", format!("%PDF-1.7 {number}"));
                let block = if number.is_multiple_of(2) { pdf(&uploaded) } else { file(&uploaded) };
                author.append(id, [block]);
            }
            Edit::Remove => first.into_iter().for_each(|first| author.remove(first)),
            Edit::Lock => author.lock(id),
            Edit::Archive => author.archive(id),
            Edit::Unarchive => author.unarchive(id),
            Edit::Purge => author.purge(id),
            Edit::IntoDatabase => self.move_to(id, self.database.data_source, author),
            Edit::ToTop => self.move_to(id, self.id, author),
            Edit::IntoPage => self.move_to(id, self.things[0].id, author),
            Edit::RollUp if is_row => {
                let value = json!({"type": "number", "number": number, "function": "count"});
                author.set_computed(id, "Total", value);
            }
            Edit::Relate if is_row => author.set_property(id, "Others", json!([{"id": self.things[0].id}])),
            _ => {}
        }
    }

    fn move_to(&self, id: NotionId, place: NotionId, author: &Author) {
        let is_there = place == self.id || self.world.has(place);
        if is_there && !self.world.is_within(place, id) {
            author.move_to(id, place);
            self.show_in(Some(place), author);
        }
    }

    /// A page shows that another was added to it.
    fn show_in(&self, place: Option<NotionId>, author: &Author) {
        if let Some(page) = place.filter(|place| self.first.contains_key(place)) {
            author.append(page, []);
        }
    }

    fn share(&mut self, id: NotionId) {
        self.shared.insert(id);
        self.world.share(&self.grant.token, id);
    }

    fn unshare(&mut self, id: NotionId) {
        // A data source is shared as its database.
        for id in
            [Some(id), (id == self.database.data_source).then_some(self.database.id)].into_iter().flatten()
        {
            self.shared.remove(&id);
            self.world.unshare(&self.grant.token, id);
        }
    }

    /// Notes what is true now.
    pub(super) fn note(&mut self, now: DateTime<Utc>) {
        for pick in &self.things {
            let facts = self.facts(pick.id);
            let past = self.past.entry(pick.id).or_default();
            if past.last().is_none_or(|(_, last)| *last != facts) {
                past.push((now, facts));
            }
        }
    }

    /// What is true of a source; none if the connection does not see it.
    pub(super) fn facts(&self, id: NotionId) -> Option<Facts> {
        self.world.has(id).then(|| self.world.facts(&self.grant.token, id)).flatten()
    }

    /// What was true of a source at any time since then, and what is.
    pub(super) fn since(&self, id: NotionId, then: DateTime<Utc>) -> Vec<Option<Facts>> {
        let past = self.past.get(&id).map(Vec::as_slice).unwrap_or_default();
        let first = past.iter().rposition(|(at, _)| *at <= then).unwrap_or(0);
        past[first..].iter().map(|(_, facts)| facts.clone()).collect()
    }
}

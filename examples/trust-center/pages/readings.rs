//! Who has read what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use chrono::{TimeDelta, Utc};
use notion_import_core::{Action, Actor, ContactId, DocumentId, ReadEntry, ReadId, ReadQuery, StoreError};
use serde::Serialize;

use super::frame::{Frame, page};
use super::log::{Log, cell, time};
use super::{Answer, Shared, cut, id};
use crate::app::App;
use crate::fields::Fields;
use crate::names::Names;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Entries on a page.
const LINES: usize = 50;
/// What is public is counted for so long back.
const DAYS: i64 = 30;

#[derive(askama::Template)]
#[template(path = "readings.html")]
struct Readings {
    frame: Frame,
    /// The document that the page is about, if it is about one only.
    document: Option<(DocumentId, String)>,
    /// The contact that it is about.
    contact: Option<(ContactId, String)>,
    entries: Vec<Shown>,
    /// How often each version was read by everybody lately.
    public: Vec<(u32, u64)>,
    days: i64,
    /// What the page, and the files, are narrowed to.
    filter: String,
    /// The entry that the next page begins before; none if this is the last.
    older: Option<ReadId>,
}

struct Shown {
    at: String,
    contact: ContactId,
    who: String,
    firm: String,
    address: String,
    document: DocumentId,
    title: String,
    version: u32,
    what: &'static str,
    right: String,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let query = asked(&Fields::read(query.unwrap_or_default().as_bytes()), LINES + 1)?;
    let mut entries = app.stores.access.reads(&staff.actor, &query).await?;
    let older = cut(&mut entries, LINES).map(|last| last.id);
    let titles =
        titles(&app, &staff, entries.iter().map(|entry| entry.document).chain(query.document)).await?;
    let title = |id: DocumentId| titles.get(&id).cloned().unwrap_or_default();
    let public = match query.document.filter(|_| query.contact.is_none()) {
        Some(document) => lately(&app, &staff.actor, document).await?,
        None => Vec::new(),
    };
    let readers = entries.iter().map(|entry| entry.contact).chain(query.contact);
    let names = Names::of(&app, &staff, readers).await?;
    page(&Readings {
        frame: Frame::new(&app, &visitor, "Readings").await?,
        document: query.document.map(|id| (id, title(id))),
        contact: query.contact.map(|id| (id, names.contact(id).to_owned())),
        entries: entries.iter().map(|entry| shown(entry, &names, title(entry.document))).collect(),
        public,
        days: DAYS,
        filter: filter(&query),
        older,
    })
}

/// A line of the file for tables.
#[derive(Serialize)]
pub struct Line {
    at: String,
    contact: ContactId,
    name: String,
    company: String,
    address: String,
    document: DocumentId,
    version: u32,
    digest: String,
    file: String,
    assignment: String,
    accepted: String,
}

impl Log for ReadQuery {
    type Entry = ReadEntry;
    type Line = Line;

    async fn read(self, app: &App, staff: &Staff) -> Result<(Vec<ReadEntry>, Option<Self>), StoreError> {
        let entries = app.stores.access.reads(&staff.actor, &self).await?;
        let last = entries.last().filter(|_| entries.len() == self.limit).map(|last| last.id);
        let next = last.map(|before| Self { before: Some(before), ..self });
        Ok((entries, next))
    }

    fn contact(entry: &ReadEntry) -> ContactId {
        entry.contact
    }

    fn line(entry: &ReadEntry, names: &Names) -> Line {
        let accepted: Vec<String> =
            entry.accepted.iter().map(|nda| format!("{} v{}", nda.nda, nda.version)).collect();
        Line {
            at: time(entry.at),
            contact: entry.contact,
            name: cell(names.contact(entry.contact)),
            company: cell(names.firm(entry.contact)),
            address: words::address(entry.address),
            document: entry.document,
            version: entry.version.0,
            digest: entry.digest.to_string(),
            file: entry.file.map(|file| file.to_string()).unwrap_or_default(),
            assignment: entry.assignment.0.to_string(),
            accepted: accepted.join(" "),
        }
    }
}

pub fn asked(fields: &Fields, limit: usize) -> Result<ReadQuery, Problem> {
    Ok(ReadQuery {
        document: id(fields, "document")?,
        contact: id(fields, "contact")?,
        before: id(fields, "before")?,
        limit,
    })
}

/// What a query is narrowed to, as a query.
fn filter(query: &ReadQuery) -> String {
    let document = query.document.map(|id| format!("document={id}"));
    let contact = query.contact.map(|id| format!("contact={id}"));
    [document, contact].into_iter().flatten().collect::<Vec<_>>().join("&")
}

/// What documents are called now.
pub async fn titles(
    app: &Arc<App>,
    staff: &Staff,
    documents: impl Iterator<Item = DocumentId>,
) -> Result<BTreeMap<DocumentId, String>, Problem> {
    let mut titles = BTreeMap::new();
    for id in documents.collect::<BTreeSet<_>>() {
        let known = app.stores.access.document(&staff.actor, id).await?.ok_or_else(Problem::not_found)?;
        titles.insert(id, words::title(&known.document.title.text));
    }
    Ok(titles)
}

/// How often each version of a document was read by everybody lately.
async fn lately(app: &App, actor: &Actor, document: DocumentId) -> Result<Vec<(u32, u64)>, Problem> {
    app.gate.flush().await?;
    let now = Utc::now();
    let within = now - TimeDelta::days(DAYS)..now + TimeDelta::minutes(1);
    let mut versions = BTreeMap::new();
    for read in app.stores.access.public_reads(actor, document, within).await? {
        *versions.entry(read.version.0).or_default() += read.count;
    }
    Ok(versions.into_iter().rev().collect())
}

fn shown(entry: &ReadEntry, names: &Names, title: String) -> Shown {
    let accepted = entry.accepted.iter().map(|nda| format!("NDA v{}", nda.version));
    Shown {
        at: words::moment(entry.at),
        contact: entry.contact,
        who: names.contact(entry.contact).to_owned(),
        firm: names.firm(entry.contact).to_owned(),
        address: words::address(entry.address),
        document: entry.document,
        title,
        version: entry.version.0,
        what: if entry.file.is_some() { "Downloaded a file" } else { "Read the page" },
        right: ["Assigned".to_owned()].into_iter().chain(accepted).collect::<Vec<_>>().join(", "),
    }
}

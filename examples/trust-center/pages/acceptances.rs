//! Who has accepted which NDA, and the copies of it, for members and for who accepted.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use notion_import_core::{
    AcceptanceEntry, AcceptanceId, AcceptanceQuery, Action, Contact, ContactId, DocumentId, NdaId, NdaText,
    StoreError,
};
use serde::Serialize;

use super::asking::contact;
use super::frame::{Frame, page};
use super::log::{Log, cell, time};
use super::readings::titles;
use super::site::company;
use super::{Answer, Shared, cut, download, id};
use crate::app::App;
use crate::fields::Fields;
use crate::names::Names;
use crate::people::Company;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Entries on a page.
const LINES: usize = 50;

#[derive(Template)]
#[template(path = "acceptances.html")]
struct Acceptances {
    frame: Frame,
    /// The contact that the page is about, if it is about one only.
    contact: Option<String>,
    /// The version that it is about.
    version: Option<u32>,
    entries: Vec<Shown>,
    /// What the page, and the files, are narrowed to.
    filter: String,
    /// The entry that the next page begins before; none if this is the last.
    older: Option<AcceptanceId>,
}

struct Shown {
    id: AcceptanceId,
    at: String,
    contact: ContactId,
    who: String,
    firm: String,
    address: String,
    version: u32,
    document: DocumentId,
    title: String,
    /// Since when it counts no more.
    voided: Option<String>,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let query = asked(&Fields::read(query.unwrap_or_default().as_bytes()), LINES + 1)?;
    let mut entries = app.stores.access.acceptances(&staff.actor, &query).await?;
    let older = cut(&mut entries, LINES).map(|last| last.id);
    let titles = titles(&app, &staff, entries.iter().map(|entry| entry.document)).await?;
    let signers = entries.iter().map(|entry| entry.contact).chain(query.contact);
    let names = Names::of(&app, &staff, signers).await?;
    let shown = |entry: &AcceptanceEntry| Shown {
        id: entry.id,
        at: words::moment(entry.at),
        contact: entry.contact,
        who: names.contact(entry.contact).to_owned(),
        firm: names.firm(entry.contact).to_owned(),
        address: words::address(entry.address),
        version: entry.version,
        document: entry.document,
        title: titles.get(&entry.document).cloned().unwrap_or_default(),
        voided: entry.voided_at.map(words::moment),
    };
    page(&Acceptances {
        frame: Frame::new(&app, &visitor, "Acceptances").await?,
        contact: query.contact.map(|id| names.contact(id).to_owned()),
        version: query.version,
        entries: entries.iter().map(shown).collect(),
        filter: filter(&query),
        older,
    })
}

/// The copy of an acceptance, for members.
pub async fn copy(State(app): Shared, visitor: Visitor, Path(id): Path<AcceptanceId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let found = app.stores.access.acceptances(&staff.actor, &AcceptanceQuery::one(id)).await?;
    let entry = found.into_iter().next().ok_or_else(Problem::not_found)?;
    let by = app.stores.access.contact(staff.company.tenant, entry.contact).await?;
    written(&app, staff.company, &entry, by.as_ref()).await
}

#[derive(Template)]
#[template(path = "own_acceptances.html")]
struct OwnAcceptances {
    frame: Frame,
    company: &'static Company,
    entries: Vec<OwnShown>,
    older: Option<AcceptanceId>,
}

struct OwnShown {
    id: AcceptanceId,
    title: String,
    /// Which version, and when.
    accepted: String,
    /// Since when it counts no more.
    voided: Option<String>,
}

/// What whoever is at the browser has accepted.
pub async fn own(
    State(app): Shared,
    visitor: Visitor,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let company = company(&site)?;
    let contact = contact(&visitor, company).ok_or_else(Problem::not_found)?.id;
    let before = id(&Fields::read(query.unwrap_or_default().as_bytes()), "before")?;
    let query = AcceptanceQuery { before, limit: LINES + 1, ..AcceptanceQuery::default() };
    let mut entries = app.stores.access.acceptances_of(company.tenant, contact, &query).await?;
    let older = cut(&mut entries, LINES).map(|last| last.id);
    let (words, mut shown) = (visitor.words(), Vec::new());
    for entry in entries {
        shown.push(OwnShown {
            id: entry.id,
            title: text(&app, company, &entry).await?.title,
            accepted: words
                .fill(words.accepted_version, &[&entry.version.to_string(), &words.moment(entry.at)]),
            voided: entry.voided_at.map(|at| words.fill(words.accepted_void, &[&words.moment(at)])),
        });
    }
    let frame = Frame::new(&app, &visitor, words.accepted).await?;
    page(&OwnAcceptances { frame, company, entries: shown, older })
}

/// The copy of an acceptance, for who accepted.
pub async fn own_copy(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    let contact = contact(&visitor, company).ok_or_else(Problem::not_found)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let query = AcceptanceQuery::one(id);
    let found = app.stores.access.acceptances_of(company.tenant, contact.id, &query).await?;
    let entry = found.into_iter().next().ok_or_else(Problem::not_found)?;
    written(&app, company, &entry, Some(contact)).await
}

async fn text(app: &App, company: &Company, entry: &AcceptanceEntry) -> Result<NdaText, Problem> {
    let text = app.stores.access.nda_text(company.tenant, entry.nda, entry.version).await?;
    text.ok_or_else(Problem::not_found)
}

/// Who accepted what, when and from where, and below a line the text, byte for byte.
#[derive(Template)]
#[template(path = "acceptance.md", escape = "none")]
struct Copy<'a> {
    company: &'a Company,
    by: Option<&'a Contact>,
    entry: &'a AcceptanceEntry,
    at: String,
    voided: Option<String>,
    text: NdaText,
}

async fn written(app: &App, company: &Company, entry: &AcceptanceEntry, by: Option<&Contact>) -> Answer {
    let text = text(app, company, entry).await?;
    let copy = Copy { company, by, entry, at: time(entry.at), voided: entry.voided_at.map(time), text };
    Ok(download("text/markdown; charset=utf-8", "nda.md", copy.render()?))
}

/// A line of the file for tables.
#[derive(Serialize)]
pub struct Line {
    at: String,
    acceptance: AcceptanceId,
    contact: ContactId,
    name: String,
    company: String,
    address: String,
    nda: NdaId,
    version: u32,
    digest: String,
    document: DocumentId,
    voided_at: String,
}

impl Log for AcceptanceQuery {
    type Entry = AcceptanceEntry;
    type Line = Line;

    async fn read(
        self,
        app: &App,
        staff: &Staff,
    ) -> Result<(Vec<AcceptanceEntry>, Option<Self>), StoreError> {
        let entries = app.stores.access.acceptances(&staff.actor, &self).await?;
        let last = entries.last().filter(|_| entries.len() == self.limit).map(|last| last.id);
        let next = last.map(|before| Self { before: Some(before), ..self });
        Ok((entries, next))
    }

    fn contact(entry: &AcceptanceEntry) -> ContactId {
        entry.contact
    }

    fn line(entry: &AcceptanceEntry, names: &Names) -> Line {
        Line {
            at: time(entry.at),
            acceptance: entry.id,
            contact: entry.contact,
            name: cell(names.contact(entry.contact)),
            company: cell(names.firm(entry.contact)),
            address: words::address(entry.address),
            nda: entry.nda,
            version: entry.version,
            digest: entry.digest.to_string(),
            document: entry.document,
            voided_at: entry.voided_at.map(time).unwrap_or_default(),
        }
    }
}

pub fn asked(fields: &Fields, limit: usize) -> Result<AcceptanceQuery, Problem> {
    Ok(AcceptanceQuery {
        id: None,
        nda: id(fields, "nda")?,
        version: id(fields, "version")?,
        contact: id(fields, "contact")?,
        before: id(fields, "before")?,
        limit,
    })
}

/// What a query is narrowed to, as a query.
fn filter(query: &AcceptanceQuery) -> String {
    let nda = query.nda.map(|id| format!("nda={id}"));
    let version = query.version.map(|number| format!("version={number}"));
    let contact = query.contact.map(|id| format!("contact={id}"));
    [nda, version, contact].into_iter().flatten().collect::<Vec<_>>().join("&")
}

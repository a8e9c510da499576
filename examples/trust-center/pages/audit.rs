//! The company's audit: who did what, when, to what, and from which address.

use axum::extract::{RawQuery, State};
use notion_import_core::{Action, AuditEntry, AuditQuery, DocumentId, Subject};

use super::frame::{Frame, page};
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Entries on a page.
const LINES: usize = 50;

#[derive(askama::Template)]
#[template(path = "audit.html")]
struct Audit {
    frame: Frame,
    /// The document that the page is about, if it is about one only.
    document: Option<(DocumentId, String)>,
    entries: Vec<Shown>,
    /// The number that the next page begins before; none if this is the last.
    older: Option<u64>,
}

struct Shown {
    number: u64,
    at: String,
    who: &'static str,
    address: String,
    about: &'static str,
    document: Option<DocumentId>,
    what: String,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::ReadAudit)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let document = match fields.given("document") {
        Some(id) => Some(named(&app, &staff, id.parse().map_err(|_| Problem::not_found())?).await?),
        None => None,
    };
    let query = AuditQuery {
        subject: document.as_ref().map(|(id, _)| Subject::Document(*id)),
        before: fields.text("before").parse().ok(),
        limit: LINES + 1,
    };
    let mut entries = app.stores.audit.audit(&staff.actor, &query).await?;
    let is_last = entries.len() <= LINES;
    entries.truncate(LINES);
    let older = entries.last().filter(|_| !is_last).map(|last| last.number);
    let entries = entries.iter().map(|entry| shown(entry, &staff)).collect();
    page(&Audit { frame: Frame::new(&app, &visitor, "Audit"), document, entries, older })
}

async fn named(app: &App, staff: &Staff, id: DocumentId) -> Result<(DocumentId, String), Problem> {
    let known = app.stores.access.document(&staff.actor, id).await?.ok_or_else(Problem::not_found)?;
    Ok((id, words::title(&known.document.title.text)))
}

fn shown(entry: &AuditEntry, staff: &Staff) -> Shown {
    let (about, document) = match entry.subject {
        Subject::Connection(_) => ("Notion", None),
        Subject::Document(id) => ("A document", Some(id)),
        Subject::Nda(_) => ("The NDA", None),
        Subject::Contact(id) => (staff.company.contact(id).map_or("A contact", |contact| contact.name), None),
    };
    Shown {
        number: entry.number,
        at: words::moment(entry.at),
        who: staff.company.agent_named(entry.by),
        address: entry.address.map(|address| address.to_string()).unwrap_or_default(),
        about,
        document,
        what: words::event(&entry.event, staff.company),
    }
}

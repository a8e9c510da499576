//! The company's audit: who did what, when, to what, and from which address.

use axum::extract::{RawQuery, State};
use notion_import_core::{Action, AuditEntry, AuditQuery, DocumentId, Subject};

use super::access::exact;
use super::frame::{Frame, page};
use super::{Answer, Shared, cut, id};
use crate::app::App;
use crate::fields::Fields;
use crate::names::Names;
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
    /// Up to which number, and until when, nothing is kept any more, on the last page.
    gone: Option<(u64, String)>,
}

struct Shown {
    number: u64,
    at: String,
    /// Where it is told who could read what from then on.
    then: String,
    who: String,
    address: String,
    about: String,
    document: Option<DocumentId>,
    what: String,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::ReadAudit)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let document = match id(&fields, "document")? {
        Some(id) => Some(named(&app, &staff, id).await?),
        None => None,
    };
    let query = AuditQuery {
        subject: document.as_ref().map(|(id, _)| Subject::Document(*id)),
        before: fields.text("before").parse().ok(),
        limit: LINES + 1,
    };
    let mut entries = app.stores.audit.audit(&staff.actor, &query).await?;
    let older = cut(&mut entries, LINES).map(|last| last.number);
    let gone = match older {
        None => app.stores.audit.audit_since(staff.actor.tenant, 0, 0).await?.start,
        Some(_) => None,
    };
    let gone = gone.map(|start| (start.number, words::moment(start.at)));
    let names = Names::in_audit(&app, &staff, &entries).await?;
    let entries = entries.iter().map(|entry| shown(entry, &names)).collect();
    page(&Audit { frame: Frame::new(&app, &visitor, "Audit").await?, document, entries, older, gone })
}

async fn named(app: &App, staff: &Staff, id: DocumentId) -> Result<(DocumentId, String), Problem> {
    let known = app.stores.access.document(&staff.actor, id).await?.ok_or_else(Problem::not_found)?;
    Ok((id, words::title(&known.document.title.text)))
}

fn shown(entry: &AuditEntry, names: &Names) -> Shown {
    let narrowed = match entry.subject {
        Subject::Document(id) => format!("document={id}&"),
        Subject::Contact(id) => format!("contact={id}&"),
        Subject::Connection(_) | Subject::Nda(_) | Subject::Tenant(_) => String::new(),
    };
    let (about, document) = match entry.subject {
        Subject::Connection(_) => ("Notion", None),
        Subject::Document(id) => ("A document", Some(id)),
        Subject::Nda(_) => ("The NDA", None),
        Subject::Contact(id) => (names.contact(id), None),
        Subject::Tenant(_) => ("The company", None),
    };
    Shown {
        number: entry.number,
        at: words::moment(entry.at),
        then: format!("{narrowed}at={}", exact(entry.at)),
        who: names.agent(entry.by).to_owned(),
        address: words::address(entry.address),
        about: about.to_owned(),
        document,
        what: names.event(&entry.event),
    }
}

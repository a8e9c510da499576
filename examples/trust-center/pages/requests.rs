//! Who asks for access, and what is decided about it.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use chrono::{TimeDelta, Utc};
use notion_import_core::store::AccessFacts;
use notion_import_core::{
    AccessLevel, AccessRequest, Action, Approval, Asker, Assignment, AssignmentId, ContactId, ContactState,
    Decision, Deny, DocumentFacts, DocumentId, Publication, RequestId, Viewer, decide,
};

use super::assigning::days;
use super::frame::{Frame, page};
use super::{Address, Answer, Shared, cut, id, see};
use crate::app::App;
use crate::fields::Fields;
use crate::names::Names;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Requests on a page.
const LINES: usize = 20;

/// How many days an approval lasts unless somebody says otherwise.
const DAYS: i64 = 90;

#[derive(askama::Template)]
#[template(path = "requests.html")]
struct Requests {
    frame: Frame,
    requests: Vec<Shown>,
    /// The request that the next page begins after; none if this is the last.
    next: Option<RequestId>,
    is_first: bool,
    days: i64,
}

struct Shown {
    id: RequestId,
    name: String,
    company: String,
    mail: String,
    /// How far it is known that it is them.
    who: &'static str,
    is_doubtful: bool,
    document: DocumentId,
    title: String,
    level: AccessLevel,
    reason: String,
    asked: String,
    /// What they will be able to read once it is approved.
    reads: String,
    /// What stands in the way even then.
    obstacle: Option<String>,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let after = id(&fields, "after")?;
    let mut requests = app.stores.access.requests(&staff.actor, after, LINES + 1).await?;
    let next = cut(&mut requests, LINES).map(|last| last.id);
    let asking = requests.iter().filter_map(|request| request.asker.as_ref()?.contact());
    let names = Names::of(&app, &staff, asking).await?;
    let mut shown = Vec::new();
    for request in &requests {
        shown.push(Shown::of(&app, &staff, &names, request).await?);
    }
    let frame = Frame::new(&app, &visitor, "Requests").await?;
    page(&Requests { frame, requests: shown, next, is_first: after.is_none(), days: DAYS })
}

pub async fn approve(
    State(app): Shared,
    visitor: Visitor,
    Path((document, id)): Path<(DocumentId, RequestId)>,
    body: Bytes,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let now = Utc::now();
    let days = fields.given("days").map(days).transpose().map_err(back)?;
    let approval = Approval {
        expires_at: days.map(|days| now + TimeDelta::days(days)),
        nda_waiver: fields.given("waiver").map(str::to_owned),
    };
    app.stores.access.approve(&staff.actor, document, id, &approval, now).await?;
    visitor.tell("Approved: they are let in to this document, and to nothing else.");
    see(Address::Requests)
}

pub async fn decline(
    State(app): Shared,
    visitor: Visitor,
    Path((document, id)): Path<(DocumentId, RequestId)>,
    body: Bytes,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let missing = || back(Problem::form("Say why it is declined. The reason is kept in the history."));
    let reason = fields.given("reason").ok_or_else(missing)?;
    app.stores.access.decline(&staff.actor, document, id, reason, Utc::now()).await?;
    visitor.tell("Declined. Nobody was let in.");
    see(Address::Requests)
}

fn back(problem: Problem) -> Problem {
    problem.with_way_out(Address::Requests.to_string(), "Back to the requests")
}

impl Shown {
    async fn of(app: &App, staff: &Staff, names: &Names, request: &AccessRequest) -> Result<Self, Problem> {
        let contact = request.asker.as_ref().and_then(Asker::contact);
        let details = match &request.asker {
            Some(Asker::Contact(id)) => names.known(*id).map(|contact| &contact.details),
            Some(Asker::Stranger(details)) => Some(details),
            None => None,
        };
        let known = app.stores.access.document(&staff.actor, request.document).await?;
        let known = known.ok_or_else(Problem::not_found)?;
        let facts = app.stores.access.facts(staff.actor.tenant, contact, request.document).await?;
        let facts = facts.map(|(_, facts)| facts).unwrap_or_default();
        let title = known.published_title.as_ref().unwrap_or(&known.document.title.text);
        let version = match known.facts.publication {
            Publication::Published(version) => format!("version {}", version.0),
            Publication::Draft | Publication::Archived => "what is published next".to_owned(),
        };
        Ok(Self {
            id: request.id,
            name: details.map_or("Somebody", |details| details.name()).to_owned(),
            company: details.map_or("", |details| details.company()).to_owned(),
            mail: details.map_or("", |details| details.mail().as_str()).to_owned(),
            who: match (contact, request.signed_in) {
                (Some(_), true) => "A contact, who had signed in.",
                (Some(_), false) => {
                    "The address is a contact's, but whoever asked had not signed in. Only the contact can read what you approve."
                }
                (None, _) => {
                    "Not a contact yet, and nobody has checked the address. Approving adds them to the contacts."
                }
            },
            is_doubtful: !request.signed_in,
            document: request.document,
            title: words::title(title),
            level: known.facts.level,
            reason: request.reason.clone(),
            asked: words::away(request.asked_at, Utc::now()),
            reads: format!("{version} of this document, as long as it is shown, and no other"),
            obstacle: obstacle(contact, &known.facts, facts),
        })
    }
}

/// Says what would stand in the way of somebody if they were let in now. It is for the gate's one decision to say.
fn obstacle(contact: Option<ContactId>, document: &DocumentFacts, mut facts: AccessFacts) -> Option<String> {
    let id = contact.unwrap_or_else(ContactId::fresh);
    if contact.is_none() {
        facts.contact = ContactState::Known;
    }
    facts.assignments.push(Assignment {
        id: AssignmentId(id.as_uuid()),
        contact: id,
        document: document.id,
        expires_at: None,
        revoked_at: None,
        nda_waived: false,
    });
    let viewer = Viewer::Contact { tenant: document.tenant, id, verified: true };
    match decide(document.tenant, &viewer, document, &facts, Utc::now()) {
        Decision::Allow(_) => None,
        Decision::Deny(why) => Some(match why {
            Deny::NdaNotAccepted(_, version) => {
                format!("They have to accept the NDA first (version {version}), unless you waive it.")
            }
            Deny::NdaNotConfigured => "The document requires an NDA, and none is set up.".to_owned(),
            Deny::NotPublished => "No version of the document is published.".to_owned(),
            Deny::Internal => "The document is internal: approving does not change its level.".to_owned(),
            Deny::Blocked => "The contact is shut out.".to_owned(),
            Deny::ForeignTenant | Deny::NotSignedIn | Deny::Unverified | Deny::NotAssigned => {
                "They cannot be let in to it now.".to_owned()
            }
        }),
    }
}

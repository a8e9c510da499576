//! One document, as members see it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::store::Link;
use notion_import_core::{
    AccessLevel, Action, AdminDocument, Assignment, AuditQuery, DocumentFacts, DocumentId, Source,
    SourceKind, SourceState, StoreError, Version,
};

use super::choosing::Choice;
use super::dialog::Report;
use super::frame::{Frame, page};
use super::picker::value;
use super::preview::Shown;
use super::source::linked_to;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::names::Names;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words::{self, Badge};

#[derive(askama::Template)]
#[template(path = "document.html")]
struct DocumentPage {
    frame: Frame,
    id: DocumentId,
    title: String,
    titled_here: bool,
    /// The title that was typed and is too long.
    refused: Option<String>,
    /// The version that readers see and the title they see it under, if that is not the working title.
    still_titled: Option<(u32, String)>,
    new_title: String,
    revision: u64,
    level: AccessLevel,
    /// The levels that a change can lead to as things stand: what shows nothing is opened by publishing it.
    levels: Vec<AccessLevel>,
    publication: String,
    is_published: bool,
    /// The newest version, if it is not the one that is shown.
    unpublished: Option<u32>,
    listed: bool,
    category: String,
    /// The categories that there are.
    categories: Vec<String>,
    preview: Shown,
    report: Report,
    versions: Vec<ShownVersion>,
    source: Option<ShownSource>,
    /// What it was unlinked from.
    unlinked: Option<Unlinked>,
    assignments: Vec<ShownAssignment>,
    contacts: Choice,
    history: Vec<ShownEvent>,
    may_publish: bool,
    may_assign: bool,
    may_import: bool,
}

struct ShownVersion {
    number: u32,
    imported: String,
    edited: String,
    is_shown: bool,
}

/// What a document was unlinked from.
struct Unlinked {
    title: String,
    /// The document that is linked to it by now.
    other: Option<DocumentId>,
}

struct ShownSource {
    icon: String,
    kind: &'static str,
    title: String,
    url: Option<String>,
    badge: Option<Badge>,
    created: String,
    edited: String,
    checked: String,
    locked: bool,
    is_connected: bool,
    update_available: bool,
    is_gone: bool,
    trouble: Option<String>,
    /// Of a database, what of it is shown, and what it is picked by.
    shows: Option<(String, String)>,
}

/// An assignment, alive or not.
pub struct ShownAssignment {
    pub id: String,
    pub name: String,
    pub firm: String,
    pub until: String,
    pub waived: bool,
    pub is_live: bool,
}

struct ShownEvent {
    at: String,
    who: String,
    what: String,
}

pub async fn show(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    shown(&app, &visitor, id, None).await
}

/// The page, and in its form the title that was refused.
async fn shown(app: &App, visitor: &Visitor, id: DocumentId, refused: Option<String>) -> Answer {
    let staff = visitor.staff()?;
    let known = known(app, &staff, id).await?;
    let versions = app.stores.access.versions(&staff.actor, id).await?;
    let newest = versions.first().ok_or_else(Problem::not_found)?;
    let preview = Shown::to_members(app, staff.company, newest, &files(id)).await?;
    let shown = known.facts.publication.version();
    let may = |action| staff.actor.may(action).is_ok();
    let working = &known.document.title.text;
    let other = known.published_title.filter(|published| published != working);
    page(&DocumentPage {
        still_titled: shown.zip(other).map(|(version, title)| (version.0, words::title(&title))),
        new_title: working.clone(),
        revision: known.revision,
        id,
        title: words::title(&known.document.title.text),
        refused,
        titled_here: known.document.title.edited_here,
        level: known.facts.level,
        levels: levels(&known.facts),
        publication: words::publication(known.facts.publication),
        is_published: shown.is_some(),
        unpublished: (shown != Some(newest.number)).then_some(newest.number.0),
        listed: known.facts.listed,
        category: known.category.unwrap_or_default(),
        categories: app.stores.access.list_categories(staff.actor.tenant).await?,
        preview,
        report: Report::of(newest),
        versions: versions
            .iter()
            .map(|version| shown_version(version, shown == Some(version.number)))
            .collect(),
        source: known.document.link.as_ref().map(shown_source),
        unlinked: match &known.document.unlinked {
            Some(link) => Some(Unlinked::from(app, &staff, &link.source).await?),
            None => None,
        },
        assignments: assignments(app, &staff, id).await?,
        contacts: Choice::of(app, &staff).await?,
        history: history(app, &staff, id).await?,
        may_publish: may(Action::Publish),
        may_assign: may(Action::Assign),
        may_import: may(Action::Import),
        frame: Frame::new(app, visitor, words::title(&known.document.title.text)).await?,
    })
}

impl Unlinked {
    async fn from(app: &App, staff: &Staff, source: &Source) -> Result<Self, Problem> {
        let other = linked_to(app, staff, source.id).await?;
        Ok(Self { title: words::title(&source.title), other: other.map(|known| known.document) })
    }
}

fn levels(facts: &DocumentFacts) -> Vec<AccessLevel> {
    AccessLevel::ALL.into_iter().filter(|to| *to != facts.level && !facts.needs_publication(*to)).collect()
}

/// The document, if this company has it.
pub async fn known(app: &App, staff: &Staff, id: DocumentId) -> Result<AdminDocument, Problem> {
    app.stores.access.document(&staff.actor, id).await?.ok_or_else(Problem::not_found)
}

/// The path below which members find a document's files.
pub fn files(id: DocumentId) -> String {
    format!("/documents/{id}/files")
}

/// Who is let in, as the page shows it.
async fn assignments(app: &App, staff: &Staff, id: DocumentId) -> Result<Vec<ShownAssignment>, Problem> {
    let assignments = app.stores.access.assignments(&staff.actor, id).await?;
    let names = Names::of(app, staff, assignments.iter().map(|assignment| assignment.contact)).await?;
    Ok(assignments.iter().map(|assignment| shown_assignment(&names, assignment)).collect())
}

/// Who is let in now.
pub async fn live_assignments(
    app: &App,
    staff: &Staff,
    id: DocumentId,
) -> Result<Vec<ShownAssignment>, Problem> {
    let mut assignments = assignments(app, staff, id).await?;
    assignments.retain(|assignment| assignment.is_live);
    Ok(assignments)
}

fn shown_assignment(names: &Names, assignment: &Assignment) -> ShownAssignment {
    let now = Utc::now();
    let is_live = assignment.is_live(now);
    let until = match (assignment.revoked_at, assignment.expires_at) {
        (Some(at), _) => format!("taken back {}", words::moment(at)),
        (None, Some(end)) => format!("until {}", words::moment(end)),
        (None, None) => "without end".to_owned(),
    };
    ShownAssignment {
        id: assignment.id.0.to_string(),
        name: names.contact(assignment.contact).to_owned(),
        firm: names.firm(assignment.contact).to_owned(),
        until,
        waived: assignment.nda_waived,
        is_live,
    }
}

/// How much of a document's history its page shows.
const HISTORY: usize = 100;

async fn history(app: &App, staff: &Staff, id: DocumentId) -> Result<Vec<ShownEvent>, Problem> {
    let entries = app.stores.audit.audit(&staff.actor, &AuditQuery::of_document(id, HISTORY)).await?;
    let names = Names::in_audit(app, staff, &entries).await?;
    let shown = entries.iter().map(|entry| ShownEvent {
        at: words::moment(entry.at),
        who: names.agent(entry.by).to_owned(),
        what: names.event(&entry.event),
    });
    Ok(shown.collect())
}

fn shown_version(version: &Version, is_shown: bool) -> ShownVersion {
    ShownVersion {
        number: version.number.0,
        imported: words::moment(version.imported_at),
        edited: words::moment(version.source_edited_at),
        is_shown,
    }
}

fn shown_source(link: &Link) -> ShownSource {
    let source = &link.source;
    ShownSource {
        icon: words::icon(source),
        kind: words::kind(source),
        title: words::title(&source.title),
        url: source.url.as_ref().map(ToString::to_string),
        badge: words::source_badge(Some(link)),
        created: words::moment(source.created_at),
        edited: words::moment(source.edited_at),
        checked: words::away(link.checked_at, Utc::now()),
        locked: source.locked,
        is_connected: link.connection.is_some(),
        // Putting a page into the trash is an edit too, but nothing to bring here.
        update_available: link.update_available && link.state == SourceState::Present,
        is_gone: link.state.is_gone(),
        trouble: link.trouble.as_ref().map(words::trouble),
        shows: (source.kind == SourceKind::DataSource)
            .then(|| (words::shown(link.shown.as_ref()), value(source))),
    }
}

pub async fn rename(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(&body);
    let title = fields.given("title");
    match app.stores.access.rename(&staff.actor, id, title, Utc::now()).await {
        Err(StoreError::OutOfRange("title")) => {
            let again = shown(&app, &visitor, id, title.map(str::to_owned)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        renamed => {
            renamed?;
            see(Address::Document(id))
        }
    }
}

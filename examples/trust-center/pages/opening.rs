//! Levels: what widens is shown before it is done, what narrows is done at once.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use chrono::Utc;
use notion_import_core::{
    AccessLevel, Action, AdminDocument, Direction, DocumentId, LevelChange, Version, VersionNumber,
};

use super::care::{Care, internal_titles, leaks};
use super::dialog::Report;
use super::document::{ShownAssignment, known, live_assignments};
use super::frame::{Frame, page};
use super::publishing::{asked, expected};
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

#[derive(askama::Template)]
#[template(path = "level.html")]
struct LevelPage {
    frame: Frame,
    id: DocumentId,
    title: String,
    from: AccessLevel,
    to: AccessLevel,
    revision: u64,
    is_public: bool,
    report: Report,
    /// What is to be ticked, if it widens.
    care: Option<Care>,
    /// Who was let in before, and will read it then.
    assignments: Vec<ShownAssignment>,
}

pub async fn ask_level(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<DocumentId>,
    RawQuery(query): RawQuery,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let known = known(&app, &staff, id).await?;
    let to = level(&fields)?;
    if known.facts.needs_publication(to) {
        // Nothing is shown that it would open: what is published is published at that level.
        let newest = known.document.latest;
        return asked(&app, &visitor, &staff, known, newest, to).await;
    }
    let number = known.facts.publication.version().unwrap_or(known.document.latest);
    let shown = version(&app, &staff, id, number).await?;
    let (care, assignments) = match known.facts.level.direction(to) {
        Direction::Same => return see(Address::Document(id)),
        // Nobody new reads it. A link must change nothing, so even that is left to the form.
        Direction::Narrowing => (None, Vec::new()),
        Direction::Widening => {
            let care = care(&app, &staff, &known, &shown, to).await?;
            (Some(care), live_assignments(&app, &staff, id).await?)
        }
    };
    page(&LevelPage {
        id,
        title: words::title(&known.document.title.text),
        from: known.facts.level,
        to,
        revision: known.revision,
        is_public: to == AccessLevel::Public,
        report: Report::of(&shown),
        care,
        assignments,
        frame: Frame::new(&app, &visitor, "Change the level").await?,
    })
}

async fn version(
    app: &App,
    staff: &Staff,
    id: DocumentId,
    number: VersionNumber,
) -> Result<Version, Problem> {
    let versions = app.stores.access.versions(&staff.actor, id).await?;
    versions.into_iter().find(|version| version.number == number).ok_or_else(Problem::not_found)
}

/// What is to be ticked before what is shown is opened this far.
async fn care(
    app: &App,
    staff: &Staff,
    known: &AdminDocument,
    shown: &Version,
    to: AccessLevel,
) -> Result<Care, Problem> {
    let internal = internal_titles(app, staff, Some(known.document.id)).await?;
    let title = known.published_title.as_deref().unwrap_or_default();
    Ok(Care::of(&leaks(title, shown, &internal), to, true))
}

fn level(fields: &Fields) -> Result<AccessLevel, Problem> {
    fields.text("to").parse().map_err(|_| Problem::form("Choose a level."))
}

pub async fn set_level(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<DocumentId>,
    body: Bytes,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(&body);
    let to = level(&fields)?;
    let current = known(&app, &staff, id).await?;
    let shown = current.facts.publication.version();
    if let (Direction::Widening, Some(number)) = (current.facts.level.direction(to), shown) {
        let shown = version(&app, &staff, id, number).await?;
        let again = format!("/documents/{id}/level?to={to}");
        let care = care(&app, &staff, &current, &shown, to).await?;
        care.check(&fields)
            .map_err(|missing| Problem::form(missing).with_way_out(again, "Back to the form"))?;
    }
    let change = LevelChange { to, expected: expected(&fields, &current) };
    app.stores.access.set_level(&staff.actor, id, &change, Utc::now()).await?;
    visitor.tell(format!("The level is now: {}.", words::level(to)));
    see(Address::Document(id))
}

pub async fn set_listed(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<DocumentId>,
    body: Bytes,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(&body);
    let listed = fields.is_on("listed");
    if listed && !fields.is_on("reason") {
        return Err(Problem::form(
            "Say why others may know of the document. The reason is kept in its history.",
        ));
    }
    let expected = expected(&fields, &known(&app, &staff, id).await?);
    app.stores.access.set_listed(&staff.actor, id, listed, &expected, Utc::now()).await?;
    see(Address::Document(id))
}

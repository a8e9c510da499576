//! Publishing and levels: what widens is shown before it is done, what narrows is done at once.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use chrono::Utc;
use notion_import_core::{
    AccessLevel, Action, AdminDocument, Direction, DocumentId, Expected, LevelChange, Publication, Publish,
    Version, VersionNumber,
};

use super::dialog::Report;
use super::document::{ShownAssignment, assignments, files, known};
use super::frame::{Frame, page};
use super::preview::Shown;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

#[derive(askama::Template)]
#[template(path = "publish.html")]
struct PublishPage {
    frame: Frame,
    id: DocumentId,
    title: String,
    /// The working title, which is published with the version.
    new_title: String,
    level: AccessLevel,
    revision: u64,
    /// Whether readers are let in who are not now.
    opens: bool,
    is_public: bool,
    report: Report,
    preview: Shown,
}

/// Whether publishing lets readers in at once: what was withdrawn at a level that is open to some.
fn opens(known: &AdminDocument) -> bool {
    match known.facts.publication {
        Publication::Published(_) => false,
        Publication::Draft | Publication::Archived => known.facts.level != AccessLevel::Internal,
    }
}

pub async fn ask_publish(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<DocumentId>,
    RawQuery(query): RawQuery,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let known = known(&app, &staff, id).await?;
    let number = fields.text("version").parse().map_or(known.document.latest, VersionNumber);
    let version = version(&app, &staff, id, number).await?;
    page(&PublishPage {
        id,
        title: words::title(&known.document.title.text),
        opens: opens(&known),
        is_public: known.facts.level == AccessLevel::Public,
        level: known.facts.level,
        revision: known.revision,
        new_title: known.document.title.text,
        report: Report::of(&version),
        preview: Shown::to_members(&app, staff.company, &version, &files(id)).await?,
        frame: Frame::new(&app, &visitor, "Publish"),
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

pub async fn publish(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<DocumentId>,
    body: Bytes,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(&body);
    let incomplete = || Problem::form("The form is incomplete. Go back and try again.");
    let version = VersionNumber(fields.text("version").parse().map_err(|_| incomplete())?);
    let title = fields.all("title").next().ok_or_else(incomplete)?.to_owned();
    let current = known(&app, &staff, id).await?;
    if opens(&current) {
        let again = format!("/documents/{id}/publish?version={}", version.0);
        let care = check_care(&fields, current.facts.level);
        care.map_err(|problem| problem.with_way_out(again, "Back to the form"))?;
    }
    let expected = expected(&fields, &current);
    app.stores
        .access
        .publish(&staff.actor, id, &Publish { version, title, level: None, expected }, Utc::now())
        .await?;
    visitor.tell(match current.facts.publication {
        Publication::Published(shown) if shown == version => "The new title is published.".to_owned(),
        _ => format!("Version {} is published.", version.0),
    });
    see(Address::Document(id))
}

/// What the form was filled in on. Without a level or a revision, only what narrows goes through.
fn expected(fields: &Fields, current: &AdminDocument) -> Expected {
    Expected {
        level: fields.text("from").parse().unwrap_or(current.facts.level),
        revision: fields.text("revision").parse().unwrap_or_default(),
        reason: fields.text("reason").to_owned(),
    }
}

pub async fn withdraw(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    app.stores.access.withdraw(&staff.actor, id, Utc::now()).await?;
    visitor.tell("Withdrawn: nobody outside can read it any more.");
    see(Address::Document(id))
}

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
    let (shown, assignments) = match known.facts.level.direction(to) {
        Direction::Same => return see(Address::Document(id)),
        // Nobody new reads it. A link must change nothing, so even that is left to the form.
        Direction::Narrowing => (known.document.latest, Vec::new()),
        Direction::Widening => (published(&known)?, live_assignments(&app, &staff, id).await?),
    };
    page(&LevelPage {
        id,
        title: words::title(&known.document.title.text),
        from: known.facts.level,
        to,
        revision: known.revision,
        is_public: to == AccessLevel::Public,
        report: Report::of(&version(&app, &staff, id, shown).await?),
        assignments,
        frame: Frame::new(&app, &visitor, "Change the level"),
    })
}

fn published(known: &AdminDocument) -> Result<VersionNumber, Problem> {
    match known.facts.publication {
        Publication::Published(version) => Ok(version),
        Publication::Draft | Publication::Archived => {
            let publish = format!("/documents/{}/publish", known.document.id);
            let problem = Problem::form("Publish a version first: only what is published can be opened.");
            Err(problem.with_way_out(publish, "Publish the newest version…"))
        }
    }
}

async fn live_assignments(app: &App, staff: &Staff, id: DocumentId) -> Result<Vec<ShownAssignment>, Problem> {
    let mut assignments = assignments(app, staff, id).await?;
    assignments.retain(|assignment| assignment.is_live);
    Ok(assignments)
}

fn level(fields: &Fields) -> Result<AccessLevel, Problem> {
    fields.text("to").parse().map_err(|_| Problem::form("Choose a level."))
}

impl LevelPage {
    fn widens(&self) -> bool {
        self.from.direction(self.to) == Direction::Widening
    }
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
    if current.facts.level.direction(to) == Direction::Widening {
        let again = format!("/documents/{id}/level?to={to}");
        check_care(&fields, to).map_err(|problem| problem.with_way_out(again, "Back to the form"))?;
    }
    let change = LevelChange { to, expected: expected(&fields, &current) };
    app.stores.access.set_level(&staff.actor, id, &change, Utc::now()).await?;
    visitor.tell(format!("The level is now: {}.", words::level(to)));
    see(Address::Document(id))
}

fn check_care(fields: &Fields, to: AccessLevel) -> Result<(), Problem> {
    if !fields.is_on("reason") {
        return Err(Problem::form("Say why the document opens further. The reason is kept in its history."));
    }
    if !fields.is_on("seen") {
        return Err(Problem::form("Tick that you have seen what the document gives away."));
    }
    if to == AccessLevel::Public && !fields.is_on("public") {
        return Err(Problem::form("Confirm that everybody on the internet may read it."));
    }
    Ok(())
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

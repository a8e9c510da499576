//! Publishing: what changes for readers and what a version gives away is shown before it is done. Title, level and reason go in one
//! form, and all of it happens at once.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::review::Edition;
use notion_import_core::{
    AccessLevel, Action, AdminDocument, Direction, DocumentId, Expected, Publication, Publish, Version,
    VersionNumber,
};

use super::care::{Care, internal_titles, leaks, levels};
use super::changes::Changes;
use super::dialog::Report;
use super::document::{ShownAssignment, files, known, live_assignments};
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
    /// What stands in the form.
    form: Form,
    /// What is wrong with the form as it was sent.
    problem: Option<String>,
    from: AccessLevel,
    revision: u64,
    levels: Vec<(AccessLevel, &'static str, bool)>,
    changes: Option<Changes>,
    care: Care,
    report: Report,
    preview: Shown,
    /// Who was let in before, and will read it then.
    assignments: Vec<ShownAssignment>,
}

/// What is to be published, and how.
struct Form {
    version: VersionNumber,
    title: String,
    level: AccessLevel,
    reason: String,
}

pub async fn ask(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<DocumentId>,
    RawQuery(query): RawQuery,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let known = known(&app, &staff, id).await?;
    let level = fields.text("level").parse().unwrap_or(known.facts.level);
    let version = fields.text("version").parse().map_or(known.document.latest, VersionNumber);
    asked(&app, &visitor, &staff, known, version, level).await
}

/// Asks for what a publication at this level takes.
pub async fn asked(
    app: &App,
    visitor: &Visitor,
    staff: &Staff,
    known: AdminDocument,
    version: VersionNumber,
    level: AccessLevel,
) -> Answer {
    let title = known.document.title.text.clone();
    let form = Form { version, title, level, reason: String::new() };
    let looked = Looked::at(app, staff, known, form).await?;
    page(&looked.page(app, visitor, staff, None).await?)
}

/// A document, and what somebody wants to publish of it.
struct Looked {
    known: AdminDocument,
    version: Version,
    /// The version that is shown, and its title.
    shown: Option<(Version, String)>,
    form: Form,
    care: Care,
}

impl Looked {
    async fn at(app: &App, staff: &Staff, known: AdminDocument, form: Form) -> Result<Self, Problem> {
        let id = known.document.id;
        let versions = app.stores.access.versions(&staff.actor, id).await?;
        let find = |number| versions.iter().find(|version| version.number == number).cloned();
        let version = find(form.version).ok_or_else(Problem::not_found)?;
        let shown = known.facts.publication.version().and_then(find).zip(known.published_title.clone());
        let opens = known.facts.opens(form.level);
        let internal = internal_titles(app, staff, Some(id)).await?;
        let all = leaks(&form.title, &version, &internal);
        // Whoever reads what is shown has seen what that gives away.
        let left = match &shown {
            Some((shown, title)) if !opens && known.facts.level != AccessLevel::Internal => {
                all.beyond(&leaks(title, shown, &internal))
            }
            Some(_) | None => all,
        };
        let care = Care::of(&left, form.level, opens);
        Ok(Self { known, version, shown, form, care })
    }

    async fn page(
        self,
        app: &App,
        visitor: &Visitor,
        staff: &Staff,
        problem: Option<String>,
    ) -> Result<PublishPage, Problem> {
        let Self { known, version, shown, form, care } = self;
        let id = known.document.id;
        let after = Edition { title: &form.title, version: &version };
        let changes =
            shown.as_ref().map(|(shown, title)| Changes::of(Edition { title, version: shown }, after));
        let is_gated = matches!(form.level, AccessLevel::RequiresNda | AccessLevel::Restricted);
        let assignments =
            if care.opens && is_gated { live_assignments(app, staff, id).await? } else { Vec::new() };
        Ok(PublishPage {
            id,
            title: words::title(&known.document.title.text),
            problem,
            from: known.facts.level,
            revision: known.revision,
            levels: levels(form.level),
            changes,
            care,
            report: Report::of(&version),
            preview: Shown::to_members(app, staff.company, &version, &files(id)).await?,
            assignments,
            form,
            frame: Frame::new(app, visitor, "Publish").await?,
        })
    }
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
    let level = match fields.given("level") {
        Some(level) => Some(level.parse().map_err(|_| incomplete())?),
        None => None,
    };
    let (before, seen) = (current.facts.publication, current.facts.level);
    let expected = expected(&fields, &current);
    let form = Form {
        version,
        title: title.clone(),
        level: level.unwrap_or(seen),
        reason: fields.text("reason").to_owned(),
    };
    let to = form.level;
    let looked = Looked::at(&app, &staff, current, form).await?;
    if let Err(missing) = looked.care.check(&fields) {
        let again = page(&looked.page(&app, &visitor, &staff, Some(missing)).await?)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    }
    let publish = Publish { version, title, level, expected };
    app.stores.access.publish(&staff.actor, id, &publish, Utc::now()).await?;
    let read_by =
        if to == seen { String::new() } else { format!(" The level is now: {}.", words::level(to)) };
    let done = match before {
        Publication::Published(shown) if shown == version => "The new title is published.".to_owned(),
        Publication::Published(_) | Publication::Draft | Publication::Archived => {
            format!("Version {} is published.", version.0)
        }
    };
    visitor.tell(format!("{done}{read_by}"));
    see(Address::Document(id))
}

/// What the form was filled in on. Without a level or a revision, only what narrows goes through.
pub fn expected(fields: &Fields, current: &AdminDocument) -> Expected {
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

impl PublishPage {
    fn narrows(&self) -> bool {
        self.from.direction(self.form.level) == Direction::Narrowing
    }
}

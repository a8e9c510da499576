//! An import, or an act on many documents, as it goes on.

use axum::extract::{Path, State};
use notion_import_core::Action;
use uuid::Uuid;

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::problem::Problem;
use crate::progress::{ImportId, Line, Progress, Verdict};
use crate::session::{Staff, Visitor};
use crate::words;

#[derive(askama::Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    number: Uuid,
    done: usize,
    /// What failed, then the last that was done.
    lines: Vec<Line>,
    /// How many are not shown.
    hidden: usize,
    progress: Progress,
    may_cancel: bool,
}

/// Lines on the page of an import.
const LINES: usize = 200;

pub async fn show(State(app): Shared, visitor: Visitor, Path(number): Path<Uuid>) -> Answer {
    let staff = visitor.staff()?;
    let id = ImportId { tenant: staff.actor.tenant, number };
    let mut progress = app.jobs.progress(id).ok_or_else(Problem::not_found)?;
    let title = progress.what.clone().unwrap_or_else(|| "Import".to_owned());
    let frame = Frame::new(&app, &visitor, title).await?;
    let frame = if progress.ended.is_some() { frame } else { frame.again_in(1) };
    let done = progress.lines.len();
    let (mut lines, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut progress.lines)
        .into_iter()
        .partition(|line| matches!(line.verdict, Verdict::Failed(_)));
    lines.extend(rest.into_iter().rev());
    lines.truncate(LINES);
    let may_cancel = may_cancel(&staff, Some(&progress));
    page(&ImportPage { frame, number, done, hidden: done - lines.len(), lines, progress, may_cancel })
}

pub async fn cancel(State(app): Shared, visitor: Visitor, Path(number): Path<Uuid>) -> Answer {
    let staff = visitor.staff()?;
    let id = ImportId { tenant: staff.actor.tenant, number };
    let progress = app.jobs.progress(id);
    if !may_cancel(&staff, progress.as_ref()) {
        return Err(Problem::not_your_role());
    }
    progress.ok_or_else(Problem::not_found)?;
    app.jobs.cancel(id);
    see(Address::Import(number))
}

/// Whoever began it, or may begin an import.
fn may_cancel(staff: &Staff, progress: Option<&Progress>) -> bool {
    let began = progress.is_some_and(|progress| progress.by == Some(staff.actor.member));
    began || staff.actor.may(Action::Import).is_ok()
}

impl Verdict {
    fn badge(&self) -> words::Badge {
        match self {
            Self::Created => words::Badge { style: "good", text: "Imported" },
            Self::NewVersion => words::Badge { style: "good", text: "New version" },
            Self::Unchanged | Self::Left => words::Badge { style: "quiet", text: "Unchanged" },
            Self::Done(_) => words::Badge { style: "good", text: "Done" },
            Self::Failed(_) => words::Badge { style: "bad", text: "Failed" },
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Created => "Internal, a draft: nobody outside sees it until you publish it.",
            Self::NewVersion => "Not published: readers still see the version before it.",
            Self::Unchanged => "It says what it said before.",
            Self::Done(what) => what,
            Self::Left => "It was so already.",
            Self::Failed(reason) => reason,
        }
    }
}

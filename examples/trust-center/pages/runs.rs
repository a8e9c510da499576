//! The syncs of a connection: one by hand, how far it is, and what became of those before.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use notion_import_core::{
    Action, Actor, ConnectionId, DocumentId, Error, Occasion, Phase, Progress, RUNS_KEPT, RunSummary,
    StoreError, SyncedNow,
};
use tokio::time::timeout;

use super::document::known;
use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::problem::Problem;
use crate::session::Visitor;
use crate::words;

/// So long a browser waits for a sync; after that its page shows how far it is.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(askama::Template)]
#[template(path = "runs.html")]
struct Runs {
    frame: Frame,
    id: ConnectionId,
    workspace: String,
    may_sync: bool,
    progress: Option<Progress>,
    runs: Vec<Shown>,
}

/// A run as its line shows it.
struct Shown {
    began: String,
    occasion: &'static str,
    took: String,
    requests: u32,
    asked: String,
    checked: u32,
    changed: u32,
    /// How many could not be looked at, and why.
    failed: Vec<(u32, String)>,
    /// Why it did not do all it was to do.
    failure: Option<String>,
}

pub async fn show(State(app): Shared, visitor: Visitor, Path(id): Path<ConnectionId>) -> Answer {
    let staff = visitor.staff()?;
    let tenant = staff.actor.tenant;
    let record = app.connector.get(tenant, id).await?;
    let runs = app.stores.connections.runs(tenant, id, RUNS_KEPT).await?;
    let progress = app.service.scheduler().progress(tenant, id);
    let frame = Frame::new(&app, &visitor, "Syncs").await?;
    page(&Runs {
        id,
        workspace: record.workspace.name,
        may_sync: staff.actor.may(Action::Import).is_ok(),
        runs: runs.iter().map(shown).collect(),
        frame: if progress.is_some() { frame.again_in(1) } else { frame },
        progress,
    })
}

fn shown(run: &RunSummary) -> Shown {
    let asked = run.requests;
    Shown {
        began: words::moment(run.started_at),
        occasion: match run.occasion {
            Occasion::Due => "planned",
            Occasion::Person => "by hand",
            Occasion::PersonOnSome => "one document, by hand",
            Occasion::Hint => "Notion said so",
        },
        took: words::took(run.finished_at - run.started_at),
        requests: asked.total(),
        asked: format!(
            "{} searches, {} queries, {} looks, {} for blocks, {} others",
            asked.search, asked.query, asked.look, asked.blocks, asked.other
        ),
        checked: run.checked,
        changed: run.changed,
        failed: run.failed.iter().map(|(code, count)| (*count, code.replace('_', " "))).collect(),
        failure: run.failure.as_ref().map(|code| code.replace('_', " ")),
    }
}

/// A sync that takes longer than a browser waits goes on, and its page shows how far it is.
pub async fn sync(State(app): Shared, visitor: Visitor, Path(id): Path<ConnectionId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let syncing = tokio::spawn(synced(app, staff.actor, id));
    let Ok(synced) = timeout(PATIENCE, syncing).await else { return see(Address::Runs(id)) };
    visitor.tell(match synced.map_err(|_| Error::Cancelled).and_then(|synced| synced) {
        Ok(SyncedNow::Done(report)) if report.failed > 0 => {
            format!(
                "{} documents could not be looked at this time; the next sync tries again.",
                report.failed
            )
        }
        Ok(SyncedNow::Done(report)) => {
            format!("Synced: {} documents looked at, {} changed.", report.checked, report.changed)
        }
        Ok(SyncedNow::Elsewhere(run)) => {
            format!(
                "Another server has just synced: {} documents looked at, {} changed.",
                run.checked, run.changed
            )
        }
        Ok(SyncedNow::NotBegun) => "The connection is not active, so nothing was synced.".to_owned(),
        Err(error @ Error::Store(StoreError::NotFound)) => return Err(error.into()),
        Err(error) => format!("The sync did not finish. {}", words::reason(&error)),
    });
    see(Address::Integrations)
}

async fn synced(app: Arc<App>, actor: Actor, id: ConnectionId) -> Result<SyncedNow, Error> {
    app.service.scheduler().sync_now(&actor, id).await
}

/// Looks at what one document was made of.
pub async fn look(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let link = known(&app, &staff, id).await?.document.link;
    let connected = link.and_then(|link| Some((link.connection?, link.source.id)));
    let (connection, source) =
        connected.ok_or_else(|| Problem::form("The document is not linked to Notion any more."))?;
    let sources = [source];
    let looked = app.service.scheduler().look_now(&staff.actor, connection, &sources);
    let looked = timeout(PATIENCE * 2, looked).await;
    visitor.tell(match &looked {
        Ok(Ok(SyncedNow::Done(report))) if report.failed > 0 => "Notion did not show the page this time.",
        Ok(Ok(SyncedNow::Done(report))) if report.changed > 0 => {
            "Looked at: something has changed in Notion."
        }
        Ok(Ok(SyncedNow::Done(_) | SyncedNow::Elsewhere(_))) => "Looked at: nothing has changed in Notion.",
        Ok(Ok(SyncedNow::NotBegun)) => "The connection is not active, so nothing was looked at.",
        Ok(Err(error)) => words::reason(error),
        Err(_) => "Notion is busy with another sync. Try again in a while.",
    });
    see(Address::Document(id))
}

impl Runs {
    /// What a sync is at, in words.
    fn phase(progress: &Progress) -> String {
        match progress.phase {
            Phase::Listing => "Asking Notion what was edited.".to_owned(),
            Phase::Looking => {
                let done = progress.checked + progress.failed;
                format!("{done} of {} documents looked at, {} changed.", progress.total, progress.changed)
            }
        }
    }
}

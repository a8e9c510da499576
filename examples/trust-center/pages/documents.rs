//! The library: every document of the company.

use axum::extract::{RawQuery, State};
use chrono::Utc;
use notion_import_core::{AccessLevel, Actor, AdminDocument, ConnectionId, Publication};

use super::frame::{Frame, page};
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::Visitor;
use crate::words::{self, Badge};

/// Documents read in one go.
const BATCH: usize = 200;

#[derive(askama::Template)]
#[template(path = "documents.html")]
struct Documents {
    frame: Frame,
    level: String,
    stale_only: bool,
    total: usize,
    documents: Vec<Shown>,
}

struct Shown {
    id: String,
    icon: String,
    title: String,
    level: AccessLevel,
    publication: String,
    is_published: bool,
    source: Option<Badge>,
    edited: String,
    checked: String,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff()?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let level = fields.text("level").to_owned();
    let stale_only = fields.is_on("stale");
    let all = every(&app, &staff.actor).await?;
    let total = all.len();
    let wanted = |document: &AdminDocument| {
        (level.is_empty() || document.facts.level.as_str() == level)
            && (!stale_only || words::source_badge(document.document.link.as_ref()).is_some())
    };
    let documents = all.iter().filter(|document| wanted(document)).map(shown).collect();
    page(&Documents {
        frame: Frame::new(&app, &visitor, "Documents").await?,
        level,
        stale_only,
        total,
        documents,
    })
}

/// Every document of the actor's company, newest first.
pub async fn every(app: &App, actor: &Actor) -> Result<Vec<AdminDocument>, Problem> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|last: &AdminDocument| last.document.id);
        let part = app.stores.access.documents(actor, after, BATCH).await?;
        let is_last = part.len() < BATCH;
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

/// How many documents a connection keeps fresh.
pub async fn linked_through(app: &App, actor: &Actor, connection: ConnectionId) -> Result<usize, Problem> {
    let linked = |document: &&AdminDocument| {
        let link = document.document.link.as_ref();
        link.and_then(|link| link.connection) == Some(connection)
    };
    Ok(every(app, actor).await?.iter().filter(linked).count())
}

fn shown(known: &AdminDocument) -> Shown {
    let (document, facts) = (&known.document, &known.facts);
    let link = document.link.as_ref();
    Shown {
        id: document.id.to_string(),
        icon: link.map_or_else(|| "📄".to_owned(), |link| words::icon(&link.source)),
        title: words::title(&document.title.text),
        level: facts.level,
        publication: words::publication(facts.publication),
        is_published: matches!(facts.publication, Publication::Published(_)),
        source: words::source_badge(link).or_else(|| link?.trouble.as_ref().map(|_| words::NOT_REACHABLE)),
        edited: link.map_or_else(String::new, |link| words::moment(link.source.edited_at)),
        checked: link.map_or_else(String::new, |link| words::away(link.checked_at, Utc::now())),
    }
}

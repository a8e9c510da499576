//! What a page would become, before it is imported.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use notion_import_core::{Action, DocumentId, Error, MemoryBlobs};
use tokio::time::timeout;

use super::dialog::Report;
use super::frame::{Frame, page};
use super::picker::{Asked, connected, picked};
use super::preview::Shown;
use super::showing::{Showing, chosen};
use super::source::linked_to;
use super::{Answer, Shared, part};
use crate::fields::Fields;
use crate::people::Company;
use crate::problem::Problem;
use crate::session::Visitor;
use crate::words;

/// Nobody waits longer for a look.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stands where a picture will be: nothing of the page is stored yet.
const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"320\" height=\"90\">\
    <rect x=\"1\" y=\"1\" width=\"318\" height=\"88\" rx=\"8\" fill=\"none\" stroke=\"#8a8f98\" stroke-dasharray=\"5\"/>\
    <text x=\"160\" y=\"50\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"14\" fill=\"#6b7078\">A picture</text></svg>";

#[derive(askama::Template)]
#[template(path = "unimported.html")]
struct Unimported {
    frame: Frame,
    company: &'static Company,
    title: String,
    shown: Shown,
    report: Report,
    /// What it is picked by.
    pick: String,
    /// The document that it is already.
    document: Option<DocumentId>,
    /// Of a database, what of it to show.
    showing: Option<Showing>,
}

/// Reads a page as an import would, and keeps nothing of it.
pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let value = fields.text("pick");
    let (pick, _) =
        picked(value, &Asked::of(&fields)).ok_or_else(|| Problem::form("Choose a page or database."))?;
    let record = connected(&app, &staff).await?.ok_or_else(|| Problem::form("Connect Notion first."))?;
    let known = linked_to(&app, &staff, pick.id).await?;
    let document = known.as_ref().map(|known| known.document);
    let chosen = chosen(&fields)?.or_else(|| known?.link.shown).unwrap_or_default();
    let (connection, files) = (record.connection(), MemoryBlobs::default());
    let importer = app.importer.showing(HashMap::from([(pick.id, chosen.clone())]));
    let reading = async {
        let read = importer.fetch_into(&files, &connection, pick).await?;
        let views = match read.data_source() {
            Some(_) => importer.views(&connection, pick.id).await?,
            None => Vec::new(),
        };
        Ok::<_, Error>((read, views))
    };
    let Ok(read) = timeout(PATIENCE, reading).await else {
        return Err(Problem::form(
            "Reading this takes longer than a look may. Import it: that goes on in the background.",
        ));
    };
    let (read, views) = read?;
    let showing = read.data_source().map(|data_source| Showing::of(data_source, &views, chosen));
    let read = read.content;
    let title = words::title(&read.source.title);
    page(&Unimported {
        frame: Frame::new(&app, &visitor, title.clone()).await?,
        company: staff.company,
        title,
        shown: Shown::unimported(&app, staff.company, &read, "/import/picture").await?,
        report: Report::unimported(&read),
        pick: value.to_owned(),
        document,
        showing,
    })
}

pub async fn picture() -> Response {
    part("image/svg+xml", PICTURE)
}

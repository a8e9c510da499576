//! Who a company is, whom to write to, and where programs find what they need.

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use chrono::Utc;
use notion_import_core::store::folded;
use notion_import_core::{AccessLevel, DocumentId, Outside, ReadableOrder, ReadableQuery, Viewer};

use super::frame::{Frame, page};
use super::site::company;
use super::{Answer, Shared, part};
use crate::app::App;
use crate::people::Company;
use crate::problem::Problem;
use crate::revalidate;
use crate::session::Visitor;

#[derive(askama::Template)]
#[template(path = "about.html")]
struct About {
    frame: Frame,
    company: &'static Company,
    /// The public list of who processes data for the company, if it has published one: its title, and when that was.
    sub_processors: Option<(DocumentId, String, String)>,
}

/// What the title of the list of sub-processors begins with.
const SUB_PROCESSORS: &str = "sub-processors";

/// Documents that are looked through for it.
const LOOKED_AT: usize = 50;

/// What the page looks like, as far as no document decides that.
static LOOKS: LazyLock<String> = LazyLock::new(|| {
    revalidate::digest(
        concat!(
            include_str!("../../templates/about.html"),
            include_str!("../../templates/layout.html"),
            include_str!("../languages/en.rs"),
            include_str!("../languages/de.rs"),
            include_str!("../people.rs"),
        )
        .as_bytes(),
    )
});

pub async fn show(
    State(app): Shared,
    visitor: Visitor,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let company = company(&site)?;
    let title = visitor.words().fill(visitor.words().about_title, &[company.name]);
    let frame = Frame::new(&app, &visitor, title).await?;
    if !frame.is_everybodys() {
        return page(&about(&app, &visitor, company, frame).await?);
    }
    let name = format!("about {} {}", query.unwrap_or_default(), *LOOKS);
    let write = async || page(&about(&app, &visitor, company, frame).await?);
    revalidate::by_revision(&app, company, &headers, (&name, Some(visitor.language)), write).await
}

async fn about(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    frame: Frame,
) -> Result<About, Problem> {
    let query = ReadableQuery {
        text: SUB_PROCESSORS.to_owned(),
        order: ReadableOrder::Newest,
        ..ReadableQuery::first(LOOKED_AT)
    };
    let found = app.stores.access.readable(company.tenant, &Viewer::Anonymous, &query, Utc::now()).await?;
    let is_list = |title: &str| folded(title).starts_with(SUB_PROCESSORS);
    let list = found.documents.into_iter().find(|known| {
        known.level == AccessLevel::Public && known.outside == Outside::Ok && is_list(&known.title)
    });
    let words = visitor.words();
    let sub_processors = list.map(|known| (known.id, known.title, words.day(known.published_at)));
    Ok(About { frame, company, sub_processors })
}

/// A picture of ours: nothing that somebody wrote is in it.
pub async fn logo(Path(site): Path<String>) -> Answer {
    Ok(part("image/svg+xml", company(&site)?.logo))
}

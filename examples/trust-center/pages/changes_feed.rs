//! What is new of what everybody may know of, as a feed: <https://www.rfc-editor.org/rfc/rfc4287>.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use chrono::{DateTime, SecondsFormat, Utc};
use notion_import_core::{
    AccessLevel, DocumentId, Outside, PublicDocument, ReadableOrder, ReadableQuery, Viewer,
};
use url::Url;

use super::documents::place;
use super::site::company;
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::languages::Words;
use crate::people::Company;
use crate::revalidate;
use crate::session::Visitor;

#[derive(Template)]
#[template(path = "changes.xml")]
struct Feed {
    words: &'static Words,
    company: &'static Company,
    title: String,
    site: Url,
    /// Where it is, and where the entries go on that are older.
    own: String,
    older: Option<String>,
    updated: String,
    entries: Vec<Entry>,
}

/// A document, as somebody nobody knows sees it.
struct Entry {
    id: DocumentId,
    title: String,
    level: AccessLevel,
    updated: String,
    summary: String,
}

/// Documents on a part of the feed.
const ENTRIES: usize = 50;

/// What every feed looks like.
static LOOKS: LazyLock<String> =
    LazyLock::new(|| revalidate::digest(include_str!("../../templates/changes.xml").as_bytes()));

/// Answers with the same feed whoever asks, signed in or not.
pub async fn show(
    State(app): Shared,
    visitor: Visitor,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let (company, query) = (company(&site)?, query.unwrap_or_default());
    let name = format!("changes.atom {query} {}", *LOOKS);
    let write = async || feed(&app, company, visitor.words(), &query).await;
    revalidate::by_revision(&app, company, &headers, (&name, Some(visitor.language)), write).await
}

async fn feed(app: &App, company: &'static Company, words: &'static Words, asked: &str) -> Answer {
    let place = place(&Fields::read(asked.as_bytes()));
    let query = ReadableQuery { order: ReadableOrder::Newest, place, ..ReadableQuery::first(ENTRIES) };
    let readable = app.stores.access.readable(company.tenant, &Viewer::Anonymous, &query, Utc::now()).await?;
    let feed = format!("{}t/{}/changes.atom", app.site, company.slug);
    let code = words.language.code();
    let updated = readable.documents.first().map_or(DateTime::UNIX_EPOCH, |newest| newest.published_at);
    let feed = Feed {
        title: words.fill(words.feed_title, &[company.name]),
        own: if asked.is_empty() { feed.clone() } else { format!("{feed}?{asked}") },
        older: readable.next.map(|next| format!("{feed}?lang={code}&after={next}")),
        updated: written(updated),
        entries: readable.documents.iter().map(|known| entry(known, words)).collect(),
        site: app.site.clone(),
        company,
        words,
    };
    let kind = [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")];
    Ok((kind, feed.render()?).into_response())
}

fn entry(known: &PublicDocument, words: &Words) -> Entry {
    let level = words.level(known.level);
    let summary = match known.outside {
        Outside::Ok => words.fill(words.feed_published, &[level, &words.day(known.published_at)]),
        _ => words.fill(words.feed_listed, &[level, words.hint(&known.outside)]),
    };
    let title = words.title(&known.title).chars().filter(|character| is_allowed(*character)).collect();
    Entry { id: known.id, title, level: known.level, updated: written(known.published_at), summary }
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Whether a character may stand in XML 1.0, escaped or not.
const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

//! What everybody may read, as a list for programs that read: <https://llmstxt.org>.

use std::fmt::Write;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::{Cursor, Outside, ReadableQuery, Viewer};

use super::documents::place;
use super::site::company;
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::people::Company;
use crate::{revalidate, words};

/// Documents on a part of the list.
const LINES: usize = 200;

pub async fn show(
    State(app): Shared,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let (company, query) = (company(&site)?, query.unwrap_or_default());
    let name = format!("llms.txt {query}");
    revalidate::by_revision(&app, company, &headers, (&name, None), async || {
        list(&app, company, &query).await
    })
    .await
}

async fn list(app: &App, company: &Company, query: &str) -> Answer {
    let place = place(&Fields::read(query.as_bytes()));
    let query = ReadableQuery { place, ..ReadableQuery::first(LINES) };
    let readable = app.stores.access.readable(company.tenant, &Viewer::Anonymous, &query, Utc::now()).await?;
    let open = readable.documents.iter().filter(|known| known.outside == Outside::Ok);
    let mut text = head(company);
    for known in open {
        let (title, id) = (one_line(&words::title(&known.title)), known.id);
        let published = known.published_at.format("%Y-%m-%d");
        let _ = writeln!(text, "- [{title}]({}t/{}/d/{id}): published {published}", app.site, company.slug);
    }
    if let Some(next) = &readable.next {
        text.push_str(&more(&app.site, company, next));
    }
    let kind = [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")];
    Ok((kind, text).into_response())
}

fn head(company: &Company) -> String {
    format!("# {} Trust Center\n\n> {}\n\n## Documents\n\n", company.name, company.promise.en)
}

fn more(site: &url::Url, company: &Company, next: &Cursor) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("after", &next.to_string()).finish();
    format!("\n## Optional\n\n- [More documents]({site}t/{}/llms.txt?{query})\n", company.slug)
}

/// A title that ends no line and no link.
fn one_line(title: &str) -> String {
    let mut line = String::with_capacity(title.len());
    for character in title.chars() {
        match character {
            '[' | ']' | '\\' | '<' | '`' => line.extend(['\\', character]),
            character if character.is_control() => line.push(' '),
            character => line.push(character),
        }
    }
    line
}

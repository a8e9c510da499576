//! The picker: what a connection can see, and what of it is already in the library.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::error::{Error, OtherKind};
use crate::id::{DocumentId, NotionId};
use crate::library::document::{DocumentStore, Source, SourceKind, SourceState};
use crate::notion::client::Api;
pub use crate::notion::endpoints::QueryKind;
use crate::notion::link::{self, NotionLink};
use crate::source::{Seen, metadata};

/// Something that can be picked.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Entry {
    /// What it says of itself.
    pub source: Source,
    /// How it stands.
    pub state: SourceState,
    /// The document it is already.
    pub imported: Option<DocumentId>,
}

/// A part of what can be picked, and where the next part begins.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Listing {
    /// The entries, last edited first.
    pub entries: Vec<Entry>,
    /// What to ask with for more; valid for minutes, not for keeping.
    pub next: Option<String>,
    /// More exists than Notion shows, here and in the parts that follow: other words, or a pasted link, find it.
    pub is_capped: bool,
}

/// What the picker asks for. What a request leaves out is its default.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Words of the title; empty for everything.
    pub words: String,
    /// Pages, data sources, or both.
    pub kind: QueryKind,
    /// Where to go on.
    pub after: Option<String>,
}

/// Entries a part holds at most.
const PART: usize = 50;

/// Searches titles, or lists what was edited last.
pub(crate) async fn search(
    api: &Api,
    documents: &dyn DocumentStore,
    connection: &Connection,
    query: &Query,
) -> Result<Listing, Error> {
    let list = api.search(query.words.trim(), query.kind).shown_only();
    let mut list = list.pages_of(PART).from(query.after.clone());
    let found = list.next_page().await?.unwrap_or_default();
    let seen = found.iter().filter_map(Seen::found).collect();
    let entries = entries(documents, connection, seen).await?;
    Ok(Listing { entries, next: list.cursor(), is_capped: list.is_capped() })
}

/// Finds what pasted links and ids lead to: pages, rows, and databases, of which it returns every data source.
/// The way to what search does not show. Nothing is returned for what holds no link to Notion.
pub(crate) async fn resolve_link(
    api: &Api,
    documents: &dyn DocumentStore,
    connection: &Connection,
    text: &str,
) -> Result<Vec<Entry>, Error> {
    let mut seen = Vec::new();
    for link in link::pasted(text) {
        for found in behind(api, link).await? {
            if !seen.iter().any(|known: &Seen| known.source.id == found.source.id) {
                seen.push(found);
            }
        }
    }
    entries(documents, connection, seen).await
}

async fn behind(api: &Api, link: NotionLink) -> Result<Vec<Seen>, Error> {
    if link.is_view {
        return data_sources(api, link.id).await;
    }
    match metadata(api, link.id, SourceKind::Page).await {
        Ok(page) => Ok(vec![page]),
        // Ids do not tell what they name.
        Err(error) if error.is_not_found() => data_sources(api, link.id).await,
        Err(error) => Err(error),
    }
}

/// The data sources of a database, or the one data source of this id.
pub(crate) async fn data_sources(api: &Api, id: NotionId) -> Result<Vec<Seen>, Error> {
    let ids = match api.database(id).await {
        Ok(database) => database.data_sources.iter().filter_map(|named| named.id).collect::<Vec<_>>(),
        Err(error) if error.is_not_found() => vec![id],
        Err(error) => return Err(error),
    };
    let ids = if ids.is_empty() { viewed(api, id).await? } else { ids };
    if ids.is_empty() {
        return Err(OtherKind::LinkedView.into());
    }
    let mut seen = Vec::with_capacity(ids.len());
    for id in ids {
        seen.push(metadata(api, id, SourceKind::DataSource).await?);
    }
    Ok(seen)
}

/// The data source that a linked database shows first, if that is shared.
async fn viewed(api: &Api, database: NotionId) -> Result<Vec<NotionId>, Error> {
    let mut views = api.views(database).pages_of(1);
    let first = match views.next_page().await {
        Ok(views) => views.and_then(|views| views.first()?.id),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let Some(first) = first else { return Ok(Vec::new()) };
    match api.view(first).await {
        Ok(view) => Ok(view.data_source.into_iter().collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn entries(
    documents: &dyn DocumentStore,
    connection: &Connection,
    seen: Vec<Seen>,
) -> Result<Vec<Entry>, Error> {
    let ids: Vec<NotionId> = seen.iter().map(|seen| seen.source.id).collect();
    let linked = documents.linked_by_source(connection.tenant, &ids).await?;
    let imported: HashMap<_, _> = linked.iter().map(|known| (known.link.source.id, known.document)).collect();
    let entry = |seen: Seen| Entry {
        imported: imported.get(&seen.source.id).copied(),
        source: seen.source,
        state: seen.state,
    };
    Ok(seen.into_iter().map(entry).collect())
}

//! What can be asked of Notion, each read a line or two.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use super::block::Block;
use super::client::Api;
use super::database::{DataSource, Database};
use super::list::{Element, Endpoint, List};
use super::page::Page;
use super::page_markdown::PageMarkdown;
use super::property::Property;
use super::row::Row;
use super::view::View;
use crate::connection::Workspace;
use crate::error::Error;
use crate::id::NotionId;

/// What a search finds.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "object", rename_all = "snake_case")]
pub(crate) enum Found {
    /// A page, or a row of a data source.
    Page(Box<Page>),
    /// A data source.
    DataSource(Box<DataSource>),
    /// Something newer than this library.
    #[serde(other)]
    Other,
}

/// What a search looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryKind {
    /// Pages and data sources.
    #[default]
    Any,
    /// Pages only.
    Pages,
    /// Data sources only.
    DataSources,
}

/// One element of a paged property: an object whose value stands under its type's name.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct PropertyItem(pub(crate) Value);

impl Api {
    /// Reads a page's metadata and properties.
    pub(crate) async fn page(&self, id: NotionId) -> Result<Page, Error> {
        self.get(&["pages", &id.to_string()]).await
    }

    /// Reads a page as Notion writes it as Markdown. Which version of its syntax that is changes nothing about what it names, but some
    /// day none may be given that is not asked for by name; whether every way to Notion knows that name is not certain.
    pub(crate) async fn page_markdown(
        &self,
        page: NotionId,
        transcripts: bool,
    ) -> Result<PageMarkdown, Error> {
        let id = page.to_string();
        let path = ["pages", &id, "markdown"];
        let query = [("markdown_version", "v2"), ("include_transcript", "true")];
        let query = if transcripts { &query[..] } else { &query[..1] };
        match self.get_with(&path, query).await {
            Err(Error::Notion(notion)) if notion.status == StatusCode::BAD_REQUEST => {
                self.get_with(&path, &query[1..]).await
            }
            outcome => outcome,
        }
    }

    /// Reads one block: the way to a fresh address of a file.
    pub(crate) async fn block(&self, id: NotionId) -> Result<Block, Error> {
        self.get(&["blocks", &id.to_string()]).await
    }

    /// Reads a database, which names its data sources.
    pub(crate) async fn database(&self, id: NotionId) -> Result<Database, Error> {
        self.get(&["databases", &id.to_string()]).await
    }

    /// Reads a data source, which has the columns.
    pub(crate) async fn data_source(&self, id: NotionId) -> Result<DataSource, Error> {
        self.get(&["data_sources", &id.to_string()]).await
    }

    /// Lists what stands directly in a block or a page.
    pub(crate) fn children(&self, id: NotionId) -> List<Block> {
        List::new(self.clone(), Endpoint::Get(path(&["blocks", &id.to_string(), "children"]), Vec::new()))
    }

    /// Lists all references of a property, of which a page shows the first 25 only.
    pub(crate) fn property_items(&self, page: NotionId, property: &str) -> List<PropertyItem> {
        List::new(
            self.clone(),
            Endpoint::Get(path(&property_path(&page.to_string(), &property_id(property))), Vec::new()),
        )
    }

    /// Reads a property that is no list.
    pub(crate) async fn property(&self, page: NotionId, property: &str) -> Result<Property, Error> {
        self.get(&property_path(&page.to_string(), &property_id(property))).await
    }

    /// Lists the rows of a data source, however many: as rows, or as the pages that a look at each would show.
    pub(crate) fn rows<T: Element>(&self, data_source: NotionId) -> List<T> {
        self.query(data_source, json!({})).beyond_the_cap()
    }

    /// Lists the rows that a filter lets through, in an order, however many: as far as one query shows them.
    pub(crate) fn rows_sorted(&self, data_source: NotionId, filter: &Value, sorts: &Value) -> List<Row> {
        self.query(data_source, narrowed(json!({"sorts": sorts}), filter)).shown_only()
    }

    /// Lists the rows that a filter lets through, in the order of their making, however many.
    pub(crate) fn rows_filtered(&self, data_source: NotionId, filter: &Value) -> List<Row> {
        self.query(data_source, narrowed(json!({}), filter)).beyond_the_cap()
    }

    /// Lists the views of a database.
    pub(crate) fn views(&self, database: NotionId) -> List<View> {
        let of = vec![("database_id", database.to_string())];
        List::new(self.clone(), Endpoint::Get(path(&["views"]), of))
    }

    /// Reads a view.
    pub(crate) async fn view(&self, id: NotionId) -> Result<View, Error> {
        self.get(&["views", &id.to_string()]).await
    }

    /// Lists the rows edited at or after a time, which has the precision of a minute.
    pub(crate) fn rows_edited_since(&self, data_source: NotionId, since: DateTime<Utc>) -> List<Page> {
        let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
        let body =
            json!({"filter": {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": since}}});
        self.query(data_source, body).beyond_the_cap()
    }

    /// Reads the row of a data source that was edited last.
    pub(crate) async fn last_edited_row(&self, data_source: NotionId) -> Result<Option<Page>, Error> {
        let body = json!({"sorts": [{"timestamp": "last_edited_time", "direction": "descending"}]});
        let first = self.query::<Page>(data_source, body).shown_only().pages_of(1).next_page().await?;
        Ok(first.and_then(|rows| rows.into_iter().next()))
    }

    fn query<T: Element>(&self, data_source: NotionId, body: Value) -> List<T> {
        let path = path(&["data_sources", &data_source.to_string(), "query"]);
        List::new(self.clone(), Endpoint::Post(path, body))
    }

    /// Searches titles, or lists everything shared if `query` is empty, last edited first. No proof of what is missing.
    pub(crate) fn search(&self, query: &str, kind: QueryKind) -> List<Found> {
        let mut body = json!({"sort": {"timestamp": "last_edited_time", "direction": "descending"}});
        if !query.is_empty() {
            body["query"] = json!(query);
        }
        match kind {
            QueryKind::Any => {}
            QueryKind::Pages => body["filter"] = json!({"property": "object", "value": "page"}),
            QueryKind::DataSources => body["filter"] = json!({"property": "object", "value": "data_source"}),
        }
        List::new(self.clone(), Endpoint::Post(path(&["search"]), body))
    }

    /// Asks which workspace the connection leads to.
    pub(crate) async fn me(&self) -> Result<Workspace, Error> {
        #[derive(Deserialize)]
        struct User {
            id: NotionId,
            name: Option<String>,
            #[serde(default)]
            bot: Option<Bot>,
        }
        #[derive(Deserialize)]
        struct Bot {
            workspace_id: Option<String>,
            workspace_name: Option<String>,
        }
        let user: User = self.get(&["users", "me"]).await?;
        let (id, name) = user.bot.map_or((None, None), |bot| (bot.workspace_id, bot.workspace_name));
        let name = name.or(user.name).unwrap_or_else(|| "Notion".to_owned());
        Ok(Workspace { id, name, bot: user.id })
    }
}

fn property_path<'a>(page: &'a str, property: &'a str) -> [&'a str; 4] {
    ["pages", page, "properties", property]
}

/// A property's id comes escaped, ready for a URL, and a path escapes its segments itself.
fn property_id(escaped: &str) -> Cow<'_, str> {
    percent_decode_str(escaped).decode_utf8_lossy()
}

fn narrowed(mut body: Value, filter: &Value) -> Value {
    if !filter.is_null() {
        body["filter"] = filter.clone();
    }
    body
}

fn path(segments: &[&str]) -> Vec<String> {
    segments.iter().map(|segment| (*segment).to_owned()).collect()
}

impl Element for Block {
    fn id(&self) -> Option<NotionId> {
        self.id
    }

    fn created_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Element for Page {
    fn id(&self) -> Option<NotionId> {
        self.id
    }

    fn created_at(&self) -> Option<DateTime<Utc>> {
        self.created_time
    }
}

impl Element for Row {
    fn id(&self) -> Option<NotionId> {
        self.id()
    }

    fn created_at(&self) -> Option<DateTime<Utc>> {
        self.created_time()
    }
}

impl Element for View {
    fn id(&self) -> Option<NotionId> {
        self.id
    }

    fn created_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Element for Found {
    fn id(&self) -> Option<NotionId> {
        match self {
            Self::Page(page) => page.id,
            Self::DataSource(source) => source.id,
            Self::Other => None,
        }
    }

    fn created_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Element for PropertyItem {
    fn id(&self) -> Option<NotionId> {
        None
    }

    fn created_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

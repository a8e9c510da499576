//! Databases: read as they are shown, alone or inside a page.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use super::directory::is_lasting;
use super::fetch::READS;
use super::once::{Answer, Once};
use super::shown::Plan;
use super::{Child, Fetched, Fetcher, InlineDatabases, Original, convert, properties};
use crate::error::{Error, NotionCode};
use crate::id::NotionId;
use crate::library::basis::ReadState;
use crate::library::document::{NewContent, Shown};
use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::{self, DatabaseTable};
use crate::notion::block::Content;
use crate::notion::database::{DataSource, Database};
use crate::notion::page::Page;
use crate::notion::parent::Parent;
use crate::notion::rate_limit::UNDER_WAY;
use crate::notion::row::Row;
use crate::notion::text::{RichText, plain_text};
use crate::notion::tree::BlockTree;
use crate::notion::view::View;
use crate::source::Seen;

/// Databases read at once. The rate limiter of the connection bounds them further.
const CONCURRENCY: usize = UNDER_WAY;

/// What a run knows of what databases show. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Databases(pub(super) Arc<Known>);

#[derive(Default)]
pub(super) struct Known {
    inside_pages: Once<Answer<Inside>>,
    pub(super) views_of: Once<Answer<Vec<View>>>,
    pub(super) views: Once<Answer<View>>,
}

/// A database inside a page.
#[derive(Clone)]
struct Inside {
    /// Its data sources.
    data_sources: Vec<NotionId>,
    /// What it shows there; none of one that Notion shows as a link.
    shown: Option<Arc<markdown::Database>>,
}

/// A data source with its rows.
struct WholeTable {
    data_source: DataSource,
    container: Option<Arc<Database>>,
    table: DatabaseTable,
    seen: Seen,
    /// Whether nothing was edited while it was read, nor later in the minute of the last edit.
    settled: bool,
    read_at: DateTime<Utc>,
}

/// The databases inside a page, by the ids of their blocks.
#[derive(Default)]
pub(super) struct InsidePage {
    /// What those show that stand in the page; none if they were not read.
    pub(super) shown: Option<markdown::Databases>,
    data_sources: HashMap<NotionId, Vec<NotionId>>,
}

impl InsidePage {
    /// Whether rows stand in the page, which change without an edit of it.
    pub(super) fn has_rows(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| !shown.is_empty())
    }

    /// The rows that stand in the page.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Page> {
        let tables = self.shown.iter().flat_map(HashMap::values).flat_map(|shown| &shown.tables);
        tables.flat_map(|table| pages(&table.rows))
    }

    /// What stands in a database: its data sources, where they are known.
    pub(super) fn children(&self, database: NotionId) -> Vec<Child> {
        match self.data_sources.get(&database) {
            Some(known) if !known.is_empty() => known.iter().copied().map(Child::DataSource).collect(),
            _ => vec![Child::Database(database)],
        }
    }

    fn add(&mut self, database: NotionId, inside: &Inside) {
        self.data_sources.insert(database, inside.data_sources.clone());
        let shown = self.shown.get_or_insert_default();
        shown.extend(inside.shown.clone().map(|inside| (database, inside)));
    }
}

impl Fetcher<'_> {
    /// Reads a data source as a document of its own.
    pub(super) async fn fetch_table(&self, id: NotionId) -> Result<Fetched, Error> {
        let WholeTable { data_source, container, table, mut seen, settled, read_at } =
            Box::pin(self.read_table(id)).await?;
        let (icon, cover) = (data_source.icon.as_ref(), data_source.cover.as_ref());
        self.keep_images_of(&mut seen.source, icon, cover).await;
        let mut shown = shown(container.as_deref(), vec![table]);
        let kept = self.keep_files_of(shown.tables.iter().flat_map(|table| pages(&table.rows))).await?;
        let around = Box::pin(self.around_database(&shown)).await?;
        let body = convert::database(&shown, &around, kept);
        let rows = shown.tables.pop().map(|table| table.rows).unwrap_or_default();
        let children = rows.iter().filter_map(child).collect();
        // Rows come and go without a trace in their data source.
        let read =
            ReadState { edited_at: seen.source.edited_at, settled, basis: None, refers: true, read_at };
        let chosen = self.choices.new_for(id);
        let content = NewContent { chosen, ..super::fetch::new_content(seen, body, read) };
        let original = Original::DataSource { data_source: Box::new(data_source), rows };
        Ok(Fetched { content, children, original, read_at })
    }

    /// Reads a data source so that it was not edited, and not moved to the trash, between its columns and its last row.
    async fn read_table(&self, id: NotionId) -> Result<WholeTable, Error> {
        // What a document is made of is as new as its reading says.
        let (mut reads, mut began) = (0, self.api.moment());
        let mut before = self.api.data_source(id).await?;
        loop {
            reads += 1;
            self.directory.keep_source(id, &before);
            let container = self.container(&before).await?;
            let database = container.as_ref().and_then(|database| database.id);
            let shown = self.choices.alone(id);
            let (table, mut newest, is_filtered) = self.table(database, &before, shown, None).await?;
            // A sync looks at all rows.
            if is_filtered {
                let hidden = self.api.last_edited_row(id).await?;
                newest = newest.max(hidden.and_then(|row| row.last_edited_time));
            }
            let done = self.api.moment();
            let data_source = self.api.data_source(id).await?;
            let state = |of: &DataSource| (of.last_edited_time, of.in_trash);
            let is_calm = state(&before) == state(&data_source);
            if is_calm || reads == READS {
                let seen = Seen::of_data_source(&data_source)
                    .ok_or(Error::Malformed("a data source without its metadata"))?
                    .with_rows(newest);
                let read_at = self.api.server().no_later(began);
                let settled = is_calm && self.is_settled(&seen, began, read_at);
                return Ok(WholeTable { data_source, container, table, seen, settled, read_at });
            }
            (began, before) = (done, data_source);
        }
    }

    /// Reads the databases inside a page.
    pub(super) async fn databases_in(&self, tree: &BlockTree) -> Result<InsidePage, Error> {
        if self.options.inline_databases == InlineDatabases::Links {
            return Ok(InsidePage::default());
        }
        let mut ids: Vec<NotionId> = tree
            .nodes()
            .iter()
            .filter_map(|node| match &node.block.content {
                Content::ChildDatabase(_) => node.block.id,
                _ => None,
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let reading = ids.into_iter().map(|id| async move {
            let inside = self.databases.0.inside_pages.answer(id, Box::pin(self.inside_page(id))).await?;
            Ok::<_, Error>((id, inside))
        });
        let reading = stream::iter(reading.collect::<Vec<_>>()).buffer_unordered(CONCURRENCY);
        let read: Vec<_> = reading.try_collect().await?;
        let mut all = InsidePage { shown: Some(HashMap::new()), ..InsidePage::default() };
        read.iter().for_each(|(id, inside)| all.add(*id, inside));
        Ok(all)
    }

    async fn inside_page(&self, id: NotionId) -> Result<Inside, Error> {
        let database = match self.directory.database(&self.api, id).await {
            Ok(database) if database.is_partial() => return Ok(Inside::hidden()),
            Ok(database) => database,
            // A linked view, of which Notion gives nothing.
            Err(error) if is_lasting(&error) => return Ok(Inside::hidden()),
            Err(error) => return Err(error),
        };
        let mut data_sources: Vec<_> = database.data_sources.iter().filter_map(|named| named.id).collect();
        if !database.is_inline {
            return Ok(Inside { data_sources, shown: None });
        }
        if data_sources.is_empty() {
            // A linked database has views alone, of what stands elsewhere.
            let view = self.view_of(Some(id), None, |view| view.data_source.is_some()).await?;
            data_sources.extend(view.and_then(|view| view.data_source));
        }
        let mut tables = Vec::with_capacity(data_sources.len());
        let mut is_cut = data_sources.is_empty();
        for data_source in &data_sources {
            match self.table_inside(id, *data_source).await {
                Ok(table) => {
                    is_cut |= table.is_none();
                    tables.extend(table);
                }
                Err(error) if is_lasting(&error) => is_cut = true,
                Err(error) => return Err(error),
            }
        }
        let shown = markdown::Database { is_cut, ..shown(Some(&database), tables) };
        Ok(Inside { data_sources, shown: Some(Arc::new(shown)) })
    }

    /// Reads a data source inside a page; none if it is not shared.
    async fn table_inside(&self, database: NotionId, id: NotionId) -> Result<Option<DatabaseTable>, Error> {
        let data_source = self.directory.data_source(&self.api, id).await?;
        if data_source.is_partial() {
            return Ok(None);
        }
        let (shown, most) = (self.choices.inside_pages(id), Some(self.options.inline_rows));
        let (table, ..) = self.table(Some(database), &data_source, shown, most).await?;
        Ok(Some(table))
    }

    /// Reads a data source as a database shows it: all of its rows, or so many. It returns the last edit of one, in the trash or not,
    /// and whether a filter leaves some out, too.
    async fn table(
        &self,
        database: Option<NotionId>,
        data_source: &DataSource,
        shown: Shown,
        most: Option<usize>,
    ) -> Result<(DatabaseTable, Option<DateTime<Utc>>, bool), Error> {
        let id = data_source.id.ok_or(Error::Malformed("a data source without its id"))?;
        let plan = self.plan(database, id, data_source, shown).await?;
        let (mut rows, is_cut, plan) = self.rows_of(id, plan, most).await?;
        let newest = pages(&rows).filter_map(|row| row.last_edited_time).max();
        let count = rows.len();
        rows.retain(|row| !row.in_trash());
        let mut losses = vec![LossKind::RowInTrash; count - rows.len()];
        losses.extend(plan.losses);
        losses.extend((plan.is_unsorted && rows.len() > 1).then_some(LossKind::RowOrder));
        for row in &mut rows {
            if let Row::Page(page) = row {
                self.directory.keep_title_of(page);
                properties::complete(&self.api, page, &self.directory).await?;
            }
        }
        let schema = Arc::new(data_source.properties.clone());
        let schema = self.directory.with_rollups(&self.api, schema, pages(&rows)).await?;
        let table = DatabaseTable {
            name: data_source.title.clone(),
            description: data_source.description.clone(),
            columns: plan.columns,
            schema,
            rows,
            losses,
            truncations: is_cut.then_some(TruncationKind::TooManyRows).into_iter().collect(),
            exposure: plan.exposure,
        };
        Ok((table, newest, !plan.filter.is_null()))
    }

    async fn plan(
        &self,
        database: Option<NotionId>,
        id: NotionId,
        data_source: &DataSource,
        shown: Shown,
    ) -> Result<Plan, Error> {
        let wanted = match shown {
            Shown::Everything => return Ok(Plan::of_everything(data_source)),
            Shown::Columns(names) => return Ok(Plan::of_columns(data_source, &names)),
            Shown::View(view) => Some(view),
            Shown::FirstView => None,
        };
        let view = self.view_of(database, wanted, |view| view.data_source == Some(id)).await?;
        let is_other = wanted.is_some() && view.as_ref().and_then(|view| view.id) != wanted;
        let mut plan = match view {
            Some(view) => Plan::of_view(data_source, &view),
            None => Plan::without_view(data_source),
        };
        plan.losses.extend(is_other.then_some(LossKind::ViewMissing));
        Ok(plan)
    }

    /// Reads rows as they are shown, or as near to that as Notion lets them be queried, and tells whether there are more.
    async fn rows_of(
        &self,
        id: NotionId,
        plan: Plan,
        most: Option<usize>,
    ) -> Result<(Vec<Row>, bool, Plan), Error> {
        let tries = plan.tries();
        let last = tries.len() - 1;
        for (at, plan) in tries.into_iter().enumerate() {
            match self.query(id, &plan, most).await {
                // No order but that of their making shows all of very many.
                Ok((_, true)) if at < last && most.is_none() => {}
                Ok((rows, is_cut)) => return Ok((rows, is_cut, plan)),
                Err(error) if at < last && is_invalid(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Malformed("no way to query it"))
    }

    async fn query(&self, id: NotionId, plan: &Plan, most: Option<usize>) -> Result<(Vec<Row>, bool), Error> {
        let mut list = match &plan.sorts {
            Value::Null => self.api.rows_filtered(id, &plan.filter),
            sorts => self.api.rows_sorted(id, &plan.filter, sorts),
        };
        if most.is_none() && plan.sorts.is_null() {
            return Ok((list.all().await?, false));
        }
        let most = most.unwrap_or(usize::MAX);
        list = list.pages_of(most);
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(page) = list.next_page().await?
        {
            rows.extend(page);
        }
        let is_cut = rows.len() > most || list.cursor().is_some() || list.is_capped();
        rows.truncate(most);
        Ok((rows, is_cut))
    }

    /// Reads the database that a data source belongs to; none if that is not shared.
    pub(super) async fn container(&self, data_source: &DataSource) -> Result<Option<Arc<Database>>, Error> {
        let (Parent::Database(id) | Parent::DataSource { database: Some(id), .. }) = data_source.parent
        else {
            return Ok(None);
        };
        visible(self.directory.database(&self.api, id).await)
    }
}

impl Inside {
    fn hidden() -> Self {
        let shown = markdown::Database { is_cut: true, ..markdown::Database::default() };
        Self { data_sources: Vec::new(), shown: Some(Arc::new(shown)) }
    }
}

/// What Notion gives; none of what it refuses for good.
pub(super) fn visible<T>(read: Result<Arc<T>, Error>) -> Result<Option<Arc<T>>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if is_lasting(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_invalid(error: &Error) -> bool {
    matches!(error, Error::Notion(notion) if notion.code == NotionCode::Validation)
}

fn pages(rows: &[Row]) -> impl Iterator<Item = &Page> {
    rows.iter().filter_map(Row::page)
}

/// Tables with the words of their database. What both say stands once.
fn shown(database: Option<&Database>, mut tables: Vec<DatabaseTable>) -> markdown::Database {
    let description = database.map(|database| database.description.clone()).unwrap_or_default();
    for table in &mut tables {
        if says_the_same(&table.description, &description) {
            table.description.clear();
        }
    }
    let named = database.map(|database| database.title.clone()).filter(|title| !is_blank(title));
    let title = named.or_else(|| tables.first().map(|table| table.name.clone())).unwrap_or_default();
    markdown::Database { title, description, tables, is_cut: false }
}

fn says_the_same(one: &[RichText], other: &[RichText]) -> bool {
    plain_text(one).trim() == plain_text(other).trim()
}

fn is_blank(text: &[RichText]) -> bool {
    plain_text(text).trim().is_empty()
}

fn child(row: &Row) -> Option<Child> {
    match row {
        Row::Page(page) => page.id.map(Child::Page),
        Row::DataSource(source) => source.id.map(Child::DataSource),
    }
}

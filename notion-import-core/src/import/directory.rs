//! What a run knows of what stands around the pages it reads.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::once::{Answer, Once};
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::Source;
use crate::library::title::title;
use crate::notion::address::lasting_text;
use crate::notion::client::Api;
use crate::notion::column::{Column, NumberFormat, Properties};
use crate::notion::database::{DataSource, Database};
use crate::notion::page::Page;
use crate::notion::parent::Parent;
use crate::notion::property::{Formula, PropertyValue, Rollup, RollupResult};
use crate::notion::text::plain_text;

/// The columns of a data source.
pub(crate) type Schema = Arc<Properties<Column>>;

/// What pages and data sources are called, as a host has learnt of it before or beside a run, from [`listed`] for instance. Clones share
/// it. What is not in it is asked for.
///
/// [`listed`]: crate::Importer::listed
#[derive(Clone, Default)]
pub struct KnownTitles(Arc<Mutex<HashMap<NotionId, Arc<str>>>>);

impl KnownTitles {
    /// Keeps what a page or a data source is called.
    pub fn learn(&self, source: &Source) {
        let title = known_as(&source.title);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(source.id, title);
    }

    fn get(&self, id: NotionId) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

impl fmt::Debug for KnownTitles {
    /// Nothing of it: titles are a customer's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownTitles(..)")
    }
}

/// What a run knows of what stands around the pages it reads. Clones share it, and nothing is asked twice.
#[derive(Clone)]
pub(crate) struct Directory(Arc<Shelves>);

struct Shelves {
    /// What the host knows.
    known: KnownTitles,
    /// Requests that are left for it.
    lookups: AtomicU32,
    databases: Once<Answer<Database>>,
    data_sources: Once<Answer<DataSource>>,
    schemas: Shelf<Schema>,
    titles: Shelf<Arc<str>>,
    /// The data source that a database has, if it has one alone.
    sources: Shelf<NotionId>,
}

/// What was asked for, by the id of what it is of; none where it cannot be had.
type Shelf<T> = Once<Option<T>>;

impl Directory {
    pub(crate) fn new(lookups: u32, known: KnownTitles) -> Self {
        Self(Arc::new(Shelves {
            known,
            lookups: AtomicU32::new(lookups),
            databases: Once::default(),
            data_sources: Once::default(),
            schemas: Once::default(),
            titles: Once::default(),
            sources: Once::default(),
        }))
    }

    /// Takes a request from those that are left, and returns whether there was one.
    pub(super) fn spend(&self) -> bool {
        let spend = |left: u32| left.checked_sub(1);
        self.0.lookups.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }

    /// Whether none is left.
    pub(super) fn is_spent(&self) -> bool {
        self.0.lookups.load(Ordering::Relaxed) == 0
    }

    /// Keeps what something is called.
    pub(super) fn keep_title(&self, id: NotionId, title: &str) {
        self.0.titles.keep(id, Some(known_as(title)));
    }

    /// Keeps what a page is called, if it says so.
    pub(super) fn keep_title_of(&self, page: &Page) {
        // One that came without its content has no title, which is not to be untitled.
        if let (Some(id), Some(_), Some(_)) = (page.id, &page.url, page.title_text()) {
            self.keep_title(id, &page.title());
        }
    }

    /// Whether it is known what something is called, or that this cannot be known.
    pub(super) fn has_title(&self, id: NotionId) -> bool {
        self.0.known.get(id).is_some() || self.0.titles.knows(id)
    }

    /// Returns what something is called: as it is known, or as it is asked for.
    pub(super) async fn title(
        &self,
        id: NotionId,
        asking: impl Future<Output = Result<Option<Arc<str>>, Error>>,
    ) -> Result<Option<Arc<str>>, Error> {
        match self.0.known.get(id) {
            Some(known) => Ok(Some(known)),
            None => self.look_up(&self.0.titles, id, asking).await,
        }
    }

    /// Reads a database, and keeps what it is called.
    pub(super) async fn database(&self, api: &Api, id: NotionId) -> Result<Arc<Database>, Error> {
        let database = self.0.databases.answer(id, api.database(id)).await?;
        if database.url.is_some() {
            self.keep_title(id, &plain_text(&database.title));
        }
        Ok(database)
    }

    /// Reads a data source, and keeps what it is called.
    pub(super) async fn data_source(&self, api: &Api, id: NotionId) -> Result<Arc<DataSource>, Error> {
        let source = self.0.data_sources.answer(id, api.data_source(id)).await?;
        self.keep_title_of_source(id, &source);
        Ok(source)
    }

    /// Keeps a data source that was read for itself.
    pub(super) fn keep_source(&self, id: NotionId, source: &DataSource) {
        self.0.data_sources.keep(id, Ok(Arc::new(source.clone())));
        self.keep_title_of_source(id, source);
    }

    fn keep_title_of_source(&self, id: NotionId, source: &DataSource) {
        if source.url.is_some() {
            self.keep_title(id, &plain_text(&source.title));
        }
    }

    /// Returns the columns that say how a page's numbers are shown, if there are such numbers and columns.
    pub(super) async fn formats(&self, api: &Api, page: &Page) -> Result<Option<Schema>, Error> {
        if !page.properties.0.iter().any(|(_, property)| wants_format(&property.value)) {
            return Ok(None);
        }
        let data_source = match page.parent {
            Parent::DataSource { data_source, .. } => Some(data_source),
            Parent::Database(database) => self.only_source(api, database).await?,
            Parent::Workspace | Parent::Page(_) | Parent::Block(_) | Parent::Agent(_) | Parent::Unknown => {
                None
            }
        };
        let Some(data_source) = data_source else { return Ok(None) };
        let Some(schema) = self.schema(api, data_source).await? else { return Ok(None) };
        Ok(Some(self.with_rollups(api, schema, std::iter::once(page)).await?))
    }

    /// Says of the roll-ups with numbers in some rows how the columns are shown that they take those from.
    pub(super) async fn with_rollups<'r>(
        &self,
        api: &Api,
        mut schema: Schema,
        rows: impl Iterator<Item = &'r Page>,
    ) -> Result<Schema, Error> {
        let properties = rows.flat_map(|row| &row.properties.0).map(|(_, property)| property);
        let wanting = properties.filter(|property| {
            matches!(property.value, PropertyValue::Rollup(_)) && wants_format(&property.value)
        });
        for id in wanting.map(|property| &*property.id).collect::<BTreeSet<_>>() {
            let Some(source) = schema.by_id(id).map(|column| &column.rollup) else { continue };
            let relation = schema.by_id(&source.relation_property_id);
            let relation = relation.or_else(|| schema.get(&source.relation_property_name));
            let Some(related) = relation.and_then(|relation| relation.related) else { continue };
            let Some(there) = self.schema(api, related).await? else { continue };
            let taken = there.by_id(&source.rollup_property_id);
            let taken = taken.or_else(|| there.get(&source.rollup_property_name));
            let format = taken.and_then(format_of);
            let own = Arc::make_mut(&mut schema).0.iter_mut().find(|(_, column)| column.id == id);
            own.into_iter().for_each(|(_, column)| column.number_format = format);
        }
        Ok(schema)
    }

    async fn schema(&self, api: &Api, id: NotionId) -> Result<Option<Schema>, Error> {
        let asking = async { Ok(Some(Arc::new(self.data_source(api, id).await?.properties.clone()))) };
        self.look_up(&self.0.schemas, id, asking).await
    }

    async fn only_source(&self, api: &Api, database: NotionId) -> Result<Option<NotionId>, Error> {
        let asking = async {
            Ok(match self.database(api, database).await?.data_sources.as_slice() {
                [only] => only.id,
                _ => None,
            })
        };
        self.look_up(&self.0.sources, database, asking).await
    }

    /// Asks for something once. What passes is the error of whoever wants it: no document must depend on a passing answer.
    async fn look_up<T: Clone>(
        &self,
        shelf: &Shelf<T>,
        id: NotionId,
        asking: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<Option<T>, Error> {
        let asked = async {
            if !self.spend() {
                return Ok(None);
            }
            match asking.await {
                Err(error) if is_lasting(&error) => Ok(None),
                outcome => outcome,
            }
        };
        // On the heap, or many of them one in another are too large for a stack.
        shelf.get(id, Box::pin(asked)).await
    }
}

/// What Notion shows of what has no title.
const UNTITLED: &str = "Untitled";

/// A title as it is shown.
pub(super) fn known_as(text: &str) -> Arc<str> {
    let title = title(text);
    if title.is_empty() { UNTITLED.into() } else { (&*lasting_text(&title)).into() }
}

/// Whether an error is of one source alone and comes again however often it is asked for: it costs that one thing.
pub(super) fn is_lasting(error: &Error) -> bool {
    error.kind().is_of_one_source() && !error.kind().is_transient()
}

/// Whether there is a number in it whose format stands in the schema.
fn wants_format(value: &PropertyValue) -> bool {
    match value {
        PropertyValue::Number(number) => number.is_some(),
        PropertyValue::Formula(formula) => matches!(formula, Formula::Number(_)),
        PropertyValue::Rollup(rollup) => rollup.own_format().is_none() && has_numbers(rollup),
        _ => false,
    }
}

fn has_numbers(rollup: &Rollup) -> bool {
    match &rollup.result {
        RollupResult::Number(_) => true,
        RollupResult::Array(values) => values.iter().any(wants_format),
        RollupResult::Date(_)
        | RollupResult::Empty
        | RollupResult::Incomplete
        | RollupResult::Unsupported => false,
    }
}

/// How a column shows its numbers. Of a formula the API does not say it, of a roll-up of a roll-up only the next one would.
fn format_of(column: &Column) -> Option<NumberFormat> {
    match column.kind.as_str() {
        "rollup" => None,
        _ => column.number_format.or(Some(NumberFormat::Plain)),
    }
}

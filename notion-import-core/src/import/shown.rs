//! What of a data source is shown: which columns, which rows and in which order.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::id::NotionId;
use crate::library::document::{Linked, Shown};
use crate::library::fidelity::{Exposure, LossKind};
use crate::notion::column::Column;
use crate::notion::database::DataSource;
use crate::notion::view::{View, ViewKind, ViewProperty};

/// What says of each data source what of it is shown.
pub(crate) type OnShown = Arc<dyn Fn(NotionId) -> Shown + Send + Sync>;

/// What of data sources is shown: the latest that somebody chose for its document, else what the host says. Inside pages it is what
/// the host says, for those are other documents.
#[derive(Clone)]
pub(crate) struct Choices {
    of_host: OnShown,
    /// Chosen now.
    new: Arc<HashMap<NotionId, Shown>>,
    /// Chosen before, for the document that is read again.
    before: Option<Shown>,
}

impl Choices {
    /// Leaves all to the host.
    pub(crate) fn of_host(of_host: OnShown) -> Self {
        Self { of_host, new: Arc::default(), before: None }
    }

    /// The same with these, chosen now.
    pub(crate) fn choosing(&self, new: HashMap<NotionId, Shown>) -> Self {
        Self { new: Arc::new(new), ..self.clone() }
    }

    /// The same for a document that is read again.
    pub(crate) fn after(&self, known: Option<&Linked>) -> Self {
        Self { before: known.and_then(|known| known.link.shown.clone()), ..self.clone() }
    }

    /// What is chosen now for a data source, if anything is.
    pub(super) fn new_for(&self, id: NotionId) -> Option<Shown> {
        self.new.get(&id).cloned()
    }

    /// What its document shows of a data source.
    pub(super) fn alone(&self, id: NotionId) -> Shown {
        self.new_for(id).or_else(|| self.before.clone()).unwrap_or_else(|| (self.of_host)(id))
    }

    /// What pages show of a data source.
    pub(super) fn inside_pages(&self, id: NotionId) -> Shown {
        (self.of_host)(id)
    }
}

/// How a data source is to be read and written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) columns: Vec<String>,
    /// Which rows; null for all.
    pub(super) filter: Value,
    /// In which order; null for that in which they were made.
    pub(super) sorts: Value,
    pub(super) losses: Vec<LossKind>,
    pub(super) exposure: Exposure,
    /// Whether the order that people have put the rows in is not theirs any more.
    pub(super) is_unsorted: bool,
}

impl Plan {
    /// Shows a data source as one of its views does.
    pub(super) fn of_view(data_source: &DataSource, view: &View) -> Self {
        let (columns, unsaid) = columns_of_view(data_source, &view.configuration.properties);
        let has_quick_filters = !is_empty(&view.quick_filters);
        let has_form = view.kind != ViewKind::Table || !is_empty(&view.configuration.group_by);
        let losses = [(has_quick_filters, LossKind::QuickFilter), (has_form, LossKind::ViewLayout)];
        Self {
            columns,
            filter: if is_empty(&view.filter) { Value::Null } else { view.filter.clone() },
            sorts: if is_empty(&view.sorts) { Value::Null } else { view.sorts.clone() },
            losses: losses.into_iter().filter(|(lost, _)| *lost).map(|(_, kind)| kind).collect(),
            exposure: Exposure {
                unsaid_columns: unsaid,
                unfiltered_tables: u64::from(has_quick_filters),
                ..Exposure::default()
            },
            is_unsorted: is_empty(&view.sorts),
        }
    }

    /// Shows everything that there is.
    pub(super) fn of_everything(data_source: &DataSource) -> Self {
        Self { columns: columns(data_source), ..Self::default() }
    }

    /// Shows everything, because no view says what is meant to be shown.
    pub(super) fn without_view(data_source: &DataSource) -> Self {
        let all = Self::of_everything(data_source);
        let columns = &data_source.properties.0;
        let others = columns.iter().filter(|(_, column)| !column.is_title()).count() as u64;
        Self { exposure: Exposure { unsaid_columns: others, ..Exposure::default() }, ..all }
    }

    /// Shows some columns of all rows.
    pub(super) fn of_columns(data_source: &DataSource, names: &[String]) -> Self {
        let all = &data_source.properties.0;
        let is_there = |name: &String| all.iter().any(|(known, _)| known == name);
        let (columns, missing): (Vec<_>, Vec<_>) = names.iter().cloned().partition(is_there);
        Self { columns, losses: vec![LossKind::ColumnMissing; missing.len()], ..Self::default() }
    }

    /// What to try, one after the other, where Notion refuses to query like that.
    pub(super) fn tries(self) -> Vec<Self> {
        let mut tries = vec![self.clone()];
        tries.extend(self.without_order());
        if let Some(all) = self.without_filter() {
            tries.push(all.clone());
            tries.extend(all.without_order());
        }
        tries
    }

    fn without_order(&self) -> Option<Self> {
        let is_sorted = !self.sorts.is_null();
        is_sorted.then(|| Self { sorts: Value::Null, is_unsorted: true, ..self.clone() })
    }

    fn without_filter(&self) -> Option<Self> {
        (!self.filter.is_null()).then(|| {
            let mut all = Self { filter: Value::Null, ..self.clone() };
            all.losses.push(LossKind::ViewFilter);
            all.exposure.unfiltered_tables = 1;
            all
        })
    }
}

/// The columns that a view shows, in its order, and of how many it does not say so.
fn columns_of_view(data_source: &DataSource, shown: &[ViewProperty]) -> (Vec<String>, u64) {
    let mut rest: Vec<_> = data_source.properties.0.iter().collect();
    let (mut columns, mut unsaid) = (Vec::with_capacity(rest.len()), 0);
    for property in shown {
        let Some(at) = rest.iter().position(|(name, column)| is_meant(property, name, column)) else {
            continue;
        };
        let (name, column) = rest.remove(at);
        if property.visible == Some(false) {
            continue;
        }
        unsaid += u64::from(property.visible.is_none() && !column.is_title());
        columns.push(name.clone());
    }
    unsaid += rest.iter().filter(|(_, column)| !column.is_title()).count() as u64;
    let (titles, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, column)| column.is_title());
    let titles = titles.into_iter().map(|(name, _)| name.clone());
    (titles.chain(columns).chain(others.into_iter().map(|(name, _)| name.clone())).collect(), unsaid)
}

/// Ids come escaped in some places, and not in others.
fn is_meant(property: &ViewProperty, name: &str, column: &Column) -> bool {
    let plain = |id: &str| percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned();
    let meant = &property.property_id;
    !meant.is_empty() && (*meant == column.id || plain(meant) == plain(&column.id) || meant == name)
}

/// The columns: the title first, then in the order of the schema.
fn columns(data_source: &DataSource) -> Vec<String> {
    let all = data_source.properties.0.iter();
    let (titles, others): (Vec<_>, Vec<_>) = all.partition(|(_, column)| Column::is_title(column));
    titles.into_iter().chain(others).map(|(name, _)| name.clone()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(parts) => parts.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

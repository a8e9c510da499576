//! Views: how a database shows its rows.

use serde::de::{MapAccess, SeqAccess};
use serde_json::Value;

use crate::id::NotionId;
use crate::notion::lenient::{Key, Lenient, deserialize, object, skip, value};

/// A view of a data source.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct View {
    /// Its id.
    pub(crate) id: Option<NotionId>,
    /// What people call it.
    pub(crate) name: String,
    /// What it looks like.
    pub(crate) kind: ViewKind,
    /// The data source whose rows it shows.
    pub(crate) data_source: Option<NotionId>,
    /// Which rows it shows, as a query takes it; null for all.
    pub(crate) filter: Value,
    /// In which order, as a query takes it; null for the order that people have put them in.
    pub(crate) sorts: Value,
    /// Filters that stand above the rows, for whoever looks at them.
    pub(crate) quick_filters: Value,
    /// Its columns, and what else it is made of.
    pub(crate) configuration: Configuration,
}

/// What a view looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ViewKind {
    /// Rows and columns.
    Table,
    /// A board, a calendar, a timeline, a gallery, a list or a map: rows with some of their properties.
    Cards,
    /// A form, a chart, a dashboard of other views, or what Notion has added since.
    #[default]
    Other,
}

impl ViewKind {
    /// Whether it shows rows, each with its properties.
    pub(crate) fn has_rows(self) -> bool {
        match self {
            Self::Table | Self::Cards => true,
            Self::Other => false,
        }
    }
}

impl Lenient for ViewKind {
    fn from_text(name: &str) -> Self {
        match name {
            "table" => Self::Table,
            "board" | "calendar" | "timeline" | "gallery" | "list" | "map" => Self::Cards,
            _ => Self::Other,
        }
    }
}

object! {
    /// What a view is made of.
    pub(crate) struct Configuration {
        /// Its columns, in their order.
        pub(crate) properties: Vec<ViewProperty>,
        /// By what it groups its rows; null if it does not.
        pub(crate) group_by: Value,
    }
}

object! {
    /// A column of a view.
    pub(crate) struct ViewProperty {
        /// The id of the property.
        pub(crate) property_id: String,
        /// Whether it is shown, if that is said.
        pub(crate) visible: Option<bool>,
    }
}

/// Whatever it is: what a view says is handed on to a query.
impl Lenient for Value {
    fn from_bool(value: bool) -> Self {
        Self::Bool(value)
    }

    fn from_number(value: f64) -> Self {
        Self::from(value)
    }

    fn from_text(value: &str) -> Self {
        Self::from(value)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element()? {
            all.push(one);
        }
        Ok(Self::Array(all))
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut all = serde_json::Map::new();
        while let Some((name, value)) = object.next_entry()? {
            all.insert(name, value);
        }
        Ok(Self::Object(all))
    }
}

impl Lenient for View {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "id" => this.id = value(&mut object)?,
                "name" => this.name = value(&mut object)?,
                "type" => this.kind = value(&mut object)?,
                "data_source_id" => this.data_source = value(&mut object)?,
                "filter" => this.filter = value(&mut object)?,
                "sorts" => this.sorts = value(&mut object)?,
                "quick_filters" => this.quick_filters = value(&mut object)?,
                "configuration" => this.configuration = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(this)
    }
}

deserialize!(View);

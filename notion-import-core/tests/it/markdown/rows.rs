//! Rows and databases to convert: values of every type, hostile text in every place.

use std::sync::Arc;

use notion_import_core::markdown::{Database, DatabaseTable};
use notion_import_core::notion::{
    ChildSource, Column, Formula, NumberFormat, Page, Properties, Property, PropertyValue, RichText, Rollup,
    RollupResult, Row,
};
use notion_import_core::{Exposure, LossKind, NotionId, TruncationKind};
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::trees::{date, file, numbered_id, target, text};
use super::words::words;
use crate::loss::values::{self, Vocabulary};

/// A row, and the columns of its data source, of which some are not known.
pub fn row() -> impl Strategy<Value = (Page, Properties<Column>)> {
    (row_id(), vec((column(), any::<bool>(), property()), 0..6), text(), 0..8_usize).prop_map(
        |(id, columns, title, at)| {
            let mut properties = Vec::new();
            let mut schema = Vec::new();
            for (number, ((name, column), is_known, property)) in columns.into_iter().enumerate() {
                let id = number.to_string();
                if is_known {
                    schema.push((name.clone(), Column { id: id.clone(), ..column }));
                }
                properties.push((name, Property { id, ..property }));
            }
            let title = ("Name".to_owned(), titled(title));
            if at <= properties.len() {
                properties.insert(at, title);
            }
            (Page { id, properties: Properties(properties), ..Page::default() }, Properties(schema))
        },
    )
}

/// A database with some tables.
pub fn database() -> impl Strategy<Value = Database> {
    let tables = prop_oneof![4 => vec(table(), 1), 3 => vec(table(), 2..4), 1 => Just(Vec::new())];
    (text(), caption(), tables, weighted(0.1)).prop_map(|(title, description, tables, is_cut)| Database {
        title,
        description,
        tables,
        is_cut,
    })
}

/// A data source with some columns, of which some are hidden, and some rows.
fn table() -> impl Strategy<Value = DatabaseTable> {
    let columns = vec((column(), weighted(0.8)), 0..4);
    let rows = vec((row_id(), source_row(), vec(option::weighted(0.9, property()), 4)), 0..4);
    let truncations = prop_oneof![4 => Just(Vec::new()), 1 => Just(vec![TruncationKind::TooManyRows])];
    let exposure = (0..3_u64, 0..2_u64).prop_map(|(unsaid_columns, unfiltered_tables)| Exposure {
        unsaid_columns,
        unfiltered_tables,
        ..Exposure::default()
    });
    let losses = select(vec![
        LossKind::ViewLayout,
        LossKind::QuickFilter,
        LossKind::ViewFilter,
        LossKind::RowOrder,
        LossKind::ColumnMissing,
        LossKind::RowInTrash,
    ]);
    let about = (text(), caption(), vec(losses, 0..2), truncations, exposure);
    (columns, 0..6_usize, rows, about).prop_map(|(columns, title, rows, about)| {
        let (schema, shown) = schema(columns, title);
        let (name, description, losses, truncations, exposure) = about;
        let rows = rows.into_iter().map(|(id, row, values)| match row {
            SourceRow::Whole(title) => whole(id, &schema, title, values),
            SourceRow::NotShared => Row::Page(Box::new(Page { id, ..Page::default() })),
            SourceRow::DataSource(title) => {
                Row::DataSource(ChildSource { id, title, ..ChildSource::default() })
            }
        });
        let rows = rows.collect();
        DatabaseTable {
            name,
            description,
            columns: shown,
            schema: Arc::new(schema),
            rows,
            losses,
            truncations,
            exposure,
        }
    })
}

/// The columns, with that of the titles at a place, and the names of those that are shown, from the last to the first: the order is
/// the view's.
fn schema(columns: Vec<((String, Column), bool)>, title: usize) -> (Properties<Column>, Vec<String>) {
    let mut all: Vec<(String, Column)> = Vec::new();
    let mut shown = Vec::new();
    for ((name, column), is_shown) in columns {
        if all.iter().any(|(known, _)| *known == name) {
            continue;
        }
        if is_shown {
            shown.push(name.clone());
        }
        all.push((name, Column { id: all.len().to_string(), ..column }));
    }
    let is_new = all.iter().all(|(name, _)| name != "Name");
    if title <= all.len() && is_new {
        let column = Column { id: "title".to_owned(), kind: "title".to_owned(), ..Column::default() };
        all.insert(title, ("Name".to_owned(), column));
        shown.insert(title.min(shown.len()), "Name".to_owned());
    }
    shown.reverse();
    (Properties(all), shown)
}

/// A row with values in some columns.
fn whole(
    id: Option<NotionId>,
    schema: &Properties<Column>,
    title: Vec<RichText>,
    values: Vec<Option<Property>>,
) -> Row {
    let mut values = values.into_iter();
    let value = |(name, column): &(String, Column)| {
        let property = if column.is_title() { Some(titled(title.clone())) } else { values.next()? };
        property.map(|property| (name.clone(), Property { id: column.id.clone(), ..property }))
    };
    let properties = Properties(schema.0.iter().filter_map(value).collect());
    Row::Page(Box::new(Page {
        id,
        url: Some("https://app.notion.com/p/x".to_owned()),
        properties,
        ..Page::default()
    }))
}

/// What a data source lists.
#[derive(Clone, Debug)]
enum SourceRow {
    Whole(Vec<RichText>),
    NotShared,
    DataSource(Vec<RichText>),
}

fn source_row() -> impl Strategy<Value = SourceRow> {
    prop_oneof![
        10 => text().prop_map(SourceRow::Whole),
        1 => Just(SourceRow::NotShared),
        1 => text().prop_map(SourceRow::DataSource),
    ]
}

/// Ids that no block of a tree has.
fn row_id() -> impl Strategy<Value = Option<NotionId>> {
    option::weighted(0.9, 1..1000_u128).prop_map(|id| numbered_id((1 << 64) + id?))
}

fn caption() -> impl Strategy<Value = Vec<RichText>> {
    prop_oneof![1 => Just(Vec::new()), 1 => text()]
}

fn titled(text: Vec<RichText>) -> Property {
    Property { id: "title".to_owned(), value: PropertyValue::Title(text), has_more: false }
}

/// A column by its name; its numbers may have any format, and may be of a roll-up.
fn column() -> impl Strategy<Value = (String, Column)> {
    (words(), option::of(select(NumberFormat::ALL)))
        .prop_map(|(name, number_format)| (name, Column { number_format, ..Column::default() }))
}

fn property() -> impl Strategy<Value = Property> {
    let value = prop_oneof![8 => value(), 1 => rollup().prop_map(PropertyValue::Rollup)];
    (value, weighted(0.05)).prop_map(|(value, has_more)| Property { value, has_more, ..Property::default() })
}

/// A value of every type but a roll-up.
fn value() -> BoxedStrategy<PropertyValue> {
    let address = prop_oneof![target(), words()];
    let own = Vocabulary { words: words().boxed(), address: address.boxed() };
    prop_oneof![
        12 => values::value(&own).prop_map(read),
        2 => text().prop_map(PropertyValue::RichText),
        1 => date().prop_map(PropertyValue::Date),
        2 => vec(file(), 0..3).prop_map(PropertyValue::Files),
        2 => number().prop_map(|number| PropertyValue::Number(Some(number))),
        1 => (words(), any::<bool>()).prop_map(|(words, is_email)| {
            if is_email { PropertyValue::Email(Some(words)) } else { PropertyValue::PhoneNumber(Some(words)) }
        }),
        1 => any::<bool>().prop_map(PropertyValue::Checkbox),
        2 => formula().prop_map(PropertyValue::Formula),
        2 => lacking(),
    ]
    .boxed()
}

fn read(json: Value) -> PropertyValue {
    serde_json::from_value::<Property>(json).unwrap().value
}

fn number() -> impl Strategy<Value = f64> {
    let told = select(vec![
        0.0,
        0.07,
        0.125,
        -0.001,
        1.0,
        -1.5,
        12.0,
        999.0,
        1000.0,
        -1234.0,
        1_234_567.5,
        1e15,
        1e21,
        1e-7,
    ]);
    // No JSON of Notion's has a negative zero.
    prop_oneof![4 => told, 2 => any::<i32>().prop_map(|cents| f64::from(cents) / 100.0), 1 => -1e9..1e9]
}

fn formula() -> impl Strategy<Value = Formula> {
    prop_oneof![
        2 => words().prop_map(Formula::Text),
        3 => number().prop_map(Formula::Number),
        1 => any::<bool>().prop_map(Formula::Boolean),
        2 => date().prop_map(Formula::Date),
        1 => Just(Formula::Empty),
        1 => Just(Formula::Unsupported),
    ]
}

fn rollup() -> impl Strategy<Value = Rollup> {
    let function = select(vec![
        "count",
        "count_values",
        "unique",
        "not_empty",
        "checked",
        "percent_checked",
        "percent_per_group",
        "sum",
        "average",
        "range",
        "show_original",
        "latest_date",
        "a_new_one",
    ]);
    let result = prop_oneof![
        3 => number().prop_map(RollupResult::Number),
        2 => date().prop_map(RollupResult::Date),
        4 => vec(prop_oneof![6 => value(), 1 => text().prop_map(PropertyValue::Title)], 0..4).prop_map(RollupResult::Array),
        1 => Just(RollupResult::Empty),
        1 => Just(RollupResult::Incomplete),
        1 => Just(RollupResult::Unsupported),
    ];
    (function, result).prop_map(|(function, result)| Rollup { function: function.to_owned(), result })
}

/// A value that says nothing, or less than others of its type.
fn lacking() -> impl Strategy<Value = PropertyValue> {
    let person = json!({ "object": "user", "id": "35261e8c-e0a3-80c8-9f00-0123456789ab" });
    select(vec![
        json!({ "type": "number", "number": null }),
        json!({ "type": "url", "url": null }),
        json!({ "type": "url", "url": "" }),
        json!({ "type": "email", "email": null }),
        json!({ "type": "phone_number", "phone_number": null }),
        json!({ "type": "select", "select": null }),
        json!({ "type": "status", "status": { "name": " ", "color": "red" } }),
        json!({ "type": "multi_select", "multi_select": [{ "name": "" }, { "name": "a" }, { "name": null }] }),
        json!({ "type": "date", "date": null }),
        json!({ "type": "people", "people": [] }),
        json!({ "type": "people", "people": [{ "object": "group" }, person, { "object": "user", "name": " " }] }),
        json!({ "type": "created_by", "created_by": person }),
        json!({ "type": "created_by", "created_by": null }),
        json!({ "type": "last_edited_by", "last_edited_by": null }),
        json!({ "type": "created_time", "created_time": null }),
        json!({ "type": "last_edited_time", "last_edited_time": null }),
        json!({ "type": "relation", "relation": [] }),
        json!({ "type": "relation", "relation": [person, person] }),
        json!({ "type": "unique_id", "unique_id": { "prefix": "RISK", "number": null } }),
        json!({ "type": "unique_id", "unique_id": { "prefix": "", "number": 7 } }),
        json!({ "type": "verification", "verification": { "state": "unverified", "verified_by": null, "date": null } }),
        json!({ "type": "verification", "verification": { "state": "verified", "verified_by": person, "date": null } }),
        json!({ "type": "verification", "verification": null }),
        json!({ "type": "verification", "verification": { "state": "expired",
            "date": { "start": "2026-01-01T00:00:00.000Z", "end": "2026-04-01T00:00:00.000Z" } } }),
        json!({ "type": "place", "place": null }),
        json!({ "type": "place", "place": { "lat": -52.5, "lon": 13.25 } }),
        json!({ "type": "place", "place": { "name": " ", "address": "1 Main St", "lat": 1.0 } }),
        json!({ "type": "button", "button": {} }),
        json!({ "type": "hologram", "hologram": {} }),
    ])
    .prop_map(read)
}

//! Rows with property values of every type.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::text::{ID, address, caption, range, text, title, words};

/// What values are made of.
pub struct Vocabulary {
    pub words: BoxedStrategy<String>,
    pub address: BoxedStrategy<String>,
}

impl Vocabulary {
    /// Words and addresses that show.
    fn shown() -> Self {
        Self { words: words().boxed(), address: address().boxed() }
    }

    fn words(&self) -> BoxedStrategy<String> {
        self.words.clone()
    }

    fn address(&self) -> BoxedStrategy<String> {
        self.address.clone()
    }
}

fn option_of_select(own: &Vocabulary) -> impl Strategy<Value = Value> + use<> {
    let color = select(vec!["default", "red", "green"]);
    (own.words(), color).prop_map(|(name, color)| json!({ "id": "ab", "name": name, "color": color }))
}

fn person(own: &Vocabulary) -> impl Strategy<Value = Value> + use<> {
    own.words()
        .prop_map(|name| json!({ "object": "user", "id": ID, "name": name, "type": "person", "person": {} }))
}

fn file(own: &Vocabulary) -> impl Strategy<Value = Value> + use<> {
    (own.words(), own.address())
        .prop_map(|(name, url)| json!({ "name": name, "type": "external", "external": { "url": url } }))
}

fn formula(own: &Vocabulary) -> impl Strategy<Value = Value> + use<> {
    prop_oneof![
        own.words().prop_map(|text| json!({ "type": "string", "string": text })),
        Just(json!({ "type": "number", "number": 1.5 })),
        Just(json!({ "type": "boolean", "boolean": true })),
        range().prop_map(|date| json!({ "type": "date", "date": date })),
    ]
}

fn rollup() -> impl Strategy<Value = Value> {
    let array = vec(value(&Vocabulary::shown()), 1..3)
        .prop_map(|values| json!({ "type": "array", "array": values, "function": "show_original" }));
    prop_oneof![
        Just(json!({ "type": "number", "number": 7, "function": "count" })),
        range().prop_map(|date| json!({ "type": "date", "date": date, "function": "latest_date" })),
        array,
    ]
}

fn typed(kind: &'static str, value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    value.prop_map(move |value| json!({ "id": "a%3Ab", "type": kind, kind: value })).boxed()
}

/// A value of every type but a roll-up.
pub fn value(own: &Vocabulary) -> BoxedStrategy<Value> {
    let time = || Just(json!("2026-05-01T09:00:00.000Z"));
    let verification = (select(vec!["verified", "expired"]), range(), person(own))
        .prop_map(|(state, date, by)| json!({ "state": state, "date": date, "verified_by": by }));
    let place = (own.words(), own.words())
        .prop_map(|(name, address)| json!({ "name": name, "address": address, "lat": 52.5, "lon": 13.25 }));
    let unique = option::of(Just("RISK")).prop_map(|prefix| json!({ "prefix": prefix, "number": 4 }));
    prop_oneof![
        typed("rich_text", text()),
        typed("number", Just(json!(12000.5))),
        typed("url", own.address().prop_map(Value::from)),
        typed("select", option_of_select(own)),
        typed("multi_select", vec(option_of_select(own), 1..3).prop_map(Value::from)),
        typed("status", option_of_select(own)),
        typed("date", range()),
        typed("email", Just(json!("ann@a.example"))),
        typed("phone_number", Just(json!("+49 30 1"))),
        typed("checkbox", Just(json!(true))),
        typed("files", vec(file(own), 1..3).prop_map(Value::from)),
        typed("created_by", person(own)),
        typed("created_time", time()),
        typed("last_edited_by", person(own)),
        typed("last_edited_time", time()),
        typed("people", vec(person(own), 1..3).prop_map(Value::from)),
        typed("unique_id", unique),
        typed("verification", verification),
        typed("place", place),
        typed("relation", Just(json!([{ "id": ID }]))),
        typed("formula", formula(own)),
    ]
    .boxed()
}

fn typed_values() -> impl Strategy<Value = Vec<Value>> {
    vec(prop_oneof![6 => value(&Vocabulary::shown()), 1 => typed("rollup", rollup())], 1..4)
}

fn page(title: &Value, values: &[Value]) -> Value {
    let mut properties = json!({ "Name": { "id": "title", "type": "title", "title": title } });
    for (at, value) in values.iter().enumerate() {
        properties[format!("Column {at}")] = value.clone();
    }
    json!({ "object": "page", "id": ID, "url": "https://app.notion.com/p/x", "properties": properties,
        "parent": { "type": "data_source_id", "data_source_id": ID, "database_id": ID } })
}

/// A row of a data source.
pub fn row() -> impl Strategy<Value = Value> {
    (title(), typed_values()).prop_map(|(title, values)| page(&title, &values))
}

/// A data source with one row and the columns of its values.
pub fn table() -> impl Strategy<Value = Value> {
    let format = select(vec!["number", "percent", "euro", "number_with_commas", "a new one"]);
    (caption(), title(), typed_values(), format).prop_map(|(description, title, mut values, format)| {
        let mut columns = json!({ "Name": { "id": "title", "type": "title", "title": {} } });
        for (at, value) in values.iter_mut().enumerate() {
            value["id"] = json!(format!("{at}"));
            let kind = value["type"].as_str().unwrap_or_default();
            let about = if kind == "number" { json!({ "format": format }) } else { json!({}) };
            columns[format!("Column {at}")] = json!({ "id": value["id"], "type": kind, kind: about });
        }
        let source =
            json!({ "object": "data_source", "id": ID, "description": description, "properties": columns });
        json!({ "source": source, "rows": [page(&title, &values)] })
    })
}

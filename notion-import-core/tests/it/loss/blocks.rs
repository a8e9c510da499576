//! Pages of blocks of every type, with every field that Notion gives.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::text::{ID, address, caption, color, icon, text, words};

fn block(kind: &str, payload: Value) -> Value {
    json!({ "object": "block", "id": ID, "type": kind, kind: payload, "has_children": false,
        "created_time": "2026-05-01T09:00:00.000Z", "created_by": { "object": "user", "id": ID },
        "last_edited_time": "2026-05-01T09:00:00.000Z", "last_edited_by": { "object": "user", "id": ID },
        "parent": { "type": "page_id", "page_id": ID }, "in_trash": false })
}

fn of(kind: &'static str, payload: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    payload.prop_map(move |payload| block(kind, payload)).boxed()
}

fn colored() -> impl Strategy<Value = Value> {
    (text(), color()).prop_map(|(text, color)| json!({ "rich_text": text, "color": color }))
}

fn with(
    payload: impl Strategy<Value = Value>,
    key: &'static str,
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Value> {
    (payload, value).prop_map(move |(mut payload, value)| {
        payload[key] = value;
        payload
    })
}

fn heading() -> BoxedStrategy<Value> {
    let kind = select(vec!["heading_1", "heading_2", "heading_3", "heading_4"]);
    (kind, with(colored(), "is_toggleable", Just(json!(false))))
        .prop_map(|(kind, payload)| block(kind, payload))
        .boxed()
}

fn numbered() -> BoxedStrategy<Value> {
    let start = option::of(select(vec![20, 70])).prop_map(|start| json!(start));
    let format = select(vec![json!(null), json!("numbers"), json!("letters"), json!("roman")]);
    of("numbered_list_item", with(with(colored(), "list_start_index", start), "list_format", format))
}

fn file(kind: &'static str) -> BoxedStrategy<Value> {
    let hosted = Just(
        json!({ "type": "file", "file": { "url": "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b/Report.pdf?X-Amz-Signature=0", "expiry_time": "2026-05-01T10:00:00.000Z" } }),
    );
    let external = address().prop_map(|url| json!({ "type": "external", "external": { "url": url } }));
    let payload = with(prop_oneof![hosted, external], "caption", caption());
    match kind {
        "file" => of(kind, with(payload, "name", words().prop_map(Value::from))),
        _ => of(kind, payload),
    }
}

fn cited(kind: &'static str) -> BoxedStrategy<Value> {
    of(kind, (address(), caption()).prop_map(|(url, caption)| json!({ "url": url, "caption": caption })))
}

fn table() -> BoxedStrategy<Value> {
    let row = vec(text(), 2).prop_map(|cells| block("table_row", json!({ "cells": cells })));
    let headers = (any::<bool>(), any::<bool>());
    (vec(row, 1..3), headers)
        .prop_map(|(rows, (column, row))| {
            let payload = json!({ "table_width": 2, "has_column_header": column, "has_row_header": row });
            nested(block("table", payload), rows)
        })
        .boxed()
}

fn link_to_page() -> BoxedStrategy<Value> {
    let payload = select(vec![
        json!({ "type": "page_id", "page_id": ID }),
        json!({ "type": "database_id", "database_id": ID }),
        json!({ "type": "comment_id", "comment_id": ID }),
    ]);
    of("link_to_page", payload)
}

/// Blocks that have no children.
fn leaf() -> BoxedStrategy<Value> {
    let titled = |kind| of(kind, words().prop_map(|title| json!({ "title": title })));
    let empty = |kind| of(kind, Just(json!({})));
    prop_oneof![
        4 => of("paragraph", with(colored(), "icon", Just(Value::Null))),
        2 => heading(),
        2 => of("code", with(with(text().prop_map(|text| json!({ "rich_text": text })), "caption", caption()), "language", Just(json!("rust")))),
        1 => of("equation", Just(json!({ "expression": "x^2" }))),
        1 => empty("divider"),
        1 => empty("breadcrumb"),
        1 => of("table_of_contents", color().prop_map(|color| json!({ "color": color }))),
        2 => table(),
        1 => cited("bookmark"),
        1 => cited("embed"),
        1 => of("link_preview", address().prop_map(|url| json!({ "url": url }))),
        2 => select(vec!["image", "video", "pdf", "audio", "file"]).prop_flat_map(file),
        1 => link_to_page(),
        1 => titled("child_page"),
        1 => titled("child_database"),
        1 => of("unsupported", Just(json!({ "block_type": "form" }))),
    ]
    .boxed()
}

fn nested(mut parent: Value, children: Vec<Value>) -> Value {
    parent["has_children"] = json!(!children.is_empty());
    parent["children"] = children.into();
    parent
}

/// Blocks that have children.
fn parent() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => of("bulleted_list_item", colored()),
        3 => numbered(),
        2 => of("to_do", with(colored(), "checked", any::<bool>().prop_map(Value::from))),
        2 => of("toggle", colored()),
        2 => of("quote", colored()),
        2 => of("callout", with(colored(), "icon", icon())),
        1 => of("template", text().prop_map(|text| json!({ "rich_text": text }))),
        1 => of("synced_block", select(vec![json!({ "synced_from": null }), json!({ "synced_from": { "type": "block_id", "block_id": ID } })])),
    ]
    .boxed()
}

fn columns(children: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<Value> {
    let column = (option::of(Just(0.25)), vec(children, 1..2))
        .prop_map(|(ratio, children)| nested(block("column", json!({ "width_ratio": ratio })), children));
    vec(column, 2).prop_map(|columns| nested(block("column_list", json!({})), columns)).boxed()
}

fn tabs(children: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<Value> {
    let tab = (with(colored(), "icon", icon()), vec(children, 0..2))
        .prop_map(|(label, children)| nested(block("paragraph", label), children));
    vec(tab, 1..3).prop_map(|tabs| nested(block("tab", json!({})), tabs)).boxed()
}

/// The blocks of a page.
pub fn page() -> impl Strategy<Value = Value> {
    let block = leaf().prop_recursive(2, 6, 2, |inner| {
        let toggle = (heading(), vec(inner.clone(), 0..2)).prop_map(|(mut heading, children)| {
            let kind = heading["type"].as_str().unwrap_or_default().to_owned();
            heading[&kind]["is_toggleable"] = json!(true);
            nested(heading, children)
        });
        prop_oneof![
            6 => (parent(), vec(inner.clone(), 0..2)).prop_map(|(parent, children)| nested(parent, children)),
            1 => toggle,
            1 => columns(inner.clone()),
            1 => tabs(inner),
        ]
    });
    vec(block, 1..3).prop_map(|mut blocks| {
        start_once(&mut blocks);
        Value::Array(blocks)
    })
}

/// Only the first item of a list says where it starts.
fn start_once(blocks: &mut [Value]) {
    let numbered = |block: &Value| block["type"] == "numbered_list_item";
    for at in 0..blocks.len() {
        if at > 0 && numbered(&blocks[at - 1]) && numbered(&blocks[at]) {
            blocks[at]["numbered_list_item"]["list_start_index"] = Value::Null;
        }
        if let Some(children) = blocks[at]["children"].as_array_mut() {
            start_once(children);
        }
    }
}

//! Small pages, letter for letter: what belongs to one list, what marks it, where things stop.

use notion_import_core::Fidelity;
use notion_import_core::markdown::{Options, Rendered, render};
use notion_import_core::notion::BlockTree;
use serde_json::{Value, json};

fn convert(blocks: &Value) -> Rendered {
    render(&BlockTree::parse(blocks.to_string().as_bytes()).unwrap(), &Options::default())
}

/// A block of a kind with a text, and fields and children of its own.
fn block(kind: &str, text: &str, own: Value, children: &[Value]) -> Value {
    let mut payload = own;
    payload["rich_text"] = json!([{ "type": "text", "plain_text": text }]);
    payload["children"] = json!(children);
    json!({ "type": kind, "has_children": !children.is_empty(), kind: payload })
}

fn bullet(text: &str, children: &[Value]) -> Value {
    block("bulleted_list_item", text, json!({}), children)
}

fn number(text: &str, start: Value) -> Value {
    block("numbered_list_item", text, json!({ "list_start_index": start }), &[])
}

fn quote(text: &str, children: &[Value]) -> Value {
    block("quote", text, json!({}), children)
}

fn divider() -> Value {
    json!({ "type": "divider", "divider": {} })
}

fn formula(expression: &str) -> Value {
    let run = json!({ "type": "equation", "equation": { "expression": expression } });
    json!({ "type": "paragraph", "paragraph": { "rich_text": [run] } })
}

fn row(cells: &[&str]) -> Value {
    let cells: Vec<Value> =
        cells.iter().map(|cell| json!([{ "type": "text", "plain_text": cell }])).collect();
    json!({ "type": "table_row", "table_row": { "cells": cells } })
}

fn table(width: u32, rows: &[Value]) -> Value {
    let table = json!({ "table_width": width, "has_column_header": true, "children": rows });
    json!({ "type": "table", "has_children": true, "table": table })
}

#[test]
fn blocks_stand_together_and_apart_as_they_do_on_the_page() {
    for (blocks, markdown) in [
        (json!([bullet("a", &[]), bullet("b", &[]), bullet("c", &[])]), "- a\n- b\n- c\n"),
        (json!([bullet("a", &[bullet("b", &[])]), bullet("c", &[])]), "- a\n  - b\n- c\n"),
        (
            json!([number("a", json!(3)), number("b", Value::Null), number("c", Value::Null)]),
            "3. a\n4. b\n5. c\n",
        ),
        (json!([number("a", json!(3)), number("b", json!(4)), number("c", json!(5))]), "3. a\n4. b\n5. c\n"),
        (json!([number("a", json!(3)), number("b", json!(3)), number("c", json!(3))]), "3. a\n4. b\n5. c\n"),
        (json!([number("a", json!(3)), number("b", json!(7))]), "3. a\n\n7) b\n"),
        (json!([bullet("a", &[]), number("b", json!(1))]), "- a\n\n1. b\n"),
        (json!([block("to_do", "a\n# b", json!({}), &[])]), "- [ ] a\\\n  \\# b\n"),
        (json!([formula(r"\{x")]), "$\\{x$\n"),
        (json!([formula("{x")]), "`{x`\n"),
        (json!([divider(), divider()]), "***\n\n---\n"),
        (json!([bullet("a", &[divider()])]), "- a\n\n  ---\n"),
        (json!([bullet("", &[divider()])]), "- ***\n"),
        (json!([quote("", &[divider()])]), "> ---\n"),
        (json!([bullet("a", &[]), divider(), bullet("b", &[])]), "- a\n\n---\n\n- b\n"),
        (json!([quote("a", &[]), quote("b", &[bullet("c", &[])])]), "> a\n\n> b\n>\n> - c\n"),
        (json!([table(2, &[row(&["a", "b"]), row(&["c"])])]), "| a | b |\n| --- | --- |\n| c |  |\n"),
        (json!([table(2, &[row(&["a"])]), row(&["b"])]), "| a |\n| --- |\n\n|  |\n| --- |\n| b |\n"),
        (
            json!([bullet("a", &[table(1, &[row(&["b"])])]), row(&["c"])]),
            "- a\n\n  | b |\n  | --- |\n\n|  |\n| --- |\n| c |\n",
        ),
    ] {
        assert_eq!(convert(&blocks).markdown, markdown, "{blocks}");
    }
}

#[test]
fn short_rows_are_padded_in_tables_of_a_hundred_columns_and_no_wider() {
    for (width, cells) in [(99, 99), (100, 100), (101, 1)] {
        let header: Vec<&str> = vec!["h"; width];
        let markdown = convert(&json!([table(1, &[row(&header), row(&["a"])])])).markdown;
        let last = markdown.lines().last().unwrap();
        assert_eq!(last.matches('|').count(), cells + 1, "{width}");
    }
}

#[test]
fn items_nest_sixty_four_deep_and_stand_beside_their_parent_beyond() {
    let nested = |depth: usize| {
        let page = (1..depth).fold(bullet("a", &[]), |inner, _| bullet("a", &[inner]));
        convert(&json!([page]))
    };
    let indent = |rendered: &Rendered| {
        let last = rendered.markdown.lines().last().unwrap().to_owned();
        last.len() - last.trim_start().len()
    };
    for (depth, deepest, whole) in [(64, 63, true), (65, 64, true), (66, 64, false), (67, 64, false)] {
        let rendered = nested(depth);
        assert_eq!(
            (indent(&rendered), rendered.fidelity == Fidelity::Complete),
            (2 * deepest, whole),
            "{depth}"
        );
    }
}

#[test]
fn children_that_were_not_loaded_are_counted_where_they_first_are_missing() {
    let missing =
        |id: &str| json!({ "id": id, "type": "toggle", "has_children": true, "toggle": { "rich_text": [] } });
    let first = "35261e8c-e0a3-80c8-9f00-0123456789ab";
    let rendered = convert(&json!([missing(first), missing("45261e8c-e0a3-80c8-9f00-0123456789ab")]));
    let Fidelity::Truncated { truncations, .. } = rendered.fidelity else {
        panic!("{:?}", rendered.fidelity)
    };
    let counts: Vec<_> = truncations.iter().map(|one| (one.count, one.first_block)).collect();
    assert_eq!(counts, [(2, first.parse().ok())]);
}

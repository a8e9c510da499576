//! Whatever a field holds, the page is read and written.

use std::fs;

use notion_import_core::LossKind;
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::{Value, json};

use super::fixtures;

#[test]
fn no_field_of_any_fixture_can_fail_a_page() {
    let wrong = [
        None,
        Some(json!(null)),
        Some(json!(7.5)),
        Some(json!(true)),
        Some(json!("x")),
        Some(json!([[1]])),
        Some(json!({"a": {}})),
    ];
    for folder in fs::read_dir(fixtures::root()).unwrap() {
        let json = fs::read(folder.unwrap().path().join("blocks.json")).unwrap();
        let blocks: Value = serde_json::from_slice(&json).unwrap();
        let mut paths = Vec::new();
        collect(&blocks, &mut String::new(), &mut paths);
        for path in paths {
            for value in &wrong {
                let mut changed = blocks.clone();
                replace(&mut changed, &path, value.clone());
                let text = changed.to_string();
                let tree = BlockTree::parse(text.as_bytes())
                    .unwrap_or_else(|error| panic!("{path} {value:?}: {error}"));
                let rendered = render(&tree, &Options::default());
                assert!(
                    rendered.markdown.is_empty() || rendered.markdown.ends_with('\n'),
                    "{path} {value:?}"
                );
            }
        }
    }
}

/// The paths of all fields of objects.
fn collect(value: &Value, at: &mut String, paths: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                at.push('/');
                at.push_str(key);
                paths.push(at.clone());
                collect(field, at, paths);
                at.truncate(length);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                at.push_str(&format!("/{index}"));
                collect(element, at, paths);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn replace(blocks: &mut Value, path: &str, value: Option<Value>) {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let parent = blocks.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
}

#[test]
fn what_notion_has_added_since_is_counted() {
    let run = |annotations: Value| json!([{ "plain_text": "a", "annotations": annotations }]);
    for (kind, payload, loss) in [
        (
            "numbered_list_item",
            json!({ "rich_text": run(json!({})), "list_format": "greek" }),
            LossKind::ListFormat,
        ),
        ("paragraph", json!({ "rich_text": run(json!({})), "color": "gold" }), LossKind::Color),
        ("paragraph", json!({ "rich_text": run(json!({ "color": "gold" })) }), LossKind::Color),
        ("callout", json!({ "rich_text": run(json!({})), "icon": { "type": "hologram" } }), LossKind::Icon),
        ("image", json!({ "type": "hologram", "hologram": {} }), LossKind::FileMissing),
        ("link_to_page", json!({ "type": "hologram_id", "hologram_id": "x" }), LossKind::LinkTarget),
        ("poll", json!({ "rich_text": run(json!({})) }), LossKind::UnknownBlock),
        ("poll", json!({}), LossKind::UnknownBlock),
    ] {
        let blocks = json!([{ "type": kind, kind: payload }]);
        let rendered = render(&BlockTree::parse(blocks.to_string().as_bytes()).unwrap(), &Options::default());
        assert!(rendered.fidelity.losses().iter().any(|one| one.kind == loss), "{blocks}");
    }
}

#[test]
fn the_order_of_keys_means_nothing() {
    for folder in fs::read_dir(fixtures::root()).unwrap() {
        let json = fs::read(folder.unwrap().path().join("blocks.json")).unwrap();
        let written = BlockTree::parse(&json).unwrap();
        let blocks: Value = serde_json::from_slice(&json).unwrap();
        // `Value` sorts the keys.
        assert_eq!(BlockTree::parse(blocks.to_string().as_bytes()).unwrap(), written);
    }
}

#[test]
fn depth_is_no_danger() {
    for (kind, depth) in
        [("toggle", 100_000), ("quote", 100_000), ("paragraph", 100_000), ("numbered_list_item", 10_000)]
    {
        let open =
            format!(r#"[{{"type":"{kind}","{kind}":{{"rich_text":[{{"plain_text":"x"}}]}},"children":"#);
        let json = open.repeat(depth) + "[]" + &"}]".repeat(depth);
        let tree = BlockTree::parse(json.as_bytes()).unwrap();
        let rendered = render(&tree, &Options::default());
        assert_eq!(rendered.markdown.matches('x').count(), depth, "{kind}");
    }
}

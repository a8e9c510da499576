//! How long it takes to read blocks and to write them, against reading them as a `Value`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::tree::BlockTree;
use serde_json::{Value, json};

/// A page of ordinary blocks.
fn page(blocks: usize) -> Vec<u8> {
    let run = |text: &str, bold: bool| {
        json!({
            "type": "text", "text": { "content": text, "link": null }, "plain_text": text, "href": null,
            "annotations": { "bold": bold, "italic": false, "strikethrough": false, "underline": false, "code": false, "color": "default" },
        })
    };
    let block = |at: usize| {
        let kind = ["paragraph", "bulleted_list_item", "heading_2", "quote"][at % 4];
        let text = [
            run("All data is encrypted ", false),
            run("at rest", true),
            run(" and in transit, 24x7.", false),
        ];
        json!({
            "object": "block", "id": format!("35261e8c-e0a3-80c8-9f00-{at:012}"), "type": kind, "has_children": false,
            "created_time": "2026-11-22T10:00:00.000Z", "last_edited_time": "2026-11-22T10:00:00.000Z", "in_trash": false,
            "parent": { "type": "page_id", "page_id": "35261e8c-e0a3-80c8-9f00-0123456789ab" },
            kind: { "rich_text": text, "color": "default" },
        })
    };
    Value::from((0..blocks).map(block).collect::<Vec<_>>()).to_string().into_bytes()
}

fn markdown(criterion: &mut Criterion) {
    let json = page(10_000);
    let Ok(tree) = BlockTree::parse(&json) else { return };
    let mut group = criterion.benchmark_group("markdown");
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("read as a value", |bench| bench.iter(|| serde_json::from_slice::<Value>(&json)));
    group.bench_function("read as blocks", |bench| bench.iter(|| BlockTree::parse(&json)));
    group.bench_function("write", |bench| bench.iter(|| render(&tree, &Options::default())));
    group.finish();
}

criterion_group!(benches, markdown);
criterion_main!(benches);

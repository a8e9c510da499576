//! Times the notion2md crate on a file of blocks: the best of some runs, as JSON.

use std::time::Instant;

use notion2md::builder::NotionToMarkdownBuilder;
use notion2md::notion_client::Client;
use notion2md::notion_client::block::Block;
use notion2md::notion_to_md::{BlockWithChildren, NotionToMarkdown};
use serde_json::{Value, json};

const RUNS: usize = 15;

fn main() {
    let file = std::env::args().nth(1).expect("a file");
    let text = std::fs::read(file).expect("the file");
    let client = Client::new(String::new(), None).expect("a client that is never used");
    let converter = NotionToMarkdownBuilder::new(client).build();

    let blocks = parse(&text);
    let parse_ms = best(|| parse(&text));
    let convert_ms = best(|| convert(&converter, &blocks));
    let both_ms = best(|| convert(&converter, &parse(&text)));
    let report = json!({
        "name": "notion2md", "blocks": count(&blocks), "parse_ms": parse_ms,
        "convert_ms": convert_ms, "cold_ms": convert_ms, "both_ms": both_ms,
    });
    println!("{report}");
}

/// The crate has no reader of nested blocks: each is read by its own model, its children beside it.
fn parse(text: &[u8]) -> Vec<BlockWithChildren> {
    let blocks: Vec<Value> = serde_json::from_slice(text).expect("blocks");
    blocks.into_iter().map(nested).collect()
}

fn nested(mut block: Value) -> BlockWithChildren {
    let children = match block.as_object_mut().and_then(|block| block.remove("children")) {
        Some(Value::Array(children)) => children.into_iter().map(nested).collect(),
        _ => Vec::new(),
    };
    let block: Block = serde_json::from_value(block).expect("a block the crate knows");
    BlockWithChildren { block, children }
}

fn convert(converter: &NotionToMarkdown, blocks: &[BlockWithChildren]) -> String {
    converter.convert_blocks_to_markdown(blocks).expect("Markdown")
}

fn count(blocks: &[BlockWithChildren]) -> usize {
    blocks.iter().map(|block| 1 + count(&block.children)).sum()
}

fn best<T>(work: impl Fn() -> T) -> f64 {
    (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let made = std::hint::black_box(work());
            let took = start.elapsed().as_secs_f64() * 1000.0;
            drop(made);
            took
        })
        .fold(f64::INFINITY, f64::min)
}

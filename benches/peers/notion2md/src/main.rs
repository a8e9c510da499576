//! Times the notion2md crate on a file of blocks, `convert FILE`, and says in JSON what it took.

use std::time::{Duration, Instant};

use notion2md::builder::NotionToMarkdownBuilder;
use notion2md::notion_client::Client;
use notion2md::notion_client::block::Block;
use notion2md::notion_to_md::{BlockWithChildren, NotionToMarkdown};
use serde_json::{Value, json};

fn main() {
    let file = std::env::args().nth(2).expect("convert and a file");
    let text = std::fs::read(file).expect("the file");
    let client = Client::new(String::new(), None).expect("a client that is never used");
    let converter = NotionToMarkdownBuilder::new(client).build();

    let blocks = parse(&text);
    let convert_ms = best(|| convert(&converter, &blocks));
    let both_ms = best(|| convert(&converter, &parse(&text)));
    println!("{}", json!({ "convert_ms": convert_ms, "both_ms": both_ms }));
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

/// The fastest run of half a second's, or of the first three; what was made is dropped outside of it.
fn best<T>(work: impl Fn() -> T) -> f64 {
    let (began, mut best) = (Instant::now(), Duration::MAX);
    for run in 0.. {
        let start = Instant::now();
        let made = std::hint::black_box(work());
        best = best.min(start.elapsed());
        drop(made);
        if run >= 2 && began.elapsed() > Duration::from_millis(500) {
            break;
        }
    }
    best.as_secs_f64() * 1e3
}

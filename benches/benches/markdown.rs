//! How long it takes to read blocks and to write them, against reading them as a `Value`.

use std::process::Command;
use std::time::Duration;

use benches::{BLOCKS, page};
use criterion::{Criterion, Throughput, criterion_group};
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::Value;

fn markdown(criterion: &mut Criterion) {
    let json = page(BLOCKS);
    let Ok(tree) = BlockTree::parse(&json) else { return };
    let mut group = criterion.benchmark_group(format!("{} blocks", tree.len()));
    group.sample_size(20).measurement_time(Duration::from_secs(4));
    group.throughput(Throughput::ElementsAndBytes { elements: BLOCKS as u64, bytes: json.len() as u64 });
    group.bench_function("parse to Value", |bench| {
        bench.iter_with_large_drop(|| serde_json::from_slice::<Value>(&json));
    });
    group.bench_function("parse to blocks", |bench| bench.iter_with_large_drop(|| BlockTree::parse(&json)));
    group.bench_function("convert", |bench| {
        bench.iter_with_large_drop(|| render(&tree, &Options::default()));
    });
    group.bench_function("parse and convert", |bench| {
        bench.iter_with_large_drop(|| BlockTree::parse(&json).map(|tree| render(&tree, &Options::default())));
    });
    group.finish();
}

criterion_group!(benches, markdown);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    let program = env!("CARGO_BIN_EXE_allocations");
    if let Err(error) = Command::new(program).status() {
        eprintln!("{program}: {error}");
    }
}

//! How many allocations a block costs. A program of its own, so that counting does not slow what is timed.

use std::alloc::System;

use benches::{BLOCKS, page};
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let json = page(BLOCKS);
    report("parse to Value", || serde_json::from_slice::<Value>(&json).ok());
    let Some(tree) = report("parse to blocks", || BlockTree::parse(&json).ok()) else { return };
    report("convert", || render(&tree, &Options::default()));
}

fn report<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let region = Region::new(COUNTED);
    let made = work();
    let change = region.change();
    let per_block = |count: usize| count as f64 / BLOCKS as f64;
    println!(
        "{name:16} {:7.2} allocations and {:7.0} bytes a block",
        per_block(change.allocations + change.reallocations),
        per_block(change.bytes_allocated),
    );
    made
}

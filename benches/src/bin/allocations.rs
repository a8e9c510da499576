//! How many allocations a block costs. A program of its own, so that counting does not slow what is timed.

use std::alloc::System;
use std::io;

use benches::{BLOCKS, Case, page};
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> io::Result<()> {
    let json = page(BLOCKS);
    let (_, value) = counted(|| serde_json::from_slice::<Value>(&json));
    let (tree, parse) = counted(|| BlockTree::parse(&json));
    let tree = tree.map_err(io::Error::other)?;
    let (_, convert) = counted(|| render(&tree, &Options::default()));
    let case = |name| Case { group: "conversion", name, size: BLOCKS, unit: "allocations a block" };
    case("parse").here(parse)?;
    case("parse").floor("serde_json to `Value`", value)?;
    case("convert").here(convert)
}

/// How many a block were made during this.
fn counted<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let region = Region::new(COUNTED);
    let made = work();
    let change = region.change();
    (made, (change.allocations + change.reallocations) as f64 / BLOCKS as f64)
}

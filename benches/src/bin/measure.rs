//! It times this converter on a file of blocks, as the peers' runners do: the best of some runs, as JSON.
//!
//! With `page` instead of a file it writes the measured page.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use benches::{BLOCKS, page};
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::{Value, json};

const RUNS: usize = 15;

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: measure <file> | page");
        return ExitCode::from(2);
    };
    if file == "page" {
        return io::stdout()
            .lock()
            .write_all(&page(BLOCKS))
            .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let Ok(json) = std::fs::read(&file) else {
        eprintln!("the file cannot be read");
        return ExitCode::FAILURE;
    };
    let Ok(tree) = BlockTree::parse(&json) else {
        eprintln!("the file holds no blocks");
        return ExitCode::FAILURE;
    };
    let value = best(|| serde_json::from_slice::<Value>(&json));
    let parse = best(|| BlockTree::parse(&json));
    let convert = best(|| render(&tree, &Options::default()));
    let both = best(|| BlockTree::parse(&json).map(|tree| render(&tree, &Options::default())));
    let report = json!({
        "name": "notion-import", "blocks": tree.len(), "value_ms": value,
        "parse_ms": parse, "convert_ms": convert, "cold_ms": convert, "both_ms": both,
    });
    println!("{report}");
    ExitCode::SUCCESS
}

/// The milliseconds of the fastest run; what was made is dropped outside of it.
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

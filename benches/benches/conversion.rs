//! What a block costs to convert, in pages of all sizes, beside reading it as a `Value` and beside the peers.

use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use benches::peer::{NOTION_TO_MD, NOTION_TO_MD_PY, NOTION2MD, Peer};
use benches::{Case, is_quick, page};
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::Value;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const PEERS: [Peer; 3] = [NOTION_TO_MD, NOTION_TO_MD_PY, NOTION2MD];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let sizes = if is_quick() { &SIZES[..3] } else { &SIZES[..] };
    for &size in sizes {
        let json = page(size);
        let file = folder.path().join(format!("{size}.json"));
        std::fs::write(&file, &json)?;
        let tree = BlockTree::parse(&json)?;
        let case = |name| Case { group: "conversion", name, size, unit: "µs a block" };
        let a_block = |took: Duration| took.as_secs_f64() * 1e6 / size as f64;
        let (both, alone) = (case("parse and convert"), case("convert what is parsed"));
        both.here(a_block(best(|| BlockTree::parse(&json).map(|tree| render(&tree, &Options::default())))))?;
        both.floor("serde_json to `Value`", a_block(best(|| serde_json::from_slice::<Value>(&json))))?;
        alone.here(a_block(best(|| render(&tree, &Options::default()))))?;
        for peer in PEERS {
            let Some(said) = peer.measure("conversion", &["convert".as_ref(), file.as_os_str()])? else {
                continue;
            };
            let number = |name: &str| said[name].as_f64().ok_or(format!("{} does not say {name}", peer.name));
            both.peer(peer.name, number("both_ms")? * 1e3 / size as f64)?;
            alone.peer(peer.name, number("convert_ms")? * 1e3 / size as f64)?;
        }
    }
    if Command::new(env!("CARGO_BIN_EXE_allocations")).status()?.success() {
        return Ok(());
    }
    Err("the allocations were not counted".into())
}

/// The fastest run of half a second's, or of the first three; what was made is dropped outside of it.
fn best<T>(work: impl Fn() -> T) -> Duration {
    let (began, mut best) = (Instant::now(), Duration::MAX);
    for run in 0.. {
        let start = Instant::now();
        let made = black_box(work());
        best = best.min(start.elapsed());
        drop(made);
        if run >= 2 && began.elapsed() > Duration::from_millis(500) {
            break;
        }
    }
    best
}

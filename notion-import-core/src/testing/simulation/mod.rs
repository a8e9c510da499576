//! The sync in a world in which everything happens: histories of edits, failures, wrong clocks, crashes and reconnects, each made of a
//! number, and what is promised held against every one.
//!
//! ```no_run
//! use std::sync::Arc;
//! use notion_import_core::testing::simulation::{self, Stores};
//! use notion_import_core::{MemoryBlobs, MemoryConnections, MemoryLibrary};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let library = Arc::<MemoryLibrary>::default();
//! let stores = Stores {
//!     documents: library.clone(),
//!     access: library,
//!     connections: Arc::<MemoryConnections>::default(),
//!     blobs: Arc::<MemoryBlobs>::default(),
//! };
//! simulation::run(0..200, async || stores.clone()).await;
//! # }
//! ```

mod checks;
mod generate;
mod ledger;
mod life;
mod people;
mod process;
mod run;
mod setting;
mod shrink;
mod step;
mod stores;
mod wire;
mod workspace;

use std::fmt;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use self::run::{Broken, Run};
use self::setting::Setting;
use self::step::Step;
use crate::connection::ConnectionStore;
use crate::library::blob::BlobStore;
use crate::library::document::DocumentStore;
use crate::library::gate::AccessStore;
use crate::mutant::BuiltIn;
use crate::random::seeded::Seeded;

/// A history that fails is run so often again, shorter each time.
const TRIES: usize = 150;

/// The stores that histories are written to.
#[derive(Clone)]
pub struct Stores {
    /// The documents.
    pub documents: Arc<dyn DocumentStore>,
    /// Who may read them.
    pub access: Arc<dyn AccessStore>,
    /// The connections.
    pub connections: Arc<dyn ConnectionStore>,
    /// Their files.
    pub blobs: Arc<dyn BlobStore>,
}

/// What happens, and in what.
#[derive(Clone, PartialEq, Debug)]
struct History {
    seed: u64,
    setting: Setting,
    steps: Vec<Step>,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "history {}", self.seed)?;
        writeln!(f, "  in {:?}", self.setting)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// Runs the histories of these numbers, each on stores of its own or a tenant of its own in the same, on a runtime of one thread.
///
/// # Panics
/// If one breaks a promise: with that, and the history made as short as it still does. `NOTION_IMPORT_HISTORY` names one to run alone.
pub async fn run(seeds: Range<u64>, fresh: impl AsyncFn() -> Stores) {
    if let Some(failure) = failure(seeds, TRIES, &fresh).await {
        panic!("{failure}");
    }
}

/// Returns how many histories a test runs: `usual`, or `soak` if `NOTION_IMPORT_SOAK` is set; `NOTION_IMPORT_HISTORIES` says it outright.
pub fn histories(usual: u64, soak: u64) -> u64 {
    let said = std::env::var("NOTION_IMPORT_HISTORIES").ok().and_then(|count| count.parse().ok());
    let count = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { soak } else { usual };
    said.unwrap_or(count)
}

/// The faults that can be built into the sync, by name, and that the histories must find. What is too rare for them is found by a test of
/// its own: `exclusive watermark`, `no overlap`, `no fencing`.
pub const MUTANTS: &[&str] = &[
    "watermark from now",
    "watermark moves back",
    "watermark before the end",
    "judged against a stale snapshot",
    "own clock trusted",
    "absence means gone",
    "failure means gone",
    "no hints",
    "no row queries",
    "no budget of looks",
    "no budget of readings",
    "newest first",
    "never read again",
    "flag forgotten",
    "goes on after losing its lease",
    "failure ends the run",
];

/// Builds a fault in for what runs in this thread, until that is dropped: for a test that finds it.
pub fn built_in(mutant: &'static str) -> impl Drop {
    BuiltIn::new(mutant)
}

/// Returns the first history that fails with a fault built in; none if none does.
pub async fn found_with(
    mutant: &'static str,
    seeds: Range<u64>,
    fresh: impl AsyncFn() -> Stores,
) -> Option<String> {
    let _built_in = BuiltIn::new(mutant);
    failure(seeds, 0, &fresh).await
}

async fn failure(seeds: Range<u64>, tries: usize, fresh: &impl AsyncFn() -> Stores) -> Option<String> {
    let alone = std::env::var("NOTION_IMPORT_HISTORY").ok().and_then(|seed| seed.parse().ok());
    for seed in alone.map_or(seeds, |seed| seed..seed + 1) {
        let history = History::of(seed);
        let broken = outcome(&history, fresh).await;
        if !broken.is_empty() {
            let shrunk =
                shrink::shrink(history, broken, tries, async |history| outcome(history, fresh).await);
            let (history, broken) = shrunk.await;
            return Some(format!("{history}broke:\n  {}", broken.join("\n  ")));
        }
    }
    None
}

async fn outcome(history: &History, fresh: &impl AsyncFn() -> Stores) -> Broken {
    let _seeded = Seeded::new(history.seed);
    let stores = fresh().await;
    let happening = async {
        match Run::new(history, &stores).await {
            Ok(run) => run.through(&history.steps).await,
            Err(error) => vec![format!("it does not begin: {error:?}")],
        }
    };
    let outcome = AssertUnwindSafe(happening).catch_unwind().await;
    outcome.unwrap_or_else(|_| vec!["it panicked".to_owned()])
}

//! What a day of syncs costs, beside what finds the same out without one.
//!
//! Half of the documents are pages, half are rows of data sources of 500. A day is six runs, under a clock that does not wait, so that
//! time is the processor's alone: that of the stand-in for Notion, too, which answers in the same process. Arguments choose the numbers
//! of documents; 1000, 10000 and 100000 by default, 300 and 1000 in a quick run.

mod process;
mod spent;
mod workspace;

use std::error::Error;
use std::sync::Arc;

use benches::is_quick;
use futures_util::TryStreamExt;
use notion_import_core::testing::Counted;
use notion_import_core::{DocumentStore, MemoryLibrary, Pick};
use notion_import_sqlite::Sqlite;

use self::spent::{Cost, Spent};
use self::workspace::{RUNS, Workspace};

/// For each request the stand-in sorts all that a search finds: of more it takes hours.
const MOST_SORTED: usize = 10_000;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut numbers = numbers.map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    if numbers.is_empty() {
        numbers = if is_quick() { vec![300, 1_000] } else { vec![1_000, 10_000, 100_000] };
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    numbers.into_iter().try_for_each(|number| runtime.block_on(bench(number)))
}

async fn bench(number: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let sqlite = Sqlite::open(folder.path()).await?;
    let floor = everything_found(number).await?;
    let floor = floor.as_ref();
    day(number, "nothing changed", Arc::<MemoryLibrary>::default(), 0, floor).await?;
    day(number, "1% changed", Arc::<MemoryLibrary>::default(), number / 100, floor).await?;
    day(number, "1% changed, on SQLite", Arc::new(sqlite), number / 100, floor).await?;
    every_page(number, floor).await
}

/// A day of syncs, during which so many pages are edited.
async fn day<S: DocumentStore + 'static>(
    number: usize,
    name: &str,
    store: Arc<S>,
    edited: usize,
    floor: Option<&Cost>,
) -> Outcome {
    let counted = Arc::new(Counted::over(store));
    let workspace = Workspace::imported(number, counted.clone()).await?;
    // The first runs have all to learn.
    workspace.run().await?;
    workspace.day().await?;
    counted.forget();
    let mut spent = Spent::nothing_yet(&workspace)?;
    for run in 0..RUNS {
        workspace.edit(edited / RUNS, run);
        workspace.wait();
        let memory = process::remember_largest()?;
        workspace.run().await?;
        spent.grown = spent.grown.max(process::largest()?.saturating_sub(memory));
        spent.note_requests(&workspace);
    }
    spent.cost()?.tell(number, name, &spent.note(Some(&counted))?, floor)
}

/// What asks for each page finds the same out.
async fn every_page(number: usize, floor: Option<&Cost>) -> Outcome {
    let workspace = Workspace::imported(number, Arc::new(MemoryLibrary::default())).await?;
    let mut spent = Spent::nothing_yet(&workspace)?;
    for _ in 0..RUNS {
        workspace.wait();
        // The stand-in remembers so many requests.
        for pages in workspace.pages.chunks(10_000) {
            for page in pages {
                workspace.importer.metadata(&workspace.connection, Pick::page(*page)).await?;
            }
            spent.note_requests(&workspace);
        }
    }
    spent.cost()?.tell(number, "asking for every page", &spent.note::<MemoryLibrary>(None)?, floor)
}

/// What searches for everything finds out what search shows, and not what that leaves out.
async fn everything_found(number: usize) -> Outcome<Option<Cost>> {
    if number > MOST_SORTED {
        return Ok(None);
    }
    let workspace = Workspace::imported(number, Arc::new(MemoryLibrary::default())).await?;
    let mut spent = Spent::nothing_yet(&workspace)?;
    for _ in 0..RUNS {
        workspace.wait();
        let listed = workspace.importer.listed(&workspace.connection, "");
        listed.try_for_each(async |_| Ok(())).await?;
        spent.note_requests(&workspace);
    }
    spent.cost().map(Some)
}

//! What an import costs in requests, by what stands in its pages and what is asked for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use notion_import_core::testing::{Endpoint, SimClock, WorldTransport};
use notion_import_core::{ImportOptions, Importer, MemoryBlobs, MemoryLibrary, StaticToken};

use crate::workspace::{Beside, furnish};
use crate::{Outcome, import_all};

/// What may be asked for, by a name that fits a column.
const ENDPOINTS: [(Endpoint, &str); 9] = [
    (Endpoint::Page, "pages"),
    (Endpoint::Children, "lists"),
    (Endpoint::Database, "databases"),
    (Endpoint::Views, "views of"),
    (Endpoint::View, "views"),
    (Endpoint::DataSource, "sources"),
    (Endpoint::Query, "queries"),
    (Endpoint::Markdown, "markdown"),
    (Endpoint::Block, "blocks"),
];

/// Imports 200 pages in several ways, and says how many requests went where.
pub(crate) async fn report() -> Outcome {
    let nothing = Beside::default();
    let (references, databases) =
        (Beside { references: true, ..nothing }, Beside { databases: true, ..nothing });
    print!("{:14}", "requests");
    ENDPOINTS.iter().for_each(|(_, name)| print!(" {name:>9}"));
    println!(" {:>9} {:>9}", "in all", "a page");
    for (name, beside, completeness) in [
        ("pages alone", nothing, false),
        ("references", references, false),
        ("databases", databases, false),
        ("completeness", nothing, true),
        ("all of it", Beside { references: true, databases: true }, true),
    ] {
        count(name, beside, ImportOptions::default().completeness(completeness)).await?;
    }
    println!();
    Ok(())
}

async fn count(name: &str, beside: Beside, options: ImportOptions) -> Outcome {
    let furnished = furnish(beside);
    let clock = SimClock::new(DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(20_001));
    let transport = WorldTransport::new(furnished.world.clone(), clock.clone());
    let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    let tokens = Arc::new(StaticToken::new(furnished.token.clone()));
    let importer = Importer::builder(tokens, documents, blobs)
        .import_options(options)
        .through(Arc::new(transport), Arc::new(clock))
        .build()?;
    let pages = furnished.pages.len();
    import_all(&importer, furnished.pages).await?;
    print!("{name:14}");
    let counts = ENDPOINTS.map(|(endpoint, _)| furnished.world.requests_to(endpoint));
    counts.iter().for_each(|count| print!(" {count:>9}"));
    let all = furnished.world.requests().len();
    println!(" {all:>9} {:>9.2}", all as f64 / pages as f64);
    if counts.iter().sum::<usize>() != all {
        return Err("something else was asked for".into());
    }
    Ok(())
}

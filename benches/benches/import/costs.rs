//! What an import costs in requests, by what stands in its pages and what is asked for them.

use std::sync::Arc;

use benches::Case;
use chrono::{DateTime, Utc};
use notion_import_core::testing::{Endpoint, SimClock, WorldTransport};
use notion_import_core::{ImportOptions, Importer, MemoryBlobs, MemoryLibrary, StaticToken};

use crate::workspace::{Beside, PAGES, furnish};
use crate::{Outcome, import_all};

/// What may be asked for, and what it is called.
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

/// Imports pages in several ways, and says how many requests went where.
pub(crate) async fn report() -> Outcome {
    let nothing = Beside::default();
    let (references, databases) =
        (Beside { references: true, ..nothing }, Beside { databases: true, ..nothing });
    for (name, beside, completeness) in [
        ("requests: pages alone", nothing, false),
        ("requests: ten links in each", references, false),
        ("requests: a database of ten rows in each", databases, false),
        ("requests: asking what is missing", nothing, true),
        ("requests: all of that", Beside { references: true, databases: true }, true),
    ] {
        count(name, beside, ImportOptions::default().completeness(completeness)).await?;
    }
    Ok(())
}

async fn count(name: &str, beside: Beside, options: ImportOptions) -> Outcome {
    let furnished = furnish(PAGES, beside);
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
    let counts = ENDPOINTS.map(|(endpoint, name)| (furnished.world.requests_to(endpoint), name));
    let all = furnished.world.requests().len();
    if counts.iter().map(|(count, _)| count).sum::<usize>() != all {
        return Err("something else was asked for".into());
    }
    let asked = counts.iter().filter(|(count, _)| *count > 0);
    let note: Vec<String> = asked.map(|(count, name)| format!("{name} {count}")).collect();
    let case = Case { group: "import", name, size: pages, unit: "requests a page" };
    Ok(case.here_with(all as f64 / pages as f64, &note.join(", "))?)
}

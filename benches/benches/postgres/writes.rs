//! How many documents are imported and patched in a second, by one writer.

use std::time::Instant;

use chrono::Utc;
use notion_import_core::store::{Found, NewContent, SyncCursor, SyncPatch};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::{Connection, DocumentId, DocumentStore, Source, SourceState, TenantId};
use notion_import_postgres::Postgres;
use notion_import_postgres::testing::run;

use crate::bench::{Bench, Failure, print_rate};
use crate::documents::{content, page};

/// How many go into one call, and how many calls are measured.
const BATCHES: [(usize, usize); 3] = [(1, 500), (100, 50), (1_000, 20)];

pub async fn measure(bench: &Bench) -> Result<(), Failure> {
    println!("\nwrites, one writer");
    let postgres = bench.open().await?;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let mut documents = Vec::new();
    for (size, calls) in BATCHES {
        imports(&postgres, &connection, size, calls, &mut documents).await?;
    }
    bench.settle().await?;
    // What a sync finds: each page was edited, and every so manyth renamed.
    for renamed in [None, Some(10)] {
        for (size, calls) in BATCHES {
            patches(&postgres, &connection, (size, calls), renamed, &mut documents).await?;
        }
    }
    postgres.close().await;
    // Reads are measured among what is known.
    run(&mut bench.superuser().await?, "TRUNCATE notion_import.documents, notion_import.syncs CASCADE").await;
    Ok(())
}

async fn imports(
    postgres: &Postgres,
    connection: &Connection,
    size: usize,
    calls: usize,
    documents: &mut Vec<(DocumentId, Source)>,
) -> Result<(), Failure> {
    let now = Utc::now();
    let batch = |call| (0..size).map(|n| content(page(&format!("Policy {call} {n}"), now))).collect();
    let batches: Vec<Vec<NewContent>> = (0..calls).map(batch).collect();
    let began = Instant::now();
    let mut imported = Vec::new();
    for batch in &batches {
        imported
            .extend(postgres.import_many(&content_manager(connection.tenant), connection, batch, now).await?);
    }
    print_rate(&format!("imports, {size} in a batch"), size * calls, began.elapsed());
    let sources = batches.into_iter().flatten().map(|content| content.source);
    documents.extend(imported.iter().map(|imported| imported.document()).zip(sources));
    Ok(())
}

async fn patches(
    postgres: &Postgres,
    connection: &Connection,
    (size, calls): (usize, usize),
    renamed: Option<usize>,
    documents: &mut [(DocumentId, Source)],
) -> Result<(), Failure> {
    fastrand::shuffle(documents);
    let now = Utc::now();
    let looked_at = documents.iter_mut().take(size * calls).enumerate();
    let patches: Vec<SyncPatch> = looked_at
        .map(|(place, (document, source))| {
            let is_renamed = renamed.is_some_and(|every| place % every == 0);
            source.edited_at = now;
            source.title.push_str(if is_renamed { "!" } else { "" });
            seen(*document, source, is_renamed)
        })
        .collect();
    let began = Instant::now();
    for batch in patches.chunks(size) {
        postgres.patch(connection, batch, Some(SyncCursor { watermark: now })).await?;
    }
    let how = renamed.map_or(String::new(), |every| format!(", 1 in {every} renamed"));
    print_rate(&format!("patches, {size} in a batch{how}"), patches.len(), began.elapsed());
    Ok(())
}

fn seen(document: DocumentId, source: &Source, is_renamed: bool) -> SyncPatch {
    let found = Found::Source {
        source: Box::new(source.clone()),
        state: SourceState::Present,
        update_available: true,
        settled: true,
        title: is_renamed.then(|| source.title.clone()),
    };
    SyncPatch { document, checked_at: source.edited_at, found }
}

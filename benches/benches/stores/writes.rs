//! How many documents are imported and patched in a second, by one writer.

use std::collections::BTreeMap;
use std::time::Instant;

use benches::is_quick;
use chrono::Utc;
use notion_import_core::store::{Against, Found, NewContent, Reading, SyncCursor, SyncPatch};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::{Connection, DocumentId, DocumentStore, Source, SourceState, TenantId};
use notion_import_postgres::Postgres;
use sqlx::PgConnection;

use crate::bench::{Bench, Failure, each, tell};
use crate::documents::{content, page};

/// How many go into one call, and how many calls are measured.
const BATCHES: [(usize, usize); 3] = [(1, 500), (100, 50), (1_000, 20)];

pub async fn measure(bench: &Bench) -> Result<(), Failure> {
    let postgres = bench.open().await?;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let mut documents = Vec::new();
    let batches = BATCHES.map(|(size, calls)| (size, if is_quick() { calls / 10 } else { calls }));
    for (size, calls) in batches {
        imports(bench, &postgres, &connection, (size, calls), &mut documents).await?;
    }
    bench.settle().await?;
    // What a sync finds: each page was edited, and every so manyth renamed.
    for renamed in [None, Some(10)] {
        for (size, calls) in batches {
            patches(bench, &postgres, &connection, (size, calls), renamed, &mut documents).await?;
        }
    }
    looks(bench, &postgres, &connection).await?;
    postgres.close().await;
    bench.empty().await;
    Ok(())
}

async fn imports(
    bench: &Bench,
    postgres: &Postgres,
    connection: &Connection,
    (size, calls): (usize, usize),
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
    let each = each(began.elapsed(), size * calls);
    tell(&format!("imports, {size} in a batch"), size * calls, each, ("one `INSERT`", bench.floor.insert))?;
    let sources = batches.into_iter().flatten().map(|content| content.source);
    documents.extend(imported.iter().map(|imported| imported.document()).zip(sources));
    Ok(())
}

async fn patches(
    bench: &Bench,
    postgres: &Postgres,
    connection: &Connection,
    (size, calls): (usize, usize),
    renamed: Option<usize>,
    documents: &mut [(DocumentId, Source)],
) -> Result<(), Failure> {
    fastrand::shuffle(documents);
    let now = Utc::now();
    let known = against(postgres, connection).await?;
    let looked_at = documents.iter_mut().take(size * calls).enumerate();
    let patches: Vec<SyncPatch> = looked_at
        .map(|(place, (document, source))| {
            let is_renamed = renamed.is_some_and(|every| place % every == 0);
            source.edited_at = now;
            source.title.push_str(if is_renamed { "!" } else { "" });
            seen(*document, source, known[document])
        })
        .collect();
    let began = Instant::now();
    for batch in patches.chunks(size) {
        postgres.patch(connection, batch, Some(SyncCursor { watermark: now })).await?;
    }
    let how = renamed.map_or(String::new(), |every| format!(", 1 in {every} renamed"));
    let each = each(began.elapsed(), patches.len());
    tell(
        &format!("patches, {size} in a batch{how}"),
        patches.len(),
        each,
        ("one `INSERT`", bench.floor.insert),
    )
}

/// So many looks find nothing new, in batches of so many.
const LOOKS: (usize, usize) = (1_667, 200);

/// What a sync of ten thousand documents looks at in ten minutes and finds as it was.
async fn looks(bench: &Bench, postgres: &Postgres, connection: &Connection) -> Result<(), Failure> {
    let known = against(postgres, connection).await?;
    let (looks, size) = LOOKS;
    let began_at = Utc::now();
    let patches: Vec<SyncPatch> = known
        .into_iter()
        .take(looks)
        .map(|(document, against)| SyncPatch { document, began_at, against, found: Found::Unchanged })
        .collect();
    let mut db = bench.superuser().await?;
    let (before, began) = (written(&mut db).await?, Instant::now());
    for batch in patches.chunks(size) {
        postgres.patch(connection, batch, None).await?;
    }
    let each = each(began.elapsed(), patches.len());
    let wal = (written(&mut db).await? - before) / 1_000;
    let what = format!("looks without news, {size} in a batch ({wal} kB of WAL)");
    tell(&what, patches.len(), each, ("one `INSERT`", bench.floor.insert))
}

/// The bytes of WAL that were ever written.
async fn written(db: &mut PgConnection) -> Result<i64, Failure> {
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
    Ok(sqlx::query_scalar(sql).fetch_one(db).await?)
}

/// What is known of each document, in the order of their ids.
async fn against(
    postgres: &Postgres,
    connection: &Connection,
) -> Result<BTreeMap<DocumentId, Against>, Failure> {
    let linked = postgres.linked(connection, None, usize::MAX).await?;
    Ok(linked.iter().map(|known| (known.document, known.against())).collect())
}

fn seen(document: DocumentId, source: &Source, against: Against) -> SyncPatch {
    let reading = Some(Reading { read: against.read, differs: true, draft: None });
    let (source, began_at) = (Box::new(source.clone()), source.edited_at);
    let found = Found::Source { source, state: SourceState::Present, reading, trouble: None };
    SyncPatch { document, began_at, against, found }
}

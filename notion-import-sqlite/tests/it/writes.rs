//! What is written is in proportion to what has changed.

use std::collections::BTreeSet;
use std::path::Path;

use notion_import_core::store::{Found, Linked, SyncPatch};
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{Connection, DocumentStore, TenantId};
use notion_import_sqlite::Sqlite;
use sqlx::{Connection as _, SqliteConnection};

const DOCUMENTS: usize = 10_000;
/// A sixth of them is looked at in a run, in batches of so many.
const LOOKS: usize = DOCUMENTS.div_ceil(6);
const BATCH: usize = 200;

/// Moves what stands in the write-ahead log into the file, so that the log begins anew.
async fn checkpoint(data: &Path) {
    let mut db = SqliteConnection::connect(data.join("library.db").to_str().unwrap()).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

/// The bytes that were written since the last checkpoint: those of the log, and those of the pages that it will move into the file.
fn written(data: &Path) -> usize {
    // https://www.sqlite.org/fileformat2.html#the_write_ahead_log
    let log = std::fs::read(data.join("library.db-wal")).unwrap();
    let size = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let frames = log[32..].chunks(24 + size);
    let pages: BTreeSet<&[u8]> = frames.map(|frame| &frame[..4]).collect();
    log.len() + pages.len() * size
}

fn look(known: &Linked, minutes: i64) -> SyncPatch {
    SyncPatch {
        document: known.document,
        began_at: minute(minutes),
        against: known.against(),
        found: Found::Unchanged,
    }
}

#[tokio::test]
async fn a_look_that_finds_nothing_new_writes_the_time_of_the_look_alone() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    let contents: Vec<_> =
        (0..DOCUMENTS).map(|n| content(&page(&format!("Policy {n}")), "We encrypt everything.")).collect();
    for contents in contents.chunks(500) {
        let manager = content_manager(connection.tenant);
        sqlite.import_many(&manager, &connection, contents, minute(1)).await.unwrap();
    }
    // As a run before has done: who writes is noted once.
    sqlite.patch(&connection, &[], None).await.unwrap();
    let known = sqlite.linked(&connection, None, LOOKS).await.unwrap();
    checkpoint(data.path()).await;
    for batch in known.chunks(BATCH) {
        let patches: Vec<_> = batch.iter().map(|known| look(known, 2)).collect();
        sqlite.patch(&connection, &patches, None).await.unwrap();
    }
    let written = written(data.path());
    println!("{LOOKS} looks at {DOCUMENTS} documents that find nothing new write {written} bytes");
    assert!(written <= 100_000, "{written} bytes");
    let after = sqlite.linked(&connection, None, LOOKS + 1).await.unwrap();
    let looked_at = after.iter().filter(|known| known.link.checked_at == minute(2)).count();
    assert_eq!(looked_at, LOOKS);
}

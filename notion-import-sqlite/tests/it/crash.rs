//! Killed in the middle of its work, a process leaves a whole library. `NOTION_IMPORT_SOAK=1` tries ten times as often.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use notion_import_core::store::NewContent;
use notion_import_core::testing::suite::{content, content_manager, minute};
use notion_import_core::{Blob, BlobId, BlobStore, Content, DocumentStore, StoredFile};
use notion_import_sqlite::Sqlite;
use sqlx::{Connection, SqliteConnection};

use crate::processes::{connection, files, kill_after, numbered, told};

const PAGES: u32 = 40;

/// Bytes that come so slowly that a kill often hits the middle of them.
async fn put(sqlite: &Sqlite, text: String) -> Blob {
    let chunks: Vec<_> = text.into_bytes().chunks(4_096).map(|chunk| Ok(chunk.to_vec().into())).collect();
    let slow = stream::iter(chunks).then(async |chunk| {
        tokio::task::yield_now().await;
        chunk
    });
    sqlite.blobs().put(connection().tenant, slow.boxed(), u64::MAX).await.unwrap()
}

/// A child: it imports the same pages over and over, each time as other files, and tells what was answered.
#[tokio::test]
async fn child_that_is_killed() {
    let Some((data, round)) = told() else { return };
    let sqlite = Sqlite::open(data).await.unwrap();
    for turn in 0_u32.. {
        for number in 0..PAGES {
            let blob = put(&sqlite, format!("{round} {turn} {number} ").repeat(3_000)).await;
            let file = StoredFile { blob, name: "policy.txt".into(), media_type: "text/plain".into() };
            let new = NewContent { content: Content::File(file), ..content(&numbered(number), "") };
            sqlite
                .import(&content_manager(connection().tenant), &connection(), &new, minute(1))
                .await
                .unwrap();
            println!("imported {number} {}", blob.id);
        }
    }
}

#[tokio::test]
async fn killed_imports_leave_a_whole_library_and_nothing_doubled() {
    let data = tempfile::tempdir().unwrap();
    let rounds = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 60 } else { 6 };
    for round in 0..rounds {
        let answered =
            kill_importing(data.path(), round, Duration::from_millis(60 + u64::from(round * 37 % 200)));
        check(data.path(), &answered).await;
    }
}

/// Lets a child work for a while, kills it, and returns the last answer for each page.
fn kill_importing(data: &Path, round: u32, working: Duration) -> Vec<(u32, BlobId)> {
    let mut answered = BTreeMap::new();
    for line in kill_after(data, "crash::child_that_is_killed", round, "imported", working) {
        let words: Vec<_> = line.split_whitespace().rev().take(2).collect();
        // The last line may be cut.
        if let [id, number] = words[..]
            && let (Ok(id), Ok(number)) = (id.parse(), number.parse())
        {
            answered.insert(number, id);
        }
    }
    answered.into_iter().collect()
}

async fn check(data: &Path, answered: &[(u32, BlobId)]) {
    let sqlite = Sqlite::open(data).await.unwrap();
    assert_eq!(files(&data.join("blobs/spool")), Vec::<PathBuf>::new(), "the spool is swept");
    for path in files(&data.join("blobs")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "lock" {
            continue;
        }
        assert_eq!(BlobId::of(&std::fs::read(&path).unwrap()).to_string(), name, "a blob is whole");
    }

    let linked = sqlite.linked(&connection(), None, 9_999).await.unwrap();
    let sources: BTreeSet<_> = linked.iter().map(|linked| linked.link.source.id).collect();
    assert_eq!(sources.len(), linked.len(), "one document a source");
    assert!(linked.len() <= PAGES as usize);
    for (number, answered) in answered {
        // The import after the last one that was answered may have happened as well.
        let kept = blobs(data, *number).await;
        let stored = sqlite.blobs().get(connection().tenant, kept.last().unwrap(), None).await;
        assert!(stored.is_ok(), "a document's file is there");
        assert!(kept.contains(answered), "what was answered is kept");
    }
    for sql in [
        "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
        "SELECT * FROM pragma_foreign_key_check",
        "SELECT 1 FROM documents WHERE latest <> \
             (SELECT count(*) FROM versions WHERE versions.tenant_id = documents.tenant_id AND document_id = id)",
    ] {
        let broken = sqlx::query(sql).fetch_all(&mut raw(data).await).await.unwrap();
        assert_eq!(broken.len(), 0, "{sql}");
    }
    sqlite.close().await;
}

/// The files that the page's versions are, the newest last.
async fn blobs(data: &Path, number: u32) -> Vec<BlobId> {
    let sql =
        "SELECT blob FROM versions JOIN documents ON id = document_id WHERE source_id = ? ORDER BY number";
    let blobs: Vec<String> = sqlx::query_scalar(sql)
        .bind(numbered(number).id.to_string())
        .fetch_all(&mut raw(data).await)
        .await
        .unwrap();
    blobs.iter().map(|blob| blob.parse().unwrap()).collect()
}

async fn raw(data: &Path) -> SqliteConnection {
    SqliteConnection::connect(data.join("library.db").to_str().unwrap()).await.unwrap()
}

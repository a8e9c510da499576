//! A disk without room. A child limits the size of its files, which is answered like a quota that is used up, and lifts the limit again.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

use notion_import_core::testing::suite::{bytes, content, content_manager, minute};
use notion_import_core::{BlobStore, DocumentStore, StoreError};
use notion_import_sqlite::Sqlite;

use crate::processes::{connection, numbered, spawn_after, told};

/// Sets how large files of this process may become.
fn limit(bytes: &str) {
    let process = std::process::id().to_string();
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &process, &format!("--fsize={bytes}:unlimited")]).stdin(Stdio::null());
    assert!(prlimit.status().unwrap().success());
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

async fn pages(sqlite: &Sqlite) -> usize {
    sqlite.linked(&connection(), None, 9_999).await.unwrap().len()
}

#[tokio::test]
async fn child_that_has_no_room() {
    let Some((data, _)) = told() else { return };
    let sqlite = Sqlite::open(&data).await.unwrap();
    let text = "Text ".repeat(20_000);
    sqlite
        .import(
            &content_manager(connection().tenant),
            &connection(),
            &content(&numbered(0), "Text"),
            minute(1),
        )
        .await
        .unwrap();
    let kept = sqlite.blobs().put(connection().tenant, bytes(b"kept"), 99).await.unwrap();
    for round in 0..3 {
        limit("100000");
        for page in 1..20 {
            let page = content(&numbered(round * 100 + page), &text);
            match sqlite.import(&content_manager(connection().tenant), &connection(), &page, minute(2)).await
            {
                Ok(_) => {}
                Err(StoreError::StorageFull(_)) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
        let there = pages(&sqlite).await;
        let refused = sqlite
            .import(
                &content_manager(connection().tenant),
                &connection(),
                &content(&numbered(round * 100 + 50), &text),
                minute(3),
            )
            .await;
        assert!(matches!(refused, Err(StoreError::StorageFull(_))), "{refused:?}");
        let large = vec![round as u8; 200_000];
        let refused = sqlite.blobs().put(connection().tenant, bytes(&large), 1_000_000).await;
        assert!(matches!(refused, Err(StoreError::StorageFull(_))), "{refused:?}");
        // Nothing half stored, and everything else goes on.
        assert_eq!(files(&data.join("blobs/spool")), 0);
        assert_eq!(pages(&sqlite).await, there);
        assert!(sqlite.blobs().get(connection().tenant, &kept.id, None).await.is_ok());

        limit("unlimited");
        let page = content(&numbered(round * 100 + 50), &text);
        sqlite.import(&content_manager(connection().tenant), &connection(), &page, minute(4)).await.unwrap();
        assert_eq!(pages(&sqlite).await, there + 1);
        sqlite.blobs().put(connection().tenant, bytes(&large), 1_000_000).await.unwrap();
    }
}

#[tokio::test]
async fn without_room_nothing_is_half_stored_and_with_room_everything_works_again() {
    let data = tempfile::tempdir().unwrap();
    // The signal that comes with the refusal would end the process.
    let child = spawn_after("trap '' XFSZ", "full::child_that_has_no_room", data.path(), 0);
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

//! Downloads into the folder: whatever a file server does, whole files are there and nothing else is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use notion_import_core::library::blob::{BlobId, BlobStore};
use notion_import_core::testing::{large, suite};
use notion_import_sqlite::Sqlite;
use tempfile::TempDir;

async fn blobs(folder: &Path) -> Arc<dyn BlobStore> {
    Arc::new(Sqlite::open(folder).await.unwrap().blobs())
}

#[tokio::test]
async fn downloads_keep_every_promise_and_leave_nothing_else_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = blobs(folder.path()).await;
    suite::uphold(suite::downloads::PROMISES, async || store.clone()).await;
    drop(store);
    let kept = files(folder.path());
    assert!(!kept.is_empty(), "nothing was kept at all");
    for path in kept.into_iter().filter(|path| path.iter().any(|part| part == "blobs")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(BlobId::of(&std::fs::read(&path).unwrap()).to_string(), name, "{}", path.display());
    }
}

#[tokio::test]
async fn child_that_serves_a_large_file() {
    large::serve().await;
}

#[tokio::test]
async fn child_that_imports_a_large_file() {
    let folder = TempDir::new().unwrap();
    large::import(async || blobs(folder.path()).await).await;
}

#[test]
fn a_large_file_takes_no_more_memory_than_a_small_one() {
    let size = 2 << 30;
    let measured = large::measure(
        "downloads::child_that_serves_a_large_file",
        "downloads::child_that_imports_a_large_file",
        size,
    );
    assert_eq!(measured.stored, size);
    assert!(measured.grown < 32 << 20, "the process grew by {} bytes", measured.grown);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

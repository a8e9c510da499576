//! Downloads onto a disk: whatever a file server does, whole files are there and nothing else is.

use notion_import_core::testing::{large, suite};
use tempfile::TempDir;

use super::disk::{Kind, is_a_blob, settled_files};

#[tokio::test]
async fn downloads_keep_every_promise_and_leave_nothing_else_behind() {
    for kind in Kind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = kind.open(folder.path()).await;
        suite::uphold(suite::downloads::PROMISES, async || store.clone()).await;
        drop(store);
        let kept = settled_files(folder.path()).await;
        assert!(!kept.is_empty(), "nothing was kept at all");
        for path in kept {
            assert!(is_a_blob(&path), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn child_that_serves_a_large_file() {
    large::serve().await;
}

#[tokio::test]
async fn child_that_imports_a_large_file_into_a_folder() {
    let folder = TempDir::new().unwrap();
    large::import(async || Kind::Folder.open(folder.path()).await).await;
}

#[tokio::test]
async fn child_that_imports_a_large_file_into_an_object_store() {
    let folder = TempDir::new().unwrap();
    large::import(async || Kind::Object.open(folder.path()).await).await;
}

#[test]
fn a_large_file_takes_no_more_memory_than_a_small_one() {
    let size = 2 << 30;
    for into in ["a_folder", "an_object_store"] {
        let measured = large::measure(
            "stores::downloads::child_that_serves_a_large_file",
            &format!("stores::downloads::child_that_imports_a_large_file_into_{into}"),
            size,
        );
        assert_eq!(measured.stored, size);
        assert!(measured.grown < 32 << 20, "{into}: the process grew by {} bytes", measured.grown);
    }
}

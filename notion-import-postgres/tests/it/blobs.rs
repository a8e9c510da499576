//! Blobs in object stores keep every promise, and leave nothing else behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use notion_import_core::error::StoreError;
use notion_import_core::id::TenantId;
use notion_import_core::library::blob::{BlobBytes, BlobId, BlobStore, ByteStream};
use notion_import_core::testing::suite::{self, Files, blobs, bytes, sweeping};
use notion_import_postgres::Blobs;
use notion_import_postgres::testing::Database;

use tempfile::TempDir;

use crate::bucket::Bucket;

#[tokio::test]
async fn blobs_in_a_folder_keep_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let store = Blobs::folder(folder.path()).await.unwrap();
    suite::uphold(blobs::PROMISES, async || Arc::new(store.clone()) as _).await;
    for path in files(folder.path()) {
        let id = BlobId::of(&std::fs::read(&path).unwrap()).to_string();
        assert!(
            path.iter().any(|part| *part == *id),
            "a blob is whole, in its place or aside: {}",
            path.display()
        );
    }
}

#[tokio::test]
async fn blobs_in_a_bucket_keep_every_promise() {
    let spool = tempfile::tempdir().unwrap();
    let fresh = async || Arc::new(Blobs::new(Arc::new(Bucket::default()), spool.path())) as _;
    suite::uphold(blobs::PROMISES, fresh).await;
    assert_eq!(files(spool.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn documents_and_blobs_keep_every_promise() {
    let database = Database::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let documents = Arc::new(database.open(4).await);
    let in_folder = Arc::new(Blobs::folder(folder.path()).await.unwrap());
    let in_bucket = Arc::new(Blobs::new(Arc::new(Bucket::default()), folder.path()));
    for blobs in [in_folder, in_bucket] {
        let fresh = async || Files { documents: documents.clone(), blobs: blobs.clone() };
        suite::uphold(sweeping::PROMISES, fresh).await;
    }
}

fn megabytes(count: u32) -> ByteStream {
    let megabyte = |n: u32| vec![n as u8; 1_000_000];
    stream::iter((0..count).map(move |n| Ok(megabyte(n).into()))).boxed()
}

#[tokio::test]
async fn a_blob_of_many_pieces_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Blobs::folder(folder.path()).await.unwrap();
    let tenant = TenantId::fresh();
    let blob = store.put(tenant, megabytes(30), u64::MAX).await.unwrap();
    let back = whole(store.get(tenant, &blob.id, None).await.unwrap()).await;
    assert_eq!((BlobId::of(&back), back.len()), (blob.id, 30_000_000));
    let part = store.get(tenant, &blob.id, Some(8_999_999..9_000_001)).await.unwrap();
    assert_eq!(whole(part).await, [8, 9]);
}

#[tokio::test]
async fn a_folder_that_fails_keeps_nothing_and_the_next_try_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let store = Blobs::folder(folder.path()).await.unwrap();
    let tenant = TenantId::fresh();
    for broken in ["objects", "spool"] {
        let path = folder.path().join(broken);
        std::fs::remove_dir_all(&path).unwrap();
        std::fs::write(&path, "in the way").unwrap();
        for blob in [bytes(b"small"), megabytes(20)] {
            let put = store.put(tenant, blob, u64::MAX).await;
            assert!(matches!(put, Err(StoreError::Backend(_))), "{broken}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new(), "{broken}");
    }
    store.put(tenant, bytes(b"small"), 99).await.unwrap();
    store.put(tenant, megabytes(20), u64::MAX).await.unwrap();
}

/// A file system of four megabytes.
struct Small(TempDir);

impl Small {
    /// None where this process may not mount one.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "none"]).arg(folder.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_folder_says_so_keeps_nothing_of_what_did_not_fit_and_works_again_once_there_is_room() {
    let Some(small) = Small::mount() else {
        println!("not tried: only root may mount a small file system");
        return;
    };
    let folder = small.0.path();
    let (store, tenant) = (Blobs::folder(folder).await.unwrap(), TenantId::fresh());
    let first = store.put(tenant, bytes(b"small"), 99).await.unwrap();
    let kept = files(folder);
    std::fs::write(folder.join("filler"), vec![0; 2_500_000]).unwrap();
    // The first does not fit into the spool, the second not beside its spool.
    for size in [3, 1] {
        let error = store.put(tenant, megabytes(size), u64::MAX).await.unwrap_err();
        assert!(matches!(error, StoreError::StorageFull(_)), "{size}: {error:?}");
        assert!(!format!("{error:?}").contains(&tenant.to_string()), "{error:?}");
    }
    assert_eq!(whole(store.get(tenant, &first.id, None).await.unwrap()).await, b"small");
    std::fs::remove_file(folder.join("filler")).unwrap();
    assert_eq!(files(folder), kept);
    store.put(tenant, megabytes(1), u64::MAX).await.unwrap();
}

async fn whole(bytes: BlobBytes) -> Vec<u8> {
    let chunks: Vec<_> = bytes.try_collect().await.unwrap();
    chunks.concat()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

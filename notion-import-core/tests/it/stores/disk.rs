//! Blobs on a disk keep every promise, and leave nothing else behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use notion_import_core::testing::suite;
use notion_import_core::testing::suite::{Files, blobs, bytes, sweeping};
use notion_import_core::{
    BlobBytes, BlobId, BlobStore, ByteStream, FolderBlobs, MemoryLibrary, ObjectBlobs, StoreError, TenantId,
};
use object_store::local::LocalFileSystem;
use tempfile::TempDir;

/// The stores that keep blobs on a disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Folder,
    Object,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Folder, Self::Object];

    /// One in an empty folder.
    pub(crate) async fn open(self, folder: &Path) -> Arc<dyn BlobStore> {
        if let Self::Folder = self {
            return Arc::new(FolderBlobs::open(folder).await.unwrap());
        }
        let (spool, objects) = (folder.join("spool"), folder.join("objects"));
        std::fs::create_dir(&spool).unwrap();
        std::fs::create_dir(&objects).unwrap();
        Arc::new(ObjectBlobs::new(Arc::new(LocalFileSystem::new_with_prefix(objects).unwrap()), spool))
    }
}

#[tokio::test]
async fn blobs_on_a_disk_keep_every_promise() {
    for kind in Kind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = kind.open(folder.path()).await;
        suite::uphold(blobs::PROMISES, async || store.clone()).await;
        let documents = Arc::new(MemoryLibrary::default());
        let fresh = async || Files { documents: documents.clone(), blobs: store.clone() };
        suite::uphold(sweeping::PROMISES, fresh).await;
        for path in settled_files(folder.path()).await {
            assert!(is_a_blob(&path), "{}", path.display());
        }
    }
}

fn megabytes(count: u32) -> ByteStream {
    let megabyte = |n: u32| vec![n as u8; 1_000_000];
    stream::iter((0..count).map(move |n| Ok(megabyte(n).into()))).boxed()
}

#[tokio::test]
async fn a_blob_of_many_pieces_comes_back() {
    for kind in Kind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let store = kind.open(folder.path()).await;
        let tenant = TenantId::fresh();
        let blob = store.put(tenant, megabytes(30), u64::MAX).await.unwrap();
        let back = whole(store.get(tenant, &blob.id, None).await.unwrap()).await;
        assert_eq!((BlobId::of(&back), back.len()), (blob.id, 30_000_000));
        let part = store.get(tenant, &blob.id, Some(8_999_999..9_000_001)).await.unwrap();
        assert_eq!(whole(part).await, [8, 9]);
    }
}

#[tokio::test]
async fn a_folder_that_fails_keeps_nothing_and_the_next_try_succeeds() {
    let tenant = TenantId::fresh();
    let in_folder = tenant.to_string();
    for (kind, place) in [
        (Kind::Folder, &*in_folder),
        (Kind::Folder, "spool"),
        (Kind::Object, "objects"),
        (Kind::Object, "spool"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = kind.open(folder.path()).await;
        let before = files(folder.path());
        let path = folder.path().join(place);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::write(&path, "in the way").unwrap();
        for blob in [bytes(b"small"), megabytes(20)] {
            let put = store.put(tenant, blob, u64::MAX).await;
            assert!(matches!(put, Err(StoreError::Backend(_))), "{kind:?} {place}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(files(folder.path()), before, "{kind:?} {place}");
        store.put(tenant, bytes(b"small"), 99).await.unwrap();
        store.put(tenant, megabytes(20), u64::MAX).await.unwrap();
    }
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
    for kind in Kind::ALL {
        let Some(small) = Small::mount() else {
            println!("not tried: only root may mount a small file system");
            return;
        };
        let folder = small.0.path().join("blobs");
        std::fs::create_dir(&folder).unwrap();
        let (store, tenant) = (kind.open(&folder).await, TenantId::fresh());
        let first = store.put(tenant, bytes(b"small"), 99).await.unwrap();
        let kept = files(&folder);
        let filler = small.0.path().join("filler");
        std::fs::write(&filler, vec![0; 2_500_000]).unwrap();
        // The first does not fit into the spool, the second not beside its spool.
        let sizes: &[u32] = match kind {
            Kind::Folder => &[3],
            Kind::Object => &[3, 1],
        };
        for &size in sizes {
            let error = store.put(tenant, megabytes(size), u64::MAX).await.unwrap_err();
            assert!(matches!(error, StoreError::StorageFull(_)), "{kind:?} {size}: {error:?}");
            assert!(!format!("{error:?}").contains(&tenant.to_string()), "{error:?}");
        }
        assert_eq!(whole(store.get(tenant, &first.id, None).await.unwrap()).await, b"small");
        std::fs::remove_file(filler).unwrap();
        assert_eq!(files(&folder), kept, "{kind:?}");
        store.put(tenant, megabytes(1), u64::MAX).await.unwrap();
    }
}

async fn whole(bytes: BlobBytes) -> Vec<u8> {
    let chunks: Vec<_> = bytes.try_collect().await.unwrap();
    chunks.concat()
}

/// What is kept below a folder, but for what is locked.
/// The files in a folder. What a put that was given up leaves is removed off the runtime, so it has a moment to go.
pub(crate) async fn settled_files(folder: &Path) -> Vec<PathBuf> {
    for _moment in 0..100 {
        let found = files(folder);
        if found.iter().all(|path| is_a_blob(path)) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    files(folder)
}

/// Whether a file is a whole blob, in its place or aside.
pub(crate) fn is_a_blob(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| path.iter().any(|part| *part == *BlobId::of(&bytes).to_string()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path if path.ends_with("lock") => {}
            path => found.push(path),
        }
    }
    found
}

//! Blobs in a folder: `<tenant>/<first two digits>/<sha256>`, each spooled beside and moved into place once it is whole.

use std::io::{self, ErrorKind, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::blob::{Blob, BlobBytes, BlobId, BlobStore, ByteStream, copy};
use crate::private;

/// The first thing in the folder, by which it is known for one of blobs.
const SPOOL: &str = "spool";
/// What is locked while a blob is moved to its place or removed. A file that is open for writing, for network file systems lock no
/// folder and nothing that is only read.
const LOCK: &str = "lock";

/// Files in a folder that only this user may enter, content-addressed per tenant.
///
/// A blob arrives in the spool and is moved to its place once it is whole and on the disk. What is left in the spool after a
/// crash is swept when the folder is next opened, unless another process that is still running put it there.
#[derive(Clone, Debug)]
pub struct FolderBlobs {
    root: PathBuf,
}

impl FolderBlobs {
    /// Opens the folder, and makes it if it is not there. It is for blobs alone: other users of the machine may enter it no longer.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if it cannot be opened, narrowed or written, or is somebody else's, one for several users, such as
    /// `/tmp`, or open to others and full of other things; [`StoreError::StorageFull`] if the disk has no room.
    pub async fn open(root: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = Self { root: root.as_ref().to_owned() };
        let (root, spool, lock) = (folder.root.clone(), folder.spool(), folder.lock());
        off_the_runtime(move || {
            private::tree(&root, SPOOL)?;
            private::folder(&spool)?;
            private::file(&lock)
        })
        .await?;
        folder.sweep().await.map_err(StoreError::backend)?;
        Ok(folder)
    }

    fn spool(&self) -> PathBuf {
        self.root.join(SPOOL)
    }

    fn lock(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    fn place(&self, tenant: TenantId, blob: &BlobId) -> PathBuf {
        let name = blob.to_string();
        self.root.join(tenant.to_string()).join(&name[..2]).join(name)
    }

    /// Removes what was left in the spool by processes that are no more.
    async fn sweep(&self) -> io::Result<()> {
        let mut spooled = fs::read_dir(self.spool()).await?;
        while let Some(entry) = spooled.next_entry().await? {
            let path = entry.path();
            tokio::task::spawn_blocking(move || sweep(&path)).await??;
        }
        Ok(())
    }

    async fn spooled(&self) -> io::Result<Spooled> {
        let spool = self.spool();
        let (file, path) = tokio::task::spawn_blocking(move || spooled(&spool)).await??;
        Ok(Spooled { file: File::from_std(file), path })
    }
}

fn spooled(spool: &Path) -> io::Result<(std::fs::File, Unfinished)> {
    loop {
        let path = spool.join(Uuid::new_v4().to_string());
        let file = private::file(&path)?;
        let path = Unfinished(path);
        // Whoever sweeps the spool sees by the lock that this one is being written.
        file.lock_shared()?;
        // Unless they came before the lock.
        if path.0.exists() {
            return Ok((file, path));
        }
    }
}

fn sweep(path: &Path) -> io::Result<()> {
    let opened = std::fs::File::options().read(true).write(true).open(path);
    let swept = opened.and_then(|file| match file.try_lock() {
        Ok(()) => std::fs::remove_file(path),
        Err(_) => Ok(()),
    });
    there(swept).map(drop)
}

/// A blob on its way. Dropped, it is gone.
struct Spooled {
    file: File,
    path: Unfinished,
}

/// A file that goes when this does, unless it was moved to its place.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Spooled {
    async fn write(&mut self, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let blob = copy(bytes, cap, &mut self.file).await?;
        self.file.sync_all().await.map_err(StoreError::backend)?;
        Ok(blob)
    }

    /// Moves the whole blob to its place.
    async fn settle(self, lock: PathBuf, place: PathBuf) -> Result<(), StoreError> {
        // In one go, so that being dropped meanwhile leaves nothing half done.
        off_the_runtime(move || {
            let _with_others = locked(&lock, std::fs::File::lock_shared)?;
            let folder = place.parent().unwrap_or(&place);
            private::folder(folder)?;
            std::fs::rename(&self.path.0, &place)?;
            sync_up(folder)
        })
        .await
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(StoreError::backend)?.map_err(StoreError::backend)
}

/// The folder, locked until this is dropped: by all who move blobs to their places together, or by one who removes.
fn locked(file: &Path, lock: impl FnOnce(&std::fs::File) -> io::Result<()>) -> io::Result<std::fs::File> {
    let file = private::file(file)?;
    lock(&file)?;
    Ok(file)
}

/// The blobs in a tenant's folder that were last written before a moment.
fn old(tenant: &Path, before: SystemTime) -> io::Result<Vec<BlobId>> {
    let mut old = Vec::new();
    for folder in entries(tenant)? {
        for place in entries(&folder)? {
            let blob = place.file_name().and_then(|name| name.to_str()?.parse().ok());
            if let Some(blob) = blob
                && is_older(&place, before)?
            {
                old.push(blob);
            }
        }
    }
    Ok(old)
}

/// What is in a folder, if there is one.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(entries) = there(std::fs::read_dir(folder))? else { return Ok(Vec::new()) };
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn is_older(place: &Path, than: SystemTime) -> io::Result<bool> {
    let Some(metadata) = there(std::fs::metadata(place))? else { return Ok(false) };
    Ok(metadata.modified()? < than)
}

/// None for what is not there.
fn there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes new names in `folder` and in the two above it last beyond a power cut.
fn sync_up(folder: &Path) -> io::Result<()> {
    for folder in folder.ancestors().take(3) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[async_trait]
impl BlobStore for FolderBlobs {
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let mut spooled = self.spooled().await.map_err(StoreError::backend)?;
        let blob = spooled.write(bytes, cap).await?;
        spooled.settle(self.lock(), self.place(tenant, &blob.id)).await?;
        Ok(blob)
    }

    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        let mut file = File::open(self.place(tenant, blob)).await.map_err(missing)?;
        let size = file.metadata().await.map_err(StoreError::backend)?.len();
        let range = range.unwrap_or(0..size);
        if range.start > range.end || range.end > size {
            return Err(StoreError::NotFound);
        }
        file.seek(SeekFrom::Start(range.start)).await.map_err(StoreError::backend)?;
        let part = ReaderStream::new(file.take(range.end - range.start));
        Ok(part.map(|chunk| chunk.map_err(StoreError::backend)).boxed())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let root = self.root.clone();
        let folders = off_the_runtime(move || entries(&root)).await?;
        // The spool and the lock are beside them.
        Ok(folders.iter().filter_map(|folder| folder.file_name()?.to_str()?.parse().ok()).collect())
    }

    fn list_older_than(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        let tenant = self.root.join(tenant.to_string());
        let found = async move { off_the_runtime(move || old(&tenant, before.into())).await };
        stream::once(found).map_ok(|old| stream::iter(old).map(Ok)).try_flatten().boxed()
    }

    async fn remove(&self, tenant: TenantId, blob: &BlobId, before: DateTime<Utc>) -> Result<(), StoreError> {
        let (lock, place) = (self.lock(), self.place(tenant, blob));
        off_the_runtime(move || {
            // Nobody puts it between the look and the removal.
            let _alone = locked(&lock, std::fs::File::lock)?;
            if is_older(&place, before.into())? {
                there(std::fs::remove_file(place))?;
            }
            Ok(())
        })
        .await
    }
}

fn missing(error: io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::NotFound => StoreError::NotFound,
        _ => StoreError::backend(error),
    }
}

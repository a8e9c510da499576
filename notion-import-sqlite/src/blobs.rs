//! Blobs in a folder: `<tenant>/<first two digits>/<sha256>`, each spooled beside and moved into place once it is whole.

use std::io::{self, ErrorKind, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures_util::StreamExt;
use notion_import_core::error::StoreError;
use notion_import_core::id::TenantId;
use notion_import_core::library::blob::{Blob, BlobBytes, BlobId, BlobStore, ByteStream};
use sha2::{Digest, Sha256};
use tempfile::TempPath;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

/// Files in a folder, content-addressed per tenant.
///
/// A blob arrives in the spool and is moved to its place once it is whole and on the disk. What is left in the spool after a
/// crash is swept when the folder is next opened, unless another process that is still running put it there.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) async fn open(root: PathBuf) -> Result<Self, StoreError> {
        let folder = Self { root };
        fs::create_dir_all(folder.spool()).await.map_err(StoreError::backend)?;
        folder.sweep().await.map_err(StoreError::backend)?;
        Ok(folder)
    }

    fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    fn place(&self, tenant: TenantId, blob: &BlobId) -> PathBuf {
        let name = blob.to_string();
        self.root.join(tenant.to_string()).join(&name[..2]).join(name)
    }

    /// It removes what was left in the spool by processes that are no more.
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

fn spooled(spool: &Path) -> io::Result<(std::fs::File, TempPath)> {
    loop {
        let (file, path) = tempfile::NamedTempFile::new_in(spool)?.into_parts();
        // Whoever sweeps the spool sees by the lock that this one is being written.
        file.lock_shared()?;
        // Unless they came before the lock.
        if path.exists() {
            return Ok((file, path));
        }
    }
}

fn sweep(path: &Path) -> io::Result<()> {
    let swept = std::fs::File::open(path).and_then(|file| match file.try_lock() {
        Ok(()) => std::fs::remove_file(path),
        Err(_) => Ok(()),
    });
    swept.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// A blob on its way. Dropped, it is gone.
struct Spooled {
    file: File,
    path: TempPath,
}

impl Spooled {
    async fn write(&mut self, mut bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(StoreError::Interrupted)?;
            size += chunk.len() as u64;
            if size > cap {
                return Err(StoreError::TooLarge { cap });
            }
            hash.update(&chunk);
            self.file.write_all(&chunk).await.map_err(StoreError::backend)?;
        }
        self.file.flush().await.map_err(StoreError::backend)?;
        self.file.sync_all().await.map_err(StoreError::backend)?;
        Ok(Blob { id: BlobId::from_digest(hash.finalize().into()), size })
    }

    /// It moves the whole blob to its place.
    async fn settle(self, place: PathBuf) -> io::Result<()> {
        // In one go, so that being dropped meanwhile leaves nothing half done.
        tokio::task::spawn_blocking(move || {
            let folder = place.parent().unwrap_or(&place);
            std::fs::create_dir_all(folder)?;
            self.path.persist(&place)?;
            sync_up(folder)
        })
        .await?
    }
}

/// It makes new names in `folder` and in the two above it last beyond a power cut.
fn sync_up(folder: &Path) -> io::Result<()> {
    for folder in folder.ancestors().take(3) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[async_trait]
impl BlobStore for Folder {
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let mut spooled = self.spooled().await.map_err(StoreError::backend)?;
        let blob = spooled.write(bytes, cap).await?;
        spooled.settle(self.place(tenant, &blob.id)).await.map_err(StoreError::backend)?;
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

    async fn remove(&self, tenant: TenantId, blob: &BlobId) -> Result<(), StoreError> {
        match fs::remove_file(self.place(tenant, blob)).await.map_err(missing) {
            Ok(()) | Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn missing(error: io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::NotFound => StoreError::NotFound,
        _ => StoreError::backend(error),
    }
}

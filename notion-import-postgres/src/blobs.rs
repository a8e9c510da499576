//! Blobs in an object store, `<tenant>/<first two digits>/<sha256>`: a folder, or a bucket.

use std::fmt;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use notion_import_core::error::StoreError;
use notion_import_core::id::TenantId;
use notion_import_core::library::blob::{Blob, BlobBytes, BlobId, BlobStore, ByteStream};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt, WriteMultipart};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// What is no larger is sent in one piece; what is, in pieces of this size.
const PIECE: usize = 8 * 1024 * 1024;
/// Pieces on their way at once.
const PIECES: usize = 4;

/// Blobs in an object store, content-addressed per tenant.
///
/// A blob is spooled in a nameless local file until its hash is known, so whatever breaks off leaves nothing behind.
#[derive(Clone)]
pub struct Blobs {
    objects: Arc<dyn ObjectStore>,
    spool: PathBuf,
}

impl Blobs {
    /// Blobs in an object store of the host's, such as a bucket, spooled in the local folder `spool`, which exists.
    pub fn new(objects: Arc<dyn ObjectStore>, spool: impl AsRef<Path>) -> Self {
        Self { objects, spool: spool.as_ref().to_owned() }
    }

    /// Blobs in a folder of this machine, which is made if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the folder cannot be made or used.
    #[cfg(feature = "fs")]
    pub async fn folder(root: impl AsRef<Path>) -> Result<Self, StoreError> {
        let root = root.as_ref();
        let spool = root.join("spool");
        let objects = root.join("objects");
        for folder in [&spool, &objects] {
            tokio::fs::create_dir_all(folder).await.map_err(StoreError::backend)?;
        }
        let objects = object_store::local::LocalFileSystem::new_with_prefix(objects).map_err(backend)?;
        // What was answered is still there after a power cut.
        Ok(Self::new(Arc::new(objects.with_fsync(true)), spool))
    }

    async fn spooled(&self, mut bytes: ByteStream, cap: u64) -> Result<Spooled, StoreError> {
        let spool = self.spool.clone();
        let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(spool)).await;
        let file = file.map_err(StoreError::backend)?.map_err(StoreError::backend)?;
        let mut file = File::from_std(file);
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(StoreError::Interrupted)?;
            size += chunk.len() as u64;
            if size > cap {
                return Err(StoreError::TooLarge { cap });
            }
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(StoreError::backend)?;
        }
        file.flush().await.map_err(StoreError::backend)?;
        file.seek(SeekFrom::Start(0)).await.map_err(StoreError::backend)?;
        let id = BlobId::from_digest(hash.finalize().into());
        Ok(Spooled { file, blob: Blob { id, size } })
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A store may show its credentials.
        f.debug_struct("Blobs").field("spool", &self.spool).finish_non_exhaustive()
    }
}

/// A whole blob on its way. Dropped, it is gone.
struct Spooled {
    file: File,
    blob: Blob,
}

impl Spooled {
    async fn send(self, objects: &dyn ObjectStore, key: Key) -> Result<Blob, StoreError> {
        let blob = self.blob;
        if blob.size <= PIECE as u64 {
            self.send_whole(objects, &key).await?;
        } else {
            self.send_in_pieces(objects, &key).await?;
        }
        Ok(blob)
    }

    async fn send_whole(mut self, objects: &dyn ObjectStore, key: &Key) -> Result<(), StoreError> {
        let mut whole = Vec::new();
        self.file.read_to_end(&mut whole).await.map_err(StoreError::backend)?;
        objects.put(key, whole.into()).await.map_err(backend)?;
        Ok(())
    }

    async fn send_in_pieces(mut self, objects: &dyn ObjectStore, key: &Key) -> Result<(), StoreError> {
        let upload = objects.put_multipart(key).await.map_err(backend)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        match self.feed(&mut upload).await {
            Ok(()) => upload.finish().await.map(drop).map_err(backend),
            Err(error) => {
                // Pieces that never become a blob cost money until they are told to go.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    async fn feed(&mut self, upload: &mut WriteMultipart) -> Result<(), StoreError> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = self.file.read(&mut piece).await.map_err(StoreError::backend)?;
            if read == 0 {
                return Ok(());
            }
            upload.wait_for_capacity(PIECES).await.map_err(backend)?;
            upload.write(&piece[..read]);
        }
    }
}

#[async_trait]
impl BlobStore for Blobs {
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let spooled = self.spooled(bytes, cap).await?;
        let key = key(tenant, &spooled.blob.id);
        let objects = self.objects.clone();
        // In a task, which runs to its end, so that being dropped meanwhile leaves nothing half done.
        let sent = tokio::spawn(async move { spooled.send(&*objects, key).await });
        sent.await.map_err(StoreError::backend)?
    }

    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        let key = key(tenant, blob);
        let size = self.objects.head(&key).await.map_err(backend)?.size;
        let range = range.unwrap_or(0..size);
        if range.start > range.end || range.end > size {
            return Err(StoreError::NotFound);
        }
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        let part = self.objects.get_opts(&key, options).await.map_err(backend)?;
        Ok(part.into_stream().map(|chunk: Result<Bytes, _>| chunk.map_err(backend)).boxed())
    }

    async fn remove(&self, tenant: TenantId, blob: &BlobId) -> Result<(), StoreError> {
        match self.objects.delete(&key(tenant, blob)).await.map_err(backend) {
            Ok(()) | Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn key(tenant: TenantId, blob: &BlobId) -> Key {
    let name = blob.to_string();
    Key::from(format!("{tenant}/{}/{name}", &name[..2]))
}

/// It keeps what an object store's error means. The error itself quotes addresses, and those can be signed.
fn backend(error: Error) -> StoreError {
    StoreError::backend(match error {
        Error::NotFound { .. } => return StoreError::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            "the object store refused the credentials"
        }
        Error::NotSupported { .. } | Error::NotImplemented { .. } => "the object store cannot do this",
        _ => "the object store failed",
    })
}

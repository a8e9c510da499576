//! Where the files of a page are while it is read.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use notion_import_core::store::copy;
use notion_import_core::{Blob, BlobBytes, BlobId, BlobStore, ByteStream, StoreError, TenantId};
use tokio::fs::File;

/// A folder for the files of one page. What is not taken out of it goes with it.
pub struct Spool {
    folder: PathBuf,
    puts: AtomicU32,
}

impl Spool {
    /// Makes the folder.
    pub fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, puts: AtomicU32::new(0) })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a blob is in it.
    pub fn path(&self, blob: &BlobId) -> PathBuf {
        self.folder.join(blob.to_string())
    }

    async fn write(&self, part: &Path, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let mut file = File::create(part).await.map_err(StoreError::backend)?;
        let blob = copy(bytes, cap, &mut file).await?;
        // A name must never lead to less than the whole, not even after a power cut.
        file.sync_all().await.map_err(StoreError::backend)?;
        tokio::fs::rename(part, self.path(&blob.id)).await.map_err(StoreError::backend)?;
        Ok(blob)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What stays is swept by the next run.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[async_trait]
impl BlobStore for Spool {
    async fn put(&self, _tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let part = self.folder.join(format!("part-{}", self.puts.fetch_add(1, Ordering::Relaxed)));
        let outcome = self.write(&part, bytes, cap).await;
        if outcome.is_err() {
            let _ = tokio::fs::remove_file(&part).await;
        }
        outcome
    }

    async fn get(
        &self,
        _tenant: TenantId,
        blob: &BlobId,
        range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        let whole = match tokio::fs::read(self.path(blob)).await {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::NotFound),
            Err(error) => return Err(StoreError::backend(error)),
        };
        let range = range.unwrap_or(0..whole.len() as u64);
        if range.start > range.end || range.end > whole.len() as u64 {
            return Err(StoreError::NotFound);
        }
        let part = whole.slice(range.start as usize..range.end as usize);
        Ok(stream::iter([Ok(part)]).boxed())
    }

    // The folder goes as a whole.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        Ok(Vec::new())
    }

    fn list_older_than(
        &self,
        _tenant: TenantId,
        _before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        stream::empty().boxed()
    }

    async fn remove(
        &self,
        _tenant: TenantId,
        blob: &BlobId,
        _before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match tokio::fs::remove_file(self.path(blob)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::backend(error)),
            _ => Ok(()),
        }
    }
}

/// Keeps nothing: for a page that goes to standard output, whose files only need names.
pub struct Nowhere;

#[async_trait]
impl BlobStore for Nowhere {
    async fn put(&self, _tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        copy(bytes, cap, &mut tokio::io::sink()).await
    }

    async fn get(
        &self,
        _tenant: TenantId,
        _blob: &BlobId,
        _range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        Err(StoreError::NotFound)
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        Ok(Vec::new())
    }

    fn list_older_than(
        &self,
        _tenant: TenantId,
        _before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        stream::empty().boxed()
    }

    async fn remove(
        &self,
        _tenant: TenantId,
        _blob: &BlobId,
        _before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

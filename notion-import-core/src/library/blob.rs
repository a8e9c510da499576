//! Bytes: files and images, content-addressed per tenant.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::error::{Cause, StoreError};
use crate::id::{TenantId, digest_id};

digest_id! {
    /// The SHA-256 of a blob's bytes.
    ///
    /// Two tenants with the same bytes have two blobs: sharing them would tell one what the other has.
    BlobId
}

impl BlobId {
    /// The id of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// A blob that is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Blob {
    /// What its bytes hash to.
    pub id: BlobId,
    /// How many bytes it has.
    pub size: u64,
}

/// A stream of bytes on its way into a store; an error in it means it is not whole.
pub type ByteStream = BoxStream<'static, Result<Bytes, Cause>>;

/// A stream of bytes on its way out of a store.
pub type BlobBytes = BoxStream<'static, Result<Bytes, StoreError>>;

/// Writes a stream of at most `cap` bytes to `to`, chunk by chunk, and returns what it hashes to: for whoever keeps blobs.
///
/// # Errors
/// Those of [`BlobStore::put`]. What was written until then is not a blob.
pub async fn copy(
    mut bytes: ByteStream,
    cap: u64,
    to: &mut (impl AsyncWrite + Send + Unpin),
) -> Result<Blob, StoreError> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(StoreError::Interrupted)?;
        size += chunk.len() as u64;
        if size > cap {
            return Err(StoreError::TooLarge { cap });
        }
        hash.update(&chunk);
        to.write_all(&chunk).await.map_err(StoreError::backend)?;
    }
    to.flush().await.map_err(StoreError::backend)?;
    Ok(Blob { id: BlobId::from_digest(hash.finalize().into()), size })
}

/// Where bytes are kept.
///
/// # Contract
/// - A blob is there wholly or not at all: an error in the stream, a dropped future or a crash leaves no part of it.
/// - The id is the SHA-256 of what was stored; putting the same bytes again succeeds, and makes the blob as young as a new one.
/// - A blob is there when its put returns, whoever removes it as an old one at the same moment.
/// - A tenant can neither read nor remove nor notice another's blobs.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores a stream of at most `cap` bytes, in constant memory.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] once more than `cap` bytes came, [`StoreError::Interrupted`] if the stream failed.
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError>;

    /// Streams a blob, or a part of it: `range` is half-open, in bytes, and must lie inside the blob.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if this tenant has no such blob, or the blob no such range.
    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<BlobBytes, StoreError>;

    /// Returns the tenants that have blobs, in no order: for whoever clears away. One whose blobs are all gone may be among them.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// Lists the tenant's blobs that were last put before a moment by the store's clock, in no order.
    fn list_older_than(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>>;

    /// Removes a blob, unless it was put since that moment; removing it again succeeds.
    ///
    /// A store that cannot look and remove in one step sets the blob aside, where it is still read and listed. Removed again, with
    /// a moment after that, it is gone for good.
    async fn remove(&self, tenant: TenantId, blob: &BlobId, before: DateTime<Utc>) -> Result<(), StoreError>;
}

//! Blobs in memory.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};

use super::lock;
use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::blob::{Blob, BlobBytes, BlobId, BlobStore, ByteStream, copy};

/// Blobs in memory, each as a whole: `cap` is what bounds them.
#[derive(Clone, Default)]
pub struct MemoryBlobs {
    blobs: Arc<Mutex<HashMap<(TenantId, BlobId), StoredBlob>>>,
}

struct StoredBlob {
    bytes: Bytes,
    put_at: DateTime<Utc>,
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let mut whole = Vec::new();
        let blob = copy(bytes, cap, &mut whole).await?;
        let stored = StoredBlob { bytes: whole.into(), put_at: Utc::now() };
        lock(&self.blobs).insert((tenant, blob.id), stored);
        Ok(blob)
    }

    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        let whole = lock(&self.blobs).get(&(tenant, *blob)).map(|kept| kept.bytes.clone());
        let whole = whole.ok_or(StoreError::NotFound)?;
        let part = match range {
            None => whole,
            Some(range) => part(&whole, range).ok_or(StoreError::NotFound)?,
        };
        Ok(stream::iter([Ok(part)]).boxed())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let tenants: HashSet<TenantId> = lock(&self.blobs).keys().map(|(tenant, _)| *tenant).collect();
        Ok(tenants.into_iter().collect())
    }

    fn list_older_than(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        let blobs = lock(&self.blobs);
        let old = blobs.iter().filter(|((owner, _), kept)| *owner == tenant && kept.put_at < before);
        let old: Vec<_> = old.map(|((_, blob), _)| Ok(*blob)).collect();
        stream::iter(old).boxed()
    }

    async fn remove(&self, tenant: TenantId, blob: &BlobId, before: DateTime<Utc>) -> Result<(), StoreError> {
        let mut blobs = lock(&self.blobs);
        if blobs.get(&(tenant, *blob)).is_some_and(|kept| kept.put_at < before) {
            blobs.remove(&(tenant, *blob));
        }
        Ok(())
    }
}

fn part(whole: &Bytes, range: Range<u64>) -> Option<Bytes> {
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    (start <= end && end <= whole.len()).then(|| whole.slice(start..end))
}

//! Leaky blobs.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use notion_import_core::testing::suite::blobs::PROMISES;
use notion_import_core::{Blob, BlobBytes, BlobId, BlobStore, ByteStream, MemoryBlobs, StoreError, TenantId};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leak {
    KeepsWhatFitted,
    KeepsWhatCame,
    CapsTooEarly,
    SharesBetweenTenants,
    ClampsRanges,
    ForgetsTheStartOfARange,
    FailsOnSecondRemoval,
    LosesTheLastByte,
    LosesOnFailure,
    KeepsWhileComing,
    StaysAsOldAsItWas,
    ListsNothing,
    KnowsNoAge,
    LooksAndThenRemoves,
    KnowsNoTenants,
}

pub(super) struct Leaky {
    inner: MemoryBlobs,
    leak: Leak,
}

impl Leaky {
    pub(super) fn sound() -> Arc<dyn BlobStore> {
        Arc::new(MemoryBlobs::default())
    }

    pub(super) fn store(leak: Leak) -> Arc<dyn BlobStore> {
        Arc::new(Self { inner: MemoryBlobs::default(), leak })
    }

    fn tenant(&self, tenant: TenantId) -> TenantId {
        if self.leak == Leak::SharesBetweenTenants { TenantId::new(Uuid::nil()) } else { tenant }
    }

    async fn keep(&self, tenant: TenantId, bytes: &[u8]) -> Result<Blob, StoreError> {
        let whole = Bytes::copy_from_slice(bytes);
        let blob = Blob { id: BlobId::of(bytes), size: bytes.len() as u64 };
        if self.leak == Leak::StaysAsOldAsItWas && self.inner.get(tenant, &blob.id, None).await.is_ok() {
            return Ok(blob);
        }
        self.inner.put(tenant, stream::iter([Ok(whole)]).boxed(), u64::MAX).await
    }

    async fn lose(&self, tenant: TenantId, bytes: &[u8]) -> Result<(), StoreError> {
        self.inner.remove(tenant, &BlobId::of(bytes), DateTime::<Utc>::MAX_UTC).await
    }
}

#[async_trait]
impl BlobStore for Leaky {
    async fn put(&self, tenant: TenantId, mut bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let tenant = self.tenant(tenant);
        let mut came = Vec::new();
        let cap_now = if self.leak == Leak::CapsTooEarly { cap.saturating_sub(1) } else { cap };
        while let Some(chunk) = bytes.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(cause) => {
                    match self.leak {
                        Leak::KeepsWhatCame => drop(self.keep(tenant, &came).await?),
                        Leak::LosesOnFailure => self.lose(tenant, &came).await?,
                        _ => {}
                    }
                    return Err(StoreError::Interrupted(cause));
                }
            };
            if (came.len() + chunk.len()) as u64 > cap_now {
                if self.leak == Leak::KeepsWhatFitted {
                    self.keep(tenant, &came).await?;
                }
                return Err(StoreError::TooLarge { cap });
            }
            came.extend_from_slice(&chunk);
            if self.leak == Leak::KeepsWhileComing {
                self.keep(tenant, &came).await?;
                tokio::task::yield_now().await;
                self.lose(tenant, &came).await?;
            }
        }
        self.keep(tenant, &came).await
    }

    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        let tenant = self.tenant(tenant);
        let mut whole = Vec::new();
        let mut bytes = self.inner.get(tenant, blob, None).await?;
        while let Some(chunk) = bytes.next().await {
            whole.extend_from_slice(&chunk?);
        }
        let size = whole.len() as u64;
        match (self.leak, range) {
            (Leak::ClampsRanges, Some(range)) => {
                let end = range.end.min(size);
                self.inner.get(tenant, blob, Some(range.start.min(end)..end)).await
            }
            (Leak::ForgetsTheStartOfARange, Some(range)) if range.start <= range.end => {
                self.inner.get(tenant, blob, Some(0..range.end)).await
            }
            (Leak::LosesTheLastByte, None) => {
                self.inner.get(tenant, blob, Some(0..size.min(2_999_999))).await
            }
            (_, range) => self.inner.get(tenant, blob, range).await,
        }
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        match self.leak {
            Leak::KnowsNoTenants => Ok(Vec::new()),
            _ => self.inner.tenants().await,
        }
    }

    fn list_older_than(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        let tenant = self.tenant(tenant);
        match self.leak {
            Leak::ListsNothing => stream::empty().boxed(),
            Leak::KnowsNoAge => self.inner.list_older_than(tenant, DateTime::<Utc>::MAX_UTC),
            _ => self.inner.list_older_than(tenant, before),
        }
    }

    async fn remove(&self, tenant: TenantId, blob: &BlobId, before: DateTime<Utc>) -> Result<(), StoreError> {
        let tenant = self.tenant(tenant);
        match self.leak {
            Leak::FailsOnSecondRemoval => drop(self.inner.get(tenant, blob, None).await?),
            Leak::KnowsNoAge => return self.inner.remove(tenant, blob, DateTime::<Utc>::MAX_UTC).await,
            Leak::LooksAndThenRemoves => {
                let old: Vec<_> = self.inner.list_older_than(tenant, before).try_collect().await?;
                tokio::task::yield_now().await;
                let before = if old.contains(blob) { DateTime::<Utc>::MAX_UTC } else { before };
                return self.inner.remove(tenant, blob, before).await;
            }
            _ => {}
        }
        self.inner.remove(tenant, blob, before).await
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let rows = [
        (Leak::KeepsWhatFitted, &["too large a blob"][..]),
        (Leak::KeepsWhatCame, &["a stream that breaks off"]),
        (Leak::CapsTooEarly, &["a blob may have as many"]),
        (
            Leak::SharesBetweenTenants,
            &["whoever clears away", "a tenant cannot read", "a tenant can neither list"],
        ),
        (Leak::ClampsRanges, &["a part outside"]),
        (Leak::ForgetsTheStartOfARange, &["a part of a blob"]),
        (
            Leak::FailsOnSecondRemoval,
            &[
                "a blob removed once",
                "a blob put in the moment",
                "whoever clears away",
                "a tenant can neither list",
            ],
        ),
        (Leak::LosesTheLastByte, &["a large blob"]),
        (Leak::LosesOnFailure, &["a failed put"]),
        (Leak::KeepsWhileComing, &["a failed put", "a put dropped halfway"]),
        (
            Leak::StaysAsOldAsItWas,
            &["a blob that was put since", "blobs are listed by", "a blob put in the moment"],
        ),
        (Leak::ListsNothing, &["a blob removed once", "blobs are listed by"]),
        (Leak::KnowsNoAge, &["a blob that was put since", "blobs are listed by", "a blob put in the moment"]),
        (Leak::LooksAndThenRemoves, &["a blob put in the moment"]),
        (Leak::KnowsNoTenants, &["whoever clears away"]),
    ];
    super::check(PROMISES, Leaky::store, &rows).await;
}

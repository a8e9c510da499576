//! What a [`BlobStore`] promises.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::{Outcome, Promise};
use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::blob::{Blob, BlobId, BlobStore};
use crate::testing::suite::fixture::{abandon, broken_bytes, bytes, collected, tenant};

mod removal;

type Store = Arc<dyn BlobStore>;

const TEXT: &[u8] = b"We encrypt everything, at rest and on the way.";
const CAP: u64 = 1 << 24;

/// Every promise of a [`BlobStore`].
pub const PROMISES: &[Promise<Store>] = &[
    promise!("a blob's id is the SHA-256 of its bytes, and they come back", comes_back),
    promise!("a large blob comes back", large),
    promise!("an empty blob is a blob", empty),
    promise!("a part of a blob is those bytes", parts),
    promise!("a part outside the blob is not found", outside),
    promise!("the same bytes again are the same blob", again),
    promise!("the same bytes put many times at once are one blob", at_once),
    promise!("a blob may have as many bytes as allowed", at_the_cap),
    promise!("too large a blob leaves nothing", too_large),
    promise!("a stream that breaks off leaves nothing", interrupted),
    promise!("a failed put leaves the blob that was there", failed_again),
    promise!("a put dropped halfway leaves the blob wholly or not at all", dropped),
    promise!("a blob removed once and again is gone, and removing it further succeeds", removal::removed),
    promise!("a blob that was put since is not removed", removal::young),
    promise!("blobs are listed by when they were last put", removal::listed_by_age),
    promise!("a blob put in the moment of its removal is there", removal::at_once),
    promise!("whoever clears away is told of every tenant that has blobs", removal::tenants),
    promise!("a tenant cannot read another's blob", foreign_read),
    promise!("a tenant can neither list nor remove another's blob", removal::foreign),
];

async fn put(store: &Store, tenant: TenantId, text: &[u8]) -> Result<Blob, StoreError> {
    store.put(tenant, bytes(text), CAP).await
}

/// The tenant has a blob of exactly these bytes.
async fn ensure_kept(store: &Store, tenant: TenantId, text: &[u8]) -> Outcome {
    let kept = collected(store.get(tenant, &BlobId::of(text), None).await?).await?;
    ensure!(kept == text, "{} bytes came back for {}", kept.len(), text.len());
    Ok(())
}

/// The tenant has no blob of these bytes nor of any beginning of them.
async fn ensure_nothing(store: &Store, tenant: TenantId, text: &[u8]) -> Outcome {
    for length in (0..=text.len()).filter(|length| length % 7 == 0 || *length == text.len()) {
        let read = store.get(tenant, &BlobId::of(&text[..length]), None).await;
        ensure_fails!(read.map(drop), StoreError::NotFound, "the first {length} bytes");
    }
    Ok(())
}

async fn comes_back(store: Store) -> Outcome {
    let tenant = tenant();
    let blob = put(&store, tenant, TEXT).await?;
    ensure_eq!(blob, Blob { id: BlobId::of(TEXT), size: TEXT.len() as u64 }, "the blob");
    ensure_kept(&store, tenant, TEXT).await
}

async fn large(store: Store) -> Outcome {
    let tenant = tenant();
    let text: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let chunks: Vec<_> = text.chunks(65_521).map(|chunk| Ok(chunk.to_vec().into())).collect();
    store.put(tenant, stream::iter(chunks).boxed(), CAP).await?;
    ensure_kept(&store, tenant, &text).await
}

async fn empty(store: Store) -> Outcome {
    let tenant = tenant();
    let blob = put(&store, tenant, b"").await?;
    ensure_eq!(blob, Blob { id: BlobId::of(b""), size: 0 }, "the blob");
    ensure_kept(&store, tenant, b"").await?;
    let none = collected(store.get(tenant, &blob.id, Some(0..0)).await?).await?;
    ensure!(none.is_empty(), "no bytes of it are {none:?}");
    Ok(())
}

async fn parts(store: Store) -> Outcome {
    let tenant = tenant();
    let blob = put(&store, tenant, TEXT).await?;
    for range in [0..1, 3..17, 45..46, 0..46, 20..20, 46..46] {
        let part = collected(store.get(tenant, &blob.id, Some(range.clone())).await?).await?;
        ensure_eq!(part, TEXT[range.start as usize..range.end as usize], "bytes {range:?}");
    }
    Ok(())
}

async fn outside(store: Store) -> Outcome {
    let tenant = tenant();
    let blob = put(&store, tenant, TEXT).await?;
    let backwards = std::ops::Range { start: 9, end: 3 };
    for range in [0..47, 46..47, 47..47, 0..u64::MAX, u64::MAX..u64::MAX, backwards] {
        let part = store.get(tenant, &blob.id, Some(range.clone())).await;
        ensure_fails!(part.map(drop), StoreError::NotFound, "bytes {range:?}");
    }
    Ok(())
}

async fn again(store: Store) -> Outcome {
    let tenant = tenant();
    let first = put(&store, tenant, TEXT).await?;
    ensure_eq!(put(&store, tenant, TEXT).await?, first, "the second blob");
    ensure_kept(&store, tenant, TEXT).await
}

async fn at_once(store: Store) -> Outcome {
    let tenant = tenant();
    for blob in join_all((0..8).map(|_| put(&store, tenant, TEXT))).await {
        ensure_eq!(blob?.id, BlobId::of(TEXT), "one of the blobs");
    }
    ensure_kept(&store, tenant, TEXT).await
}

async fn at_the_cap(store: Store) -> Outcome {
    let tenant = tenant();
    store.put(tenant, bytes(TEXT), TEXT.len() as u64).await?;
    store.put(tenant, bytes(b""), 0).await?;
    ensure_kept(&store, tenant, TEXT).await
}

async fn too_large(store: Store) -> Outcome {
    let tenant = tenant();
    let cap = TEXT.len() as u64 - 1;
    let put = store.put(tenant, bytes(TEXT), cap).await;
    ensure_fails!(put, StoreError::TooLarge { .. }, "a byte more than allowed");
    // Whoever sends without end is not waited for.
    let endless = stream::repeat_with(|| Ok(TEXT.into())).boxed();
    ensure_fails!(store.put(tenant, endless, cap).await, StoreError::TooLarge { .. }, "an endless stream");
    ensure_nothing(&store, tenant, TEXT).await
}

async fn interrupted(store: Store) -> Outcome {
    let tenant = tenant();
    let put = store.put(tenant, broken_bytes(TEXT), CAP).await;
    ensure_fails!(put, StoreError::Interrupted(_), "a stream that broke off");
    ensure_nothing(&store, tenant, TEXT).await
}

async fn failed_again(store: Store) -> Outcome {
    let tenant = tenant();
    put(&store, tenant, TEXT).await?;
    let put = store.put(tenant, broken_bytes(TEXT), CAP).await;
    ensure_fails!(put, StoreError::Interrupted(_), "a stream that broke off");
    ensure_kept(&store, tenant, TEXT).await
}

async fn dropped(store: Store) -> Outcome {
    for polls in 0..40 {
        let tenant = tenant();
        let done = abandon(put(&store, tenant, TEXT), polls).await;
        match store.get(tenant, &BlobId::of(TEXT), None).await {
            Ok(_) => ensure_kept(&store, tenant, TEXT).await?,
            Err(StoreError::NotFound) => ensure!(done.is_none(), "the put returned, but there is no blob"),
            Err(other) => return Err(other.into()),
        }
        ensure_nothing(&store, tenant, &TEXT[..42]).await?;
    }
    Ok(())
}

async fn foreign_read(store: Store) -> Outcome {
    put(&store, tenant(), TEXT).await?;
    ensure_nothing(&store, tenant(), TEXT).await
}

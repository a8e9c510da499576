//! How old blobs go, and which stay.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::future::join3;

use super::{Store, TEXT, ensure_kept, ensure_nothing, put};
use crate::id::TenantId;
use crate::library::blob::BlobId;
use crate::testing::suite::fixture::{moment, tenant, turns};
use crate::testing::suite::{Broken, Outcome};

async fn listed(store: &Store, tenant: TenantId, before: DateTime<Utc>) -> Result<Vec<BlobId>, Broken> {
    let mut listed: Vec<_> = store.list_older_than(tenant, before).try_collect().await?;
    listed.sort();
    Ok(listed)
}

/// Removes the blob, and what a store may have set aside of it.
async fn remove(store: &Store, tenant: TenantId, blob: &BlobId) -> Outcome {
    for _again in 0..2 {
        store.remove(tenant, blob, moment().await).await?;
    }
    Ok(())
}

pub(super) async fn tenants(store: Store) -> Outcome {
    let (first, second, stranger) = (tenant(), tenant(), tenant());
    let blob = put(&store, first, TEXT).await?;
    put(&store, second, TEXT).await?;
    remove(&store, first, &blob.id).await?;
    put(&store, first, b"other").await?;
    let known = store.tenants().await?;
    ensure!(known.contains(&first) && known.contains(&second), "of two tenants, {known:?} are known");
    ensure!(!known.contains(&stranger), "a tenant that has put nothing is among {known:?}");
    Ok(())
}

pub(super) async fn removed(store: Store) -> Outcome {
    let tenant = tenant();
    let blob = put(&store, tenant, TEXT).await?;
    let other = put(&store, tenant, b"other").await?;
    remove(&store, tenant, &blob.id).await?;
    remove(&store, tenant, &blob.id).await?;
    ensure_nothing(&store, tenant, TEXT).await?;
    ensure_kept(&store, tenant, b"other").await?;
    ensure_eq!(listed(&store, tenant, moment().await).await?, [other.id], "the blobs listed");
    put(&store, tenant, TEXT).await?;
    ensure_kept(&store, tenant, TEXT).await
}

pub(super) async fn young(store: Store) -> Outcome {
    let tenant = tenant();
    let blob = put(&store, tenant, TEXT).await?;
    let before = moment().await;
    put(&store, tenant, TEXT).await?;
    for _again in 0..2 {
        store.remove(tenant, &blob.id, before).await?;
        ensure_kept(&store, tenant, TEXT).await?;
    }
    Ok(())
}

pub(super) async fn listed_by_age(store: Store) -> Outcome {
    let tenant = tenant();
    let first = put(&store, tenant, b"first").await?.id;
    let one = moment().await;
    let second = put(&store, tenant, b"second").await?.id;
    let two = moment().await;
    ensure_eq!(listed(&store, tenant, one).await?, [first], "the first alone");
    put(&store, tenant, b"first").await?;
    let three = moment().await;
    ensure_eq!(listed(&store, tenant, one).await?, [], "what is older than both");
    ensure_eq!(listed(&store, tenant, two).await?, [second], "what was not put again");
    let mut both = [first, second];
    both.sort();
    ensure_eq!(listed(&store, tenant, three).await?, both, "both");
    Ok(())
}

pub(super) async fn at_once(store: Store) -> Outcome {
    for later in 0..12 {
        let tenant = tenant();
        let blob = put(&store, tenant, TEXT).await?.id;
        let before = moment().await;
        let again = async {
            turns(later).await;
            put(&store, tenant, TEXT).await?;
            ensure_kept(&store, tenant, TEXT).await
        };
        let removal = || store.remove(tenant, &blob, before);
        let (kept, one, other) = join3(again, removal(), removal()).await;
        kept?;
        one?;
        other?;
        ensure_kept(&store, tenant, TEXT).await?;
        removal().await?;
        ensure_kept(&store, tenant, TEXT).await?;
    }
    Ok(())
}

pub(super) async fn foreign(store: Store) -> Outcome {
    let (ours, theirs) = (tenant(), tenant());
    let blob = put(&store, ours, TEXT).await?;
    ensure_eq!(listed(&store, theirs, moment().await).await?, [], "what a stranger lists");
    remove(&store, theirs, &blob.id).await?;
    ensure_kept(&store, ours, TEXT).await?;
    put(&store, theirs, TEXT).await?;
    remove(&store, theirs, &blob.id).await?;
    ensure_kept(&store, ours, TEXT).await
}

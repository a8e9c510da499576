//! Removing files that nothing refers to: an import put them and never came to an end, or an icon has changed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{TryStreamExt, future};

use super::blob::{BlobId, BlobStore};
use super::document::DocumentStore;
use crate::error::StoreError;
use crate::id::TenantId;

/// How long a file that nothing refers to stays, by default.
///
/// An import puts its files first and its document last, so no import may take longer than this.
pub const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes the tenant's blobs that no document refers to and that were last put before a moment, and returns how many those are.
/// The moment lies as far back as an import may take; while sweeps run, imports may go on.
///
/// # Errors
/// The stores'. What was removed until then was removed rightly.
pub async fn sweep(
    documents: &dyn DocumentStore,
    blobs: &dyn BlobStore,
    tenant: TenantId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    // A document that comes after this look was begun after the moment, and so were its puts: they keep its blobs.
    let used = documents.blobs(tenant).await?;
    let unused = blobs.list_older_than(tenant, before).try_filter(|blob| future::ready(!used.contains(blob)));
    let unused: Vec<BlobId> = unused.try_collect().await?;
    for blob in &unused {
        blobs.remove(tenant, blob, before).await?;
    }
    Ok(unused.len() as u64)
}

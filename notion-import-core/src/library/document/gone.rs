//! What a host does with documents whose source is gone.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::error::StoreError;
use crate::id::{DocumentId, TenantId};

/// What a host does with documents whose source is gone, beside showing that it is. Without it they stay as they are.
#[async_trait]
pub trait WhenGone: Send + Sync {
    /// Takes notice of a document whose [state](super::Link::state) says that its source is gone. Every sync says so again as long as
    /// it is.
    ///
    /// # Errors
    /// The store's, if it could not be noted: the sync fails then, and comes again.
    async fn gone(
        &self,
        tenant: TenantId,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

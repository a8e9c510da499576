//! Closing what has no source any more.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::AccessStore;
use crate::error::StoreError;
use crate::id::{DocumentId, TenantId};
use crate::library::document::WhenGone;

/// Makes a document internal as soon as a sync finds that its source is gone, for a host that wants that. It is audited, and nothing
/// opens the document again but a member.
pub struct InternalWhenGone(pub Arc<dyn AccessStore>);

#[async_trait]
impl WhenGone for InternalWhenGone {
    async fn gone(
        &self,
        tenant: TenantId,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.close_gone(tenant, document, now).await
    }
}

//! Who is told what is new, on SQLite.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{DueQuery, Insider, Told};
use notion_import_core::{StoreError, Subscription, SubscriptionId, SubscriptionStore, TenantId};

use crate::database::{Sqlite, commit};
use crate::table::subscriptions;

#[async_trait]
impl SubscriptionStore for Sqlite {
    async fn subscription(
        &self,
        site: TenantId,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        subscriptions::get(self.readers(), site, id).await
    }

    async fn list_subscriptions(
        &self,
        insider: Insider,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Vec<Subscription>, StoreError> {
        subscriptions::list(self.readers(), insider.tenant(), after, limit).await
    }

    async fn due_subscriptions(
        &self,
        site: TenantId,
        query: &DueQuery,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut tx = self.write().await?;
        let due = subscriptions::take(&mut tx, site, query).await?;
        commit(tx).await?;
        Ok(due)
    }

    async fn told(
        &self,
        site: TenantId,
        id: SubscriptionId,
        before: DateTime<Utc>,
        told: Told,
        again: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        subscriptions::told(&mut *tx, site, id, before, told, again).await?;
        commit(tx).await
    }
}

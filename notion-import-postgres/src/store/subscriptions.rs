//! Who is told what is new, on PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{DueQuery, Insider, Told};
use notion_import_core::{StoreError, Subscription, SubscriptionId, SubscriptionStore, TenantId};

use crate::database::{Postgres, Role, commit};
use crate::table::subscriptions;

#[async_trait]
impl SubscriptionStore for Postgres {
    async fn subscription(
        &self,
        site: TenantId,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let kept = subscriptions::get(&mut *tx, site, id).await?;
        commit(tx).await?;
        Ok(kept)
    }

    async fn list_subscriptions(
        &self,
        insider: Insider,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let listed = subscriptions::list(&mut *tx, insider.tenant(), after, limit).await?;
        commit(tx).await?;
        Ok(listed)
    }

    async fn due_subscriptions(
        &self,
        site: TenantId,
        query: &DueQuery,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut tx = self.write(Role::App, site).await?;
        let due = subscriptions::take(&mut *tx, site, query).await?;
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
        let mut tx = self.write(Role::App, site).await?;
        subscriptions::told(&mut *tx, site, id, before, told, again).await?;
        commit(tx).await
    }
}

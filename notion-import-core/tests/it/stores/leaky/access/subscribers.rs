//! What leaks where subscriptions are kept.

use std::net::IpAddr;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{DueQuery, Insider, Told};
use notion_import_core::{
    Actor, NewSubscription, StoreError, Subscriber, Subscription, SubscriptionId, SubscriptionStore, TenantId,
};

use super::{Leak, Leaky};

#[async_trait]
impl SubscriptionStore for Leaky {
    async fn subscribe(
        &self,
        site: TenantId,
        new: &NewSubscription,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut new = new.clone();
        if self.leak == Leak::SpeaksOneLanguage {
            new.language = "en".into();
        }
        self.inner.subscribe(site, &new, now).await
    }

    async fn unsubscribe(
        &self,
        site: TenantId,
        id: SubscriptionId,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.leak == Leak::NeverUnsubscribes {
            return Ok(());
        }
        self.inner.unsubscribe(site, id, address, now).await
    }

    async fn end_subscription(
        &self,
        actor: &Actor,
        id: SubscriptionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.end_subscription(&self.raised(actor, Leak::AnybodyEndsSubscriptions), id, now).await
    }

    async fn subscription(
        &self,
        site: TenantId,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        self.inner.subscription(site, id).await
    }

    async fn list_subscriptions(
        &self,
        insider: Insider,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut listed = self.inner.list_subscriptions(insider, after, limit).await?;
        if self.leak == Leak::KnowsMailboxesAlone {
            listed.retain(|kept| matches!(kept.subscriber, Subscriber::Mailbox(_)));
        }
        Ok(listed)
    }

    async fn due_subscriptions(
        &self,
        site: TenantId,
        query: &DueQuery,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut query = *query;
        if self.leak == Leak::GivesTwiceWhomToTell {
            query.until = query.now;
        }
        if self.leak == Leak::TellsTooSoon {
            query.now += chrono::TimeDelta::days(1);
        }
        self.inner.due_subscriptions(site, &query).await
    }

    async fn told(
        &self,
        site: TenantId,
        id: SubscriptionId,
        before: DateTime<Utc>,
        told: Told,
        again: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let kept = self.inner.subscription(site, id).await?;
        let before = match kept {
            Some(kept) if self.leak == Leak::ForgetsWhatWasTold => {
                return self.inner.told(site, id, before, kept.told, again).await;
            }
            Some(kept) if self.leak == Leak::IsToldWhateverWasBefore => kept.told.until,
            _ => before,
        };
        self.inner.told(site, id, before, told, again).await
    }
}

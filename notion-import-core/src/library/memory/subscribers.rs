//! Who is told what is new, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::documents::MemoryLibrary;
use crate::actor::Insider;
use crate::error::StoreError;
use crate::id::{ContactId, SubscriptionId, TenantId};
use crate::library::gate::{DueQuery, MailAddress, Scope, Subscriber, Subscription, SubscriptionStore, Told};

/// A tenant's subscriptions, and until when each is not to be told.
#[derive(Default)]
pub(super) struct Subscribers(BTreeMap<SubscriptionId, (Subscription, DateTime<Utc>)>);

#[async_trait]
impl SubscriptionStore for MemoryLibrary {
    async fn subscription(
        &self,
        site: TenantId,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        Ok(self.read(site, |tenant| tenant.access.people.subscribers.get(id).cloned()))
    }

    async fn list_subscriptions(
        &self,
        insider: Insider,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Vec<Subscription>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            let all = tenant.access.people.subscribers.all();
            let later = all.filter(|kept| after.is_none_or(|after| after < kept.id));
            later.take(limit).cloned().collect()
        }))
    }

    async fn due_subscriptions(
        &self,
        site: TenantId,
        query: &DueQuery,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut tenants = self.tenants();
        let Some(tenant) = tenants.get_mut(&site) else { return Ok(Vec::new()) };
        Ok(tenant.access.people.subscribers.due(query))
    }

    async fn told(
        &self,
        site: TenantId,
        id: SubscriptionId,
        before: DateTime<Utc>,
        told: Told,
        again: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(tenant) = self.tenants().get_mut(&site)
            && let Some((kept, wait)) = tenant.access.people.subscribers.0.get_mut(&id)
            && kept.told.until == before
        {
            (kept.told, *wait) = (told, again);
        }
        Ok(())
    }
}

impl Subscribers {
    fn all(&self) -> impl Iterator<Item = &Subscription> {
        self.0.values().map(|(kept, _)| kept)
    }

    fn get(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.0.get(&id).map(|(kept, _)| kept)
    }

    pub(super) fn found(&self, scope: &Scope, person: Option<ContactId>) -> Option<&Subscription> {
        let is_theirs = |kept: &&Subscription| match &kept.subscriber {
            Subscriber::Contact(id) => Some(*id) == person,
            Subscriber::Mailbox(mail) => Some(mail) == scope.mail.as_ref(),
        };
        let theirs = || self.all().find(is_theirs).filter(|_| scope.subscriber);
        scope.subscription.and_then(|id| self.get(id)).or_else(theirs)
    }

    pub(super) fn insert(&mut self, subscription: Subscription) {
        let wait = subscription.since;
        self.0.insert(subscription.id, (subscription, wait));
    }

    pub(super) fn speak(&mut self, id: SubscriptionId, language: String) {
        if let Some((kept, _)) = self.0.get_mut(&id) {
            kept.language = language;
        }
    }

    pub(super) fn remove(&mut self, id: SubscriptionId) {
        self.0.remove(&id);
    }

    pub(super) fn erase(&mut self, contact: ContactId) {
        self.0.retain(|_, (kept, _)| kept.subscriber.contact() != Some(contact));
    }

    pub(super) fn attribute(&mut self, mail: &MailAddress, contact: ContactId) {
        for (kept, _) in self.0.values_mut().filter(|(kept, _)| kept.subscriber.mailbox() == Some(mail)) {
            kept.subscriber = Subscriber::Contact(contact);
        }
    }

    fn due(&mut self, query: &DueQuery) -> Vec<Subscription> {
        let DueQuery { revision, now, until, limit } = *query;
        let is_due =
            |(kept, wait): &&mut (Subscription, DateTime<Utc>)| kept.told.revision < revision && *wait <= now;
        let mut due: Vec<_> = self.0.values_mut().filter(is_due).collect();
        due.sort_by_key(|(kept, wait)| (*wait, kept.id));
        let given = due.into_iter().take(limit).map(|(kept, wait)| {
            *wait = until;
            kept.clone()
        });
        given.collect()
    }
}

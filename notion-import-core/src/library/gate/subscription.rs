//! Who is told by mail what is new on a site.

use std::net::IpAddr;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{AccessChange, Act, ActStore, MailAddress};
use crate::actor::{Actor, Insider};
use crate::error::StoreError;
use crate::id::{ContactId, SubscriptionId, TenantId};

/// Somebody's wish to be told what is new on a site.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Subscription {
    /// Which one.
    pub id: SubscriptionId,
    /// Who.
    pub subscriber: Subscriber,
    /// The language they read: a tag of the host's, such as `de`.
    pub language: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What they were told.
    pub told: Told,
}

/// Who is told what is new.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", content = "is", rename_all = "snake_case")]
pub enum Subscriber {
    /// A contact of the tenant: what they may know of.
    Contact(ContactId),
    /// The mailbox of somebody who is no contact: what everybody may know of.
    Mailbox(MailAddress),
}

impl Subscriber {
    /// Returns the contact, if it is one.
    pub const fn contact(&self) -> Option<ContactId> {
        match self {
            Self::Contact(id) => Some(*id),
            Self::Mailbox(_) => None,
        }
    }

    /// Returns the mailbox, if it is nobody's whom the tenant knows.
    pub const fn mailbox(&self) -> Option<&MailAddress> {
        match self {
            Self::Contact(_) => None,
            Self::Mailbox(mail) => Some(mail),
        }
    }
}

/// What a subscriber was told: all that was new then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Told {
    /// Up to this moment.
    pub until: DateTime<Utc>,
    /// As of this [revision of the site](super::AccessStore::site_revision): one that has not moved on has nothing new.
    pub revision: u64,
}

/// A subscription as it comes in, from whoever has shown that the mailbox is theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSubscription {
    /// The mailbox. If it is a contact's, so is the subscription.
    pub mail: MailAddress,
    /// The language they read: a tag of the host's, such as `de`.
    pub language: String,
    /// The address they came from, if the host knows it: for the audit.
    pub address: Option<IpAddr>,
}

impl NewSubscription {
    /// How many bytes the tag of a language has at most, by RFC 5646.
    pub const LONGEST_LANGUAGE: usize = 35;

    /// Fails unless it can be kept.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the language is longer than a tag is.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.language.len() > Self::LONGEST_LANGUAGE {
            return Err(StoreError::OutOfRange("language"));
        }
        Ok(())
    }
}

/// Whom to tell now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueQuery {
    /// Those who were told as of an earlier revision of the site than this.
    pub revision: u64,
    /// And are not to wait any longer now.
    pub now: DateTime<Utc>,
    /// Until when nobody else is given them.
    pub until: DateTime<Utc>,
    /// At most so many.
    pub limit: usize,
}

/// Where subscriptions are kept: an outbox by what each subscriber has been told, of which nothing is lost or told twice.
///
/// # Contract
/// - A mailbox has one subscription to a site, and a contact has one. That of a mailbox is the contact's once it is a contact's address,
///   and goes with what is known of them.
/// - Somebody who was given to one caller is given to no other until the time that it names.
/// - To begin and to end a subscription are acts in the audit; telling is not.
/// - Otherwise as an [`AccessStore`](super::AccessStore).
#[async_trait]
pub trait SubscriptionStore: ActStore {
    /// Tells a mailbox from now on what is new on the site of this tenant; doing so again changes the language alone.
    ///
    /// # Errors
    /// Those of [`NewSubscription::check`].
    async fn subscribe(
        &self,
        site: TenantId,
        new: &NewSubscription,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::subscription(site, new, now)).await
    }

    /// Ends a subscription, as whoever has its id may, from this address; doing so again changes nothing. The ids are in mail alone.
    async fn unsubscribe(
        &self,
        site: TenantId,
        id: SubscriptionId,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::unsubscription(site, id, address, now)).await
    }

    /// Ends a subscription, as a member who may assign; doing so again changes nothing.
    async fn end_subscription(
        &self,
        actor: &Actor,
        id: SubscriptionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::of(actor, AccessChange::Unsubscribe(id), now)?).await
    }

    /// Returns a subscription to the site of this tenant.
    async fn subscription(
        &self,
        site: TenantId,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError>;

    /// Returns the tenant's subscriptions in the order of their ids, beginning after `after`.
    async fn list_subscriptions(
        &self,
        insider: Insider,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Vec<Subscription>, StoreError>;

    /// Returns the subscriptions to the site of the actor's tenant, as [`list_subscriptions`](SubscriptionStore::list_subscriptions) does.
    async fn subscriptions(
        &self,
        actor: &Actor,
        after: Option<SubscriptionId>,
        limit: usize,
    ) -> Result<Vec<Subscription>, StoreError> {
        self.list_subscriptions(actor.insider()?, after, limit).await
    }

    /// Gives whoever asks those to tell now, the longest waiting first, and keeps them from everybody else.
    async fn due_subscriptions(
        &self,
        site: TenantId,
        query: &DueQuery,
    ) -> Result<Vec<Subscription>, StoreError>;

    /// Keeps what a subscriber was told who had been told until `before`, and when they may be told again at the earliest. Nothing
    /// changes if another has told them meanwhile, or if nobody wants to be told any more.
    async fn told(
        &self,
        site: TenantId,
        id: SubscriptionId,
        before: DateTime<Utc>,
        told: Told,
        again: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

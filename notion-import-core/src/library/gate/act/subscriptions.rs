//! What comes of wishes to be told what is new.

use std::net::IpAddr;

use chrono::SubsecRound;

use super::Act;
use crate::actor::{Actor, Agent};
use crate::error::StoreError;
use crate::id::{SubscriptionId, TenantId};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::gate::{
    ActFacts, NewSubscription, Scope, Subscriber, Subscription, Told, Verdict, Write,
};

/// Who ends a subscription.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// The subscriber, from this address.
    Own(Option<IpAddr>),
    /// Nobody: the mailbox is gone.
    MailboxGone,
}

impl NewSubscription {
    pub(super) fn scope(&self) -> Scope {
        Scope { mail: Some(self.mail.clone()), subscriber: true, ..Scope::default() }
    }
}

impl Act {
    pub(super) fn subscribe(
        &self,
        site: TenantId,
        id: SubscriptionId,
        new: &NewSubscription,
        found: ActFacts,
    ) -> Result<Verdict, StoreError> {
        new.check()?;
        if let Some(kept) = found.subscription {
            let language = new.language.clone();
            let changed = (kept.language != language).then_some(Write::Language(kept.id, language));
            return Ok(Verdict { writes: changed.into_iter().collect(), entries: Vec::new() });
        }
        let contact = found.by_mail.map(|contact| contact.id);
        let subscriber = contact.map_or_else(|| Subscriber::Mailbox(new.mail.clone()), Subscriber::Contact);
        let since = self.at.trunc_subsecs(6);
        // What the site shows by now is not new to them: revision 0 has them looked at once there is a change.
        let told = Told { until: since, revision: 0 };
        let event = AuditEvent::Subscribed { subscription: id };
        let (by, subject) = whose(site, &subscriber);
        let entry = NewEntry { at: self.at, by, address: new.address, subject, event };
        let subscription = Subscription { id, subscriber, language: new.language.clone(), since, told };
        Ok(Verdict { writes: vec![Write::Subscription(subscription)], entries: vec![entry] })
    }

    pub(super) fn end(&self, site: TenantId, ending: &Ending, found: ActFacts) -> Verdict {
        let Some(kept) = found.subscription else { return Verdict::default() };
        let (own, subject) = whose(site, &kept.subscriber);
        let event = AuditEvent::Unsubscribed { subscription: kept.id };
        let entry = match ending {
            Ending::Own(address) => NewEntry { at: self.at, by: own, address: *address, subject, event },
            Ending::MailboxGone => NewEntry::of_system(self.at, subject, event),
        };
        Verdict { writes: vec![Write::Unsubscribe(kept.id)], entries: vec![entry] }
    }

    pub(super) fn end_for(&self, actor: &Actor, found: ActFacts) -> Verdict {
        let Some(kept) = found.subscription else { return Verdict::default() };
        let (_, subject) = whose(actor.tenant, &kept.subscriber);
        let event = AuditEvent::Unsubscribed { subscription: kept.id };
        let entries = vec![NewEntry::of(actor, self.at, subject, event)];
        Verdict { writes: vec![Write::Unsubscribe(kept.id)], entries }
    }
}

fn whose(site: TenantId, subscriber: &Subscriber) -> (Agent, Subject) {
    match subscriber {
        Subscriber::Contact(id) => (Agent::Contact(*id), Subject::Contact(*id)),
        Subscriber::Mailbox(_) => (Agent::Visitor, Subject::Tenant(site)),
    }
}

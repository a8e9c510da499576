//! Who is told what is new.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{Desk, Library, details};
use crate::actor::{Agent, Role};
use crate::error::StoreError;
use crate::id::{ContactId, SubscriptionId, TenantId};
use crate::library::access::AccessLevel;
use crate::library::audit::{AuditEvent, AuditQuery, Subject};
use crate::library::gate::{
    Announced, ContactChange, DueQuery, MailAddress, MailError, Mailer, NewSubscription, Notice, Notifier,
    NotifyOptions, Subscriber, Subscription, Told,
};
use crate::testing::suite::fixture::{actor, minute};
use crate::testing::suite::{Broken, Outcome};

fn new(mail: &str, language: &str) -> Result<NewSubscription, Broken> {
    let mail: MailAddress = mail.parse().map_err(|_| Broken::new(format!("{mail} is no address")))?;
    let address = Some([192, 0, 2, 7].into());
    Ok(NewSubscription { mail, language: language.to_owned(), address })
}

impl Desk {
    async fn subscribe(&self, mail: &str, language: &str) -> Outcome {
        Ok(self.access().subscribe(self.tenant(), &new(mail, language)?, minute(1)).await?)
    }

    /// Returns the tenant's subscriptions, from pages of two.
    async fn subscriptions(&self) -> Result<Vec<Subscription>, Broken> {
        let mut all: Vec<Subscription> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id);
            let page = self.access().subscriptions(&self.admin, after, 2).await?;
            let is_last = page.len() < 2;
            all.extend(page);
            ensure!(all.len() < 100, "the pages do not end");
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn one_subscription(&self) -> Result<Subscription, Broken> {
        let mut all = self.subscriptions().await?;
        ensure_eq!(all.len(), 1, "how many subscriptions there are");
        all.pop().ok_or_else(|| Broken::new("no subscription".into()))
    }

    /// Returns who did what to subscriptions, oldest first.
    async fn of_subscriptions(&self) -> Result<Vec<(Agent, Subject, AuditEvent)>, Broken> {
        let mut audit = self.access().audit(&self.admin, &AuditQuery::newest(99)).await?;
        audit.reverse();
        let is_about = |event: &AuditEvent| {
            matches!(event, AuditEvent::Subscribed { .. } | AuditEvent::Unsubscribed { .. })
        };
        let about = audit.into_iter().filter(|entry| is_about(&entry.event));
        Ok(about.map(|entry| (entry.by, entry.subject, entry.event)).collect())
    }
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (site, access) = (desk.tenant(), desk.access());
    for (mail, language) in [("Emil@Orchard.example", "en"), ("emil@orchard.example", "de")] {
        desk.subscribe(mail, language).await?;
    }
    let kept = desk.one_subscription().await?;
    let subscriber = Subscriber::Mailbox(new("emil@orchard.example", "en")?.mail);
    let told = Told { until: minute(1), revision: 0 };
    let expected = Subscription { id: kept.id, subscriber, language: "de".into(), since: minute(1), told };
    ensure_eq!(kept, expected, "the subscription");
    ensure_eq!(
        access.subscription(site, kept.id).await?.as_ref(),
        Some(&expected),
        "the subscription by its id"
    );
    let too_long =
        desk.access().subscribe(site, &new("a@orchard.example", &"a".repeat(36))?, minute(1)).await;
    ensure!(matches!(too_long, Err(StoreError::OutOfRange(_))), "a tag that is too long: {too_long:?}");
    let same = new("ada@orchard.example", "en")?;
    for at_once in join_all((0..8).map(|_| access.subscribe(site, &same, minute(1)))).await {
        at_once?;
    }
    for number in 0..4 {
        desk.subscribe(&format!("{number}@orchard.example"), "en").await?;
    }
    let all = desk.subscriptions().await?;
    ensure_eq!(all.len(), 6, "the subscriptions of six mailboxes");
    ensure!(all.is_sorted_by_key(|kept| kept.id), "they are not in the order of their ids");
    let audit = desk.of_subscriptions().await?;
    ensure_eq!(audit.len(), 6, "the entries of the audit");
    let subscribed = AuditEvent::Subscribed { subscription: kept.id };
    ensure_eq!(
        audit.first(),
        Some(&(Agent::Visitor, Subject::Tenant(site), subscribed)),
        "the first of them"
    );
    let elsewhere = TenantId::fresh();
    ensure_eq!(access.subscription(elsewhere, kept.id).await?, None, "the subscription on another site");
    access.unsubscribe(elsewhere, kept.id, None, minute(2)).await?;
    ensure_eq!(desk.subscriptions().await?.len(), 6, "what another site can end");
    Ok(())
}

pub(super) async fn of_a_contact(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (site, access) = (desk.tenant(), desk.access());
    desk.subscribe("emil@orchard.example", "de").await?;
    let before = desk.one_subscription().await?;
    let emil = ContactId::fresh();
    access.add_contact(&desk.admin, emil, &details("emil@orchard.example")?, minute(2)).await?;
    let expected = Subscription { subscriber: Subscriber::Contact(emil), ..before };
    ensure_eq!(desk.one_subscription().await?, expected, "the subscription of who became a contact");
    desk.subscribe("emil@orchard.example", "de").await?;
    ensure_eq!(desk.one_subscription().await?, expected, "the same once more");
    let dana = ContactId::fresh();
    access.add_contact(&desk.admin, dana, &details("dana@orchard.example")?, minute(2)).await?;
    desk.subscribe("dana@orchard.example", "en").await?;
    let theirs: Vec<_> = desk.subscriptions().await?.into_iter().map(|kept| kept.subscriber).collect();
    let expected = [Subscriber::Contact(emil), Subscriber::Contact(dana)];
    ensure_eq!(theirs, expected, "whose the subscriptions are");
    let whose: Vec<_> =
        desk.of_subscriptions().await?.into_iter().map(|(by, subject, _)| (by, subject)).collect();
    let expected = [(Agent::Visitor, Subject::Tenant(site)), (Agent::Contact(dana), Subject::Contact(dana))];
    ensure_eq!(whose, expected, "who subscribed");
    access.change_contact(&desk.admin, emil, ContactChange::Erase, minute(3)).await?;
    let left = desk.one_subscription().await?;
    ensure_eq!(left.subscriber, Subscriber::Contact(dana), "what is left once one is erased");
    desk.subscribe("emil@orchard.example", "de").await?;
    ensure_eq!(desk.subscriptions().await?.len(), 2, "the subscriptions once the mailbox is back");
    Ok(())
}

pub(super) async fn ended(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (site, access) = (desk.tenant(), desk.access());
    desk.subscribe("emil@orchard.example", "de").await?;
    let own = desk.one_subscription().await?.id;
    for _again in 0..2 {
        access.unsubscribe(site, own, None, minute(2)).await?;
        ensure_eq!(desk.subscriptions().await?, [], "the subscriptions");
    }
    let dana = ContactId::fresh();
    access.add_contact(&desk.admin, dana, &details("dana@orchard.example")?, minute(2)).await?;
    desk.subscribe("dana@orchard.example", "en").await?;
    let theirs = desk.one_subscription().await?.id;
    let viewer = actor(site, Role::Viewer);
    let refused = access.end_subscription(&viewer, theirs, minute(3)).await;
    ensure!(matches!(refused, Err(StoreError::Denied)), "a viewer ended one: {refused:?}");
    let elsewhere = actor(TenantId::fresh(), Role::Admin);
    access.end_subscription(&elsewhere, theirs, minute(3)).await?;
    ensure_eq!(desk.one_subscription().await?.id, theirs, "what is left");
    for _again in 0..2 {
        access.end_subscription(&desk.admin, theirs, minute(3)).await?;
        ensure_eq!(desk.subscriptions().await?, [], "the subscriptions");
    }
    let (tenant, contact) = (Subject::Tenant(site), Subject::Contact(dana));
    let expected = [
        (Agent::Visitor, tenant, AuditEvent::Subscribed { subscription: own }),
        (Agent::Visitor, tenant, AuditEvent::Unsubscribed { subscription: own }),
        (Agent::Contact(dana), contact, AuditEvent::Subscribed { subscription: theirs }),
        (Agent::Member(desk.admin.member), contact, AuditEvent::Unsubscribed { subscription: theirs }),
    ];
    ensure_eq!(desk.of_subscriptions().await?, expected, "the audit");
    Ok(())
}

pub(super) async fn due(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (site, access) = (desk.tenant(), desk.access());
    for number in 0..3 {
        desk.subscribe(&format!("{number}@orchard.example"), "en").await?;
    }
    let ids: Vec<_> = desk.subscriptions().await?.iter().map(|kept| kept.id).collect();
    let asked = async |revision, now: i64, until: i64, limit| {
        let query = DueQuery { revision, now: minute(now), until: minute(until), limit };
        let given = access.due_subscriptions(site, &query).await?;
        Ok::<Vec<SubscriptionId>, Broken>(given.iter().map(|kept| kept.id).collect())
    };
    ensure_eq!(asked(0, 5, 9, 9).await?, [], "who is told of a site that never changed");
    ensure_eq!(asked(4, 0, 9, 9).await?, [], "who is told before they subscribed");
    ensure_eq!(asked(4, 5, 9, 2).await?, ids[..2], "whom the first is given");
    ensure_eq!(asked(4, 5, 8, 9).await?, ids[2..], "whom the second is given");
    ensure_eq!(asked(4, 7, 9, 9).await?, [], "whom a third is given");
    ensure_eq!(asked(4, 8, 20, 9).await?, ids[2..], "whom one is given whom the second left");
    ensure_eq!(asked(4, 9, 20, 9).await?, ids[..2], "whom one is given whom the first left");
    let told = Told { until: minute(6), revision: 4 };
    access.told(site, ids[0], minute(1), told, minute(10)).await?;
    let late = Told { until: minute(3), revision: 9 };
    access.told(site, ids[0], minute(1), late, minute(30)).await?;
    access.told(TenantId::fresh(), ids[1], minute(1), told, minute(30)).await?;
    access.told(site, ids[1], minute(1), told, minute(15)).await?;
    let kept = access.subscription(site, ids[0]).await?;
    ensure_eq!(kept.map(|kept| kept.told), Some(told), "what the first was told");
    ensure_eq!(asked(4, 25, 26, 9).await?, ids[2..], "who is told as of the same revision");
    ensure_eq!(asked(5, 25, 26, 9).await?, ids[..2], "who is told as of the next");
    access.unsubscribe(site, ids[0], None, minute(25)).await?;
    access.told(site, ids[0], minute(6), Told { until: minute(7), revision: 5 }, minute(30)).await?;
    ensure_eq!(desk.subscriptions().await?.len(), 2, "the subscriptions once one has ended");
    Ok(())
}

/// Whatever is sent, and what comes of it for some mailboxes.
#[derive(Default)]
struct Sent {
    notices: Mutex<Vec<(String, Vec<String>)>>,
    refusing: Mutex<Option<&'static str>>,
    away: Mutex<Option<&'static str>>,
}

impl Sent {
    /// Returns what was sent since the last look, by mailbox.
    fn taken(&self) -> Vec<(String, Vec<String>)> {
        let mut taken = std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner));
        taken.sort();
        taken
    }
}

#[async_trait]
impl Mailer for Sent {
    async fn send(&self, notice: &Notice) -> Result<(), MailError> {
        let is = |whose: &Mutex<Option<&'static str>>| {
            *whose.lock().unwrap_or_else(PoisonError::into_inner) == Some(notice.to.as_str())
        };
        if is(&self.refusing) {
            return Err(MailError::Refused);
        }
        if is(&self.away) {
            return Err(MailError::Unavailable("away".into()));
        }
        let titles = notice.documents.iter().map(|new| new.title.clone()).collect();
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.push((notice.to.as_str().to_owned(), titles));
        Ok(())
    }
}

fn set(whose: &Mutex<Option<&'static str>>, to: Option<&'static str>) {
    *whose.lock().unwrap_or_else(PoisonError::into_inner) = to;
}

pub(super) async fn told(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (site, access, sent) = (desk.tenant(), desk.access(), Arc::<Sent>::default());
    let notifier = Notifier::new(library.access.clone(), sent.clone(), NotifyOptions::default());
    // Published at minute 2, as all that a desk publishes.
    desk.open("Old", AccessLevel::Public).await?;
    let (ann, dana) = ("ann@orchard.example", "dana@orchard.example");
    for mail in [ann, dana] {
        access.subscribe(site, &new(mail, "en")?, minute(3)).await?;
    }
    let contact = ContactId::fresh();
    access.add_contact(&desk.admin, contact, &details(dana)?, minute(3)).await?;
    let announce = async |at: i64| Ok::<_, Broken>(notifier.announce(site, minute(at)).await?);
    let nothing = Announced { unconcerned: 2, ..Announced::default() };
    ensure_eq!(announce(10).await?, nothing, "what comes of nothing new");
    ensure_eq!(announce(11).await?, Announced::default(), "what comes of no change");

    let open = async |title: &str, level: AccessLevel, at: i64| {
        let id = desk.import(title).await?.id;
        let publish = desk.publication_as(id, level).await?;
        access.publish(&desk.admin, id, &publish, minute(at)).await?;
        Ok::<_, Broken>(id)
    };
    open("Policy", AccessLevel::Public, 20).await?;
    let report = open("Report", AccessLevel::Restricted, 20).await?;
    desk.assign(report, contact).await?;
    let mistake = open("Mistake", AccessLevel::Public, 21).await?;
    let waiting = Announced { waiting: 2, ..Announced::default() };
    ensure_eq!(announce(21).await?, waiting, "what comes of what is new");
    access.withdraw(&desk.admin, mistake, minute(22)).await?;
    ensure_eq!(sent.taken(), [], "what is sent before it is settled");
    let both = announce(24).await?;
    ensure_eq!(both, Announced { told: 2, ..Announced::default() }, "what comes of it once it is settled");
    let to =
        |mail: &str, titles: &[&str]| (mail.to_owned(), titles.iter().map(ToString::to_string).collect());
    let mut sent_to_dana = sent.taken();
    for (_, titles) in &mut sent_to_dana {
        titles.sort();
    }
    ensure_eq!(sent_to_dana, [to(ann, &["Policy"]), to(dana, &["Policy", "Report"])], "what is sent");

    // Opened, not published, and soon after the last mail.
    let plan = open("Plan", AccessLevel::Internal, 30).await?;
    ensure_eq!(
        announce(90).await?,
        Announced { unconcerned: 2, ..Announced::default() },
        "what comes of what is internal"
    );
    let change = desk.change(plan, AccessLevel::Public).await?;
    access.set_level(&desk.admin, plan, &change, minute(91)).await?;
    set(&sent.away, Some(ann));
    let half = Announced { told: 1, failed: 1, ..Announced::default() };
    ensure_eq!(announce(94).await?, half, "what comes of it where one cannot be reached");
    ensure_eq!(sent.taken(), [to(dana, &["Plan"])], "what is sent");
    open("Next", AccessLevel::Public, 95).await?;
    set(&sent.away, None);
    let one = Announced { told: 1, ..Announced::default() };
    ensure_eq!(announce(100).await?, one, "what comes of it once they can be");
    ensure_eq!(sent.taken(), [to(ann, &["Next", "Plan"])], "what is sent to who was not told");
    ensure_eq!(announce(102).await?, Announced::default(), "what comes of it too soon after a mail");
    access.change_contact(&desk.admin, contact, ContactChange::Block, minute(101)).await?;
    open("Last", AccessLevel::Public, 150).await?;
    set(&sent.refusing, Some(ann));
    let ended = Announced { ended: 1, unconcerned: 1, ..Announced::default() };
    ensure_eq!(announce(200).await?, ended, "what comes of a mailbox that is gone and somebody shut out");
    ensure_eq!(sent.taken(), [], "what is sent to them");
    let left = desk.one_subscription().await?;
    ensure_eq!(left.subscriber, Subscriber::Contact(contact), "whose subscription is left");
    let last = desk.of_subscriptions().await?.pop();
    let by_nobody = last.is_some_and(|(by, _, event)| {
        by == Agent::System && matches!(event, AuditEvent::Unsubscribed { .. })
    });
    ensure!(by_nobody, "the end of a mailbox is nobody's act");
    access
        .change_contact(&desk.admin, contact, ContactChange::Unblock("Again with us".into()), minute(201))
        .await?;
    open("After", AccessLevel::Public, 210).await?;
    announce(300).await?;
    let missed: Vec<_> = sent.taken().into_iter().flat_map(|(_, titles)| titles).collect();
    ensure_eq!(missed, ["After", "Last", "Next"], "what is sent to who was shut out meanwhile");
    Ok(())
}

pub(super) async fn at_once(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (site, sent) = (desk.tenant(), Arc::<Sent>::default());
    let notifiers: Vec<_> = (0..4)
        .map(|_| {
            let options = NotifyOptions { settle: TimeDelta::zero(), ..NotifyOptions::default() };
            Notifier::new(library.access.clone(), sent.clone(), options)
        })
        .collect();
    for number in 0..9 {
        desk.access().subscribe(site, &new(&format!("{number}@orchard.example"), "en")?, minute(0)).await?;
    }
    desk.open("Policy", AccessLevel::Public).await?;
    let mut told = 0;
    for announced in join_all(notifiers.iter().map(|notifier| notifier.announce(site, minute(5)))).await {
        told += announced?.told;
    }
    ensure_eq!(told, 9, "how many were told by four at once");
    let taken = sent.taken();
    ensure_eq!(taken.len(), 9, "the mails that were sent");
    ensure!(taken.iter().all(|(_, titles)| titles == &["Policy"]), "what they say: {taken:?}");
    Ok(())
}

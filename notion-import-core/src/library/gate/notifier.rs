//! Telling subscribers what is new, through whatever sends a host's mail.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::{
    AccessStore, Act, DueQuery, MailAddress, PublicDocument, ReadableOrder, ReadableQuery, Subscriber,
    Subscription, Told,
};
use crate::error::StoreError;
use crate::id::{SubscriptionId, TenantId};
use crate::library::access::{ContactState, Viewer};
use crate::telemetry;

/// What a subscriber is to be told, for the host to put into words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Whose site it is about.
    pub site: TenantId,
    /// The subscription, which the mail says how to end.
    pub subscription: SubscriptionId,
    /// The mailbox.
    pub to: MailAddress,
    /// The language they read, as they subscribed with it.
    pub language: String,
    /// What is new, the latest first: published or opened since they were told last, and known to them.
    pub documents: Vec<PublicDocument>,
    /// Whether there is more than that.
    pub more: bool,
    /// The same for a notice that is sent again, as what sends mail wants it: of two of one key one is sent.
    pub key: String,
}

/// Why a notice was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Nothing was sent now; it is tried again.
    #[error("the mail could not be sent")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody has this mailbox any more, or they have asked for no more mail: the subscription ends.
    #[error("the mailbox takes no mail")]
    Refused,
}

impl MailError {
    /// A stable, lower-case code for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "mail_unavailable",
            Self::Refused => "mail_refused",
        }
    }
}

/// What sends a host's mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a notice. It may come again with the same [key](Notice::key) if the process ended before that was kept.
    ///
    /// # Errors
    /// [`MailError`] if it was not sent.
    async fn send(&self, notice: &Notice) -> Result<(), MailError>;
}

/// When subscribers are told what is new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotifyOptions {
    /// How long nothing new comes before what is new is told: what is published together is told together, and what is withdrawn at
    /// once is not told.
    pub settle: TimeDelta,
    /// How long it is at least from one mail to a mailbox to the next; and how long at most something new waits for others.
    pub every: TimeDelta,
    /// After how long a mail is tried again that was not sent: longer than sending one may take.
    pub retry: TimeDelta,
    /// How many documents a mail names at most.
    pub most: usize,
}

/// Two minutes, an hour, five minutes, 50 documents.
impl Default for NotifyOptions {
    fn default() -> Self {
        let minutes = TimeDelta::minutes;
        Self { settle: minutes(2), every: minutes(60), retry: minutes(5), most: 50 }
    }
}

/// What came of telling subscribers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Announced {
    /// Who got a mail.
    pub told: u64,
    /// For whom there was nothing new.
    pub unconcerned: u64,
    /// Who is to be told later, with what is still coming.
    pub waiting: u64,
    /// To whom no mail could be sent; it is tried again.
    pub failed: u64,
    /// Whose subscription has ended, since their mailbox takes no mail.
    pub ended: u64,
}

/// Tells subscribers what is new on a site: what they may know of, decided anew for each of them.
///
/// A host calls [`announce`](Self::announce) for each of its sites as often as it likes, from as many processes as it likes.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use chrono::Utc;
/// use notion_import_core::{MailError, Mailer, MemoryLibrary, Notice, Notifier, NotifyOptions, TenantId};
///
/// /// A host's own sends mail, with a link by which the subscription ends.
/// struct Console;
///
/// #[async_trait]
/// impl Mailer for Console {
///     async fn send(&self, notice: &Notice) -> Result<(), MailError> {
///         println!("to {}: {} new documents", notice.to.as_str(), notice.documents.len());
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (access, options) = (Arc::<MemoryLibrary>::default(), NotifyOptions::default());
/// let notifier = Notifier::new(access, Arc::new(Console), options);
/// let announced = notifier.announce(TenantId::fresh(), Utc::now()).await?;
/// assert_eq!(announced.told, 0, "nobody subscribes yet");
/// # Ok(())
/// # }
/// ```
pub struct Notifier {
    access: Arc<dyn AccessStore>,
    mailer: Arc<dyn Mailer>,
    options: NotifyOptions,
}

/// What is to be done about a subscriber.
enum Turn {
    /// Nothing is new.
    Nothing,
    /// Told later, at this time.
    Wait(DateTime<Utc>),
    /// They are told; all there is, or there is more to come.
    Tell { notice: Notice, is_all: bool },
}

impl Notifier {
    /// Builds it.
    pub fn new(access: Arc<dyn AccessStore>, mailer: Arc<dyn Mailer>, options: NotifyOptions) -> Self {
        Self { access, mailer, options }
    }

    /// Tells everybody whom it is time to tell, and returns what came of it. A mail that cannot be sent keeps nobody else from theirs.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn announce(&self, site: TenantId, now: DateTime<Utc>) -> Result<Announced, StoreError> {
        let (mut announced, mut taken, begun) = (Announced::default(), HashSet::new(), Instant::now());
        // Read before the documents are: what changes meanwhile is looked at again.
        let revision = self.access.site_revision(site).await?;
        loop {
            let now = now + begun.elapsed();
            // One after the other: however long each takes to be sent, it is this caller's until then.
            let query = DueQuery { revision, now, until: now + self.options.retry, limit: 1 };
            let next = self.access.due_subscriptions(site, &query).await?.pop();
            // Whoever comes again was not put off as they were to be: so much mail is worse than none.
            let Some(next) = next.filter(|next| taken.insert(next.id)) else { return Ok(announced) };
            self.take(site, &next, (revision, now), &mut announced).await?;
        }
    }

    async fn take(
        &self,
        site: TenantId,
        subscription: &Subscription,
        (revision, now): (u64, DateTime<Utc>),
        announced: &mut Announced,
    ) -> Result<(), StoreError> {
        let (id, before) = (subscription.id, subscription.told.until);
        let told = |until, again| self.access.told(site, id, before, until, again);
        match self.turn(site, subscription, now).await? {
            Turn::Nothing => {
                announced.unconcerned += 1;
                told(Told { until: before, revision }, now + self.options.settle).await
            }
            Turn::Wait(until) => {
                announced.waiting += 1;
                told(subscription.told, until).await
            }
            Turn::Tell { notice, is_all } => {
                let sent = self.mailer.send(&notice).await;
                telemetry::told(sent.as_ref().copied().map_err(|error| (error.code(), error as _)));
                match sent {
                    Ok(()) => {
                        announced.told += 1;
                        let until = notice.documents.first().map_or(before, |latest| latest.published_at);
                        let revision = if is_all { revision } else { subscription.told.revision };
                        told(Told { until, revision }, now + self.options.every).await
                    }
                    Err(MailError::Refused) => {
                        announced.ended += 1;
                        self.access.perform(&Act::mailbox_gone(site, id, now)).await
                    }
                    Err(MailError::Unavailable(_)) => {
                        announced.failed += 1;
                        Ok(())
                    }
                }
            }
        }
    }

    /// Reads what is new to a subscriber, as they see the site now.
    async fn turn(
        &self,
        site: TenantId,
        subscription: &Subscription,
        now: DateTime<Utc>,
    ) -> Result<Turn, StoreError> {
        let (viewer, to) = match &subscription.subscriber {
            Subscriber::Mailbox(mail) => (Viewer::Anonymous, mail.clone()),
            Subscriber::Contact(id) => match self.access.contact(site, *id).await? {
                Some(contact) if contact.state() == ContactState::Known => (
                    Viewer::Contact { tenant: site, id: *id, verified: true },
                    contact.details.mail().clone(),
                ),
                Some(_) | None => return Ok(Turn::Nothing),
            },
        };
        let NotifyOptions { settle, every, most, .. } = self.options;
        let query = ReadableQuery { order: ReadableOrder::Newest, ..ReadableQuery::first(most) };
        let page = self.access.readable(site, &viewer, &query, now).await?;
        let is_new = |known: &PublicDocument| known.published_at > subscription.told.until;
        let more = page.next.is_some() && page.documents.iter().all(is_new);
        // What is older than this is all there: whoever writes one has not begun before.
        let (coming, documents): (Vec<_>, Vec<_>) =
            page.documents.into_iter().filter(is_new).partition(|known| known.published_at + settle > now);
        let is_enough = documents.last().is_some_and(|first| first.published_at + every <= now);
        match (coming.first(), documents.first()) {
            (Some(latest), _) if !is_enough => Ok(Turn::Wait(latest.published_at + settle)),
            (_, None) => Ok(Turn::Nothing),
            (coming, Some(latest)) => {
                let (subscription, language) = (subscription.id, subscription.language.clone());
                let key = format!("{subscription}-{}", latest.published_at.timestamp_micros());
                let notice = Notice { site, subscription, to, language, documents, more, key };
                Ok(Turn::Tell { notice, is_all: coming.is_none() })
            }
        }
    }
}

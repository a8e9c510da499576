//! What people ask to be changed of who may read what. It is decided here, from rows that a store reads, and comes out as rows that
//! the store writes.

mod contacts;
mod ndas;
mod requests;
mod subscriptions;

use std::net::IpAddr;

use chrono::{DateTime, Utc};

pub use self::contacts::ContactChange;
use self::requests::decline;
use self::subscriptions::Ending;
use super::{
    ActFacts, Approval, Expected, LevelChange, NewAcceptance, NewAssignment, NewNdaVersion, NewRequest,
    NewSubscription, Publish, RequestState, Scope, Verdict, Write,
};
use crate::actor::{Action, Actor, Denied};
use crate::error::StoreError;
use crate::id::{AcceptanceId, ContactId, DocumentId, NdaId, RequestId, SubscriptionId, TenantId};
use crate::library::access::{AccessFacts, AccessLevel, AssignmentId, Viewer};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::title::{is_too_long, reason};

/// Why a document is closed whose source is gone.
const GONE: &str = "the source is gone";

/// A change of who may read what, as a member asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccessChange {
    /// Changes a document.
    Document(DocumentId, DocumentChange),
    /// Publishes a version of an NDA.
    PublishNda(NewNdaVersion),
    /// Sets the tenant's default NDA.
    SetDefaultNda(Option<NdaId>),
    /// Declares a contact's acceptances of an NDA void.
    VoidAcceptance(ContactId, NdaId),
    /// Changes a contact.
    Contact(ContactId, ContactChange),
    /// Ends a subscription.
    Unsubscribe(SubscriptionId),
}

/// A change of one document, as a member asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DocumentChange {
    /// Gives it its own working title, or lets it follow the source's again.
    Rename(Option<String>),
    /// Changes the level of what it shows, or closes it.
    SetLevel(LevelChange),
    /// Shows a version under a title, at a level.
    Publish(Publish),
    /// Takes it from every reader outside.
    Withdraw,
    /// Sets whether outsiders who may not read it may know that it exists.
    SetListed(bool, Expected),
    /// Sets the NDA that it requires beside the default.
    RequireNda(Option<NdaId>),
    /// Lets a contact in, by an assignment of this id.
    Assign(AssignmentId, NewAssignment),
    /// Takes an assignment back.
    Revoke(AssignmentId),
    /// Puts it into a category, or into none.
    SetCategory(Option<String>),
    /// Lets in who asked.
    Approve {
        /// By this request.
        request: RequestId,
        /// How.
        approval: Approval,
        /// The id of the assignment.
        assignment: AssignmentId,
        /// The id of the contact that a stranger becomes.
        contact: ContactId,
    },
    /// Declines a request, for a reason.
    Decline(RequestId, String),
}

impl AccessChange {
    /// Returns what a member has to be allowed to do for it.
    pub const fn action(&self) -> Action {
        match self {
            Self::Document(_, change) => change.action(),
            Self::PublishNda(_) | Self::SetDefaultNda(_) | Self::VoidAcceptance(..) => Action::ManageNda,
            Self::Contact(_, change) => change.action(),
            Self::Unsubscribe(_) => Action::Assign,
        }
    }
}

impl DocumentChange {
    const fn action(&self) -> Action {
        match self {
            Self::Rename(_)
            | Self::SetLevel(_)
            | Self::Publish(_)
            | Self::Withdraw
            | Self::SetListed(..)
            | Self::SetCategory(_)
            | Self::RequireNda(_) => Action::Publish,
            Self::Assign(..) | Self::Revoke(_) | Self::Approve { .. } | Self::Decline(..) => Action::Assign,
        }
    }

    fn scope(&self, document: DocumentId) -> Scope {
        let scope = Scope { document: Some(document), ..Scope::default() };
        match self {
            Self::Rename(_)
            | Self::SetLevel(_)
            | Self::Withdraw
            | Self::SetListed(..)
            | Self::SetCategory(_) => scope,
            Self::Publish(publish) => Scope { version: Some(publish.version), ..scope },
            Self::RequireNda(nda) => Scope { nda: *nda, ..scope },
            Self::Assign(_, new) => Scope { contact: Some(new.contact), waiting: true, ..scope },
            Self::Revoke(assignment) => Scope { assignment: Some(*assignment), ..scope },
            Self::Approve { request, .. } | Self::Decline(request, _) => {
                Scope { request: Some(*request), ..scope }
            }
        }
    }
}

/// A change that somebody asks for who may ask for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    at: DateTime<Utc>,
    by: By,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum By {
    Member(Actor, AccessChange),
    Reader(TenantId, Viewer, NewAcceptance, AcceptanceId),
    Asker(TenantId, Vec<RequestId>, NewRequest),
    Author(TenantId, Viewer, RequestId),
    Subscriber(TenantId, SubscriptionId, NewSubscription),
    Subscribed(TenantId, SubscriptionId, Ending),
    Sync(TenantId, DocumentId),
}

impl Act {
    /// Builds the act of a member.
    ///
    /// # Errors
    /// [`Denied`] unless the member's role allows it.
    pub fn of(actor: &Actor, change: AccessChange, at: DateTime<Utc>) -> Result<Self, Denied> {
        actor.may(change.action())?;
        Ok(Self { at, by: By::Member(actor.clone(), change) })
    }

    /// Builds the act of a member who changes one document.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn on(
        actor: &Actor,
        document: DocumentId,
        change: DocumentChange,
        at: DateTime<Utc>,
    ) -> Result<Self, Denied> {
        Self::of(actor, AccessChange::Document(document, change), at)
    }

    /// Builds the act of a reader of the site of this tenant who accepts an NDA.
    pub fn acceptance(site: TenantId, viewer: &Viewer, new: &NewAcceptance, at: DateTime<Utc>) -> Self {
        Self { at, by: By::Reader(site, viewer.clone(), new.clone(), AcceptanceId::fresh()) }
    }

    /// Builds the act of somebody on the site of this tenant who asks to read.
    pub fn request(site: TenantId, new: &NewRequest, at: DateTime<Utc>) -> Self {
        let ids = new.documents.iter().map(|_| RequestId::fresh()).collect();
        Self { at, by: By::Asker(site, ids, new.clone()) }
    }

    /// Builds the act of somebody on the site of this tenant who withdraws their request.
    pub fn withdrawal(site: TenantId, viewer: &Viewer, request: RequestId, at: DateTime<Utc>) -> Self {
        Self { at, by: By::Author(site, viewer.clone(), request) }
    }

    /// Builds the act of somebody who wants to be told what is new on the site of this tenant.
    pub fn subscription(site: TenantId, new: &NewSubscription, at: DateTime<Utc>) -> Self {
        Self { at, by: By::Subscriber(site, SubscriptionId::fresh(), new.clone()) }
    }

    /// Builds the act of a subscriber who does not want to be told any more, and came from this address.
    pub const fn unsubscription(
        site: TenantId,
        id: SubscriptionId,
        address: Option<IpAddr>,
        at: DateTime<Utc>,
    ) -> Self {
        Self { at, by: By::Subscribed(site, id, Ending::Own(address)) }
    }

    /// Builds the act that ends a subscription whose mailbox takes no mail, which no person asks for.
    pub const fn mailbox_gone(site: TenantId, id: SubscriptionId, at: DateTime<Utc>) -> Self {
        Self { at, by: By::Subscribed(site, id, Ending::MailboxGone) }
    }

    /// Builds the act that makes a document internal if its source is gone, which no person asks for.
    pub const fn close_gone(tenant: TenantId, document: DocumentId, at: DateTime<Utc>) -> Self {
        Self { at, by: By::Sync(tenant, document) }
    }

    /// Returns whose documents and NDAs it is about.
    pub const fn tenant(&self) -> TenantId {
        match &self.by {
            By::Member(actor, _) => actor.tenant,
            By::Reader(tenant, ..)
            | By::Asker(tenant, ..)
            | By::Author(tenant, ..)
            | By::Subscriber(tenant, ..)
            | By::Subscribed(tenant, ..)
            | By::Sync(tenant, _) => *tenant,
        }
    }

    /// Returns when it happens.
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Returns who does it, if it is a member.
    pub const fn actor(&self) -> Option<&Actor> {
        match &self.by {
            By::Member(actor, _) => Some(actor),
            By::Reader(..)
            | By::Asker(..)
            | By::Author(..)
            | By::Subscriber(..)
            | By::Subscribed(..)
            | By::Sync(..) => None,
        }
    }

    /// Returns what it is decided on.
    pub fn scope(&self) -> Scope {
        match &self.by {
            By::Reader(_, viewer, NewAcceptance { document, nda, .. }, _) => Scope {
                document: Some(*document),
                contact: viewer.contact(),
                nda: Some(*nda),
                nda_text: true,
                ..Scope::default()
            },
            By::Asker(_, _, new) => new.scope(self.at),
            By::Author(_, _, request) => Scope { request: Some(*request), ..Scope::default() },
            By::Subscriber(_, _, new) => new.scope(),
            By::Subscribed(_, id, _) | By::Member(_, AccessChange::Unsubscribe(id)) => {
                Scope { subscription: Some(*id), ..Scope::default() }
            }
            By::Sync(_, document) => Scope { document: Some(*document), ..Scope::default() },
            By::Member(_, AccessChange::Document(id, change)) => change.scope(*id),
            By::Member(_, AccessChange::PublishNda(new)) => Scope { nda: Some(new.id), ..Scope::default() },
            By::Member(_, AccessChange::SetDefaultNda(nda)) => {
                Scope { nda: *nda, default_nda: true, ..Scope::default() }
            }
            By::Member(_, AccessChange::VoidAcceptance(contact, nda)) => {
                Scope { contact: Some(*contact), nda: Some(*nda), ..Scope::default() }
            }
            By::Member(_, AccessChange::Contact(contact, change)) => change.scope(*contact),
        }
    }

    /// Decides what comes of it, given what is there.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such document, version, assignment, NDA, contact or request; otherwise those of the
    /// change.
    pub fn decide(&self, found: ActFacts) -> Result<Verdict, StoreError> {
        match &self.by {
            By::Reader(site, viewer, new, id) => self.accept(*site, viewer, (new, *id), found),
            By::Asker(site, ids, new) => self.ask(*site, ids, new, found),
            By::Author(site, viewer, _) => self.withdraw_request(*site, viewer, found),
            By::Subscriber(site, id, new) => self.subscribe(*site, *id, new, found),
            By::Subscribed(site, _, ending) => Ok(self.end(*site, ending, found)),
            By::Sync(..) => self.close(found),
            By::Member(actor, AccessChange::Unsubscribe(_)) => Ok(self.end_for(actor, found)),
            By::Member(actor, AccessChange::Contact(id, change)) => {
                self.of_contact(actor, *id, change, found)
            }
            By::Member(actor, AccessChange::Document(_, change)) => self.of_document(actor, change, found),
            By::Member(actor, AccessChange::PublishNda(new)) => self.publish_nda(actor, new, &found.facts),
            By::Member(actor, AccessChange::SetDefaultNda(nda)) => {
                self.set_default_nda(actor, *nda, &found.facts)
            }
            By::Member(actor, AccessChange::VoidAcceptance(contact, nda)) => {
                self.void(actor, *contact, *nda, &found.facts)
            }
        }
    }

    fn of_document(
        &self,
        actor: &Actor,
        change: &DocumentChange,
        found: ActFacts,
    ) -> Result<Verdict, StoreError> {
        let ActFacts {
            kept, mut standing, has_version, assignment, facts, contact, request, waiting, ..
        } = found;
        let mut kept = kept.ok_or(StoreError::NotFound)?;
        let id = kept.document.id;
        let (writes, events) = match change {
            DocumentChange::Rename(Some(title)) if is_too_long(title) => {
                return Err(StoreError::OutOfRange("title"));
            }
            DocumentChange::Rename(title) => {
                let document = &mut kept.document;
                let source = document.link.as_ref().map(|link| link.source.title.as_str());
                let renamed = document.title.rename(title.as_deref(), source);
                changed(renamed.then_some(AuditEvent::Renamed), || Write::Document(Box::new(kept)))
            }
            DocumentChange::SetLevel(level) => {
                changed(standing.set_level(level, self.at)?, || Write::Standing(id, standing))
            }
            DocumentChange::Publish(_) if !has_version => return Err(StoreError::NotFound),
            DocumentChange::Publish(publish) => {
                changed(standing.publish(publish, self.at)?, || Write::Standing(id, standing))
            }
            DocumentChange::Withdraw => changed(standing.withdraw(self.at), || Write::Standing(id, standing)),
            DocumentChange::SetListed(listed, expected) => {
                changed(standing.set_listed(*listed, expected, self.at)?, || Write::Standing(id, standing))
            }
            DocumentChange::SetCategory(category) => {
                let event = standing.set_category(category.as_deref(), self.at)?;
                changed(event, || Write::Standing(id, standing))
            }
            DocumentChange::RequireNda(nda) => {
                facts.has(*nda)?;
                changed(standing.require_nda(actor, *nda, self.at)?, || Write::Standing(id, standing))
            }
            DocumentChange::Assign(assignment, new) => {
                contact.contact().ok_or(StoreError::NotFound)?;
                let (mut writes, mut events) = self.assign(*assignment, new, &facts)?;
                // What they have asked for is what they get: nobody has to answer it any more.
                for request in waiting.iter().filter(|request| request.document == id) {
                    writes.push(Write::Settle(request.id, RequestState::Approved));
                    events.push(AuditEvent::RequestApproved { request: request.id });
                }
                (writes, events)
            }
            DocumentChange::Approve { request: _, approval, assignment, contact } => {
                let request = request.ok_or(StoreError::NotFound)?;
                return self.approve(actor, request, approval, (*assignment, *contact), &facts);
            }
            DocumentChange::Decline(_, why) => decline(&request.ok_or(StoreError::NotFound)?, why)?,
            DocumentChange::Revoke(id) => {
                let is_first = assignment.ok_or(StoreError::NotFound)?.revoked_at.is_none();
                changed(is_first.then_some(AuditEvent::Revoked { assignment: *id }), || Write::Revoke(*id))
            }
        };
        let entry = |event| NewEntry::of(actor, self.at, Subject::Document(id), event);
        Ok(Verdict { writes, entries: events.into_iter().map(entry).collect() })
    }

    /// It always may: that narrows.
    fn close(&self, found: ActFacts) -> Result<Verdict, StoreError> {
        let ActFacts { kept, mut standing, .. } = found;
        let gone = kept.filter(|kept| kept.document.link.as_ref().is_some_and(|link| link.state.is_gone()));
        let Some(kept) = gone else { return Ok(Verdict::default()) };
        let id = kept.document.id;
        let (level, revision) = (standing.level, standing.revision);
        let expected = Expected { level, revision, reason: GONE.to_owned() };
        let event = standing.set_level(&LevelChange { to: AccessLevel::Internal, expected }, self.at)?;
        let (writes, events) = changed(event, || Write::Standing(id, standing));
        let entry = |event| NewEntry::of_system(self.at, Subject::Document(id), event);
        Ok(Verdict { writes, entries: events.into_iter().map(entry).collect() })
    }

    fn assign(
        &self,
        id: AssignmentId,
        new: &NewAssignment,
        facts: &AccessFacts,
    ) -> Result<(Vec<Write>, Vec<AuditEvent>), StoreError> {
        new.check(self.at)?;
        let replaced = facts.assignments.iter().filter(|kept| new.replaces(kept, self.at));
        let (mut writes, mut events): (Vec<_>, Vec<_>) = replaced
            .map(|kept| (Write::Revoke(kept.id), AuditEvent::Revoked { assignment: kept.id }))
            .unzip();
        let made = new.assignment(id);
        let nda_waiver = new.nda_waiver.as_deref().map(reason);
        let (contact, expires_at) = (made.contact, made.expires_at);
        events.push(AuditEvent::Assigned { assignment: id, contact, expires_at, nda_waiver });
        writes.push(Write::Assignment(made));
        Ok((writes, events))
    }
}

/// What is written of events, if there are any.
fn changed(
    events: impl IntoIterator<Item = AuditEvent>,
    write: impl FnOnce() -> Write,
) -> (Vec<Write>, Vec<AuditEvent>) {
    let events: Vec<_> = events.into_iter().collect();
    let writes = if events.is_empty() { Vec::new() } else { vec![write()] };
    (writes, events)
}

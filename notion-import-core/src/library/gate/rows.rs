//! The rows that an act is decided on, and those that come of it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{
    AcceptanceEntry, AccessRequest, Contact, ContactRow, MailAddress, NdaText, RequestCounts, RequestState,
    Subscription,
};
#[cfg(doc)]
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, RequestId, SubscriptionId, VersionNumber};
use crate::library::access::{AccessFacts, Assignment, AssignmentId, DocumentFacts, NdaState};
use crate::library::audit::NewEntry;
use crate::library::batch::StoredDocument;
use crate::library::standing::Standing;

/// The rows that an act is decided on. A store reads them in the transaction of the act, and nobody else changes the document, the
/// NDA or the default until that ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// This document, and how it stands.
    pub document: Option<DocumentId>,
    /// Whether the document has this version.
    pub version: Option<VersionNumber>,
    /// This assignment to the document.
    pub assignment: Option<AssignmentId>,
    /// What is known of this contact and the document, or all documents if none is named.
    pub contact: Option<ContactId>,
    /// The contact of this address, and the same of them.
    pub mail: Option<MailAddress>,
    /// This request, for the document if one is named, and the same of its author.
    pub request: Option<RequestId>,
    /// The requests that wait of the contact, or of the address.
    pub waiting: bool,
    /// How these documents stand.
    pub asked_for: BTreeSet<DocumentId>,
    /// The subscription of the contact, or of the address.
    pub subscriber: bool,
    /// This subscription.
    pub subscription: Option<SubscriptionId>,
    /// How many requests were kept.
    pub counts: Option<CountScope>,
    /// This NDA.
    pub nda: Option<NdaId>,
    /// The text of the NDA's current version.
    pub nda_text: bool,
    /// The tenant's default NDA.
    pub default_nda: bool,
}

/// Which requests a store counts: the tenant's, those of the contact or of the address, and those from the origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CountScope {
    /// From this moment on.
    pub since: DateTime<Utc>,
    /// The origin.
    pub origin: Option<IpAddr>,
}

impl Scope {
    /// Returns the contact whom it is about: the one that is named, the author of the request, or whose address it is.
    pub fn person(&self, request: Option<&AccessRequest>, by_mail: Option<&Contact>) -> Option<ContactId> {
        let author = request.and_then(|request| request.asker.as_ref()?.contact());
        self.contact.or(author).or(by_mail.map(|contact| contact.id))
    }

    /// Says whether it is about requests, subscriptions or addresses, of which nobody else may make any until the act is done.
    pub const fn is_about_requests(&self) -> bool {
        self.mail.is_some() || self.request.is_some() || self.waiting || self.subscription.is_some()
    }
}

/// What a store has found in a [`Scope`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ActFacts {
    /// The document, if the tenant has it.
    pub kept: Option<StoredDocument>,
    /// How it stands.
    pub standing: Standing,
    /// Whether it has the version.
    pub has_version: bool,
    /// The assignment, if the document has it.
    pub assignment: Option<Assignment>,
    /// The tenant's NDAs, and what is known of the contact and the document.
    pub facts: AccessFacts,
    /// The text of the NDA's current version.
    pub nda_text: Option<NdaText>,
    /// The contact whom it is about.
    pub contact: ContactRow,
    /// The contact of the address.
    pub by_mail: Option<Contact>,
    /// The request.
    pub request: Option<AccessRequest>,
    /// The requests that wait, oldest first.
    pub waiting: Vec<AccessRequest>,
    /// Those that are asked for and that the tenant has.
    pub asked_for: Vec<DocumentFacts>,
    /// The subscription.
    pub subscription: Option<Subscription>,
    /// How many requests were kept.
    pub counts: RequestCounts,
}

/// A row for a store to write.
#[derive(Clone, PartialEq, Debug)]
pub enum Write {
    /// The document as it is now.
    Document(Box<StoredDocument>),
    /// How the document stands now; the [revision of the site](super::AccessStore::site_revision) counts on.
    Standing(DocumentId, Standing),
    /// A new assignment.
    Assignment(Assignment),
    /// The assignment is taken back.
    Revoke(AssignmentId),
    /// How an NDA stands now, and its new version; [`StoreError::Conflict`] if another got in between.
    Nda(NdaState, NdaText),
    /// The tenant's default NDA.
    DefaultNda(Option<NdaId>),
    /// A new acceptance.
    Acceptance(AcceptanceEntry),
    /// The contact's acceptances of an NDA that count are void.
    Void(ContactId, NdaId),
    /// A new contact.
    Contact(Contact),
    /// Whether a contact is shut out.
    Blocked(ContactId, bool),
    /// A contact's details go, and with them the texts and the origins of its requests, and its subscription.
    Erase(ContactId),
    /// A new request, and its origin.
    Request(Box<AccessRequest>, Option<IpAddr>),
    /// The requests from an address and its subscription are a contact's from now on; what they say of the person goes.
    Attribute(MailAddress, ContactId),
    /// A new subscription, of whoever may be told at once.
    Subscription(Subscription),
    /// The language of a subscription.
    Language(SubscriptionId, String),
    /// A subscription ends.
    Unsubscribe(SubscriptionId),
    /// What became of a request.
    Settle(RequestId, RequestState),
    /// What a request says of a person goes: who, why, and the origin.
    Forget(RequestId),
}

/// What comes of an act: rows and audit entries, which a store writes in this order in one transaction. Empty if nothing changes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    /// The rows.
    pub writes: Vec<Write>,
    /// What the tenant's audit says of them.
    pub entries: Vec<NewEntry>,
}

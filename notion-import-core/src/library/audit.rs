//! The tenant's audit: who did what, when, to what, and from which address.

use std::net::IpAddr;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::{AccessLevel, AssignmentId};
use super::basis::VersionDigest;
use super::blob::BlobId;
use crate::actor::{Action, Actor, Agent, Denied};
use crate::error::StoreError;
use crate::id::{
    AttemptId, ConnectionId, ContactId, DocumentId, NdaId, RequestId, SubscriptionId, TenantId, VersionNumber,
};

/// One line of a tenant's audit. It names ids and levels, no texts but a person's reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Which one: a tenant's entries are counted from 1, without a gap, whatever they are about.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Agent,
    /// From which address, where the host knows it.
    pub address: Option<IpAddr>,
    /// About what.
    pub subject: Subject,
    /// What.
    pub event: AuditEvent,
}

/// An entry that is yet to be written. The store gives it the tenant's next number in the transaction of the act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Agent,
    /// From which address, where the host knows it.
    pub address: Option<IpAddr>,
    /// About what.
    pub subject: Subject,
    /// What.
    pub event: AuditEvent,
}

impl NewEntry {
    /// Says what a member did.
    pub const fn of(actor: &Actor, at: DateTime<Utc>, subject: Subject, event: AuditEvent) -> Self {
        let Actor { member, address, .. } = *actor;
        Self { at, by: Agent::Member(member), address, subject, event }
    }

    /// Says what a sync or a sweep did.
    pub const fn of_system(at: DateTime<Utc>, subject: Subject, event: AuditEvent) -> Self {
        Self { at, by: Agent::System, address: None, subject, event }
    }

    /// Says that a member changed the tenant's default NDA; none if it was that already.
    pub fn of_default_nda(
        actor: &Actor,
        at: DateTime<Utc>,
        from: Option<NdaId>,
        to: Option<NdaId>,
    ) -> Option<Self> {
        let subject = Subject::Nda(to.or(from)?);
        (from != to).then(|| Self::of(actor, at, subject, AuditEvent::DefaultNda { from, to }))
    }

    /// Returns the entry as it is kept under this number.
    pub fn numbered(self, number: u64) -> AuditEntry {
        let Self { at, by, address, subject, event } = self;
        AuditEntry { number, at, by, address, subject, event }
    }
}

/// What an entry is about. It may be gone by now: entries stay.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// A connection to Notion.
    Connection(ConnectionId),
    /// A document.
    Document(DocumentId),
    /// An NDA.
    Nda(NdaId),
    /// A contact.
    Contact(ContactId),
    /// The tenant itself.
    Tenant(TenantId),
}

impl Subject {
    /// Returns the kind and the id under which a store keeps it.
    pub const fn columns(self) -> (&'static str, Uuid) {
        match self {
            Self::Connection(id) => ("connection", id.as_uuid()),
            Self::Document(id) => ("document", id.as_uuid()),
            Self::Nda(id) => ("nda", id.as_uuid()),
            Self::Contact(id) => ("contact", id.as_uuid()),
            Self::Tenant(id) => ("tenant", id.as_uuid()),
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if no subject is kept so.
    pub fn from_columns(kind: &str, id: Uuid) -> Result<Self, StoreError> {
        match kind {
            "connection" => Ok(Self::Connection(ConnectionId::new(id))),
            "document" => Ok(Self::Document(DocumentId::new(id))),
            "nda" => Ok(Self::Nda(NdaId::new(id))),
            "contact" => Ok(Self::Contact(ContactId::new(id))),
            "tenant" => Ok(Self::Tenant(TenantId::new(id))),
            _ => Err(StoreError::Corrupt("subject")),
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AuditEvent {
    /// Somebody began to connect Notion, or to connect it anew.
    ConnectionBegun {
        /// By this attempt.
        attempt: AttemptId,
    },
    /// A connection was confirmed and works.
    ConnectionConfirmed {
        /// By this attempt.
        attempt: AttemptId,
        /// To the workspace of this id, as Notion tells it.
        workspace: Option<String>,
    },
    /// A connection works again: its credentials were replaced by those of another consent to the same workspace.
    ConnectionRenewed {
        /// By this attempt.
        attempt: AttemptId,
        /// Of the workspace of this id.
        workspace: Option<String>,
    },
    /// Credentials were refused: they lead to another workspace than the one that was confirmed.
    IdentityRefused {
        /// The id of the workspace that was confirmed.
        confirmed: Option<String>,
        /// The id of the workspace they lead to.
        found: Option<String>,
    },
    /// Notion no longer accepts the connection, or nobody may use it before it is confirmed anew.
    NeedsReauth,
    /// Somebody disconnected Notion. Nothing was read or written through the connection after this.
    Disconnected,
    /// The service forgot the connection's credentials, and its record is gone.
    ConnectionRemoved,
    /// Somebody gave up waiting for the service to forget the connection's credentials, and its record is gone. Nobody knows whether the
    /// service still holds them.
    ConnectionAbandoned,
    /// A document's source was imported: the first version made the document.
    Imported {
        /// As this version.
        version: VersionNumber,
        /// Which says this.
        digest: VersionDigest,
        /// Through this connection.
        connection: ConnectionId,
    },
    /// A document's title followed the source's.
    TitleFollowed,
    /// Somebody gave a document a title, or let it follow the source again.
    Renamed,
    /// A document was unlinked from its source.
    Unlinked,
    /// A document was given back the link to its source that it was unlinked from.
    Relinked,
    /// A document's level changed.
    LevelChanged {
        /// From this.
        from: AccessLevel,
        /// To this.
        to: AccessLevel,
        /// For this reason.
        reason: String,
    },
    /// A version of a document was published, with its title.
    Published {
        /// Which one.
        version: VersionNumber,
        /// For this reason, which is needed where the level lets readers in to what was withdrawn.
        reason: String,
    },
    /// A new title was published over the version that is shown.
    TitlePublished {
        /// Which version that is.
        version: VersionNumber,
    },
    /// A document was withdrawn.
    Withdrawn,
    /// Somebody put a document into another category, or into none.
    CategoryChanged,
    /// Whether outsiders may know of a document changed.
    Listed {
        /// To this.
        listed: bool,
        /// For this reason, which is needed to list.
        reason: String,
    },
    /// The NDA a document requires beside the default changed.
    NdaRequired {
        /// From this.
        from: Option<NdaId>,
        /// To this.
        to: Option<NdaId>,
    },
    /// A contact was let in to a document.
    Assigned {
        /// By this assignment.
        assignment: AssignmentId,
        /// This contact.
        contact: ContactId,
        /// Until when; none for no end.
        expires_at: Option<DateTime<Utc>>,
        /// Why no NDA is needed, if it was waived.
        nda_waiver: Option<String>,
    },
    /// An assignment to a document was taken back.
    Revoked {
        /// This one.
        assignment: AssignmentId,
    },
    /// A version of an NDA was published.
    NdaPublished {
        /// Which one.
        version: u32,
        /// The digest of its text.
        digest: BlobId,
        /// Whether everybody has to accept anew.
        ask_again: bool,
    },
    /// The tenant's default NDA changed. The entry is about the new one, or about the old one if there is none now.
    DefaultNda {
        /// From this.
        from: Option<NdaId>,
        /// To this.
        to: Option<NdaId>,
    },
    /// A contact accepted an NDA.
    NdaAccepted {
        /// Which one.
        nda: NdaId,
        /// Which version of it.
        version: u32,
    },
    /// A contact's acceptances of an NDA were declared void.
    AcceptanceVoided {
        /// Of this NDA.
        nda: NdaId,
    },
    /// A contact was added.
    ContactAdded,
    /// A contact was shut out.
    ContactBlocked,
    /// A contact is no longer shut out.
    ContactUnblocked {
        /// For this reason.
        reason: String,
    },
    /// What was known of a contact was erased.
    ContactErased,
    /// Somebody asked to read a document.
    AccessRequested {
        /// By this request.
        request: RequestId,
        /// As this contact: the one who signed in, or whose mail address was given.
        contact: Option<ContactId>,
    },
    /// A request was approved. That the contact was let in has an entry of its own.
    RequestApproved {
        /// This one.
        request: RequestId,
    },
    /// A request was declined.
    RequestDeclined {
        /// This one.
        request: RequestId,
        /// For this reason.
        reason: String,
    },
    /// A request was withdrawn by its author, or ended because its author was erased.
    RequestWithdrawn {
        /// This one.
        request: RequestId,
    },
    /// Somebody wants to be told what is new on the site.
    Subscribed {
        /// By this subscription.
        subscription: SubscriptionId,
    },
    /// Somebody is told no longer what is new: they asked for it, a member did, or their mailbox is gone.
    Unsubscribed {
        /// By this subscription.
        subscription: SubscriptionId,
    },
    /// What was kept of the tenant was erased, the entries before this one included.
    TenantErased,
    /// What was older than the tenant's logs are kept went.
    LogsCut {
        /// Readings from before this moment.
        reads: Option<DateTime<Utc>>,
        /// Entries of the audit up to this number.
        audit: Option<u64>,
    },
}

/// Which entries to read, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditQuery {
    /// About this only; none for all of the tenant's.
    pub subject: Option<Subject>,
    /// Only those with a lower number: that of the last entry of the page before.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl AuditQuery {
    /// Asks for the newest of all the tenant's entries.
    pub const fn newest(limit: usize) -> Self {
        Self { subject: None, before: None, limit }
    }

    /// Asks for the newest entries about a document.
    pub const fn of_document(document: DocumentId, limit: usize) -> Self {
        Self { subject: Some(Subject::Document(document)), before: None, limit }
    }

    /// Fails unless the actor may read this. A document's history is for whoever may read the document; everything else names
    /// contacts, addresses and connections, and needs [`Action::ReadAudit`].
    ///
    /// # Errors
    /// [`Denied`] otherwise.
    pub const fn permit(&self, actor: &Actor) -> Result<(), Denied> {
        match self.subject {
            Some(Subject::Document(_)) => actor.may(Action::ReadInternal),
            Some(Subject::Connection(_) | Subject::Nda(_) | Subject::Contact(_) | Subject::Tenant(_))
            | None => actor.may(Action::ReadAudit),
        }
    }
}

/// From where on a tenant's audit is kept, once its beginning is not: the tenant was erased, or entries were older than they are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditStart {
    /// Entries up to this number are gone.
    pub number: u64,
    /// The latest time that one of them names: of moments before, nothing is known any more.
    pub at: DateTime<Utc>,
    /// What they came to, as JSON of an `AccessState` (feature `gate`); none if the tenant was erased with them.
    pub state: Option<String>,
}

/// A part of the audit, oldest first, for whoever replays it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditPage {
    /// From where on the audit is kept, if entries that were asked for are gone.
    pub start: Option<AuditStart>,
    /// The entries, oldest first.
    pub entries: Vec<AuditEntry>,
}

/// Where the audit is read.
///
/// # Contract
/// - Entries are written by the stores whose changes they name, in the transaction of the change: both happen or neither.
/// - A call that fails or changes nothing leaves no entry.
/// - A tenant's entries are numbered from 1 without a gap, in the order in which they were written. None is ever changed. Only its oldest
///   entries go, all up to one of them, by a cut or with the tenant, and the numbers go on.
/// - Another tenant's entries do not exist for any call.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Returns entries of the actor's tenant, newest first.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the query [permits](AuditQuery::permit) the actor.
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;

    /// Returns the tenant's entries after a number, oldest first, at most so many, and where the audit starts if it does so after
    /// that number: both as of one moment. For what acts for no member; who may read them is the caller's to decide.
    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError>;
}

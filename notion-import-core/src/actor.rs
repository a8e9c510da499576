//! Who acts: members of a tenant and what they may do, contacts, and the system itself.

use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, StoreError};
use crate::id::{ContactId, MemberId, TenantId};

/// Whoever an audit entry names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Agent {
    /// A member of the tenant.
    Member(MemberId),
    /// Somebody outside the tenant.
    Contact(ContactId),
    /// Somebody on the site who has not signed in.
    Visitor,
    /// No person: a sync or a sweep.
    System,
}

impl Agent {
    /// Returns the kind and the id under which a store keeps it.
    pub const fn columns(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Member(id) => ("member", Some(id.as_uuid())),
            Self::Contact(id) => ("contact", Some(id.as_uuid())),
            Self::Visitor => ("visitor", None),
            Self::System => ("system", None),
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if no agent is kept so.
    pub fn from_columns(kind: &str, id: Option<Uuid>) -> Result<Self, StoreError> {
        match (kind, id) {
            ("member", Some(id)) => Ok(Self::Member(MemberId::new(id))),
            ("contact", Some(id)) => Ok(Self::Contact(ContactId::new(id))),
            ("visitor", None) => Ok(Self::Visitor),
            ("system", None) => Ok(Self::System),
            _ => Err(StoreError::Corrupt("agent")),
        }
    }
}

/// What a member of a tenant is there for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the tenant: connects Notion, publishes NDAs.
    Admin,
    /// Imports, publishes, opens and closes documents; lets nobody in.
    ContentManager,
    /// Assigns documents to contacts; opens no document.
    AccountManager,
    /// Reads.
    Viewer,
}

/// The text is not the wire name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        match text {
            "admin" => Ok(Self::Admin),
            "content_manager" => Ok(Self::ContentManager),
            "account_manager" => Ok(Self::AccountManager),
            "viewer" => Ok(Self::Viewer),
            _ => Err(UnknownRole),
        }
    }
}

/// What a member may try to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Connect and disconnect Notion.
    Connect,
    /// Browse Notion, import, sync by hand, unlink.
    Import,
    /// Change a level, publish and withdraw versions, list, rename.
    Publish,
    /// Assign documents to contacts and revoke that, decide requests, add and block contacts.
    Assign,
    /// Erase what is known of a contact, for good.
    Erase,
    /// Erase all that is kept of the tenant, for good.
    EraseTenant,
    /// Publish NDA versions, set the tenant's default NDA, take an NDA off a document.
    ManageNda,
    /// Read internal documents and drafts, and what became of them.
    ReadInternal,
    /// Read all of the tenant's audit. It names contacts, addresses and connections, so it is the administrator's.
    ReadAudit,
}

impl Role {
    /// Whether the role may. The two that open documents and let people in are never one role but the administrator's.
    pub const fn may(self, action: Action) -> bool {
        match (self, action) {
            (Self::Admin, _) | (_, Action::ReadInternal) => true,
            (Self::ContentManager, Action::Import | Action::Publish) => true,
            (Self::AccountManager, Action::Assign) => true,
            (Self::ContentManager | Self::AccountManager | Self::Viewer, _) => false,
        }
    }
}

/// A member acting in their tenant, already authenticated by the host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Actor {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub member: MemberId,
    /// As what.
    pub role: Role,
    /// The address they came from, if the host knows it: for the audit, and for nothing else.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// Builds an actor of whom no address is known.
    pub const fn new(tenant: TenantId, member: MemberId, role: Role) -> Self {
        Self { tenant, member, role, address: None }
    }

    /// Says which address they came from. An IPv4 address inside an IPv6 one is the IPv4 address.
    #[must_use]
    pub const fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address.to_canonical());
        self
    }

    /// Fails unless the actor's role may do this.
    ///
    /// # Errors
    /// [`Denied`] otherwise.
    pub const fn may(&self, action: Action) -> Result<(), Denied> {
        if self.role.may(action) { Ok(()) } else { Err(Denied) }
    }

    /// Returns the proof that the actor may read what is internal to the tenant.
    ///
    /// # Errors
    /// [`Denied`] if the role may not.
    pub fn insider(&self) -> Result<Insider, Denied> {
        self.may(Action::ReadInternal).map(|()| Insider { tenant: self.tenant })
    }

    /// Fails unless the actor may import into this tenant.
    ///
    /// # Errors
    /// [`Denied`] if the role may not, or the tenant is another one.
    pub fn may_import_into(&self, tenant: TenantId) -> Result<(), Denied> {
        if self.tenant == tenant { self.may(Action::Import) } else { Err(Denied) }
    }
}

/// Permission to read what is internal to one tenant. Only [`Actor::insider`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Insider {
    tenant: TenantId,
}

impl Insider {
    /// Returns the tenant whose documents may be read.
    pub const fn tenant(self) -> TenantId {
        self.tenant
    }
}

/// The actor's role may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not allowed")]
pub struct Denied;

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Store(denied.into())
    }
}

impl From<Denied> for StoreError {
    fn from(_: Denied) -> Self {
        Self::Denied
    }
}

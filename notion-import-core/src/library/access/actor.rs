//! Members of a tenant, and what they may do.

use serde::{Deserialize, Serialize};

use crate::error::{Error, StoreError};
use crate::id::{MemberId, TenantId};

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

/// What a member may try to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Connect and disconnect Notion.
    Connect,
    /// Browse Notion, import, sync by hand, unlink.
    Import,
    /// Change a level, publish and withdraw versions, list, rename.
    Publish,
    /// Assign documents to contacts and revoke that.
    Assign,
    /// Publish NDA versions, set the tenant's default NDA, take an NDA off a document.
    ManageNda,
    /// Read internal documents and drafts.
    ReadInternal,
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
}

impl Actor {
    /// It fails unless the actor's role may do this.
    ///
    /// # Errors
    /// [`Denied`] otherwise.
    pub const fn may(&self, action: Action) -> Result<(), Denied> {
        if self.role.may(action) { Ok(()) } else { Err(Denied) }
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

//! Erasing a whole tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::audit::{AuditEvent, NewEntry, Subject};
use crate::actor::Actor;
#[cfg(doc)]
use crate::error::Conflict;
use crate::error::StoreError;

/// What was erased of a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Erasure {
    /// Documents, with all their versions.
    pub documents: u64,
    /// Contacts who were known.
    pub contacts: u64,
    /// Entries of the audit.
    pub entries: u64,
    /// Files that no longer belong to a document. What was put a moment before goes with the next sweep.
    pub files: u64,
}

impl Erasure {
    /// Returns the one entry of the audit that stays.
    pub const fn entry(actor: &Actor, now: DateTime<Utc>) -> NewEntry {
        NewEntry::of(actor, now, Subject::Tenant(actor.tenant), AuditEvent::TenantErased)
    }
}

/// Where a whole tenant is erased: documents, contacts, NDAs and all that came of them, the read log and the audit.
///
/// # Contract
/// - One transaction: of what anybody does at the same moment, each thing is wholly before it, and gone, or wholly after it.
/// - What stays is one entry of the audit, [`AuditEvent::TenantErased`], under the next number; that the tenant's former connections may
///   not write; and the revision of its site, which goes on.
/// - The tenant may begin anew: to a store it is one of which nothing is known.
/// - Another tenant's rows stay as they are.
#[async_trait]
pub trait TenantStore: Send + Sync {
    /// Erases what is kept of the actor's tenant; doing so again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator, [`Conflict::StillConnected`] while there is a connection or an attempt
    /// to connect.
    async fn erase_tenant(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Erasure, StoreError>;
}

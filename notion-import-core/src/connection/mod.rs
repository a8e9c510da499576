//! A tenant's connection to Notion: the reference to it, who may use it, and where it is kept.

mod store;
mod authorizer;
mod record;
mod token;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use authorizer::{Attempt, Authorizer, ConnectLink, Granted, Inspected};
pub use record::{ConnectionRecord, ConnectionState, RunSummary, Workspace};
pub use store::{ConnectionStore, SharedBot};
pub use token::{ApiAccess, StaticToken, TokenSource};

use crate::id::TenantId;

/// What names a connection at the service that holds its token (Nango's connection id). Not a secret by itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionRef(String);

impl ConnectionRef {
    /// Wraps the service's own id.
    pub fn new(reference: impl Into<String>) -> Self {
        Self(reference.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to act through one connection of one tenant.
///
/// `generation` is a fencing token: whoever holds a lease has a higher one than everybody before, and stores
/// refuse writes with a lower one. A host without leases stays at 0 and never meets it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Connection {
    /// Whose connection it is.
    pub tenant: TenantId,
    /// Which one.
    pub reference: ConnectionRef,
    /// The fencing token.
    pub generation: u64,
}

impl Connection {
    /// A connection used without leases.
    pub fn new(tenant: TenantId, reference: impl Into<String>) -> Self {
        Self { tenant, reference: ConnectionRef::new(reference), generation: 0 }
    }
}

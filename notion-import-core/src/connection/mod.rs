//! A tenant's connection to Notion: the reference to it, who may use it, and where it is kept.

mod base;
mod identity;
mod lease;
mod namespace;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod seal;
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
#[path = "no_seal.rs"]
mod seal;
mod store;
mod authorizer;
mod record;
mod run;
mod token;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use authorizer::{Attempt, Authorizer, Confirmation, ConnectLink, Granted, Hint, Inspected};
pub use base::{ApiBase, ApiBaseError};
pub use identity::{ConfirmedIdentity, Identity};
pub(crate) use identity::{leads_home, noted};
pub use lease::Lease;
pub(crate) use namespace::asked_in;
pub use namespace::{Namespace, QualifiedRef};
pub use record::{ConnectionRecord, ConnectionState, Elsewhere, Removal, Workspace};
pub use run::{Occasion, RUNS_KEPT, Requests, RunSummary};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use seal::Seal;
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
pub(crate) use seal::Seal;
pub use store::{ConnectionStore, SharedWorkspace};
pub use token::{ApiAccess, StaticToken, TokenSource};

use crate::id::{ConnectionId, TenantId};

/// What a connection is called at the service that holds its token (Nango's connection id). Not a secret by itself, and not for
/// ever: a renewed consent brings another. What is kept of a connection is kept under its [`ConnectionId`].
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
    pub id: ConnectionId,
    /// What it is called at the service that holds the token.
    pub reference: ConnectionRef,
    /// The fencing token.
    pub generation: u64,
}

impl Connection {
    /// Returns a connection used without leases or records: its id follows from the reference.
    pub fn new(tenant: TenantId, reference: impl Into<String>) -> Self {
        let reference = ConnectionRef::new(reference);
        Self { tenant, id: ConnectionId::of(&reference), reference, generation: 0 }
    }
}

impl ConnectionId {
    /// Returns the id of a connection that no record gives one: always the same for a reference.
    pub fn of(reference: &ConnectionRef) -> Self {
        let digest = Sha256::digest(reference.as_str().as_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
        Self::new(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

//! Whole tenants in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryConnections, MemoryLibrary};
use crate::actor::{Action, Actor};
use crate::error::StoreError;
use crate::library::erasure::{Erasure, TenantStore};

/// All that is kept of tenants in memory: their library and their connections.
#[derive(Clone)]
pub struct MemoryTenants {
    library: MemoryLibrary,
    connections: MemoryConnections,
}

impl MemoryTenants {
    /// Builds it from the stores, of which clones share what they hold.
    pub const fn new(library: MemoryLibrary, connections: MemoryConnections) -> Self {
        Self { library, connections }
    }
}

#[async_trait]
impl TenantStore for MemoryTenants {
    async fn erase_tenant(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Erasure, StoreError> {
        actor.may(Action::EraseTenant)?;
        self.connections.unless_connected(actor.tenant, || self.library.erase(actor, now))
    }
}

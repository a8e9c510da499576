//! Leaky tenants.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::testing::suite::erasing::PROMISES;
use notion_import_core::testing::suite::{Audited, Library};
use notion_import_core::{
    Actor, Erasure, MemberId, MemoryAudit, MemoryConnections, MemoryLibrary, MemoryTenants, Role, StoreError,
    TenantStore,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Leak {
    Nothing,
    ErasesNothing,
    ErasesWhileConnected,
    AnybodyErases,
    ForgetsWhoErased,
    ErasesAtAnotherTime,
}

struct Leaky {
    inner: MemoryTenants,
    /// Knows of no connection.
    unconnected: MemoryTenants,
    leak: Leak,
}

impl Leaky {
    fn stores(leak: Leak) -> Audited {
        let audit = MemoryAudit::default();
        let library = MemoryLibrary::audited_in(audit.clone());
        let connections = MemoryConnections::audited_in(audit);
        let inner = MemoryTenants::new(library.clone(), connections.clone());
        let unconnected = MemoryTenants::new(library.clone(), MemoryConnections::default());
        let library = Library::of(Arc::new(library));
        let tenants = Arc::new(Self { inner, unconnected, leak });
        Audited { library, connections: Arc::new(connections), tenants }
    }
}

#[async_trait]
impl TenantStore for Leaky {
    async fn erase_tenant(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Erasure, StoreError> {
        let actor = match self.leak {
            Leak::AnybodyErases => Actor { role: Role::Admin, ..actor.clone() },
            Leak::ForgetsWhoErased => Actor { member: MemberId::fresh(), ..actor.clone() },
            _ => actor.clone(),
        };
        match self.leak {
            Leak::ErasesNothing => Ok(Erasure::default()),
            Leak::ErasesWhileConnected => self.unconnected.erase_tenant(&actor, now).await,
            Leak::ErasesAtAnotherTime => self.inner.erase_tenant(&actor, DateTime::UNIX_EPOCH).await,
            _ => self.inner.erase_tenant(&actor, now).await,
        }
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let nothing = [
        "of an erased tenant",
        "a tenant that is connected",
        "a tenant is erased by",
        "an erased tenant begins",
        "what is done while",
    ];
    let rows = [
        (Leak::Nothing, &[][..]),
        (Leak::ErasesNothing, &nothing),
        (Leak::ErasesWhileConnected, &["a tenant that is connected"]),
        (Leak::AnybodyErases, &["a tenant is erased by"]),
        (Leak::ForgetsWhoErased, &["of an erased tenant"]),
        (Leak::ErasesAtAnotherTime, &["of an erased tenant"]),
    ];
    super::check(PROMISES, Leaky::stores, &rows).await;
}

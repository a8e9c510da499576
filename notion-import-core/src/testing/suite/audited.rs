//! What the stores of one library promise together: one audit for documents and connections.

use std::sync::Arc;

use futures_util::future::join_all;

use super::fixture::{actor, connected, content, content_manager, minute, page, tenant};
use super::{Library, Outcome, Promise};
use crate::actor::Role;
use crate::connection::ConnectionStore;
use crate::id::NdaId;
use crate::library::audit::{AuditQuery, Subject};
use crate::library::document::DocumentStore;
use crate::library::erasure::TenantStore;
use crate::library::gate::{AccessStore, NewNdaVersion};

/// Documents, who may read them, connections and whole tenants: all sides of one store.
#[derive(Clone)]
pub struct Audited {
    /// Documents and who may read them.
    pub library: Library,
    /// The connections.
    pub connections: Arc<dyn ConnectionStore>,
    /// The tenants.
    pub tenants: Arc<dyn TenantStore>,
}

impl Audited {
    /// Returns all sides of a store that has them all.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: DocumentStore + AccessStore + ConnectionStore + TenantStore + 'static,
    {
        Self { library: Library::of(store.clone()), connections: store.clone(), tenants: store }
    }
}

/// Every promise of stores that write to one audit.
pub const PROMISES: &[Promise<Audited>] =
    &[promise!("a tenant's entries have one sequence, of documents and of connections", gapless)];

async fn gapless(stores: Audited) -> Outcome {
    let Audited { library: Library { documents, access }, connections, .. } = stores;
    let tenant = tenant();
    let (admin, manager) = (actor(tenant, Role::Admin), content_manager(tenant));
    let first = connected(&*connections, tenant, "first").await?;
    let second = connected(&*connections, tenant, "second").await?;
    let connection = first.connection();
    let imports = join_all((0..8).map(async |_| {
        documents.import(&manager, &connection, &content(&page("Policy"), "Text"), minute(1)).await
    }));
    let ndas = join_all((0..4).map(async |_| {
        let (id, title, text) = (NdaId::fresh(), "NDA".into(), "Say nothing".into());
        let new = NewNdaVersion { id, title, text, expected: 0, ask_again: true };
        access.publish_nda(&admin, &new, minute(1)).await
    }));
    let refused = connections.mark_needs_reauth(tenant, second.id, minute(1));
    let (imports, ndas, refused) = tokio::join!(imports, ndas, refused);
    imports.into_iter().try_for_each(|done| done.map(drop))?;
    ndas.into_iter().try_for_each(|done| done.map(drop))?;
    refused?;
    connections.fence(&admin, second.id, minute(2)).await?;
    let entries = access.audit(&admin, &AuditQuery::newest(99)).await?;
    let mut numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    numbers.reverse();
    ensure_eq!(numbers, (1..=18).collect::<Vec<u64>>(), "the numbers");
    let of_connections = entries.iter().filter(|entry| matches!(entry.subject, Subject::Connection(_)));
    ensure_eq!(of_connections.count(), 6, "entries about connections");
    Ok(())
}

//! A stand-in for the service that runs the consent.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use notion_import_core::connection::{Attempt, Authorizer, ConnectLink, ConnectionRef, Inspected};
use notion_import_core::error::{AccessError, Fault};
use notion_import_core::id::{AttemptId, TenantId};

/// A service that runs the consent: it remembers what it granted and what it was told to forget.
#[derive(Default)]
pub struct Consents(Mutex<Known>);

#[derive(Default)]
pub struct Known {
    connections: HashMap<ConnectionRef, (TenantId, AttemptId)>,
    /// The workspaces that connections lead to, as far as the service tells.
    pub workspaces: HashMap<ConnectionRef, String>,
    pub revoked: Vec<ConnectionRef>,
    pub is_down: bool,
}

impl Consents {
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap()
    }

    /// Somebody consents to an attempt.
    pub fn grant(&self, tenant: TenantId, attempt: AttemptId, reference: &str) -> ConnectionRef {
        let reference = ConnectionRef::new(reference);
        self.known().connections.insert(reference.clone(), (tenant, attempt));
        reference
    }

    fn inspected(&self, reference: &ConnectionRef) -> Option<Inspected> {
        let (tenant, attempt) = self.known().connections.get(reference).copied()?;
        let (tenant, attempt) = (Some(tenant), Some(attempt));
        let workspace_id = self.known().workspaces.get(reference).cloned();
        Some(Inspected { reference: reference.clone(), tenant, attempt, workspace_id })
    }
}

#[async_trait]
impl Authorizer for Consents {
    async fn begin(&self, attempt: &Attempt) -> Result<ConnectLink, AccessError> {
        Ok(ConnectLink { url: "https://connect.example/".parse().unwrap(), expires_at: attempt.expires_at })
    }

    async fn find(&self, attempt: &Attempt) -> Result<Vec<Inspected>, AccessError> {
        let known: Vec<_> = self.known().connections.clone().into_iter().collect();
        let ours = known.into_iter().filter(|(_, (_, id))| *id == attempt.id);
        Ok(ours.filter_map(|(reference, _)| self.inspected(&reference)).collect())
    }

    async fn inspect(&self, reference: &ConnectionRef) -> Result<Option<Inspected>, AccessError> {
        Ok(self.inspected(reference))
    }

    async fn revoke(&self, reference: &ConnectionRef) -> Result<(), AccessError> {
        let mut known = self.known();
        if known.is_down {
            return Err(Fault::Transient.into());
        }
        known.connections.remove(reference);
        known.revoked.push(reference.clone());
        Ok(())
    }
}

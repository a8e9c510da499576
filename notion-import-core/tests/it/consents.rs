//! A stand-in for the service that runs the consent.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use notion_import_core::{
    AccessError, Attempt, AttemptId, Authorizer, ConnectLink, ConnectionRef, Fault, Inspected, Namespace,
    TenantId,
};
use secrecy::{ExposeSecret, SecretString};

/// What the token of every session begins with: searched for in everything that is kept.
pub const TOKEN: &str = "session_token_";

/// A service that runs the consent: it remembers what it granted and what it was told to forget.
#[derive(Default)]
pub struct Consents {
    known: Mutex<Known>,
    /// While a test holds it, what was asked about a connection is not answered.
    pub answering: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub struct Known {
    connections: HashMap<ConnectionRef, (TenantId, AttemptId)>,
    /// The workspaces that connections lead to, as far as the service tells.
    pub workspaces: HashMap<ConnectionRef, String>,
    /// The connections that carry no tags of ours any more.
    pub untagged: HashSet<ConnectionRef>,
    pub revoked: Vec<ConnectionRef>,
    tokens: HashMap<String, AttemptId>,
    /// The attempts whose sessions were closed.
    pub closed: Vec<AttemptId>,
    pub is_down: bool,
    /// Where it is asked: another one knows nothing of what was granted, and is asked for nothing.
    pub namespace: &'static str,
    /// Nothing is told of any connection.
    pub is_silent: bool,
    /// How often somebody asked about a connection.
    pub inspections: usize,
}

impl Consents {
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// Somebody consents to an attempt.
    pub fn grant(&self, tenant: TenantId, attempt: AttemptId, reference: &str) -> ConnectionRef {
        let reference = ConnectionRef::new(reference);
        self.known().connections.insert(reference.clone(), (tenant, attempt));
        reference
    }

    /// Somebody finishes a consent to an attempt, which leads nowhere once the session was closed.
    pub fn finish(&self, tenant: TenantId, attempt: AttemptId, reference: &str) -> Option<ConnectionRef> {
        let is_open = self.known().tokens.values().any(|open| *open == attempt);
        is_open.then(|| self.grant(tenant, attempt, reference))
    }

    fn inspected(&self, reference: &ConnectionRef) -> Option<Inspected> {
        let (tenant, attempt) = self.known().connections.get(reference).copied()?;
        let is_tagged = !self.known().untagged.contains(reference);
        let (tenant, attempt) = (is_tagged.then_some(tenant), is_tagged.then_some(attempt));
        let workspace_id = self.known().workspaces.get(reference).cloned();
        Some(Inspected { reference: reference.clone(), tenant, attempt, workspace_id, is_failing: false })
    }
}

#[async_trait]
impl Authorizer for Consents {
    async fn begin(&self, attempt: &Attempt) -> Result<ConnectLink, AccessError> {
        let session = SecretString::from(format!("{TOKEN}{}", attempt.id));
        self.known().tokens.insert(session.expose_secret().to_owned(), attempt.id);
        let url = "https://connect.example/".parse().unwrap();
        Ok(ConnectLink { url, expires_at: attempt.expires_at, session })
    }

    async fn close(&self, session: &SecretString) -> Result<(), AccessError> {
        let mut known = self.known();
        if known.is_down {
            return Err(Fault::Transient.into());
        }
        let closed = known.tokens.remove(session.expose_secret());
        known.closed.extend(closed);
        Ok(())
    }

    async fn find(&self, attempt: &Attempt) -> Result<Vec<Inspected>, AccessError> {
        let known: Vec<_> = self.known().connections.clone().into_iter().collect();
        let ours = known.into_iter().filter(|(_, (_, id))| *id == attempt.id);
        Ok(ours.filter_map(|(reference, _)| self.inspected(&reference)).collect())
    }

    async fn inspect(&self, reference: &ConnectionRef) -> Result<Option<Inspected>, AccessError> {
        self.known().inspections += 1;
        if self.known().is_silent {
            return Err(Fault::Transient.into());
        }
        let inspected = self.inspected(reference);
        drop(self.answering.lock().await);
        Ok(inspected)
    }

    async fn namespace(&self) -> Result<Namespace, AccessError> {
        Ok(Namespace::new(self.known().namespace))
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

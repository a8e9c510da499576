//! Connections in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::audit::MemoryAudit;
use super::lock;
use crate::actor::Actor;
use crate::connection::{
    Attempt, Confirmation, Connection, ConnectionRecord, ConnectionRef, ConnectionState, ConnectionStore,
    Elsewhere, Granted, Lease, QualifiedRef, RUNS_KEPT, Removal, RunSummary,
};
use crate::error::{Conflict, StoreError};
use crate::id::{AttemptId, ConnectionId, TenantId};
use crate::library::audit::{AuditEntry, AuditLog, AuditPage, AuditQuery};
use crate::library::connecting::{Ground, Settled};

/// Connections and attempts in memory.
#[derive(Clone, Default)]
pub struct MemoryConnections {
    audit: MemoryAudit,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    attempts: BTreeMap<(TenantId, AttemptId), Tried>,
    connections: BTreeMap<(TenantId, ConnectionId), Held>,
}

struct Tried {
    attempt: Attempt,
    /// When the sweep is to look at it.
    look_at: DateTime<Utc>,
}

struct Held {
    record: ConnectionRecord,
    lease: Option<Lease>,
    /// When it was made due at since it was last claimed.
    hastened: Option<DateTime<Utc>>,
    /// What came of claims, by their generations.
    runs: BTreeMap<u64, RunSummary>,
}

impl MemoryConnections {
    /// Builds an empty store that writes to this audit. The default has one of its own.
    pub fn audited_in(audit: MemoryAudit) -> Self {
        Self { audit, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Does something that a tenant's connections must not come in between, unless it has one or an attempt to connect.
    pub(super) fn unless_connected<T>(
        &self,
        tenant: TenantId,
        act: impl FnOnce() -> T,
    ) -> Result<T, StoreError> {
        let state = self.lock();
        let tried = state.attempts.keys().any(|(of, _)| *of == tenant);
        if tried || state.connections.keys().any(|(of, _)| *of == tenant) {
            return Err(Conflict::StillConnected.into());
        }
        Ok(act())
    }

    fn of_attempt(&self, tenant: TenantId, id: AttemptId, change: impl FnOnce(&mut Tried)) {
        if let Some(tried) = self.lock().attempts.get_mut(&(tenant, id)) {
            change(tried);
        }
    }
}

impl Tried {
    fn end(&mut self, now: DateTime<Utc>, to_revoke: Option<QualifiedRef>) {
        if self.attempt.ended_at.is_none() {
            self.attempt.ended_at = Some(now);
            self.attempt.to_revoke = to_revoke;
            self.look_at = now;
        }
    }
}

#[async_trait]
impl AuditLog for MemoryConnections {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit.audit(actor, query).await
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        self.audit.audit_since(tenant, after, limit).await
    }
}

#[async_trait]
impl ConnectionStore for MemoryConnections {
    async fn begin(&self, actor: &Actor, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), StoreError> {
        let entry = attempt.begun_by(actor, now)?;
        let mut state = self.lock();
        let key = (attempt.tenant, attempt.id);
        if state.attempts.contains_key(&key) {
            return Err(Conflict::AttemptExists.into());
        }
        state.attempts.insert(key, Tried { attempt: attempt.clone(), look_at: attempt.expires_at });
        self.audit.insert(attempt.tenant, entry);
        Ok(())
    }

    async fn attempt(&self, tenant: TenantId, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        Ok(self.lock().attempts.get(&(tenant, id)).map(|tried| tried.attempt.clone()))
    }

    async fn record_grant(
        &self,
        tenant: TenantId,
        id: AttemptId,
        granted: &Granted,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let Tried { attempt, .. } = state.attempts.get_mut(&(tenant, id)).ok_or(StoreError::NotFound)?;
        if attempt.may_note(granted)? {
            attempt.granted = Some(granted.clone());
        }
        Ok(())
    }

    async fn activate(
        &self,
        actor: &Actor,
        id: AttemptId,
        confirmation: &Confirmation,
    ) -> Result<ConnectionRecord, StoreError> {
        let tenant = actor.tenant;
        let mut state = self.lock();
        let Tried { attempt, .. } = state.attempts.get(&(tenant, id)).ok_or(StoreError::NotFound)?;
        let granted = attempt.may_be_confirmed(actor.member, confirmation)?;
        let ground = state.ground(attempt, granted);
        let Settled { record, left, to_revoke, entries } =
            attempt.settle(actor, granted, confirmation, ground)?;
        for record in left.into_iter().chain([record.clone()]) {
            let key = (tenant, record.id);
            let runs = state.connections.remove(&key).map(|held| held.runs).unwrap_or_default();
            state.connections.insert(key, Held { record, lease: None, hastened: None, runs });
        }
        if let Some(tried) = state.attempts.get_mut(&(tenant, id)) {
            tried.end(confirmation.at, to_revoke);
        }
        self.audit.extend(tenant, entries);
        Ok(record)
    }

    async fn keep_session(
        &self,
        tenant: TenantId,
        id: AttemptId,
        sealed: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.of_attempt(tenant, id, |tried| tried.attempt.session = sealed.map(<[u8]>::to_vec));
        Ok(())
    }

    async fn end(&self, tenant: TenantId, id: AttemptId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.of_attempt(tenant, id, |tried| tried.end(now, tried.attempt.leaves_behind()));
        Ok(())
    }

    async fn look_again(&self, tenant: TenantId, id: AttemptId, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.of_attempt(tenant, id, |tried| tried.look_at = at);
        Ok(())
    }

    async fn mark_revoked(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError> {
        self.of_attempt(tenant, id, |tried| tried.attempt.to_revoke = None);
        Ok(())
    }

    async fn delete_attempt(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError> {
        self.lock().attempts.remove(&(tenant, id));
        Ok(())
    }

    async fn attempts(&self, tenant: TenantId) -> Result<Vec<Attempt>, StoreError> {
        let state = self.lock();
        let theirs = state.attempts.iter().filter(|((of, _), _)| *of == tenant);
        Ok(theirs.map(|(_, tried)| tried.attempt.clone()).collect())
    }

    async fn expired_attempts(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        let state = self.lock();
        let mut expired: Vec<_> = state.attempts.values().filter(|tried| tried.look_at <= now).collect();
        expired.sort_by_key(|tried| tried.look_at);
        Ok(expired.into_iter().take(limit).map(|tried| tried.attempt.clone()).collect())
    }

    async fn get(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<ConnectionRecord>, StoreError> {
        Ok(self.lock().get(tenant, id).map(|held| held.record.clone()))
    }

    async fn by_reference(&self, reference: &ConnectionRef) -> Result<Vec<ConnectionRecord>, StoreError> {
        let state = self.lock();
        let records = state.connections.values().map(|held| &held.record);
        let mut called: Vec<_> = records.filter(|record| record.reference == *reference).cloned().collect();
        called.sort_by_key(|record| (record.connected_at, record.tenant));
        Ok(called)
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<ConnectionRecord>, StoreError> {
        let state = self.lock();
        let of_tenant = state.connections.values().filter(|held| held.record.tenant == tenant);
        let mut records: Vec<_> = of_tenant.map(|held| held.record.clone()).collect();
        records.sort_by_key(|record| record.connected_at);
        Ok(records)
    }

    async fn claim_due(
        &self,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError> {
        let mut state = self.lock();
        let mut due: Vec<_> = state
            .connections
            .values_mut()
            .filter(|c| c.is_claimable(now) && c.record.next_run <= now)
            .collect();
        due.sort_by_key(|held| held.record.next_run);
        Ok(due.into_iter().take(limit).map(|held| held.claim(now, lease)).collect())
    }

    async fn claim(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError> {
        let mut state = self.lock();
        let free = state.get(tenant, id).filter(|held| held.is_claimable(now));
        Ok(free.map(|held| held.claim(now, lease)))
    }

    async fn claim_if_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError> {
        let mut state = self.lock();
        let due = state.get(tenant, id).filter(|c| c.is_claimable(now) && c.record.next_run <= now);
        Ok(due.map(|held| held.claim(now, lease)))
    }

    async fn renew(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let held = state.owned_by(connection)?;
        if held.lease.is_none() {
            return Err(StoreError::Fenced);
        }
        held.lease = Some(Lease::new(now, lease));
        Ok(())
    }

    async fn finish(
        &self,
        connection: &Connection,
        run: &RunSummary,
        outcome: ConnectionState,
        next_run: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let held = state.owned_by(connection)?;
        let entry = match outcome {
            ConnectionState::Active => None,
            ConnectionState::NeedsReauth => held.record.refuse(run.finished_at),
            ConnectionState::Disconnecting => return Err(StoreError::OutOfRange("state")),
        };
        held.lease = None;
        held.record.next_run = held.hastened.map_or(next_run, |at| at.min(next_run));
        held.record.last_run = Some(run.clone());
        held.note(run);
        self.audit.extend(connection.tenant, entry);
        Ok(())
    }

    async fn release(&self, connection: &Connection, run: Option<&RunSummary>) -> Result<(), StoreError> {
        let mut state = self.lock();
        let held = state.owned_by(connection)?;
        held.lease = None;
        run.into_iter().for_each(|run| held.note(run));
        Ok(())
    }

    async fn runs(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let mut state = self.lock();
        let runs = state.get(tenant, id).map(|held| held.runs.values().rev().take(limit).cloned());
        Ok(runs.map(Iterator::collect).unwrap_or_default())
    }

    async fn mark_needs_reauth(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let entry = state.get(tenant, id).and_then(|held| held.record.refuse(now));
        self.audit.extend(tenant, entry);
        Ok(())
    }

    async fn mark_elsewhere(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        found: &Elsewhere,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let entry = state.get(tenant, id).and_then(|held| held.record.mark_elsewhere(found, now));
        self.audit.extend(tenant, entry);
        Ok(())
    }

    async fn make_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(held) = self.lock().active(tenant, id) {
            held.hastened = Some(held.hastened.map_or(at, |earlier| earlier.min(at)));
            held.record.next_run = held.record.next_run.min(at);
        }
        Ok(())
    }

    async fn fence(
        &self,
        actor: &Actor,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        let mut state = self.lock();
        let Some(held) = state.get(actor.tenant, id) else { return Ok(None) };
        let entry = held.record.disconnect(actor, now);
        held.lease = None;
        self.audit.extend(actor.tenant, entry);
        Ok(Some(held.record.clone()))
    }

    async fn fenced(&self, limit: usize) -> Result<Vec<ConnectionRecord>, StoreError> {
        let state = self.lock();
        let records = state.connections.values().map(|held| &held.record);
        let fenced = records.filter(|record| record.state == ConnectionState::Disconnecting);
        Ok(fenced.take(limit).cloned().collect())
    }

    async fn remove(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        removal: &Removal,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let Some(held) = state.get(tenant, id) else { return Ok(()) };
        let entry = held.record.removed(removal, now)?;
        state.connections.remove(&(tenant, id));
        self.audit.insert(tenant, entry);
        Ok(())
    }
}

impl State {
    fn get(&mut self, tenant: TenantId, id: ConnectionId) -> Option<&mut Held> {
        self.connections.get_mut(&(tenant, id))
    }

    fn active(&mut self, tenant: TenantId, id: ConnectionId) -> Option<&mut Held> {
        self.get(tenant, id).filter(|held| held.record.state == ConnectionState::Active)
    }

    fn owned_by(&mut self, connection: &Connection) -> Result<&mut Held, StoreError> {
        self.get(connection.tenant, connection.id)
            .filter(|held| held.record.generation == connection.generation)
            .filter(|held| held.record.state != ConnectionState::Disconnecting)
            .ok_or(StoreError::Fenced)
    }

    fn ground(&self, attempt: &Attempt, granted: &Granted) -> Ground {
        let renewed = attempt.renews.and_then(|id| self.connections.get(&(attempt.tenant, id)));
        Ground {
            renewed: renewed.map(|held| held.record.clone()),
            has_reference: self.of_reference(attempt.tenant, &granted.reference).is_some(),
            is_shared: self.another_has(attempt.tenant, granted),
        }
    }

    fn of_reference(&self, tenant: TenantId, reference: &ConnectionRef) -> Option<&ConnectionRecord> {
        let mut records = self.connections.values().map(|held| &held.record);
        records.find(|record| record.tenant == tenant && record.reference == *reference)
    }

    fn another_has(&self, tenant: TenantId, granted: &Granted) -> bool {
        let mut records = self.connections.values().map(|held| &held.record);
        records.any(|record| record.tenant != tenant && record.workspace.is_shared_with(&granted.workspace))
    }
}

impl Held {
    fn is_claimable(&self, now: DateTime<Utc>) -> bool {
        self.record.state == ConnectionState::Active && !self.lease.is_some_and(|lease| lease.counts_at(now))
    }

    fn note(&mut self, run: &RunSummary) {
        self.runs.insert(self.record.generation, run.clone());
        let oldest = self.record.generation.saturating_sub(RUNS_KEPT as u64);
        self.runs.retain(|generation, _| *generation > oldest);
    }

    fn claim(&mut self, now: DateTime<Utc>, lease: Duration) -> Connection {
        self.record.generation += 1;
        self.lease = Some(Lease::new(now, lease));
        self.hastened = None;
        self.record.connection()
    }
}

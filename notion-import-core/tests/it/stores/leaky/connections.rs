//! Leaky connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::store::{Confirmation, Elsewhere, Removal};
use notion_import_core::testing::suite::connections::{AuditedConnections, PROMISES};
use notion_import_core::{
    Actor, Attempt, AttemptId, AuditEntry, AuditEvent, AuditLog, AuditPage, AuditQuery, Connection,
    ConnectionId, ConnectionRecord, ConnectionRef, ConnectionState, ConnectionStore, Granted, MemberId,
    MemoryConnections, Namespace, Role, RunSummary, SharedWorkspace, StoreError, TenantId,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Leak {
    AnySecret,
    AnyMember,
    NeverExpires,
    SharesWorkspaces,
    ChangesUnasked,
    KeepsTheLeft,
    ActivatesAgain,
    ReadsAnyTenant,
    ListsBackwards,
    FindsOneHolder,
    ExpiredBackwards,
    ClaimsAll,
    ClaimsTheRefused,
    ClaimsBeforeDue,
    ForgetsLeases,
    BelievesEveryClock,
    BelievesNoClock,
    FinishesWhenOvertaken,
    RenewsWhenOvertaken,
    LosesHints,
    RemovesUnfenced,
    FencesTwice,
    GrantsAnew,
    ForgetsTheRun,
    FindsTooManyFenced,
    RunDisconnects,
    ConnectsTwice,
    SaysNothingOfBegun,
    SaysNothingOfConfirmed,
    SaysNothingOfRenewed,
    SaysNothingOfRefusals,
    SaysNothingOfWorkspaces,
    SaysNothingOfDisconnects,
    SaysNothingOfRemovals,
    RemovesSilently,
    ForgetsNamespaces,
    SkipsNumbers,
    NeverEnds,
    LooksAtTheSame,
    KeepsTokens,
    KeepsRevoking,
    LeavesGrantsBehind,
    ReleasesNothing,
    ReleasesWhenOvertaken,
    PlansOnRelease,
    TellsBackwards,
    TellsAll,
    TellsStrangers,
    ListsNoAttempts,
}

impl Leak {
    /// Whether the audit leaves this out.
    const fn hides(self, event: &AuditEvent) -> bool {
        matches!(
            (self, event),
            (Self::SaysNothingOfBegun, AuditEvent::ConnectionBegun { .. })
                | (Self::SaysNothingOfConfirmed, AuditEvent::ConnectionConfirmed { .. })
                | (Self::SaysNothingOfRenewed, AuditEvent::ConnectionRenewed { .. })
                | (Self::SaysNothingOfRefusals, AuditEvent::NeedsReauth)
                | (Self::SaysNothingOfWorkspaces, AuditEvent::IdentityRefused { .. })
                | (Self::SaysNothingOfDisconnects, AuditEvent::Disconnected)
                | (Self::SaysNothingOfRemovals, AuditEvent::ConnectionRemoved)
        )
    }
}

struct Leaky {
    inner: MemoryConnections,
    leak: Leak,
    records: Mutex<Vec<ConnectionRecord>>,
    held: Mutex<Vec<Connection>>,
    /// When what is held was claimed or renewed, and how long that is to last.
    leases: Mutex<HashMap<ConnectionId, (DateTime<Utc>, Duration)>>,
}

impl Leaky {
    fn store(leak: Leak) -> Arc<dyn AuditedConnections> {
        let inner = MemoryConnections::default();
        let (records, held, leases) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { inner, leak, records, held, leases })
    }

    /// The right of whoever may act now, whoever asks.
    async fn current(&self, connection: &Connection) -> Result<Connection, StoreError> {
        let record = self.inner.get(connection.tenant, connection.id).await?;
        Ok(record.map_or(connection.clone(), |record| record.connection()))
    }

    /// Whether a claim goes on to the store, by what is made here of a lease from another clock.
    async fn believes_free(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some((at, length)) = self.leases.lock().unwrap().get(&id).copied() else { return Ok(true) };
        if self.leak == Leak::BelievesNoClock
            && now < at
            && let Some(record) = self.inner.get(tenant, id).await?
        {
            self.inner.release(&record.connection(), None).await?;
        }
        Ok(self.leak != Leak::BelievesEveryClock || at + length <= now)
    }

    fn note(&self, held: &[Connection], now: DateTime<Utc>, lease: Duration) {
        self.leases.lock().unwrap().extend(held.iter().map(|held| (held.id, (now, lease))));
        self.held.lock().unwrap().extend(held.to_vec());
    }

    fn holds(&self, tenant: TenantId, id: ConnectionId) -> bool {
        self.held.lock().unwrap().iter().any(|held| held.tenant == tenant && held.id == id)
    }
}

#[async_trait]
impl AuditLog for Leaky {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let mut entries = self.inner.audit(actor, query).await?;
        entries.retain(|entry| !self.leak.hides(&entry.event));
        for (number, entry) in (1..).zip(entries.iter_mut().rev()) {
            entry.number = if self.leak == Leak::SkipsNumbers { 2 * number } else { number };
        }
        Ok(entries)
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        self.inner.audit_since(tenant, after, limit).await
    }
}

#[async_trait]
impl ConnectionStore for Leaky {
    async fn begin(&self, actor: &Actor, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.inner.begin(actor, attempt, now).await
    }

    async fn attempt(&self, tenant: TenantId, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        self.inner.attempt(tenant, id).await
    }

    async fn record_grant(
        &self,
        tenant: TenantId,
        id: AttemptId,
        granted: &Granted,
    ) -> Result<(), StoreError> {
        if self.leak == Leak::GrantsAnew
            && let Some(attempt) = self.inner.attempt(tenant, id).await?
            && attempt.ended_at.is_none()
        {
            self.inner.delete_attempt(tenant, id).await?;
            let beginner = Actor::new(tenant, attempt.member, Role::Admin);
            let anew = Attempt { granted: None, ..attempt };
            self.inner.begin(&beginner, &anew, anew.expires_at).await?;
        }
        self.inner.record_grant(tenant, id, granted).await
    }

    async fn activate(
        &self,
        actor: &Actor,
        id: AttemptId,
        confirmation: &Confirmation,
    ) -> Result<ConnectionRecord, StoreError> {
        let (mut actor, mut confirmation) = (actor.clone(), confirmation.clone());
        let tenant = actor.tenant;
        let attempt = self.inner.attempt(tenant, id).await?;
        if let Some(attempt) = &attempt {
            match self.leak {
                Leak::ActivatesAgain if attempt.ended_at.is_some() => {
                    let known =
                        self.records.lock().unwrap().iter().find(|record| record.tenant == tenant).cloned();
                    return known
                        .filter(|known| known.connected_by == actor.member)
                        .ok_or(StoreError::NotFound);
                }
                Leak::AnySecret => confirmation.secret_hash = attempt.secret_hash,
                Leak::AnyMember => actor.member = attempt.member,
                Leak::NeverExpires => {
                    confirmation.at = confirmation.at.min(attempt.expires_at - TimeDelta::seconds(1));
                }
                Leak::ChangesUnasked => {
                    if let Some(id) = attempt.renews
                        && let Some(record) = self.inner.get(tenant, id).await?
                    {
                        let granted = attempt.granted.as_ref().map(|granted| &granted.workspace);
                        let leaves = granted.is_some_and(|granted| !record.workspace.is_same(granted));
                        confirmation.leaves = leaves.then_some(record.workspace.bot);
                    }
                }
                Leak::KeepsTheLeft if confirmation.leaves.is_some() && attempt.ended_at.is_none() => {
                    self.inner.delete_attempt(tenant, id).await?;
                    let anew = Attempt { renews: None, ..attempt.clone() };
                    self.inner.begin(&actor, &anew, confirmation.at).await?;
                    confirmation.leaves = None;
                }
                Leak::SharesWorkspaces => confirmation.shared = SharedWorkspace::Allow,
                Leak::ConnectsTwice if attempt.renews.is_none() && attempt.ended_at.is_none() => {
                    let reference = attempt.granted.as_ref().map(|granted| granted.reference.clone());
                    if let Some(reference) = reference
                        && let Some(record) = self
                            .inner
                            .by_reference(&reference)
                            .await?
                            .into_iter()
                            .find(|record| record.tenant == tenant)
                    {
                        self.inner.delete_attempt(tenant, id).await?;
                        return Ok(record);
                    }
                }
                _ => {}
            }
        }
        if self.leak == Leak::ForgetsNamespaces
            && let Some(attempt) = attempt.filter(|attempt| attempt.ended_at.is_none())
        {
            self.inner.delete_attempt(tenant, id).await?;
            let elsewhere = Attempt { namespace: Namespace::new("nowhere"), ..attempt };
            self.inner
                .begin(&Actor::new(tenant, elsewhere.member, Role::Admin), &elsewhere, confirmation.at)
                .await?;
        }
        let record = self.inner.activate(&actor, id, &confirmation).await?;
        self.leases.lock().unwrap().remove(&record.id);
        self.records.lock().unwrap().push(record.clone());
        Ok(record)
    }

    async fn keep_session(
        &self,
        tenant: TenantId,
        id: AttemptId,
        sealed: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        if self.leak == Leak::KeepsTokens && sealed.is_none() {
            return Ok(());
        }
        self.inner.keep_session(tenant, id, sealed).await
    }

    async fn end(&self, tenant: TenantId, id: AttemptId, now: DateTime<Utc>) -> Result<(), StoreError> {
        match self.leak {
            Leak::NeverEnds => Ok(()),
            Leak::LeavesGrantsBehind => {
                self.inner.end(tenant, id, now).await?;
                self.inner.mark_revoked(tenant, id).await
            }
            _ => self.inner.end(tenant, id, now).await,
        }
    }

    async fn look_again(&self, tenant: TenantId, id: AttemptId, at: DateTime<Utc>) -> Result<(), StoreError> {
        match self.leak {
            Leak::LooksAtTheSame => Ok(()),
            _ => self.inner.look_again(tenant, id, at).await,
        }
    }

    async fn mark_revoked(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError> {
        match self.leak {
            Leak::KeepsRevoking => Ok(()),
            _ => self.inner.mark_revoked(tenant, id).await,
        }
    }

    async fn delete_attempt(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError> {
        self.inner.delete_attempt(tenant, id).await
    }

    async fn attempts(&self, tenant: TenantId) -> Result<Vec<Attempt>, StoreError> {
        match self.leak {
            Leak::ListsNoAttempts => Ok(Vec::new()),
            _ => self.inner.attempts(tenant).await,
        }
    }

    async fn expired_attempts(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        let mut expired = self.inner.expired_attempts(now, limit).await?;
        if self.leak == Leak::ExpiredBackwards {
            expired.reverse();
        }
        Ok(expired)
    }

    async fn get(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<ConnectionRecord>, StoreError> {
        let known = self.records.lock().unwrap().iter().find(|record| record.id == id).cloned();
        match (self.leak, known) {
            (Leak::ReadsAnyTenant, Some(known)) => self.inner.get(known.tenant, id).await,
            _ => self.inner.get(tenant, id).await,
        }
    }

    async fn by_reference(&self, reference: &ConnectionRef) -> Result<Vec<ConnectionRecord>, StoreError> {
        let mut called = self.inner.by_reference(reference).await?;
        if self.leak == Leak::FindsOneHolder {
            called.truncate(1);
        }
        Ok(called)
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<ConnectionRecord>, StoreError> {
        let mut records = self.inner.list(tenant).await?;
        if self.leak == Leak::ListsBackwards {
            records.reverse();
        }
        Ok(records)
    }

    async fn claim_due(
        &self,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError> {
        let limit = if self.leak == Leak::ClaimsAll { usize::MAX } else { limit };
        let claimed = self.inner.claim_due(now, lease, limit).await?;
        self.note(&claimed, now, lease);
        Ok(claimed)
    }

    async fn claim(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError> {
        let lease = if self.leak == Leak::ForgetsLeases { Duration::ZERO } else { lease };
        if !self.believes_free(tenant, id, now).await? {
            return Ok(None);
        }
        let mut claimed = self.inner.claim(tenant, id, now, lease).await?;
        if self.leak == Leak::ClaimsTheRefused && claimed.is_none() {
            let record = self.inner.get(tenant, id).await?;
            let refused = record.filter(|record| record.state == ConnectionState::NeedsReauth);
            claimed = refused.map(|record| record.connection());
        }
        self.note(claimed.as_slice(), now, lease);
        Ok(claimed)
    }

    async fn claim_if_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError> {
        match self.leak {
            Leak::ClaimsBeforeDue => self.claim(tenant, id, now, lease).await,
            _ => self.inner.claim_if_due(tenant, id, now, lease).await,
        }
    }

    async fn renew(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let connection = match self.leak {
            Leak::RenewsWhenOvertaken => self.current(connection).await?,
            _ => connection.clone(),
        };
        self.inner.renew(&connection, now, lease).await?;
        self.leases.lock().unwrap().insert(connection.id, (now, lease));
        Ok(())
    }

    async fn finish(
        &self,
        connection: &Connection,
        run: &RunSummary,
        state: ConnectionState,
        next_run: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let connection = match self.leak {
            Leak::FinishesWhenOvertaken => self.current(connection).await?,
            _ => connection.clone(),
        };
        if self.leak == Leak::RunDisconnects && state == ConnectionState::Disconnecting {
            let nobody = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
            self.inner.fence(&nobody, connection.id, run.finished_at).await?;
            return Ok(());
        }
        let run = if self.leak == Leak::ForgetsTheRun { &RunSummary::default() } else { run };
        self.inner.finish(&connection, run, state, next_run).await?;
        self.held.lock().unwrap().retain(|held| *held != connection);
        self.leases.lock().unwrap().remove(&connection.id);
        Ok(())
    }

    async fn release(&self, connection: &Connection, run: Option<&RunSummary>) -> Result<(), StoreError> {
        self.leases.lock().unwrap().remove(&connection.id);
        match self.leak {
            Leak::ReleasesNothing => Ok(()),
            Leak::ReleasesWhenOvertaken => self.inner.release(&self.current(connection).await?, run).await,
            Leak::PlansOnRelease => {
                let (run, active) = (run.cloned().unwrap_or_default(), ConnectionState::Active);
                self.inner.finish(connection, &run, active, run.finished_at).await
            }
            _ => self.inner.release(connection, run).await,
        }
    }

    async fn runs(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let owner =
            self.records.lock().unwrap().iter().find(|record| record.id == id).map(|record| record.tenant);
        let tenant = if self.leak == Leak::TellsStrangers { owner.unwrap_or(tenant) } else { tenant };
        let limit = if self.leak == Leak::TellsAll { usize::MAX } else { limit };
        let mut runs = self.inner.runs(tenant, id, limit).await?;
        if self.leak == Leak::TellsBackwards {
            runs.reverse();
        }
        Ok(runs)
    }

    async fn mark_needs_reauth(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.mark_needs_reauth(tenant, id, now).await
    }

    async fn mark_elsewhere(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        found: &Elsewhere,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.mark_elsewhere(tenant, id, found, now).await
    }

    async fn make_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.leak == Leak::LosesHints && self.holds(tenant, id) {
            return Ok(());
        }
        self.inner.make_due(tenant, id, at).await
    }

    async fn fence(
        &self,
        actor: &Actor,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        let before = self.inner.get(actor.tenant, id).await?.map(|record| record.state);
        let mut fenced = self.inner.fence(actor, id, now).await?;
        if self.leak == Leak::FencesTwice && before == Some(ConnectionState::Disconnecting) {
            fenced.iter_mut().for_each(|record| record.generation += 1);
        }
        Ok(fenced)
    }

    async fn fenced(&self, limit: usize) -> Result<Vec<ConnectionRecord>, StoreError> {
        let limit = if self.leak == Leak::FindsTooManyFenced { usize::MAX } else { limit };
        self.inner.fenced(limit).await
    }

    async fn remove(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        removal: &Removal,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.leak == Leak::RemovesUnfenced {
            self.inner.fence(&Actor::new(tenant, MemberId::fresh(), Role::Admin), id, now).await?;
        }
        let removal = if self.leak == Leak::RemovesSilently { &Removal::Forgotten } else { removal };
        self.inner.remove(tenant, id, removal, now).await
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let rows = [
        (Leak::AnySecret, &["another secret", "a connection that is confirmed is in the audit"][..]),
        (Leak::AnyMember, &["another member"]),
        (Leak::NeverExpires, &["an expired attempt does not activate"]),
        (Leak::SharesWorkspaces, &["a second tenant on one workspace"]),
        (
            Leak::ActivatesAgain,
            &["an attempt activates once", "a connection that is confirmed is in the audit"],
        ),
        (Leak::ReadsAnyTenant, &["another tenant's connection cannot be read"]),
        (Leak::ListsBackwards, &["connections are listed"]),
        (Leak::FindsOneHolder, &["connections of all tenants are found by their reference"]),
        (Leak::ExpiredBackwards, &["expired attempts", "the attempt that was looked at last"]),
        (Leak::ClaimsAll, &["the longest due"]),
        (Leak::ClaimsBeforeDue, &["what is due is claimed by name once"]),
        (Leak::ClaimsTheRefused, &["an active connection is claimed by name"]),
        (
            Leak::ForgetsLeases,
            &[
                "what is claimed is not claimed again",
                "a lease by a clock that runs a little ahead",
                "whoever was overtaken cannot finish",
                "whoever was overtaken cannot release",
            ],
        ),
        (
            Leak::BelievesEveryClock,
            &[
                "a lease by a clock that runs far ahead",
                "a lease that is renewed by a clock that runs far ahead",
            ],
        ),
        (Leak::BelievesNoClock, &["a lease by a clock that runs a little ahead"]),
        (Leak::FinishesWhenOvertaken, &["a renewal makes", "whoever was overtaken cannot finish"]),
        (Leak::RenewsWhenOvertaken, &["whoever was overtaken cannot renew"]),
        (Leak::LosesHints, &["a hint that comes during a run"]),
        (
            Leak::RemovesUnfenced,
            &[
                "only a fenced connection is removed",
                "a connection that is removed is in the audit",
                "a connection that somebody gives up",
            ],
        ),
        (Leak::FencesTwice, &["fencing again"]),
        (Leak::GrantsAnew, &["a grant is noted once"]),
        (
            Leak::ForgetsTheRun,
            &[
                "a finished run",
                "a claim that is released",
                "the runs of a connection are told",
                "the runs of a connection outlive",
                "a connection that Notion refuses is in the audit",
            ],
        ),
        (Leak::FindsTooManyFenced, &["fenced connections of all tenants"]),
        (Leak::RunDisconnects, &["a run does not disconnect"]),
        (Leak::ConnectsTwice, &["a reference is connected once"]),
        (Leak::SaysNothingOfBegun, &["an attempt that is begun is in the audit"]),
        (
            Leak::SaysNothingOfConfirmed,
            &["a connection that is confirmed is in the audit", "a change of the workspace is in the audit"],
        ),
        (Leak::SaysNothingOfRenewed, &["a connection that is renewed is in the audit"]),
        (Leak::SaysNothingOfRefusals, &["a connection that Notion refuses is in the audit"]),
        (Leak::SaysNothingOfWorkspaces, &["a connection that leads elsewhere says where"]),
        (
            Leak::SaysNothingOfDisconnects,
            &["a change of the workspace is in the audit", "a disconnect is in the audit"],
        ),
        (Leak::SaysNothingOfRemovals, &["a connection that is removed is in the audit"]),
        (Leak::RemovesSilently, &["a connection that somebody gives up is in the audit"]),
        (Leak::ForgetsNamespaces, &["a confirmed connection", "a renewal makes"]),
        (Leak::SkipsNumbers, &["what the audit says of connections is counted"]),
        (
            Leak::NeverEnds,
            &["an ended attempt", "what an ended attempt", "the attempt that was looked at last"],
        ),
        (Leak::LooksAtTheSame, &["the attempt that was looked at last"]),
        (Leak::KeepsTokens, &["a sealed token"]),
        (Leak::KeepsRevoking, &["what an ended attempt", "a renewal makes"]),
        (Leak::LeavesGrantsBehind, &["an ended attempt", "what an ended attempt"]),
        (
            Leak::ReleasesNothing,
            &[
                "a claim that is released",
                "whoever was overtaken cannot release",
                "of the runs",
                "another tenant's connection cannot be changed",
            ],
        ),
        (Leak::ReleasesWhenOvertaken, &["whoever was overtaken cannot release"]),
        (Leak::PlansOnRelease, &["a claim that is released"]),
        (Leak::TellsBackwards, &["the runs of a connection are told", "of the runs"]),
        (Leak::TellsAll, &["the runs of a connection are told"]),
        (Leak::TellsStrangers, &["another tenant's runs"]),
        (Leak::ListsNoAttempts, &["a forgotten attempt"]),
        (
            Leak::ChangesUnasked,
            &["a reconnect that leads elsewhere is refused", "a change of the workspace leaves the one"],
        ),
        (
            Leak::KeepsTheLeft,
            &[
                "a change of the workspace is a connection",
                "a change of the workspace leaves the one",
                "a change of the workspace is in the audit",
            ],
        ),
    ];
    super::check(PROMISES, Leaky::store, &rows).await;
}

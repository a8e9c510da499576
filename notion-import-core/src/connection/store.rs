//! Where connections and attempts are kept.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    Attempt, Confirmation, Connection, ConnectionRecord, ConnectionRef, ConnectionState, Elsewhere, Granted,
    Removal, RunSummary,
};
use crate::actor::Actor;
#[cfg(doc)]
use crate::error::Conflict;
use crate::error::StoreError;
use crate::id::{AttemptId, ConnectionId, TenantId};

/// Whether two tenants may stand on one workspace, whose pages both would then show.
/// [`Workspace::is_shared_with`](super::Workspace::is_shared_with) says when they do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SharedWorkspace {
    /// Refuse the second one.
    #[default]
    Refuse,
    /// Let it in.
    Allow,
}

/// Where connections and attempts are kept.
///
/// # Contract
/// - Every method sees one tenant only, but for [`claim_due`](ConnectionStore::claim_due), [`expired_attempts`](ConnectionStore::expired_attempts),
///   [`fenced`](ConnectionStore::fenced) and [`by_reference`](ConnectionStore::by_reference): they are for what acts for no
///   member, and return the tenant with each row.
/// - Each call is one transaction: it happens wholly or not at all, also when the future is dropped.
/// - A claim raises the generation; a claimed connection is not claimed again while its [`Lease`](super::Lease) counts. At the moment that
///   runs out, it is free.
/// - The generation never falls while the record is there.
/// - Only [`activate`](ConnectionStore::activate) makes a connection, and only it makes one active again.
/// - A state the store cannot read is [`ConnectionState::NeedsReauth`].
/// - What a connection goes through is written to the tenant's audit in the call's transaction: [`Attempt`] and
///   [`ConnectionRecord`] say which entries. A call that fails or changes nothing leaves none.
#[async_trait]
pub trait ConnectionStore: Send + Sync {
    /// Keeps a new attempt of the actor's. [`Conflict::AttemptExists`] if the tenant has one of this id.
    async fn begin(&self, actor: &Actor, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Returns an attempt that exists, expired or not.
    async fn attempt(&self, tenant: TenantId, id: AttemptId) -> Result<Option<Attempt>, StoreError>;

    /// Notes what an attempt has led to. Noting the same again changes nothing; noting another connection
    /// for an attempt that already has one is a [`Conflict::AnotherGrant`]; for an attempt that does not exist or has ended,
    /// [`StoreError::NotFound`]. [`Attempt::may_note`] decides.
    async fn record_grant(
        &self,
        tenant: TenantId,
        id: AttemptId,
        granted: &Granted,
    ) -> Result<(), StoreError>;

    /// Turns a granted, unexpired attempt of this actor into what [`Attempt::settle`] says, and ends the attempt: an active connection,
    /// due now, and for a reconnect that leads to another workspace the one that is left, fenced. A renewed connection keeps its id, is
    /// free, and has a higher generation, so whoever held it is fenced.
    ///
    /// # Errors
    /// Those of [`Attempt::may_be_confirmed`] and [`Attempt::settle`]. [`StoreError::NotFound`] if there is no such attempt. The attempt
    /// then stays.
    async fn activate(
        &self,
        actor: &Actor,
        id: AttemptId,
        confirmation: &Confirmation,
    ) -> Result<ConnectionRecord, StoreError>;

    /// Keeps the sealed token of an attempt's session, or erases it. Of an attempt that does not exist nothing is kept.
    async fn keep_session(
        &self,
        tenant: TenantId,
        id: AttemptId,
        sealed: Option<&[u8]>,
    ) -> Result<(), StoreError>;

    /// Ends an attempt, of which nothing comes any more, notes what it [leaves behind](Attempt::leaves_behind) to be revoked, and makes it
    /// due to be looked at. One that has ended, or does not exist, stays as it is.
    async fn end(&self, tenant: TenantId, id: AttemptId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Makes an attempt that was looked at due to be looked at again at `at`. Does nothing to one that does not exist.
    async fn look_again(&self, tenant: TenantId, id: AttemptId, at: DateTime<Utc>) -> Result<(), StoreError>;

    /// Notes that nothing that an attempt left behind is to be revoked any more.
    async fn mark_revoked(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError>;

    /// Forgets an attempt; forgetting it again succeeds.
    async fn delete_attempt(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError>;

    /// Returns a tenant's attempts, ended ones included, in no order.
    async fn attempts(&self, tenant: TenantId) -> Result<Vec<Attempt>, StoreError>;

    /// Returns attempts of any tenant that have expired or ended at `now`, at most `limit`: those first that have waited longest since
    /// then, or since they were last looked at.
    async fn expired_attempts(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Attempt>, StoreError>;

    /// Returns one connection.
    async fn get(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<ConnectionRecord>, StoreError>;

    /// Returns the connections of any tenant that the service calls so, oldest first. It is for what the service says of a
    /// connection whose tags are lost or changed.
    async fn by_reference(&self, reference: &ConnectionRef) -> Result<Vec<ConnectionRecord>, StoreError>;

    /// Returns a tenant's connections, oldest first.
    async fn list(&self, tenant: TenantId) -> Result<Vec<ConnectionRecord>, StoreError>;

    /// Claims at most `limit` active connections of any tenant whose next run is not after `now` and that
    /// nobody holds, longest due first, and raises the generation of each.
    async fn claim_due(
        &self,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError>;

    /// Claims one active connection now, whether due or not; none while somebody holds it or it is not active.
    async fn claim(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError>;

    /// Claims one active connection whose next run is not after `now`; none while somebody holds it, or it is not active or not
    /// due. Of many who try, one gets it, and none once that one has finished: what a queue that delivers more than once needs.
    async fn claim_if_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError>;

    /// Makes the holder's lease run out `lease` after `now`. [`StoreError::Fenced`] if a later claim or a
    /// disconnect overtook it, or it was given back.
    async fn renew(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<(), StoreError>;

    /// Gives the claim back with what came of it, which is the last run and among the [`runs`](ConnectionStore::runs). `state` is `Active` or `NeedsReauth`; one that needs reauthorisation by
    /// now stays so, and `next_run` is no later than what it was made due at since the claim.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if a later claim or a disconnect overtook it. [`StoreError::OutOfRange`] for the state
    /// `Disconnecting`: only [`fence`](ConnectionStore::fence) disconnects.
    async fn finish(
        &self,
        connection: &Connection,
        run: &RunSummary,
        state: ConnectionState,
        next_run: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Gives the claim back and leaves the rest as it is: the last run, and what is due stays due. `run` is kept among the
    /// [`runs`](ConnectionStore::runs), if one is given.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if a later claim or a disconnect overtook it.
    async fn release(&self, connection: &Connection, run: Option<&RunSummary>) -> Result<(), StoreError>;

    /// Returns what runs did, newest first, at most `limit`: one for each of the last [`RUNS_KEPT`](super::RUNS_KEPT) claims that was given
    /// back with what came of it. They go with the connection.
    async fn runs(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError>;

    /// Marks an active connection as refused by Notion; any other state stays. It does nothing to one that is not there.
    async fn mark_needs_reauth(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Notes that a connection leads elsewhere, by [`ConnectionRecord::mark_elsewhere`]. Does nothing to one that is not there.
    async fn mark_elsewhere(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        found: &Elsewhere,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Makes an active connection due at `at` if that is earlier than planned, also if it is claimed: then it is due once
    /// given back. It does nothing to one that is not there.
    async fn make_due(&self, tenant: TenantId, id: ConnectionId, at: DateTime<Utc>)
    -> Result<(), StoreError>;

    /// Fences a connection: state `Disconnecting`, generation raised, nobody can claim it again. Fencing it again changes
    /// nothing.
    /// Returns the record as fenced; none if there is no such connection.
    async fn fence(
        &self,
        actor: &Actor,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<Option<ConnectionRecord>, StoreError>;

    /// Returns connections of any tenant that were fenced and not yet removed, at most `limit`. The scheduler's, like
    /// [`claim_due`](ConnectionStore::claim_due).
    async fn fenced(&self, limit: usize) -> Result<Vec<ConnectionRecord>, StoreError>;

    /// Removes a fenced connection's record; removing it again succeeds. [`Conflict::NotFenced`] if it is not fenced.
    async fn remove(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        removal: &Removal,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

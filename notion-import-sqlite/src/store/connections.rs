//! Connections on SQLite.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Confirmation, Elsewhere, Ground, Lease, Removal};
use notion_import_core::{
    Actor, Attempt, AttemptId, Conflict, Connection, ConnectionId, ConnectionRecord, ConnectionRef,
    ConnectionState, ConnectionStore, Granted, RunSummary, StoreError, TenantId,
};

use crate::database::{Sqlite, Tx, commit};
use crate::table::{attempts, audit, connections, runs};

#[async_trait]
impl ConnectionStore for Sqlite {
    async fn begin(&self, actor: &Actor, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), StoreError> {
        let entry = attempt.begun_by(actor, now)?;
        let mut tx = self.write().await?;
        if !attempts::insert(&mut *tx, attempt).await? {
            return Err(Conflict::AttemptExists.into());
        }
        audit::insert(&mut *tx, attempt.tenant, &entry).await?;
        commit(tx).await
    }

    async fn attempt(&self, tenant: TenantId, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        attempts::get(self.readers(), tenant, id).await
    }

    async fn record_grant(
        &self,
        tenant: TenantId,
        id: AttemptId,
        granted: &Granted,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let attempt = attempts::get(&mut *tx, tenant, id).await?.ok_or(StoreError::NotFound)?;
        if attempt.may_note(granted)? {
            attempts::set_granted(&mut *tx, tenant, id, granted).await?;
        }
        commit(tx).await
    }

    async fn activate(
        &self,
        actor: &Actor,
        id: AttemptId,
        confirmation: &Confirmation,
    ) -> Result<ConnectionRecord, StoreError> {
        let tenant = actor.tenant;
        let mut tx = self.write().await?;
        let attempt = attempts::get(&mut *tx, tenant, id).await?.ok_or(StoreError::NotFound)?;
        let granted = attempt.may_be_confirmed(actor.member, confirmation)?;
        let ground = ground(&mut tx, &attempt, granted).await?;
        let settled = attempt.settle(actor, granted, confirmation, ground)?;
        if let Some(left) = &settled.left {
            connections::set_standing(&mut *tx, left).await?;
        }
        connections::upsert(&mut *tx, &settled.record).await?;
        attempts::end(&mut *tx, tenant, id, confirmation.at, settled.to_revoke.as_ref()).await?;
        for entry in &settled.entries {
            audit::insert(&mut *tx, tenant, entry).await?;
        }
        commit(tx).await?;
        Ok(settled.record)
    }

    async fn keep_session(
        &self,
        tenant: TenantId,
        id: AttemptId,
        sealed: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        attempts::set_session(&mut *tx, tenant, id, sealed).await?;
        commit(tx).await
    }

    async fn end(&self, tenant: TenantId, id: AttemptId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if let Some(attempt) = attempts::get(&mut *tx, tenant, id).await? {
            attempts::end(&mut *tx, tenant, id, now, attempt.leaves_behind().as_ref()).await?;
        }
        commit(tx).await
    }

    async fn look_again(&self, tenant: TenantId, id: AttemptId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        attempts::set_look(&mut *tx, tenant, id, at).await?;
        commit(tx).await
    }

    async fn mark_revoked(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        attempts::mark_revoked(&mut *tx, tenant, id).await?;
        commit(tx).await
    }

    async fn delete_attempt(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        attempts::delete(&mut *tx, tenant, id).await?;
        commit(tx).await
    }

    async fn attempts(&self, tenant: TenantId) -> Result<Vec<Attempt>, StoreError> {
        attempts::list(self.readers(), tenant).await
    }

    async fn expired_attempts(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Attempt>, StoreError> {
        attempts::expired(self.readers(), now, limit).await
    }

    async fn get(&self, tenant: TenantId, id: ConnectionId) -> Result<Option<ConnectionRecord>, StoreError> {
        connections::get(self.readers(), tenant, id).await
    }

    async fn by_reference(&self, reference: &ConnectionRef) -> Result<Vec<ConnectionRecord>, StoreError> {
        connections::by_reference(self.readers(), reference).await
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<ConnectionRecord>, StoreError> {
        connections::list(self.readers(), tenant).await
    }

    async fn claim_due(
        &self,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError> {
        let mut tx = self.write().await?;
        let claimed = connections::claim_due(&mut *tx, now, Lease::new(now, lease), limit).await?;
        commit(tx).await?;
        Ok(claimed)
    }

    async fn claim(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError> {
        let mut tx = self.write().await?;
        let claimed = connections::claim(&mut *tx, tenant, id, now, Lease::new(now, lease), None).await?;
        commit(tx).await?;
        Ok(claimed)
    }

    async fn claim_if_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError> {
        let mut tx = self.write().await?;
        let claimed =
            connections::claim(&mut *tx, tenant, id, now, Lease::new(now, lease), Some(now)).await?;
        commit(tx).await?;
        Ok(claimed)
    }

    async fn renew(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let renewed = connections::renew(&mut *tx, connection, Lease::new(now, lease)).await?;
        commit(tx).await?;
        if renewed { Ok(()) } else { Err(StoreError::Fenced) }
    }

    async fn finish(
        &self,
        connection: &Connection,
        run: &RunSummary,
        state: ConnectionState,
        next_run: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let refused = match state {
            ConnectionState::Active => false,
            ConnectionState::NeedsReauth => true,
            ConnectionState::Disconnecting => return Err(StoreError::OutOfRange("state")),
        };
        let mut tx = self.write().await?;
        if !connections::finish(&mut *tx, connection, run, next_run).await? {
            return Err(StoreError::Fenced);
        }
        runs::insert(&mut tx, connection, run).await?;
        if refused {
            refuse(&mut tx, connection.tenant, connection.id, run.finished_at).await?;
        }
        commit(tx).await
    }

    async fn release(&self, connection: &Connection, run: Option<&RunSummary>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if !connections::release(&mut *tx, connection).await? {
            return Err(StoreError::Fenced);
        }
        if let Some(run) = run {
            runs::insert(&mut tx, connection, run).await?;
        }
        commit(tx).await
    }

    async fn runs(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        runs::list(self.readers(), tenant, id, limit).await
    }

    async fn mark_needs_reauth(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        refuse(&mut tx, tenant, id, now).await?;
        commit(tx).await
    }

    async fn mark_elsewhere(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        found: &Elsewhere,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let Some(mut record) = connections::get(&mut *tx, tenant, id).await? else { return Ok(()) };
        if let Some(entry) = record.mark_elsewhere(found, now) {
            connections::set_standing(&mut *tx, &record).await?;
            audit::insert(&mut *tx, tenant, &entry).await?;
        }
        commit(tx).await
    }

    async fn make_due(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        connections::make_due(&mut *tx, tenant, id, at).await?;
        commit(tx).await
    }

    async fn fence(
        &self,
        actor: &Actor,
        id: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        let tenant = actor.tenant;
        let mut tx = self.write().await?;
        let Some(mut record) = connections::get(&mut *tx, tenant, id).await? else { return Ok(None) };
        if let Some(entry) = record.disconnect(actor, now) {
            connections::set_standing(&mut *tx, &record).await?;
            audit::insert(&mut *tx, tenant, &entry).await?;
        }
        commit(tx).await?;
        Ok(Some(record))
    }

    async fn fenced(&self, limit: usize) -> Result<Vec<ConnectionRecord>, StoreError> {
        connections::fenced(self.readers(), limit).await
    }

    async fn remove(
        &self,
        tenant: TenantId,
        id: ConnectionId,
        removal: &Removal,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let Some(record) = connections::get(&mut *tx, tenant, id).await? else { return Ok(()) };
        let entry = record.removed(removal, now)?;
        connections::delete(&mut *tx, tenant, id).await?;
        audit::insert(&mut *tx, tenant, &entry).await?;
        commit(tx).await
    }
}

/// Marks a connection as refused by Notion, if it is active.
async fn refuse(
    tx: &mut Tx,
    tenant: TenantId,
    id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(mut record) = connections::get(&mut **tx, tenant, id).await? else { return Ok(()) };
    if let Some(entry) = record.refuse(now) {
        connections::set_standing(&mut **tx, &record).await?;
        audit::insert(&mut **tx, tenant, &entry).await?;
    }
    Ok(())
}

/// The connection the attempt renews, if it renews one and may.
async fn ground(tx: &mut Tx, attempt: &Attempt, granted: &Granted) -> Result<Ground, StoreError> {
    let tenant = attempt.tenant;
    let renewed = match attempt.renews {
        Some(id) => connections::get(&mut **tx, tenant, id).await?,
        None => None,
    };
    let called = connections::called(&mut **tx, tenant, &granted.reference).await?;
    let is_shared = connections::another_has(&mut **tx, tenant, &granted.workspace).await?;
    Ok(Ground { renewed, has_reference: called.is_some(), is_shared })
}

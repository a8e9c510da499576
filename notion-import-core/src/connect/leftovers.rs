//! What connecting leaves behind: open sessions, grants that nobody uses, disconnects that were interrupted.

use chrono::{DateTime, TimeDelta, Utc};

use super::Connector;
use crate::connection::{Attempt, ConnectionRecord, ConnectionRef, Inspected, asked_in};
use crate::error::{AccessError, Error, Fault};
use crate::id::{AttemptId, TenantId};

/// How long an attempt is remembered once it has expired: whatever it still leads to is taken back meanwhile.
const MEMORY: TimeDelta = TimeDelta::days(1);

/// How long it is remembered where nobody can ask what it has led to: the operator's key may be put right meanwhile.
const LONGEST_MEMORY: TimeDelta = TimeDelta::days(31);

/// What cannot be asked about is looked at again after this.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);

/// How many leftovers one sweep looks at.
const SWEEP: usize = 100;

impl Connector {
    /// Takes away what was left behind: attempts nobody confirmed in time, what attempts of the last day have led to and nobody
    /// uses, and connections whose disconnect was interrupted. Call it every few minutes. Returns how many attempts and connections
    /// came to their end.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let now = self.client.clock().now();
        let mut swept = 0;
        let mut failure = None;
        for attempt in self.connections.expired_attempts(now, SWEEP).await? {
            match self.sweep_attempt(&attempt, now).await {
                Ok(()) => swept += usize::from(attempt.ended_at.is_none()),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for fenced in self.connections.fenced(SWEEP).await? {
            match self.finish_disconnect(&fenced).await {
                Ok(()) => swept += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(swept), Err)
    }

    /// Clears away what an attempt that has become this connection leaves behind.
    pub(super) async fn after(&self, active: &ConnectionRecord, id: AttemptId) -> Result<(), Error> {
        let Some(ended) = self.clear(active.tenant, id).await? else { return Ok(()) };
        let left = ended.renews.filter(|renews| *renews != active.id);
        match self.begun_for(active.tenant, left).await? {
            Some(left) => self.finish_disconnect(&left).await,
            None => Ok(()),
        }
    }

    /// Closes the session of an attempt, if its token is kept, and erases that.
    pub(super) async fn close_session_of(&self, attempt: &Attempt) -> Result<(), Error> {
        let (Some(seal), Some(sealed)) = (&self.seal, &attempt.session) else { return Ok(()) };
        match attempt.open(seal, sealed) {
            Some(token) => self.authorizer.close(&token).await?,
            None => tracing::warn!(tenant = %attempt.tenant, "a connect session was sealed with another key"),
        }
        Ok(self.connections.keep_session(attempt.tenant, attempt.id, None).await?)
    }

    /// Leaves to the sweep what cannot be done now.
    pub(super) fn or_later<T>(&self, outcome: Result<T, Error>) {
        if let Err(error) = outcome {
            tracing::warn!(code = error.code(), "what an attempt leaves behind is cleared away later");
        }
    }

    async fn sweep_attempt(&self, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), Error> {
        let Attempt { tenant, id, .. } = *attempt;
        if attempt.ended_at.is_none() {
            // First, so that nobody can confirm what is revoked next.
            self.connections.end(tenant, id, now).await?;
        }
        let cleared = self.clear(tenant, id).await.map(drop);
        let remembered = now < attempt.expires_at + MEMORY;
        if !remembered {
            // Whether it could be closed or not, its token is kept no longer.
            self.connections.keep_session(tenant, id, None).await?;
        }
        match cleared {
            Ok(()) if !remembered => Ok(self.connections.delete_attempt(tenant, id).await?),
            Err(Error::Access(AccessError { fault: Fault::AnotherNamespace, .. }))
                if attempt.expires_at + LONGEST_MEMORY <= now =>
            {
                tracing::error!(%tenant, attempt = %id, "what an attempt has led to in another namespace is left there");
                Ok(self.connections.delete_attempt(tenant, id).await?)
            }
            Err(Error::Access(AccessError { fault: Fault::AnotherNamespace, .. })) => {
                self.connections.look_again(tenant, id, now + LOOK_AGAIN).await?;
                cleared
            }
            Ok(()) | Err(_) => {
                self.connections.look_again(tenant, id, now).await?;
                cleared
            }
        }
    }

    /// Closes the session of an attempt that is over, and revokes what it leaves behind and what it has led to that nobody uses.
    /// Returns the attempt, if it is remembered.
    pub(super) async fn clear(&self, tenant: TenantId, id: AttemptId) -> Result<Option<Attempt>, Error> {
        let Some(attempt) = self.connections.attempt(tenant, id).await? else { return Ok(None) };
        // First, so that nothing more comes of it.
        self.close_session_of(&attempt).await?;
        let revoked = self.revoke_left(&attempt).await;
        // One link can lead to several connections, and late, so all that carry the attempt's tag go.
        for seen in self.found(&attempt).await? {
            self.revoke_unless_used(&seen.reference).await?;
        }
        revoked.map(|()| Some(attempt))
    }

    async fn revoke_left(&self, attempt: &Attempt) -> Result<(), Error> {
        let Some(left) = &attempt.to_revoke else { return Ok(()) };
        asked_in(&*self.authorizer, &left.namespace).await?;
        self.revoke_unless_used(&left.reference).await?;
        Ok(self.connections.mark_revoked(attempt.tenant, attempt.id).await?)
    }

    /// Returns what an attempt has led to, newest first, if that can be asked.
    pub(super) async fn found(&self, attempt: &Attempt) -> Result<Vec<Inspected>, Error> {
        asked_in(&*self.authorizer, &attempt.namespace).await?;
        Ok(self.authorizer.find(attempt).await?)
    }

    /// Revokes a connection that no tenant uses. Its tags say nothing of that: whoever replaces what it holds also replaces those.
    pub(super) async fn revoke_unless_used(&self, reference: &ConnectionRef) -> Result<(), Error> {
        match self.connections.by_reference(reference).await?.is_empty() {
            true => Ok(self.authorizer.revoke(reference).await?),
            false => Ok(()),
        }
    }
}

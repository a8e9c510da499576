//! Whether a connection still leads to the workspace that was confirmed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Authorizer, Connection, ConnectionRecord, ConnectionRef, ConnectionStore, Elsewhere, asked_in};
use crate::error::{Error, Fault, StoreError};
use crate::id::{ConnectionId, TenantId};
use crate::telemetry::{self, Turn};
use crate::transport::{Clock, SystemClock};

/// For so long an answer of the service is good for what begins.
const FRESH: Duration = Duration::from_secs(60);

/// Whether a connection still leads to the workspace that was confirmed.
///
/// What a connection holds can be replaced where it is kept: in the service's dashboard, or by a link that somebody opened there.
/// The importer asks before it reads, and once more after it has read and before anything is stored.
#[async_trait]
pub trait Identity: Send + Sync {
    /// Lets a flow begin. An answer of the last minute may do.
    ///
    /// # Errors
    /// [`Error::AnotherWorkspace`] if the connection leads elsewhere; [`Fault::ConnectionMissing`] if there is none any more;
    /// [`Fault::AnotherNamespace`] if the service does not know it where it is asked, which is not where the connection was made.
    async fn begin(&self, connection: &Connection) -> Result<(), Error>;

    /// Lets be stored what was read through the connection until a moment of the monotonic clock ([`Clock::instant`]). Only an
    /// answer that was asked for later will do: it holds for all that was read before.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    async fn keep(&self, connection: &Connection, read_until: Instant) -> Result<(), Error>;

    /// Notes that Notion no longer accepts the connection.
    ///
    /// # Errors
    /// The store's.
    async fn refused(&self, connection: &Connection) -> Result<(), Error>;
}

/// Passes an outcome on. If it says that Notion no longer accepts the connection, that is noted first.
pub(crate) async fn noted<T>(
    identity: Option<&dyn Identity>,
    connection: &Connection,
    outcome: Result<T, Error>,
) -> Result<T, Error> {
    if outcome.as_ref().is_err_and(Error::needs_reconnect) {
        telemetry::turned(Turn::Refused, connection.tenant, connection.id);
        if let Some(identity) = identity
            && let Err(failure) = identity.refused(connection).await
        {
            // The next refusal is another chance, and the caller has to hear of this one.
            tracing::warn!(code = failure.code(), "a refused connection could not be noted");
        }
    }
    outcome
}

/// Tells whether a connection leads to the workspace that was confirmed, given the id that the service tells. One that leads
/// elsewhere is noted.
pub(crate) async fn leads_home(
    connections: &dyn ConnectionStore,
    record: &ConnectionRecord,
    told: Option<String>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let leads_home = record.leads_to(told.as_deref());
    if !leads_home {
        let ConnectionRecord { tenant, id, .. } = record;
        telemetry::turned(Turn::Elsewhere, *tenant, *id);
        connections.mark_elsewhere(*tenant, *id, &Elsewhere { id: told }, now).await?;
    }
    Ok(leads_home)
}

/// Compares what the authorizer says of a connection with its record, and marks a connection that leads elsewhere as one that
/// needs reauthorisation. An id that is missing equals nothing, so nothing is read with an [`Authorizer`] that does not tell
/// workspaces, nor through a connection whose workspace had no id when it was confirmed: both fail as [`Error::AnotherWorkspace`].
///
/// That the service does not know a connection is believed only where that was made ([`ConnectionRecord::namespace`]): then it was deleted,
/// and needs reauthorisation. Otherwise it stays as it is, and what fails is a [`Fault::AnotherNamespace`].
///
/// Costs a request to the service, none to Notion: one a minute and connection for what begins, and at most one for each
/// document or batch of up to 200 looks that is stored. Of one connection one request is under way at a time: those whose reading
/// ends meanwhile wait for it and share the next.
pub struct ConfirmedIdentity {
    authorizer: Arc<dyn Authorizer>,
    connections: Arc<dyn ConnectionStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<(TenantId, ConnectionId, ConnectionRef), Arc<Known>>>,
}

/// What was asked about one connection.
#[derive(Default)]
struct Known {
    /// Whoever holds it asks.
    turn: tokio::sync::Mutex<()>,
    /// When that was asked for which the last answer let pass. Failures and refusals are asked for anew.
    asked: Mutex<Option<Instant>>,
}

impl ConfirmedIdentity {
    /// Builds the check over what the connect flow uses.
    pub fn new(authorizer: Arc<dyn Authorizer>, connections: Arc<dyn ConnectionStore>) -> Self {
        Self { authorizer, connections, clock: Arc::new(SystemClock), known: Mutex::default() }
    }

    /// Measures by another clock, the importer's.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn by(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Passes if an answer that was asked for after a moment, or at any time, lets it.
    ///
    /// An answer of the same moment does not do: on a clock that stands still nobody knows which was first.
    async fn asked_after(&self, connection: &Connection, moment: Option<Instant>) -> Result<(), Error> {
        let known = self.known(connection);
        if *locked(&known.asked) > moment {
            return Ok(());
        }
        let _turn = known.turn.lock().await;
        // Whoever had the turn before may have asked late enough.
        if *locked(&known.asked) > moment {
            return Ok(());
        }
        let asked = self.clock.instant();
        self.check(connection).await?;
        *locked(&known.asked) = Some(asked);
        Ok(())
    }

    async fn check(&self, connection: &Connection) -> Result<(), Error> {
        let seen = self.authorizer.inspect(&connection.reference).await?;
        let record = self.record(connection).await?;
        let Some(seen) = seen else {
            asked_in(&*self.authorizer, &record.namespace).await?;
            return Err(Error::Access(Fault::ConnectionMissing.into()));
        };
        match leads_home(&*self.connections, &record, seen.workspace_id, self.clock.now()).await? {
            true => Ok(()),
            false => Err(Error::AnotherWorkspace),
        }
    }

    /// Returns the record of a connection that nobody has found to lead elsewhere since it was confirmed, whoever looked.
    async fn record(&self, connection: &Connection) -> Result<ConnectionRecord, Error> {
        let record = self.connections.get(connection.tenant, connection.id).await?;
        // The record is gone, or renewed: whoever holds the connection as it was is fenced, and its reference is nobody's.
        let record = record.filter(|record| record.reference == connection.reference);
        let record = record.ok_or(StoreError::Fenced)?;
        if record.found.is_some() { Err(Error::AnotherWorkspace) } else { Ok(record) }
    }

    /// Returns what is known of a connection, and forgets those that nobody asks about and whose answers are old.
    fn known(&self, connection: &Connection) -> Arc<Known> {
        let old = self.minute_ago();
        let mut known = locked(&self.known);
        known.retain(|_, known| Arc::strong_count(known) > 1 || *locked(&known.asked) > old);
        known.entry((connection.tenant, connection.id, connection.reference.clone())).or_default().clone()
    }

    /// None if the clock is younger than that.
    fn minute_ago(&self) -> Option<Instant> {
        self.clock.instant().checked_sub(FRESH)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Identity for ConfirmedIdentity {
    async fn begin(&self, connection: &Connection) -> Result<(), Error> {
        self.asked_after(connection, self.minute_ago()).await?;
        self.record(connection).await.map(drop)
    }

    async fn keep(&self, connection: &Connection, read_until: Instant) -> Result<(), Error> {
        self.asked_after(connection, Some(read_until)).await
    }

    async fn refused(&self, connection: &Connection) -> Result<(), Error> {
        let Connection { tenant, id, .. } = *connection;
        let record = self.connections.get(tenant, id).await?;
        // What was refused may be what the connection was called before it was renewed.
        if record.is_some_and(|record| record.reference == connection.reference) {
            self.connections.mark_needs_reauth(tenant, id, self.clock.now()).await?;
        }
        Ok(())
    }
}

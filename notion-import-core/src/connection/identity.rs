//! Whether a connection still leads to the workspace that was confirmed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Authorizer, Connection, ConnectionRecord, ConnectionRef, ConnectionStore, Elsewhere};
use crate::error::{AccessError, Error, Fault, StoreError};
use crate::id::{ConnectionId, TenantId};
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
    /// [`Error::AnotherWorkspace`] if the connection leads elsewhere; [`Fault::ConnectionMissing`] if there is none any more.
    async fn begin(&self, connection: &Connection) -> Result<(), Error>;

    /// Lets be stored what was read through the connection before this was called.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    async fn keep(&self, connection: &Connection) -> Result<(), Error>;

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
    if let (Err(error), Some(identity)) = (&outcome, identity)
        && error.needs_reconnect()
        && let Err(failure) = identity.refused(connection).await
    {
        // The next refusal is another chance, and the caller has to hear of this one.
        tracing::warn!(code = failure.code(), "a refused connection could not be noted");
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
        tracing::warn!(%tenant, connection = %id, "a connection leads to another workspace than was confirmed");
        connections.misled(*tenant, *id, &Elsewhere { id: told }, now).await?;
    }
    Ok(leads_home)
}

/// Compares what the authorizer says of a connection with its record, and marks a connection that leads elsewhere as one that
/// needs reauthorisation. An id that is missing equals nothing, so nothing is read with an [`Authorizer`] that does not tell
/// workspaces, nor through a connection whose workspace had no id when it was confirmed: both fail as [`Error::AnotherWorkspace`].
///
/// It costs a request to the service, none to Notion: one a minute and connection for what begins, and one for each document or
/// batch of up to 200 looks that is stored.
pub struct ConfirmedIdentity {
    authorizer: Arc<dyn Authorizer>,
    connections: Arc<dyn ConnectionStore>,
    clock: Arc<dyn Clock>,
    checked: Mutex<HashMap<(TenantId, ConnectionId, ConnectionRef), Instant>>,
}

impl ConfirmedIdentity {
    /// Builds the check over what the connect flow uses.
    pub fn new(authorizer: Arc<dyn Authorizer>, connections: Arc<dyn ConnectionStore>) -> Self {
        Self { authorizer, connections, clock: Arc::new(SystemClock), checked: Mutex::default() }
    }

    /// Measures the minute by another clock.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn by(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    async fn check(&self, connection: &Connection) -> Result<(), Error> {
        let Connection { tenant, id, reference, .. } = connection;
        let asked = self.clock.instant();
        let seen = self.authorizer.inspect(reference).await?;
        let seen = seen.ok_or(AccessError::from(Fault::ConnectionMissing))?;
        let record = self.connections.get(*tenant, *id).await?;
        // The record is gone, or renewed: whoever holds the connection as it was is fenced, and its reference is nobody's.
        let record = record.filter(|record| record.reference == *reference).ok_or(StoreError::Fenced)?;
        if !leads_home(&*self.connections, &record, seen.workspace_id, self.clock.now()).await? {
            return Err(Error::AnotherWorkspace);
        }
        let key = (*tenant, *id, reference.clone());
        self.checked.lock().unwrap_or_else(PoisonError::into_inner).insert(key, asked);
        Ok(())
    }

    fn is_fresh(&self, connection: &Connection) -> bool {
        let now = self.clock.instant();
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked.retain(|_, asked| now.saturating_duration_since(*asked) < FRESH);
        checked.contains_key(&(connection.tenant, connection.id, connection.reference.clone()))
    }
}

#[async_trait]
impl Identity for ConfirmedIdentity {
    async fn begin(&self, connection: &Connection) -> Result<(), Error> {
        if self.is_fresh(connection) { Ok(()) } else { self.check(connection).await }
    }

    async fn keep(&self, connection: &Connection) -> Result<(), Error> {
        self.check(connection).await
    }

    async fn refused(&self, connection: &Connection) -> Result<(), Error> {
        let Connection { tenant, id, .. } = *connection;
        let record = self.connections.get(tenant, id).await?;
        // What was refused may be what the connection was called before it was renewed.
        if record.is_some_and(|record| record.reference == connection.reference) {
            self.connections.needs_reauth(tenant, id, self.clock.now()).await?;
        }
        Ok(())
    }
}

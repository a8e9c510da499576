//! The syncs that run in this process, for whoever wants to join one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::watch;

use crate::connection::Connection;
use crate::error::Error;
use crate::id::{ConnectionId, TenantId};
use crate::sync::{SyncReport, Watch};

/// A sync that any number may wait for. It goes on while one of them does, and is dropped with the last.
pub(super) type Running = Shared<BoxFuture<'static, Result<SyncReport, Arc<Error>>>>;

/// The syncs that run in this process. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<Mutex<HashMap<(TenantId, ConnectionId), Run>>>);

/// A sync that runs, or did a moment ago.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) connection: Connection,
    pub(super) watch: Watch,
    /// Closed as soon as the sync holds the connection no longer.
    held: watch::Receiver<()>,
    running: WeakShared<BoxFuture<'static, Result<SyncReport, Arc<Error>>>>,
}

impl Runs {
    /// Lets a sync be joined.
    pub(super) fn add(
        &self,
        connection: &Connection,
        watch: &Watch,
        held: watch::Receiver<()>,
        run: BoxFuture<'static, Result<SyncReport, Arc<Error>>>,
    ) -> Running {
        let running = run.shared();
        if let Some(weak) = running.downgrade() {
            let run = Run { connection: connection.clone(), watch: watch.clone(), held, running: weak };
            self.lock().insert((connection.tenant, connection.id), run);
        }
        running
    }

    /// Returns the sync of a connection that is under way, and how to wait for it.
    pub(super) fn of(&self, tenant: TenantId, id: ConnectionId) -> Option<(Run, Running)> {
        // Whoever holds a sync last drops it, and that must not happen under the lock.
        let run = self.lock().get(&(tenant, id)).cloned()?;
        let running = run.running()?;
        Some((run, running))
    }

    /// Returns what forgets a sync when it is dropped: with the sync, done or not.
    pub(super) fn forgetting(&self, connection: &Connection) -> Forgetting {
        Forgetting { runs: self.clone(), connection: connection.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, ConnectionId), Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a sync when it is dropped.
pub(super) struct Forgetting {
    runs: Runs,
    connection: Connection,
}

impl Drop for Forgetting {
    fn drop(&mut self) {
        let Connection { tenant, id, generation, .. } = self.connection;
        let mut runs = self.runs.lock();
        // A later sync may stand there by now.
        if runs.get(&(tenant, id)).is_some_and(|run| run.connection.generation == generation) {
            runs.remove(&(tenant, id));
        }
    }
}

impl Run {
    /// Returns as soon as the sync holds the connection no longer.
    pub(super) async fn let_go(mut self) {
        while self.held.changed().await.is_ok() {}
    }

    fn running(&self) -> Option<Running> {
        self.running.upgrade().filter(|running| running.peek().is_none())
    }
}

/// Takes the outcome out of a sync that others may wait for, too.
pub(super) async fn joined(running: Running) -> Result<SyncReport, Error> {
    let outcome = running.await;
    outcome.map_err(|error| Arc::try_unwrap(error).unwrap_or_else(|error| Error::shared(&error)))
}

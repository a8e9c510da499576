//! A connection that is held, and is given back whatever happens.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::runtime::Handle;

use crate::connection::{Connection, ConnectionState, ConnectionStore, RunSummary};
use crate::error::StoreError;

/// A connection that is held. One that is dropped, because its caller left, is free at once, and due if it was. One that cannot be
/// given back stays held until its lease runs out: nobody begins anew at once what could not be finished.
pub(super) struct Claim {
    connection: Connection,
    connections: Arc<dyn ConnectionStore>,
    is_ended: bool,
}

impl Claim {
    /// Claims in a task of its own: whoever leaves in the middle leaves no claim that nobody knows of.
    pub(super) async fn all<C>(
        connections: &Arc<dyn ConnectionStore>,
        claiming: impl Future<Output = Result<C, StoreError>> + Send + 'static,
    ) -> Result<Vec<Self>, StoreError>
    where
        C: IntoIterator<Item = Connection> + Send + 'static,
    {
        let connections = connections.clone();
        let held = tokio::spawn(async move {
            let held = |connection| Self { connection, connections: connections.clone(), is_ended: false };
            Ok(claiming.await?.into_iter().map(held).collect())
        });
        held.await.map_err(StoreError::backend)?
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives it back with what came of it.
    pub(super) async fn finish(
        mut self,
        run: &RunSummary,
        state: ConnectionState,
        next_run: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let finished = self.connections.finish(&self.connection, run, state, next_run).await;
        self.is_ended = true;
        finished
    }

    /// Gives it back, due when it was due before.
    pub(super) async fn release(mut self, run: &RunSummary) -> Result<(), StoreError> {
        let released = self.connections.release(&self.connection, Some(run)).await;
        self.is_ended = true;
        released
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_ended {
            return;
        }
        // Without a runtime, the lease runs out by itself.
        let Ok(runtime) = Handle::try_current() else { return };
        let (connections, connection) = (self.connections.clone(), self.connection.clone());
        runtime.spawn(async move {
            match connections.release(&connection, None).await {
                // Somebody else holds it, or it is disconnected.
                Ok(()) | Err(StoreError::Fenced) => {}
                Err(error) => {
                    let cause = &error as &dyn std::error::Error;
                    tracing::warn!(
                        code = error.code(),
                        error = cause,
                        "a claim was not given back: it runs out"
                    );
                }
            }
        });
    }
}

//! What the flows are made of.

use std::future::Future;
use std::time::Duration;

use tracing::{Instrument, Span};

use super::Importer;
use crate::actor::Actor;
use crate::connection::{Connection, noted};
use crate::error::Error;
use crate::id::TenantId;
use crate::import::{Databases, Directory, Downloads, Fetcher, Job, Once, Reader};
use crate::sync::SyncTask;
use crate::transport::within;

impl Importer {
    pub(super) async fn begin(&self, connection: &Connection) -> Result<(), Error> {
        match &self.identity {
            Some(identity) => identity.begin(connection).await,
            None => Ok(()),
        }
    }

    /// Reads through a connection that still leads to its workspace, and gives up after a time: whatever was under way is dropped,
    /// which is safe everywhere.
    pub(super) async fn reading<T>(
        &self,
        flow: &'static str,
        connection: &Connection,
        limit: Duration,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let reading = async {
            self.begin(connection).await?;
            operation.await
        };
        let reading = within(&*self.clock, limit, reading, Error::Overdue);
        let outcome = reading.instrument(span(flow, connection.tenant)).await;
        noted(self.identity.as_deref(), connection, outcome).await
    }

    pub(super) fn fetcher<'a>(&'a self, connection: &'a Connection) -> Fetcher<'a> {
        Fetcher {
            api: self.client.on(connection),
            downloader: self.downloader.clone(),
            documents: &*self.documents,
            blobs: &*self.blobs,
            clock: self.clock.clone(),
            connection,
            options: self.import,
            downloads: Downloads::default(),
            directory: Directory::new(self.import.lookups, self.known.clone()),
            databases: Databases::default(),
            choices: self.choices.clone(),
            before: None,
        }
    }

    pub(super) fn reader<'a>(&'a self, connection: &'a Connection) -> Reader<'a> {
        let identity = self.identity.as_deref();
        Reader { fetcher: self.fetcher(connection), identity, limit: self.timeouts.import }
    }

    pub(super) fn job<'a>(&'a self, actor: &Actor, connection: &'a Connection) -> Job<'a> {
        Job { actor: actor.clone(), reader: self.reader(connection), documents: &*self.documents }
    }

    pub(super) fn syncing<'a>(&'a self, connection: &'a Connection) -> SyncTask<'a> {
        SyncTask {
            api: self.client.on(connection).patient(),
            fetcher: self.fetcher(connection),
            documents: &*self.documents,
            identity: self.identity.as_deref(),
            connection,
            options: self.sync,
            watch: self.watch.clone(),
            costs: self.costs.clone(),
            parents: Once::default(),
            when_gone: self.when_gone.as_deref(),
        }
    }
}

/// Builds the span of a flow. By hand, since the attribute for it would bring its macros and another parser to every host.
pub(super) fn span(flow: &'static str, tenant: TenantId) -> Span {
    tracing::info_span!("notion_import", flow, %tenant)
}

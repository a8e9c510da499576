//! What a [`Service`] does for a host, whichever [`Dispatcher`] it has.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::{Broken, Outcome};
use crate::connect::Connector;
use crate::connection::{
    Attempt, Authorizer, ConnectLink, Connection, ConnectionRecord, ConnectionRef, Hint, Inspected, Namespace,
};
use crate::error::{AccessError, Error, Fault, StoreError};
use crate::id::NotionId;
use crate::schedule::{Dispatcher, Scheduler};
use crate::service::Service;
use crate::testing::World;
use crate::transport::Clock;

/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(250);

/// How long something may take, once it was looked for what is due.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a service over a dispatcher of this schedule. The connection is due, `page` of the world is linked through it, and nobody else
/// syncs.
///
/// # Errors
/// [`Broken`] unless what is due is synced, what a hint names is looked at, and the service ends when it is told, with nothing claimed.
pub async fn serves(
    scheduler: &Scheduler,
    dispatcher: Arc<dyn Dispatcher>,
    world: &World,
    connection: &Connection,
    page: NotionId,
) -> Outcome {
    let host = Host { scheduler, world, connection, page };
    let connector =
        Connector::new(scheduler.importer(), Arc::new(NoConsents), scheduler.connections().clone());
    let service = Service::new(scheduler.clone(), connector).dispatched_by(dispatcher);
    let (tell, told) = oneshot::channel::<()>();
    let using = async {
        let outcome = host.uses(&service).await;
        drop(tell);
        outcome
    };
    let running = service.run(async { told.await.unwrap_or(()) });
    let (outcome, ()) = tokio::join!(using, running);
    outcome?;
    let (tenant, id, lease) = (connection.tenant, connection.id, scheduler.options().lease);
    let claimed = scheduler.connections().claim(tenant, id, host.clock().now(), lease).await?;
    ensure!(claimed.is_some(), "the connection is claimed after the service has ended");
    Ok(())
}

struct Host<'a> {
    scheduler: &'a Scheduler,
    world: &'a World,
    connection: &'a Connection,
    page: NotionId,
}

impl Host<'_> {
    fn clock(&self) -> &dyn Clock {
        self.scheduler.importer().clock()
    }

    async fn uses(&self, service: &Service) -> Outcome {
        self.until("the first sync", async || Ok(self.record().await?.last_run.is_some())).await?;
        let planned = self.record().await?.next_run;
        ensure!(planned > self.clock().now(), "the next sync is planned for {planned}");

        self.world.at(self.clock().now()).set_title(self.page, "Renamed");
        let connection = self.connection.reference.clone();
        let hint = Hint::Changed { connection, sources: vec![self.page], bots: None };
        service.hint(&hint).await.map_err(failed)?;
        self.until("what a hint names", async || Ok(self.title().await? == "Renamed")).await
    }

    async fn record(&self) -> Result<ConnectionRecord, StoreError> {
        let Connection { tenant, id, .. } = *self.connection;
        self.scheduler.connections().get(tenant, id).await?.ok_or(StoreError::NotFound)
    }

    async fn title(&self) -> Result<String, StoreError> {
        let documents = self.scheduler.importer().documents();
        let linked = documents.linked_by_source(self.connection.tenant, &[self.page]).await?;
        Ok(linked.into_iter().next().ok_or(StoreError::NotFound)?.title.text)
    }

    async fn until(&self, what: &str, is_there: impl AsyncFn() -> Result<bool, StoreError>) -> Outcome {
        let (began, patience) = (self.clock().now(), self.scheduler.options().poll * 2 + PATIENCE);
        while !is_there().await? {
            let waited = self.clock().now() - began;
            ensure!(waited.to_std().unwrap_or_default() < patience, "{what} did not come within {waited}");
            self.clock().sleep(LOOK).await;
        }
        Ok(())
    }
}

fn failed(error: Error) -> Broken {
    Broken::new(format!("a call failed: {error:?}"))
}

/// A service with which nobody connects.
pub(in crate::testing) struct NoConsents;

#[async_trait]
impl Authorizer for NoConsents {
    async fn begin(&self, _: &Attempt) -> Result<ConnectLink, AccessError> {
        Err(Fault::Operator.into())
    }

    async fn close(&self, _: &SecretString) -> Result<(), AccessError> {
        Ok(())
    }

    async fn find(&self, _: &Attempt) -> Result<Vec<Inspected>, AccessError> {
        Ok(Vec::new())
    }

    async fn inspect(&self, _: &ConnectionRef) -> Result<Option<Inspected>, AccessError> {
        Ok(None)
    }

    async fn namespace(&self) -> Result<Namespace, AccessError> {
        Ok(Namespace::new("nowhere"))
    }

    async fn revoke(&self, _: &ConnectionRef) -> Result<(), AccessError> {
        Ok(())
    }
}

//! Everything that goes on without anybody asking: syncs, hints, and clearing away.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::connect::Connector;
use crate::connection::Hint;
use crate::error::Error;
use crate::importer::{GRACE, Importer};
use crate::schedule::{Dispatcher, Scheduler};
use crate::telemetry;

/// How often it is looked for what was left behind.
const CLEAR: Duration = Duration::from_secs(60);

/// Files that nothing refers to are looked for once in so many rounds: once a day.
const ROUNDS: u32 = 24 * 60;

/// What a host runs beside its own requests: one thing, in each of its processes.
///
/// Syncs what is due, finishes what connecting and disconnecting left behind, removes files that nothing refers to, and takes
/// hints.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use notion_import_core::{Connector, Error, Hint, Scheduler, Service};
/// # async fn run(scheduler: Scheduler, connector: Connector, hint: Option<Hint>) -> Result<(), Error> {
/// let service = Service::new(scheduler, connector);
/// // Where the webhook of the service that holds the tokens comes in:
/// if let Some(hint) = hint {
///     service.hint(&hint).await?;
/// }
/// let (shut_down, told) = tokio::sync::oneshot::channel::<()>();
/// let running = tokio::spawn(async move { service.run(async { told.await.unwrap_or(()) }).await });
/// # let _ = (shut_down, running);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Service {
    importer: Importer,
    connector: Connector,
    scheduler: Scheduler,
    dispatcher: Arc<dyn Dispatcher>,
}

impl Service {
    /// Builds a service that syncs in this process, what no other process is at.
    pub fn new(scheduler: Scheduler, connector: Connector) -> Self {
        let (importer, dispatcher) = (scheduler.importer().clone(), Arc::new(scheduler.clone()));
        Self { importer, connector, scheduler, dispatcher }
    }

    /// Lets syncs be spread by this, such as a queue, instead.
    #[must_use]
    pub fn dispatched_by(mut self, dispatcher: Arc<dyn Dispatcher>) -> Self {
        self.dispatcher = dispatcher;
        self
    }

    /// Runs until `shutdown`, and returns when nothing is under way any more: syncs are finished within
    /// [`ScheduleOptions::grace`](crate::schedule::ScheduleOptions::grace) or given back, and what hints name is due. What fails is logged and tried again.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let shutdown = shutdown.boxed().shared();
        tokio::join!(
            self.dispatcher.dispatch(shutdown.clone().boxed()),
            self.scheduler.heed(shutdown.clone()).boxed(),
            self.clear_away(shutdown)
        );
    }

    /// Takes a hint that something happened to a connection, or in Notion, such as a webhook brings. Nothing it says is believed:
    /// what it is about is asked for anew. Sources that have changed are gathered for
    /// [`ScheduleOptions::gather`](crate::schedule::ScheduleOptions::gather), and then looked at alone, each once, by whoever
    /// [runs](Self::run) this; without anybody, by a sync that is due at once.
    ///
    /// # Errors
    /// The authorizer's, Notion's and the store's; the hint should come again then.
    pub async fn hint(&self, hint: &Hint) -> Result<(), Error> {
        match hint {
            Hint::Authorized(reference) => self.connector.reconcile(reference).await,
            Hint::Doubted(reference) => self.scheduler.hasten(reference).await,
            Hint::Changed { connection, sources, bots } => {
                self.scheduler.hint(connection, sources, bots.as_deref()).await
            }
        }
    }

    /// Returns the schedule, to sync a connection by hand for instance.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    async fn clear_away(&self, shutdown: Shared<BoxFuture<'static, ()>>) {
        let rounds = async {
            for round in (0..ROUNDS).cycle() {
                telemetry::cleared("connecting", self.connector.sweep().await.as_ref().copied());
                if round == 0 {
                    telemetry::cleared("files", self.sweep_files().await.as_ref().copied());
                }
                self.importer.clock().sleep(CLEAR).await;
            }
        };
        tokio::select! {
            () = rounds => {}
            () = shutdown => {}
        }
    }

    /// Removes what nothing refers to, of every tenant. One that fails does not keep it from the others.
    async fn sweep_files(&self) -> Result<usize, Error> {
        let (mut swept, mut failure) = (0, None);
        for tenant in self.importer.blobs().tenants().await? {
            match self.importer.sweep_files(tenant, GRACE).await {
                Ok(files) => swept += usize::try_from(files).unwrap_or(usize::MAX),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(swept), Err)
    }
}

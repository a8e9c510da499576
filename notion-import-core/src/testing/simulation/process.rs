//! A process of the host: what it calls, as a host calls it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use http::{HeaderMap, StatusCode};
use tokio::task::JoinHandle;

use super::Stores;
use super::ledger::Ledger;
use super::life::Life;
use super::setting::Setting;
use super::stores::Asked;
use super::wire::{Weather, Wire};
use crate::connect::Connector;
use crate::connection::ConnectionStore;
use crate::connection::{ApiAccess, Connection, ConnectionRef, TokenSource};
use crate::error::{AccessError, Fault};
use crate::importer::Importer;
use crate::library::document::DocumentStore;
use crate::schedule::Scheduler;
use crate::service::Service;
use crate::testing::suite::dispatch::NoConsents;
use crate::testing::{SimClock, World};

/// The tokens of the connections.
#[derive(Clone, Default)]
pub(super) struct Tokens(Arc<Mutex<HashMap<ConnectionRef, String>>>);

impl Tokens {
    pub(super) fn insert(&self, reference: &ConnectionRef, token: &str) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(reference.clone(), token.to_owned());
    }
}

#[async_trait]
impl TokenSource for Tokens {
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError> {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&connection.reference).cloned();
        ApiAccess::bearer(token.ok_or(Fault::ConnectionMissing)?)
    }

    fn explain(&self, status: StatusCode, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> AccessError {
        ApiAccess::explain_bearer(status).into()
    }
}

/// What all processes have in common.
pub(super) struct Ground {
    pub(super) stores: Stores,
    pub(super) world: World,
    pub(super) weather: Weather,
    pub(super) tokens: Tokens,
    pub(super) ledger: Ledger,
    pub(super) setting: Setting,
}

/// A process, with what it is at.
pub(super) struct Machine {
    pub(super) clock: SimClock,
    pub(super) life: Life,
    pub(super) service: Service,
    pub(super) importer: Importer,
    pub(super) tasks: Vec<JoinHandle<()>>,
    heeding: JoinHandle<()>,
}

impl Machine {
    /// Starts a process on a machine with this clock.
    pub(super) fn start(ground: &Ground, clock: &SimClock) -> Self {
        let life = Life::new(clock);
        let ledger = &ground.ledger;
        let documents: Arc<dyn DocumentStore> = Arc::new(Asked {
            store: ground.stores.documents.clone(),
            life: life.clone(),
            ledger: ledger.clone(),
        });
        let connections: Arc<dyn ConnectionStore> = Arc::new(Asked {
            store: ground.stores.connections.clone(),
            life: life.clone(),
            ledger: ledger.clone(),
        });
        let wire = Wire::new(&ground.world, clock, &ground.weather, &life);
        let mut importer =
            Importer::builder(Arc::new(ground.tokens.clone()), documents, ground.stores.blobs.clone())
                .sync_options(ground.setting.sync())
                .through(Arc::new(wire), Arc::new(clock.clone()));
        if ground.setting.closes_gone {
            importer = importer.when_gone(Arc::new(Asked {
                store: ground.stores.access.clone(),
                life: life.clone(),
                ledger: ledger.clone(),
            }));
        }
        let importer = importer.build().unwrap_or_else(|error| panic!("there is no importer: {error}"));
        let scheduler = Scheduler::new(importer.clone(), connections.clone())
            .with(ground.setting.schedule())
            .unwrap_or_else(|error| panic!("there is no schedule: {error}"));
        let connector = Connector::new(&importer, Arc::new(NoConsents), connections);
        let service = Service::new(scheduler.clone(), connector);
        let heeding = async move { scheduler.heed(std::future::pending().boxed().shared()).await };
        let heeding = tokio::spawn(life.run(heeding));
        Self { clock: clock.clone(), life, service, importer, tasks: Vec::new(), heeding }
    }

    pub(super) fn scheduler(&self) -> &Scheduler {
        self.service.scheduler()
    }

    /// Does something beside all else.
    pub(super) fn begin(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.retain(|task| !task.is_finished());
        self.tasks.push(tokio::spawn(self.life.run(work)));
    }

    /// Drops all that it is at.
    pub(super) fn leave(&mut self) {
        self.tasks.drain(..).for_each(|task| task.abort());
    }

    pub(super) fn is_busy(&self) -> bool {
        self.tasks.iter().any(|task| !task.is_finished())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.life.kill();
        self.heeding.abort();
        self.leave();
    }
}

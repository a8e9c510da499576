//! Environments of Nango's, and processes of the host's before them.

use std::sync::Arc;
use std::time::Duration;

use notion_import_core::store::Confirmation;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{SimClock, World, WorldTransport};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    Actor, Begun, ConfirmedIdentity, ConnectionRecord, ConnectionRef, ConnectionState, ConnectionStore,
    Connector, Health, Importer, MemberId, MemoryBlobs, MemoryConnections, MemoryLibrary, NotionId, Query,
    Role, Scheduler, TenantId,
};
use notion_import_nango::testing::{Settings, StandIn};
use notion_import_nango::{Config, Nango};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{API_KEY, SIGNING_KEY, config};

/// The key of another environment.
pub(super) const OTHER_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000f00d";
/// What the key of our environment is replaced by.
pub(super) const NEW_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000beef";
/// Longer than any pause between two runs.
pub(super) const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What outlives a process of the host's: its database, and its connection.
pub(super) struct Kept {
    pub(super) clock: SimClock,
    pub(super) connections: MemoryConnections,
    pub(super) admin: Actor,
    pub(super) record: ConnectionRecord,
}

/// A process of the host's, from its start on.
pub(super) struct Process<'a> {
    pub(super) kept: &'a Kept,
    pub(super) nango: Nango,
    pub(super) importer: Importer,
    pub(super) connector: Connector,
    pub(super) scheduler: Scheduler,
}

/// An environment of Nango's with an integration, and a workspace before it.
pub(super) struct Environment {
    pub(super) stand_in: StandIn,
    pub(super) config: Config,
    pub(super) workspace: NotionId,
    pub(super) page: NotionId,
}

impl Environment {
    pub(super) fn new(clock: &SimClock, key: &str) -> Self {
        Self::with(clock, key, |_| {})
    }

    pub(super) fn with(clock: &SimClock, key: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let world = World::new(7);
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let page = author.page(workspace, "Security policy");
        let mut settings = Settings {
            clock: Arc::new(clock.clone()),
            environment_id: key.parse().unwrap(),
            ..Settings::new(key, SIGNING_KEY)
        };
        change(&mut settings);
        let config = Config { api_key: key.into(), ..config("http://localhost") };
        Self { stand_in: StandIn::new(world, settings).unwrap(), config, workspace, page }
    }

    /// The same, by another address and key.
    pub(super) fn renamed(&self) -> Self {
        let Self { stand_in, config, workspace, page } = self;
        let base_url = "http://nango.localhost".parse().unwrap();
        let config = Config { base_url, api_key: NEW_KEY.into(), ..config.clone() };
        Self { stand_in: stand_in.clone(), config, workspace: *workspace, page: *page }
    }

    pub(super) fn delete(&self, kept: &Kept) {
        assert!(self.stand_in.delete(kept.record.reference.as_str()));
    }

    pub(super) fn has(&self, reference: &ConnectionRef) -> bool {
        let saved = self.stand_in.save().unwrap();
        saved["connections"].get(reference.as_str()).is_some()
    }

    pub(super) fn assembled(
        &self,
        clock: &SimClock,
        connections: &MemoryConnections,
    ) -> (Nango, Importer, Connector) {
        let (answering, shared): (_, Arc<dyn Clock>) = (self.stand_in.clone(), Arc::new(clock.clone()));
        let answers = move |request: &Request, _| {
            let mut headers = request.headers.clone();
            let is_new = headers.get("authorization").is_some_and(|key| key == &format!("Bearer {NEW_KEY}"));
            if is_new {
                headers.insert("authorization", format!("Bearer {API_KEY}").parse().unwrap());
            }
            let Request { method, url, body, .. } = request;
            let (method, url, body) = (method.clone(), url.clone(), body.clone());
            answering.reply(&Request { method, url, headers, body })
        };
        let transport = Arc::new(WorldTransport::answered(answers, clock.clone()));
        let nango = Nango::assembled(self.config.clone(), transport.clone(), shared.clone()).unwrap();
        let known: Arc<dyn ConnectionStore> = Arc::new(connections.clone());
        let identity = ConfirmedIdentity::new(Arc::new(nango.clone()), known.clone()).by(shared.clone());
        let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
        let importer = Importer::builder(Arc::new(nango.clone()), library, blobs)
            .identity(Arc::new(identity))
            .through(transport, shared)
            .build()
            .unwrap();
        let connector = Connector::new(&importer, Arc::new(nango.clone()), known);
        (nango, importer, connector)
    }

    pub(super) async fn connected(&self, clock: SimClock) -> Kept {
        let connections = MemoryConnections::default();
        let (_, _, connector) = self.assembled(&clock, &connections);
        let admin = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);
        let begun = connector.begin(&admin).await.unwrap();
        self.stand_in.consent(&begun.link.url, self.workspace, &[self.page]).await.unwrap();
        connector.poll(&admin, begun.attempt).await.unwrap();
        let record = connector.confirm(&admin, begun.attempt, &begun.secret).await.unwrap();
        Kept { clock, connections, admin, record }
    }
}

impl Kept {
    pub(super) fn started<'a>(&'a self, before: &Environment) -> Process<'a> {
        let (nango, importer, connector) = before.assembled(&self.clock, &self.connections);
        let scheduler = Scheduler::new(importer.clone(), Arc::new(self.connections.clone()));
        Process { kept: self, nango, importer, connector, scheduler }
    }

    /// What the administrator's confirmation of an attempt says to the store.
    pub(super) fn confirmation(&self, begun: &Begun) -> Confirmation {
        let hash = Sha256::digest(begun.secret.expose_secret().as_bytes());
        Confirmation::new(hash.into(), self.clock.now())
    }

    pub(super) async fn state(&self) -> Option<ConnectionState> {
        let kept = self.connections.get(self.record.tenant, self.record.id).await.unwrap();
        kept.map(|record| record.state)
    }
}

impl Process<'_> {
    /// Returns what the next run that is due ends with.
    pub(super) async fn syncs(&self) -> Result<(), &'static str> {
        self.kept.clock.advance(A_DAY);
        let runs = self.scheduler.sync_due(1).await.unwrap();
        let run = runs.into_iter().next().expect("nothing was due");
        run.outcome.map(drop).map_err(|error| error.code())
    }

    pub(super) async fn browses(&self) -> Result<(), &'static str> {
        self.kept.clock.advance(Duration::from_secs(61));
        let (member, connection) = (content_manager(self.kept.record.tenant), self.kept.record.connection());
        let browsed = self.importer.browse(&member, &connection, &Query::default()).await;
        browsed.map(drop).map_err(|error| error.code())
    }

    pub(super) async fn health(&self) -> Health {
        self.connector.health(self.kept.record.tenant, self.kept.record.id).await.unwrap()
    }
}

pub(super) fn clock() -> SimClock {
    SimClock::new(crate::moment())
}

//! A connection that Nango does not know: deleted there, or asked for by a key of another environment. Nango says the same of both.

use std::sync::Arc;
use std::time::Duration;

use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{SimClock, World, WorldTransport};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    Actor, ConfirmedIdentity, ConnectionRecord, ConnectionState, ConnectionStore, Connector, Health,
    Importer, MemberId, MemoryBlobs, MemoryConnections, MemoryLibrary, NotionId, Query, Role, Scheduler,
    TenantId,
};
use notion_import_nango::testing::{Settings, StandIn};
use notion_import_nango::{Config, Level, Nango};

use crate::{API_KEY, SIGNING_KEY, config};

/// The key of another environment.
const OTHER_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000f00d";
/// Longer than any pause between two runs.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What outlives a process of the host's: its database, and its connection.
struct Kept {
    clock: SimClock,
    connections: MemoryConnections,
    admin: Actor,
    record: ConnectionRecord,
}

/// A process of the host's, from its start on.
struct Process<'a> {
    kept: &'a Kept,
    nango: Nango,
    importer: Importer,
    connector: Connector,
    scheduler: Scheduler,
}

/// An environment of Nango's with an integration, and a workspace before it.
struct Environment {
    stand_in: StandIn,
    config: Config,
    workspace: NotionId,
    page: NotionId,
}

impl Environment {
    fn new(clock: &SimClock, key: &str) -> Self {
        let world = World::new(7);
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let page = author.page(workspace, "Security policy");
        let settings = Settings { clock: Arc::new(clock.clone()), ..Settings::new(key, SIGNING_KEY) };
        let config = Config { api_key: key.into(), ..config("http://localhost") };
        Self { stand_in: StandIn::new(world, settings).unwrap(), config, workspace, page }
    }

    /// The same, as another key sees it, or another address: for us either is something that has shown us nothing yet.
    fn renamed(&self) -> Self {
        let Self { stand_in, config, workspace, page } = self;
        let config = Config { base_url: "http://nango.localhost".parse().unwrap(), ..config.clone() };
        Self { stand_in: stand_in.clone(), config, workspace: *workspace, page: *page }
    }

    fn delete(&self, kept: &Kept) {
        assert!(self.stand_in.delete(kept.record.reference.as_str()));
    }

    fn assembled(&self, clock: &SimClock, connections: &MemoryConnections) -> (Nango, Importer, Connector) {
        let (answering, shared): (_, Arc<dyn Clock>) = (self.stand_in.clone(), Arc::new(clock.clone()));
        let answers = move |request: &Request, _| answering.reply(request);
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

    async fn connected(&self, clock: SimClock) -> Kept {
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
    fn started<'a>(&'a self, before: &Environment) -> Process<'a> {
        let (nango, importer, connector) = before.assembled(&self.clock, &self.connections);
        let scheduler = Scheduler::new(importer.clone(), Arc::new(self.connections.clone()));
        Process { kept: self, nango, importer, connector, scheduler }
    }

    async fn state(&self) -> Option<ConnectionState> {
        let kept = self.connections.get(self.record.tenant, self.record.id).await.unwrap();
        kept.map(|record| record.state)
    }
}

impl Process<'_> {
    /// Returns what the next run that is due ends with.
    async fn syncs(&self) -> Result<(), &'static str> {
        self.kept.clock.advance(A_DAY);
        let runs = self.scheduler.sync_due(1).await.unwrap();
        let run = runs.into_iter().next().expect("nothing was due");
        run.outcome.map(drop).map_err(|error| error.code())
    }

    async fn browses(&self) -> Result<(), &'static str> {
        self.kept.clock.advance(Duration::from_secs(61));
        let (member, connection) = (content_manager(self.kept.record.tenant), self.kept.record.connection());
        let browsed = self.importer.browse(&member, &connection, &Query::default()).await;
        browsed.map(drop).map_err(|error| error.code())
    }

    async fn health(&self) -> Health {
        self.connector.health(self.kept.record.tenant, self.kept.record.id).await.unwrap()
    }
}

fn clock() -> SimClock {
    SimClock::new(crate::moment())
}

#[tokio::test]
async fn a_key_of_another_environment_ends_no_connection_and_all_goes_on_with_the_right_one() {
    let clock = clock();
    let (ours, other) = (Environment::new(&clock, API_KEY), Environment::new(&clock, OTHER_KEY));
    let kept = ours.connected(clock).await;
    assert_eq!(kept.started(&ours).syncs().await, Ok(()));

    let mistaken = kept.started(&other);
    for _day in 0..3 {
        assert_eq!(mistaken.syncs().await, Err("connection_unknown"));
        assert_eq!(mistaken.browses().await, Err("connection_unknown"));
        assert_eq!(mistaken.health().await, Health::Unknown);
        assert_eq!(kept.state().await, Some(ConnectionState::Active));
    }
    let known = [kept.record.reference.clone()];
    let found = mistaken.nango.check_connections(&known).await.unwrap();
    assert_eq!(found.level(), Level::Error);
    assert!(found.to_string().contains("another environment"), "{found}");
    assert!(mistaken.nango.check_connections(&[]).await.is_none());

    let right = kept.started(&ours);
    assert_eq!((right.browses().await, right.syncs().await), (Ok(()), Ok(())));
    assert_eq!(right.health().await, Health::Sound);
    assert!(right.nango.check_connections(&known).await.is_none());
}

#[tokio::test]
async fn a_deleted_connection_needs_a_new_consent_also_after_a_restart_and_a_mistake() {
    for (claim, restarts, mistakes) in [
        ("in the same process", false, false),
        ("after a restart", true, false),
        ("after a restart with the wrong key", true, true),
    ] {
        let clock = clock();
        let ours = Environment::new(&clock, API_KEY);
        let other = Environment::new(&clock, OTHER_KEY);
        let kept = ours.connected(clock).await;
        let before = kept.started(&ours);
        assert_eq!(before.syncs().await, Ok(()), "{claim}");
        ours.delete(&kept);
        if mistakes {
            assert_eq!(kept.started(&other).syncs().await, Err("connection_unknown"), "{claim}");
        }
        let process = if restarts { kept.started(&ours) } else { before };
        assert_eq!(process.health().await, Health::Missing, "{claim}");
        assert_eq!(kept.state().await, Some(ConnectionState::Active), "{claim}");
        assert_eq!(process.syncs().await, Err("connection_missing"), "{claim}");
        assert_eq!(kept.state().await, Some(ConnectionState::NeedsReauth), "{claim}");
    }
}

/// A new key has shown nothing yet; what it has shown once, it is believed about.
#[tokio::test]
async fn a_key_that_is_new_is_believed_once_a_run_has_read_by_it() {
    let clock = clock();
    let ours = Environment::new(&clock, API_KEY);
    let kept = ours.connected(clock).await;
    assert_eq!(kept.started(&ours).syncs().await, Ok(()));
    let renamed = ours.renamed();
    assert_eq!(kept.started(&renamed).syncs().await, Ok(()));
    ours.delete(&kept);
    assert_eq!(kept.started(&renamed).browses().await, Err("connection_missing"));
    assert_eq!(kept.state().await, Some(ConnectionState::NeedsReauth));
}

#[tokio::test]
async fn what_was_deleted_before_the_key_has_shown_it_stays_as_it_is_until_somebody_ends_it() {
    let clock = clock();
    let ours = Environment::new(&clock, API_KEY);
    let kept = ours.connected(clock).await;
    assert_eq!(kept.started(&ours).syncs().await, Ok(()));
    ours.delete(&kept);
    let process = kept.started(&ours.renamed());
    assert_eq!(process.syncs().await, Err("connection_unknown"));
    assert_eq!(process.health().await, Health::Unknown);
    assert_eq!(kept.state().await, Some(ConnectionState::Active));
    process.connector.disconnect(&kept.admin, kept.record.id).await.unwrap();
    assert_eq!(kept.state().await, None);
}

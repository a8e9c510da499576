//! What the network does to imports: limits, faults, time-outs, cancellation. Under virtual time where that shows it, over
//! real sockets where only they do.

mod again;
mod cancel;
mod canary;
mod events;
mod exchanges;
mod connecting;
mod downloads;
mod library;
mod matrix;
mod rate_limit;
mod renewal;
mod reading;
mod requests;
mod timeouts;
mod faults;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{FastClock, Grant, Server, SimClock, World, WorldTransport};
use notion_import_core::transport::{Http, SharedClock, Transport};
use notion_import_core::{
    Connection, Error, ImportEvent, Importer, ImporterBuilder, MemoryBlobs, MemoryConnections, MemoryLibrary,
    NotionId, Pick, Query, StaticToken, TenantId,
};

/// When every story begins.
pub(crate) fn morning() -> DateTime<Utc> {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// A world, a way to it and a clock.
#[derive(Clone)]
struct Line {
    world: World,
    grant: Grant,
    transport: Arc<dyn Transport>,
    clock: SharedClock,
    /// Where it is, if it is served.
    served_at: Option<url::Url>,
}

impl Line {
    /// In process, under virtual time; every answer takes this long.
    fn virtually(world: &World, grant: &Grant, latency: Duration) -> Self {
        Self::under(&SimClock::new(morning()), world, grant, latency)
    }

    /// The same, under a clock that somebody may set.
    fn under(clock: &SimClock, world: &World, grant: &Grant, latency: Duration) -> Self {
        let transport = WorldTransport::new(world.clone(), clock.clone()).latency(latency);
        Self {
            world: world.clone(),
            grant: grant.clone(),
            transport: Arc::new(transport),
            clock: Arc::new(clock.clone()),
            served_at: None,
        }
    }

    /// Over sockets, while time passes so many times as fast.
    async fn served(world: &World, grant: &Grant, times: u32) -> (Self, Server) {
        let clock: SharedClock = Arc::new(FastClock::new(morning(), times));
        let server = Server::start(world.clone(), clock.clone(), 0).await.unwrap();
        let served_at = Some(server.url().parse().unwrap());
        let transport = Arc::new(Http::new().unwrap());
        (Self { world: world.clone(), grant: grant.clone(), transport, clock, served_at }, server)
    }

    /// A tenant with an empty library at the end of the line.
    fn tenant(&self) -> Tenant {
        self.tenant_with(|builder| builder)
    }

    fn tenant_with(&self, change: impl FnOnce(ImporterBuilder) -> ImporterBuilder) -> Tenant {
        let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
        let importer = self.importer_over(&library, &blobs, change);
        let connection = Connection::new(TenantId::fresh(), "acme");
        Tenant { importer, connection, library, connections: MemoryConnections::default() }
    }

    /// An importer at the end of the line that keeps things in these stores.
    fn importer_over(
        &self,
        library: &MemoryLibrary,
        blobs: &MemoryBlobs,
        change: impl FnOnce(ImporterBuilder) -> ImporterBuilder,
    ) -> Importer {
        let mut tokens = StaticToken::new(self.grant.token.clone());
        if let Some(origin) = &self.served_at {
            tokens = tokens.at(origin.clone().try_into().unwrap());
        }
        let mut builder =
            Importer::builder(Arc::new(tokens), Arc::new(library.clone()), Arc::new(blobs.clone()));
        if let Some(origin) = &self.served_at {
            builder = builder.trust_origin(origin);
        }
        let builder = change(builder).through(self.transport.clone(), self.clock.clone());
        builder.build().unwrap()
    }

    /// How many answers were 429, and when.
    fn refusals(&self) -> Vec<DateTime<Utc>> {
        self.world.requests().iter().filter(|seen| seen.status == Some(429)).map(|seen| seen.at).collect()
    }
}

/// A tenant whose library is filled through a line.
struct Tenant {
    importer: Importer,
    connection: Connection,
    library: MemoryLibrary,
    connections: MemoryConnections,
}

impl Tenant {
    async fn import(&self, picks: Vec<Pick>) -> Result<(), Error> {
        let mut events =
            Box::pin(self.importer.import(&content_manager(self.connection.tenant), &self.connection, picks));
        let mut outcome = Ok(());
        while let Some(event) = events.next().await {
            match event {
                ImportEvent::Finished(finished) => outcome = outcome.and(finished.result.map(drop)),
                ImportEvent::Total(_) => {}
            }
        }
        outcome
    }

    /// Everything the picker shows, part by part.
    async fn browse(&self) -> Result<BTreeSet<NotionId>, Error> {
        let (mut query, mut seen) = (Query::default(), BTreeSet::new());
        loop {
            let listing = self
                .importer
                .browse(&content_manager(self.connection.tenant), &self.connection, &query)
                .await?;
            seen.extend(listing.entries.iter().map(|entry| entry.source.id));
            match listing.next {
                Some(next) => query.after = Some(next),
                None => return Ok(seen),
            }
        }
    }
}

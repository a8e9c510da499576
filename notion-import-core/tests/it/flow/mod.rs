//! Whole flows against the fake Notion, under virtual time and without a socket.

mod browse;
mod completeness;
mod connect;
mod costs;
mod databases;
mod erase;
mod identity;
mod hints;
mod import;
mod meetings;
mod odd;
mod parts;
mod properties;
mod references;
mod roles;
mod schedule;
mod service;
mod sessions;
mod sync;
mod tables;
mod telemetry;
mod views;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::CONTENT_LENGTH;
use notion_import_core::store::Linked;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Author, Grant, Reply, SimClock, World, WorldTransport};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    Actor, Connection, DocumentStore, ImportOptions, Imported, Importer, ImporterBuilder, MemoryBlobs,
    MemoryLibrary, NotionId, Pick, StaticToken, TenantId,
};
use serde_json::Value;

/// A tenant with a library, connected to a workspace with a few pages.
struct Stage {
    world: World,
    clock: SimClock,
    grant: Grant,
    home: NotionId,
    connection: Connection,
    library: MemoryLibrary,
    blobs: MemoryBlobs,
    importer: Importer,
}

impl Stage {
    fn new() -> Self {
        let world = World::new(7);
        let clock = SimClock::new("2026-11-22T08:00:00Z".parse().unwrap());
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let home = author.page(workspace, "Home");
        let grant = world.grant(workspace, [home]);
        let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
        let importer = importer(&world, &clock, &grant, &library, &blobs);
        let connection = Connection::new(TenantId::fresh(), "acme");
        clock.advance(Duration::from_secs(600));
        Self { world, clock, grant, home, connection, library, blobs, importer }
    }

    fn author(&self) -> Author {
        self.world.at(self.clock.now())
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    fn manager(&self) -> Actor {
        content_manager(self.connection.tenant)
    }

    /// An importer into the same library that differs in something.
    fn importer_with(&self, change: impl FnOnce(ImporterBuilder) -> ImporterBuilder) -> Importer {
        let builder = builder(&self.world, &self.clock, &self.grant, &self.library, &self.blobs);
        change(builder).build().unwrap()
    }

    /// An importer into another store.
    fn importer_into(&self, documents: Arc<dyn DocumentStore>) -> Importer {
        let transport = WorldTransport::new(self.world.clone(), self.clock.clone());
        let tokens = Arc::new(StaticToken::new(self.grant.token.clone()));
        Importer::builder(tokens, documents, Arc::new(self.blobs.clone()))
            .through(Arc::new(transport), Arc::new(self.clock.clone()))
            .build()
            .unwrap()
    }

    /// An importer that is answered what this makes of the answer, by its path.
    fn answered(
        &self,
        options: ImportOptions,
        change: impl Fn(&str, &mut Value) + Send + Sync + 'static,
    ) -> Importer {
        let world = self.world.clone();
        let answer = move |request: &Request, now| match world.answer(request, now) {
            Reply::Response(mut answer) => {
                if let Ok(mut body) = serde_json::from_slice(&answer.body) {
                    change(request.url.path(), &mut body);
                    answer.body = body.to_string().into();
                    answer.headers.insert(CONTENT_LENGTH, answer.body.len().into());
                }
                Reply::Response(answer)
            }
            other => other,
        };
        let transport = WorldTransport::answered(answer, self.clock.clone());
        importer_with(&self.world, &self.clock, &self.grant, |builder| {
            builder.import_options(options).through(Arc::new(transport), Arc::new(self.clock.clone()))
        })
    }

    async fn import(&self, id: NotionId) -> Imported {
        self.importer.import_one(&self.manager(), &self.connection, Pick::page(id)).await.unwrap()
    }

    async fn linked(&self, id: NotionId) -> Linked {
        self.library.linked_by_source(self.connection.tenant, &[id]).await.unwrap().pop().unwrap()
    }
}

fn importer(
    world: &World,
    clock: &SimClock,
    grant: &Grant,
    library: &MemoryLibrary,
    blobs: &MemoryBlobs,
) -> Importer {
    builder(world, clock, grant, library, blobs).build().unwrap()
}

/// An importer with a library of its own.
fn importer_with(
    world: &World,
    clock: &SimClock,
    grant: &Grant,
    change: impl FnOnce(ImporterBuilder) -> ImporterBuilder,
) -> Importer {
    let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
    change(builder(world, clock, grant, &library, &blobs)).build().unwrap()
}

fn builder(
    world: &World,
    clock: &SimClock,
    grant: &Grant,
    library: &MemoryLibrary,
    blobs: &MemoryBlobs,
) -> ImporterBuilder {
    let transport = WorldTransport::new(world.clone(), clock.clone());
    let tokens = Arc::new(StaticToken::new(grant.token.clone()));
    Importer::builder(tokens, Arc::new(library.clone()), Arc::new(blobs.clone()))
        .through(Arc::new(transport), Arc::new(clock.clone()))
}

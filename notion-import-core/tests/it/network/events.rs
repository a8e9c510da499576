//! Whoever imports deals with each event in peace, and hears of each page in the end.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, StreamExt};
use notion_import_core::store::{Linked, NewContent, SyncCursor, SyncPatch};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{World, paragraph, toggle};
use notion_import_core::{
    Actor, BlobId, Connection, DocumentId, DocumentStore, Error, ImportEvent, Imported, Importer,
    MemoryBlobs, MemoryLibrary, NotionId, Pick, StaticToken, StoreError, TenantId,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Line, morning};

/// A store that one may ask at a time, as over one connection to a database.
struct Narrow {
    inner: MemoryLibrary,
    connections: Semaphore,
}

impl Narrow {
    /// Takes the connection, and a while to come.
    async fn connection(&self) -> SemaphorePermit<'_> {
        let connection = self.connections.acquire().await.unwrap();
        tokio::task::yield_now().await;
        connection
    }
}

#[async_trait]
impl DocumentStore for Narrow {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let _connection = self.connection().await;
        self.inner.import_many(actor, connection, contents, now).await
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let _connection = self.connection().await;
        self.inner.patch(connection, patches, cursor).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let _connection = self.connection().await;
        self.inner.linked(connection, after, limit).await
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.inner.detached(tenant, after, limit).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        let _connection = self.connection().await;
        self.inner.linked_by_source(tenant, sources).await
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        self.inner.blobs(tenant).await
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        self.inner.cursor(connection).await
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        self.inner.detach(connection).await
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.unlink(actor, document, now).await
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.relink(actor, document, now).await
    }
}

/// A library behind a narrow store, and pages to import.
struct Desk {
    store: Arc<Narrow>,
    importer: Importer,
    connection: Connection,
    pages: Vec<NotionId>,
}

fn desk(pages: usize, connections: usize) -> Desk {
    let world = World::new(61);
    let author = world.at(morning() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let pages: Vec<NotionId> = (0..pages).map(|number| author.page(home, format!("Page {number}"))).collect();
    for page in &pages {
        author.append(*page, [toggle("More", [paragraph("Inside.")])]);
    }
    let grant = world.grant(workspace, [home]);
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    let store =
        Arc::new(Narrow { inner: MemoryLibrary::default(), connections: Semaphore::new(connections) });
    let tokens = Arc::new(StaticToken::new(grant.token.clone()));
    let builder = Importer::builder(tokens, store.clone(), Arc::<MemoryBlobs>::default());
    let importer = builder.through(line.transport.clone(), line.clock.clone()).build().unwrap();
    Desk { store, importer, connection: Connection::new(TenantId::fresh(), "acme"), pages }
}

impl Desk {
    fn import(&self) -> impl Stream<Item = ImportEvent> {
        let picks = self.pages.iter().copied().map(Pick::page).collect();
        Box::pin(self.importer.import(&content_manager(self.connection.tenant), &self.connection, picks))
    }
}

#[tokio::test]
async fn whoever_hears_of_a_page_may_ask_the_store_that_the_others_go_to() {
    let desk = desk(40, 1);
    // The second time all is there already, and looked up.
    for _ in 0..2 {
        let mut events = desk.import();
        let mut heard = 0;
        while let Some(event) = events.next().await {
            let ImportEvent::Finished(outcome) = event else { continue };
            outcome.result.unwrap();
            let sources = [outcome.pick.id];
            let asking = desk.store.linked_by_source(desk.connection.tenant, &sources);
            let found = tokio::time::timeout(Duration::from_secs(10), asking).await;
            assert_eq!(found.expect("the store is held by what nobody goes on with").unwrap().len(), 1);
            heard += 1;
        }
        assert_eq!(heard, desk.pages.len());
    }
}

#[tokio::test]
async fn a_store_that_never_answers_is_given_up() {
    for (claim, connections) in [("from the beginning", 0), ("when something is to be stored", 1)] {
        let desk = desk(3, connections);
        let mut events = desk.import();
        let mut overdue = 0;
        let next = async |events: &mut _| {
            let next = tokio::time::timeout(Duration::from_secs(10), StreamExt::next(events)).await;
            next.expect("the store is waited for without end")
        };
        while let Some(event) = next(&mut events).await {
            match event {
                ImportEvent::Total(_) => drop(desk.store.connections.forget_permits(1)),
                ImportEvent::Finished(outcome) => {
                    assert!(matches!(outcome.result, Err(Error::Overdue)), "{claim}: {:?}", outcome.result);
                    overdue += 1;
                }
            }
        }
        assert_eq!(overdue, 3, "{claim}");
    }
}

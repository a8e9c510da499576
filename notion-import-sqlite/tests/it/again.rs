//! What one process has read, the next need not read again.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{
    Endpoint, FastClock, Grant, SimClock, World, WorldTransport, paragraph, toggle,
};
use notion_import_core::{Connection, ImportEvent, Imported, Importer, Pick, StaticToken, TenantId};
use notion_import_sqlite::Sqlite;

fn morning() -> DateTime<Utc> {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// Opens the folder, imports, lets go of it, and returns what became of each page.
async fn import(
    data: &Path,
    world: &World,
    grant: &Grant,
    connection: &Connection,
    picks: &[Pick],
) -> Vec<Imported> {
    let sqlite = Sqlite::open(data).await.unwrap();
    // A virtual clock would not wait for the file; Notion answers at once.
    let transport = WorldTransport::new(world.clone(), SimClock::new(morning()));
    let clock = FastClock::new(morning(), 1);
    let tokens = Arc::new(StaticToken::new(grant.token.clone()));
    let importer = Importer::builder(tokens, Arc::new(sqlite.clone()), Arc::new(sqlite.blobs()))
        .through(Arc::new(transport), Arc::new(clock))
        .build()
        .unwrap();
    let events: Vec<ImportEvent> =
        importer.import(&content_manager(connection.tenant), connection, picks.to_vec()).collect().await;
    sqlite.close().await;
    let finished = events.into_iter().filter_map(|event| match event {
        ImportEvent::Finished(outcome) => Some(outcome.result.unwrap()),
        ImportEvent::Total(_) => None,
    });
    finished.collect()
}

#[tokio::test]
async fn two_hundred_pages_that_were_not_edited_cost_a_request_each_after_a_restart() {
    let world = World::new(11);
    let author = world.at(morning() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let pages = (0..200).map(|number| {
        let page = author.page(home, format!("Policy {number}"));
        author.append(page, [paragraph("One."), toggle("More", [paragraph("Two.")])]);
        Pick::page(page)
    });
    let picks: Vec<Pick> = pages.collect();
    let grant = world.grant(workspace, [home]);
    let (data, connection) = (tempfile::tempdir().unwrap(), Connection::new(TenantId::fresh(), "notion"));

    let imported = import(data.path(), &world, &grant, &connection, &picks).await;
    assert!(imported.iter().all(|imported| matches!(imported, Imported::Created(_))), "{imported:?}");
    world.forget_requests();
    let imported = import(data.path(), &world, &grant, &connection, &picks).await;
    assert_eq!(imported.len(), picks.len());
    assert!(imported.iter().all(|imported| matches!(imported, Imported::Unchanged(_))), "{imported:?}");
    assert_eq!((world.requests().len(), world.requests_to(Endpoint::Page)), (picks.len(), picks.len()));
}

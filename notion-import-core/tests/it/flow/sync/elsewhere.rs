//! What changes without an edit of its own, and what only reading it whole tells.

use std::sync::Arc;
use std::time::Duration;

use notion_import_core::testing::{Endpoint, WorldTransport, file, paragraph, pdf, synced, synced_copy};
use notion_import_core::transport::Clock;
use notion_import_core::{Connection, DocumentStore, NotionId, Pick, SourceState, SyncOptions, TenantId};
use serde_json::json;

use crate::flow::Stage;

const DAY: u64 = 24 * 60;

impl Stage {
    /// Whether an update waits after a day of syncs.
    async fn has_update_a_day_later(&self, page: NotionId) -> bool {
        for _ in 0..6 {
            self.pass(DAY / 6);
            self.sync().await;
        }
        self.linked(page).await.link.update_available
    }

    async fn import_pick(&self, pick: Pick) {
        self.importer.import_one(&self.manager(), &self.connection, pick).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_row_shows_of_others_is_seen() {
    let stage = Stage::new();
    let author = stage.author();
    let columns = [("Total", "rollup"), ("Others", "relation")];
    let vendors = author.database(stage.home, "Vendors", columns);
    let other = author.page(stage.home, "Other");
    let row = author.row(vendors.data_source, "Vendor", []);
    stage.pass(5);
    stage.import(row).await;
    assert!(!stage.has_update_a_day_later(row).await);
    for (name, value) in [
        ("Total", json!({"type": "number", "number": 3, "function": "count"})),
        ("Others", json!([{"id": other}])),
    ] {
        stage.author().set_property(row, name, value);
        stage.pass(5);
        stage.sync().await;
        assert!(stage.linked(row).await.link.update_available, "{name}");
        stage.import(row).await;
        assert!(!stage.has_update_a_day_later(row).await, "{name}");
    }
    stage.author().set_title(other, "Renamed");
    assert!(stage.has_update_a_day_later(row).await, "what it is related to was renamed");
}

#[tokio::test]
async fn what_stands_in_a_page_and_is_edited_elsewhere_is_seen_within_a_day() {
    let stage = Stage::new();
    let author = stage.author();
    let child = author.page(stage.home, "Child");
    let elsewhere = author.page(stage.home, "Elsewhere");
    let original = author.append(elsewhere, [synced([])])[0];
    let inner = author.append(original, [paragraph("Shared.")])[0];
    let parent = author.page(stage.home, "Parent");
    author.move_to(child, parent);
    author.append(parent, [synced_copy(original)]);
    stage.pass(5);
    stage.import(parent).await;
    assert!(!stage.has_update_a_day_later(parent).await);
    stage.author().set_title(child, "Renamed child");
    assert!(stage.has_update_a_day_later(parent).await, "a child was renamed");
    stage.import(parent).await;
    stage.author().rewrite(inner, paragraph("Shared, and edited."));
    assert!(stage.has_update_a_day_later(parent).await, "an original was edited");
}

#[tokio::test]
async fn the_rows_of_a_database_are_seen_to_come_to_change_and_to_go() {
    let stage = Stage::new();
    let vendors = stage.author().database(stage.home, "Vendors", [("Country", "rich_text")]);
    let rows: Vec<_> =
        ["One", "Two", "Three"].map(|name| stage.author().row(vendors.data_source, name, [])).into();
    stage.pass(5);
    let pick = Pick::data_source(vendors.data_source);
    stage.import_pick(pick).await;
    assert!(!stage.has_update_a_day_later(pick.id).await);
    type Edit<'a> = &'a dyn Fn(&Stage);
    let edits: [(&str, Edit<'_>); 6] = [
        ("edited", &|stage| stage.author().set_title(rows[0], "First")),
        ("added", &|stage| {
            stage.author().row(vendors.data_source, "Four", []);
        }),
        ("trashed", &|stage| stage.author().trash(rows[0])),
        ("purged", &|stage| stage.author().purge(rows[1])),
        ("moved out", &|stage| stage.author().move_to(rows[2], stage.home)),
        ("moved in", &|stage| stage.author().move_to(rows[2], vendors.data_source)),
    ];
    for (name, edit) in edits {
        edit(&stage);
        assert!(stage.has_update_a_day_later(pick.id).await, "{name}");
        stage.import_pick(pick).await;
        assert!(!stage.has_update_a_day_later(pick.id).await, "{name}, and imported");
    }
}

#[tokio::test]
async fn a_database_that_was_edited_is_looked_at_with_its_rows_whatever_search_shows() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    let vendors = stage.author().database(stage.home, "Vendors", [("Country", "rich_text")]);
    let row = stage.author().row(vendors.data_source, "One", []);
    stage.pass(5);
    stage.import_pick(Pick::data_source(vendors.data_source)).await;
    stage.pass(240);
    // There is a budget for reading this alone.
    stage.author().append(page, [paragraph("New.")]);
    stage.author().set_title(vendors.data_source, "Suppliers");
    stage.pass(30);
    stage.author().set_title(row, "First");
    let edited = stage.now();
    stage.pass(210);
    let importer =
        stage.importer_with(|builder| builder.sync_options(SyncOptions::default().read_at_once(1)));
    importer.sync(&stage.connection).await.unwrap();
    let known = stage.linked(vendors.data_source).await;
    assert_eq!((known.title.text.as_str(), known.link.source.edited_at), ("Suppliers", edited));
}

#[tokio::test]
async fn files_that_change_within_the_minute_of_the_import_are_seen() {
    let stage = Stage::new();
    let check = async |name: &str, edit: &dyn Fn(&Stage, NotionId, NotionId)| {
        let page = stage.author().page(stage.home, "Report");
        let first = stage.author().file("report.pdf", "application/pdf", "%PDF-1.7 one");
        let second = stage.author().file("annex.csv", "text/csv", "a,b\n");
        let blocks = stage.author().append(page, [pdf(&first), file(&second)]);
        stage.import(page).await;
        edit(&stage, page, blocks[1]);
        stage.pass(5);
        stage.sync().await;
        assert!(stage.linked(page).await.link.update_available, "{name}");
        let imported = stage.import(page).await;
        assert!(matches!(imported, notion_import_core::Imported::NewVersion(..)), "{name}: {imported:?}");
    };
    check("a second file", &|stage, _, second| {
        let other = stage.author().file("annex.csv", "text/csv", "a,b,c\n");
        stage.author().rewrite(second, file(&other));
    })
    .await;
    check("its name", &|stage, _, second| {
        let renamed = stage.author().file("annex 2.csv", "text/csv", "a,b\n");
        stage.author().rewrite(second, file(&renamed));
    })
    .await;
    check("a third", &|stage, page, _| {
        let third = stage.author().file("more.csv", "text/csv", "c,d\n");
        stage.author().append(page, [file(&third)]);
    })
    .await;
}

#[tokio::test]
async fn after_a_reconnect_everything_is_linked_again_though_search_never_shows_it() {
    let mut stage = Stage::new();
    let mut pages = Vec::new();
    for number in 0..30 {
        pages.push(stage.page(&format!("Policy {number}")).await);
    }
    stage.library.detach(&stage.connection).await.unwrap();
    stage.world.tune(|rules| rules.unlisted_share = 1.0);
    stage.connection = Connection::new(stage.connection.tenant, "acme again");
    stage.sync().await;
    for page in &pages {
        let link = stage.linked(*page).await.link;
        assert_eq!((link.connection, link.update_available), (Some(stage.connection.id), false));
    }
    let stranger = Connection::new(TenantId::fresh(), "acme");
    stage.importer.sync(&stranger).await.unwrap();
    assert_eq!(stage.linked(pages[0]).await.link.connection, Some(stage.connection.id));
}

#[tokio::test]
async fn what_the_new_connection_cannot_see_yet_is_asked_for_until_it_can() {
    let mut stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.library.detach(&stage.connection).await.unwrap();
    stage.connection = Connection::new(stage.connection.tenant, "acme again");
    stage.world.unshare(&stage.grant.token, stage.home);
    stage.sync().await;
    let link = stage.linked(page).await.link;
    assert_eq!((link.connection, link.state), (None, SourceState::Present), "another's refusal says nothing");
    assert_eq!(link.checked_at, stage.now(), "or it would be asked for before all others again and again");
    stage.world.share(&stage.grant.token, stage.home);
    stage.world.tune(|rules| rules.unlisted_share = 1.0);
    stage.pass(240);
    stage.sync().await;
    assert_eq!(stage.linked(page).await.link.connection, Some(stage.connection.id));
}

#[tokio::test]
async fn what_the_new_connection_never_shows_takes_nobodys_turn_to_be_read() {
    let mut stage = Stage::new();
    let (author, home) = (stage.author(), stage.home);
    let elsewhere = author.page(home, "Elsewhere");
    let original = author.append(elsewhere, [synced([])])[0];
    let inner = author.append(original, [paragraph("Shared.")])[0];
    let pages = ["Gone", "Policy"].map(|title| {
        let page = author.page(home, title);
        author.append(page, [synced_copy(original)]);
        page
    });
    for page in pages {
        stage.pass(5);
        stage.import(page).await;
    }
    stage.library.detach(&stage.connection).await.unwrap();
    stage.connection = Connection::new(stage.connection.tenant, "acme again");
    stage.author().purge(pages[0]);
    stage.sync().await;
    stage.author().rewrite(inner, paragraph("Shared, and edited."));
    assert!(stage.has_update_a_day_later(pages[1]).await);
}

#[tokio::test]
async fn what_was_edited_and_imported_while_an_answer_was_slow_is_not_judged_by_it() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    let other = stage.page("Other").await;
    stage.pass(240);
    // The sync knows of the first edit; meanwhile somebody imports it, and the second comes in the same minute.
    stage.author().append(page, [paragraph("One.")]);
    let slow = WorldTransport::new(stage.world.clone(), stage.clock.clone()).latency(Duration::from_secs(10));
    let slow = stage.importer_with(|builder| builder.through(Arc::new(slow), Arc::new(stage.clock.clone())));
    let syncing = slow.sync(&stage.connection);
    let editing = async {
        stage.clock.sleep(Duration::from_secs(15)).await;
        stage.import(page).await;
        stage.author().append(page, [paragraph("Two.")]);
    };
    let (report, ()) = tokio::join!(syncing, editing);
    report.unwrap();
    stage.pass(5);
    stage.sync().await;
    assert!(stage.linked(page).await.link.update_available, "the second edit");
    stage.import(page).await;
    stage.pass(240);
    stage.sync().await;
    let linked = stage.linked(page).await;
    assert_eq!((linked.link.update_available, linked.read.settled), (false, true));
    assert!(!stage.linked(other).await.link.update_available);
}

#[tokio::test]
async fn readings_keep_to_their_budget_and_none_is_forgotten() {
    let stage = Stage::new();
    let mut pages = Vec::new();
    for number in 0..30 {
        pages.push(stage.page(&format!("Policy {number}")).await);
    }
    let options = SyncOptions::default().read_at_once(10);
    let importer = stage.importer_with(|builder| builder.sync_options(options));
    stage.pass(240);
    for page in &pages {
        stage.author().append(*page, [paragraph("New.")]);
    }
    for expected in [10, 20, 30] {
        stage.pass(240);
        stage.world.forget_requests();
        importer.sync(&stage.connection).await.unwrap();
        let mut flagged = 0;
        for page in &pages {
            flagged += usize::from(stage.linked(*page).await.link.update_available);
        }
        assert_eq!((flagged, stage.world.requests_to(Endpoint::Children)), (expected, 10));
    }
}

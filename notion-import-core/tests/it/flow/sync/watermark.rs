//! Search shows edits late, and not in their order.

use notion_import_core::testing::simulation;
use notion_import_core::{NotionId, SyncOptions};

use crate::flow::Stage;

/// Whether an edit is seen that search shows for the first time when it has shown one five minutes later.
async fn is_seen_though_shown_late() -> bool {
    let stage = Stage::new();
    let importer =
        stage.importer_with(|builder| builder.sync_options(SyncOptions::default().verify_at_once(1)));
    let mut pages: Vec<NotionId> = Vec::new();
    for number in 0..5 {
        pages.push(stage.page(&format!("Policy {number}")).await);
    }
    stage.sync().await;
    stage.pass(240);
    // It is not its turn to be looked at.
    importer.refresh(&stage.connection, &pages[4..]).await.unwrap();
    stage.world.tune(|rules| rules.unlisted_share = 1.0);
    stage.author().set_title(pages[4], "Policy, renamed");
    stage.pass(5);
    stage.author().set_title(stage.home, "Home, renamed");
    importer.sync(&stage.connection).await.unwrap();
    assert_eq!(stage.linked(pages[4]).await.title.text, "Policy 4");
    stage.world.tune(|rules| rules.unlisted_share = 0.0);
    importer.sync(&stage.connection).await.unwrap();
    stage.linked(pages[4]).await.title.text == "Policy, renamed"
}

#[tokio::test]
async fn an_edit_that_search_shows_after_later_ones_is_seen() {
    assert!(is_seen_though_shown_late().await);
    for mutant in ["exclusive watermark", "no overlap"] {
        let _built_in = simulation::built_in(mutant);
        assert!(!is_seen_though_shown_late().await, "{mutant}");
    }
}

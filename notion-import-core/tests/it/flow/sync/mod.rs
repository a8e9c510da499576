//! Keeping linked documents true to their sources.

mod clocks;
mod costs;
mod drafts;
mod elsewhere;
mod gone;
mod rows;
mod trouble;
mod watermark;

use chrono::TimeDelta;
use notion_import_core::testing::{Endpoint, Fault, paragraph};
use notion_import_core::{NotionId, SourceState, SyncReport};
use serde_json::json;

use super::Stage;

impl Stage {
    async fn sync(&self) -> SyncReport {
        self.importer.sync(&self.connection).await.unwrap()
    }

    async fn page(&self, title: &str) -> NotionId {
        let page = self.author().page(self.home, title);
        self.pass(5);
        self.import(page).await;
        page
    }
}

#[tokio::test]
async fn an_edit_refreshes_the_metadata_and_marks_an_update() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    assert_eq!(stage.sync().await, SyncReport { checked: 1, changed: 0, failed: 0 });
    stage.pass(240);
    stage.author().set_title(page, "Policy 2027");
    stage.author().append(page, [paragraph("We encrypt everything.")]);
    let edited = stage.now();
    stage.pass(5);
    assert_eq!(stage.sync().await, SyncReport { checked: 1, changed: 1, failed: 0 });
    let linked = stage.linked(page).await;
    assert_eq!(linked.title.text, "Policy 2027");
    assert_eq!(linked.link.source.edited_at, edited);
    assert!(linked.link.update_available);
    stage.import(page).await;
    assert!(!stage.linked(page).await.link.update_available);
}

#[tokio::test]
async fn an_edit_that_says_nothing_else_is_no_update() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    let block = stage.author().append(page, [paragraph("One.")])[0];
    stage.import(page).await;
    let check = async |edit: &dyn Fn(), differs: bool| {
        stage.pass(240);
        edit();
        stage.pass(5);
        stage.sync().await;
        let linked = stage.linked(page).await;
        assert_eq!(linked.link.source.edited_at, stage.now() - TimeDelta::minutes(5));
        assert_eq!(linked.link.update_available, differs);
    };
    check(&|| stage.author().set_icon(page, json!({"type": "emoji", "emoji": "🔒"})), false).await;
    check(&|| stage.author().rewrite(block, paragraph("Two.")), true).await;
    check(&|| stage.author().rewrite(block, paragraph("One.")), false).await;
    // What a look cannot tell apart is read once, not in every run.
    stage.world.forget_requests();
    stage.sync().await;
    assert_eq!(stage.world.requests_to(Endpoint::Children), 0);
}

#[tokio::test]
async fn trash_and_lost_access_are_told_apart_and_keep_the_document() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    let check = async |state: SourceState| {
        stage.pass(240);
        stage.sync().await;
        assert_eq!(stage.linked(page).await.link.state, state);
    };
    check(SourceState::Present).await;
    stage.author().trash(page);
    check(SourceState::Trashed).await;
    stage.author().restore(page);
    stage.author().archive(page);
    check(SourceState::Archived).await;
    stage.author().unarchive(page);
    stage.world.unshare(&stage.grant.token, stage.home);
    check(SourceState::ParentGone).await;
    stage.world.share(&stage.grant.token, stage.home);
    check(SourceState::Present).await;
}

#[tokio::test]
async fn what_went_with_its_parent_is_told_from_what_is_missing_alone() {
    let stage = Stage::new();
    let author = stage.author();
    let folder = author.page(stage.home, "Folder");
    let source = author.database(stage.home, "Vendors", [("Owner", "rich_text")]).data_source;
    let inside: Vec<_> = (0..5).map(|n| author.page(folder, format!("Policy {n}"))).collect();
    let rows: Vec<_> = (0..5).map(|n| author.row(source, format!("Vendor {n}"), [])).collect();
    stage.pass(5);
    for page in inside.iter().chain(&rows) {
        stage.import(*page).await;
    }
    let check = async |page: NotionId, state: SourceState| {
        stage.pass(240);
        stage.sync().await;
        assert_eq!(stage.linked(page).await.link.state, state);
    };
    stage.author().purge(inside[0]);
    check(inside[0], SourceState::NotShared).await;
    check(inside[1], SourceState::Present).await;
    // One question about the folder is enough for all that was in it.
    stage.author().purge(folder);
    stage.world.forget_requests();
    check(inside[1], SourceState::ParentGone).await;
    assert_eq!(stage.world.requests_to(Endpoint::Page), inside.len() + 1);
    check(inside[0], SourceState::ParentGone).await;
    // All rows are asked for once a day.
    let check_in_a_day = async |page: NotionId, state: SourceState| {
        for _ in 0..5 {
            stage.pass(240);
            stage.sync().await;
        }
        check(page, state).await;
    };
    stage.author().purge(rows[0]);
    check_in_a_day(rows[0], SourceState::NotShared).await;
    stage.author().purge(source);
    check_in_a_day(rows[1], SourceState::ParentGone).await;
    // Where that cannot be told, nothing is said of it.
    stage.world.fail_all(Endpoint::DataSource, Fault::Restricted);
    check_in_a_day(rows[1], SourceState::NotShared).await;
}

#[tokio::test]
async fn absence_from_search_proves_nothing() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.world.tune(|rules| rules.unlisted_share = 1.0);
    stage.sync().await;
    stage.pass(240);
    stage.author().set_title(page, "Policy 2027");
    stage.pass(5);
    stage.sync().await;
    let linked = stage.linked(page).await;
    assert_eq!((linked.link.state, linked.title.text.as_str()), (SourceState::Present, "Policy 2027"));
}

#[tokio::test]
async fn what_search_still_shows_of_the_past_is_not_believed() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.sync().await;
    stage.world.tune(|rules| rules.search_lag = std::time::Duration::from_secs(3600));
    stage.pass(240);
    stage.author().set_title(page, "Policy 2027");
    stage.pass(5);
    stage.sync().await;
    assert_eq!(stage.linked(page).await.title.text, "Policy 2027");
}

#[tokio::test]
async fn a_refused_token_ends_the_sync_and_asks_for_consent() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.world.revoke(&stage.grant.token);
    let error = stage.importer.sync(&stage.connection).await.unwrap_err();
    assert!(error.needs_reconnect(), "{error:?}");
    assert_eq!(stage.linked(page).await.link.state, SourceState::Present);
}

#[tokio::test]
async fn a_copy_taken_in_the_minute_of_an_edit_is_read_again_once_the_minute_is_over() {
    let stage = Stage::new();
    let check = async |edit_again: bool| {
        let page = stage.author().page(stage.home, "Policy");
        stage.author().append(page, [paragraph("One.")]);
        stage.import(page).await;
        if edit_again {
            stage.author().append(page, [paragraph("Two.")]);
        }
        assert!(!stage.linked(page).await.read.settled);
        stage.pass(5);
        stage.sync().await;
        let linked = stage.linked(page).await;
        assert_eq!((linked.read.settled, linked.link.update_available), (true, edit_again));
        stage.sync().await;
        assert_eq!(stage.linked(page).await.link.update_available, edit_again);
    };
    check(false).await;
    check(true).await;
}

#[tokio::test]
async fn a_run_after_the_first_costs_little() {
    let stage = Stage::new();
    for number in 0..20 {
        stage.page(&format!("Policy {number}")).await;
    }
    stage.sync().await;
    stage.pass(240);
    stage.world.forget_requests();
    stage.sync().await;
    assert_eq!(stage.world.requests_to(Endpoint::Search), 1);
    assert_eq!(stage.world.requests_to(Endpoint::Page), 20);
}

//! Rows that a query for all of them confirms, a hundred a request, in place of a look at each.

use notion_import_core::testing::Endpoint;
use notion_import_core::{NotionId, Pick, SourceState, SyncOptions};

use crate::flow::Stage;

const HOUR: u64 = 60;

/// A sync every four hours that looks at no more than it has to, so that each document is looked at once a day.
fn once_a_day() -> SyncOptions {
    SyncOptions::default().verify_at_once(0)
}

impl Stage {
    /// Rows of a new data source: so many, of which the last are linked.
    async fn rows(&self, name: &str, rows: usize, linked: usize) -> (NotionId, Vec<NotionId>) {
        let author = self.author();
        let source =
            author.database(self.home, name, [("Owner", "rich_text"), ("Total", "rollup")]).data_source;
        let rows: Vec<_> = (0..rows).map(|n| author.row(source, format!("{name} {n}"), [])).collect();
        self.pass(5);
        let linked = rows[rows.len() - linked..].to_vec();
        for row in &linked {
            self.import(*row).await;
        }
        (source, linked)
    }

    /// Syncs for a day, and returns how many looks and how many queries that cost.
    async fn day(&self, options: SyncOptions) -> (usize, usize) {
        let importer = self.importer_with(|builder| builder.sync_options(options));
        self.world.forget_requests();
        for _ in 0..6 {
            self.pass(4 * HOUR);
            importer.sync(&self.connection).await.unwrap();
        }
        let asked = |endpoint| self.world.requests_to(endpoint);
        (asked(Endpoint::Page), asked(Endpoint::Query))
    }

    async fn longest_unchecked(&self, pages: &[NotionId]) -> chrono::TimeDelta {
        let mut longest = chrono::TimeDelta::zero();
        for page in pages {
            longest = longest.max(self.now() - self.linked(*page).await.link.checked_at);
        }
        longest
    }
}

#[tokio::test]
async fn unchanged_rows_cost_a_query_for_a_hundred_and_pages_one_look_a_day() {
    let stage = Stage::new();
    let mut rows = Vec::new();
    for name in ["Vendors", "Controls", "Risks", "Assets"] {
        rows.extend(stage.rows(name, 120, 120).await.1);
    }
    let mut pages = Vec::new();
    for n in 0..30 {
        pages.push(stage.page(&format!("Policy {n}")).await);
    }
    stage.day(once_a_day()).await;
    let (looks, queries) = stage.day(once_a_day()).await;
    assert!((30..=40).contains(&looks), "{looks} looks");
    // Two requests for each data source once a day, or a little more often, and one for what was edited in every other run.
    assert!((4 * 2 + 4 * 5..=4 * 2 * 2 + 4 * 6).contains(&queries), "{queries} queries");
    let everything = [rows, pages].concat();
    assert!(stage.longest_unchecked(&everything).await <= chrono::TimeDelta::days(1));
}

#[tokio::test]
async fn a_row_that_the_query_does_not_show_is_looked_at_by_itself() {
    let stage = Stage::new();
    let (_, rows) = stage.rows("Vendors", 40, 40).await;
    stage.day(once_a_day()).await;
    stage.author().trash(rows[3]);
    stage.author().archive(rows[4]);
    stage.author().purge(rows[5]);
    stage.author().move_to(rows[6], stage.home);
    let (looks, _) = stage.day(once_a_day()).await;
    assert!(looks <= 10, "{looks} looks for four rows that are gone");
    let state = async |row: usize| stage.linked(rows[row]).await.link.state;
    assert_eq!(state(3).await, SourceState::Trashed);
    assert_eq!(state(4).await, SourceState::Archived);
    assert_eq!(state(5).await, SourceState::NotShared);
    assert_eq!(state(6).await, SourceState::Present);
    assert_eq!(state(7).await, SourceState::Present);
}

#[tokio::test]
async fn a_row_that_the_query_does_not_show_is_looked_at_before_what_is_only_older() {
    let stage = Stage::new();
    let (source, _) = stage.rows("Vendors", 40, 40).await;
    stage.pass(8 * HOUR);
    for n in 0..10 {
        stage.page(&format!("Policy {n}")).await;
    }
    stage.pass(10 * HOUR);
    let late = stage.author().row(source, "Late", []);
    stage.pass(5);
    stage.import(late).await;
    stage.pass(2 * HOUR);
    stage.author().trash(late);
    // It is time for the rows, and not yet for all pages.
    let importer = stage.importer_with(|builder| builder.sync_options(once_a_day()));
    let report = importer.sync(&stage.connection).await.unwrap();
    assert!(report.checked < 40 + 10, "{report:?}");
    assert_eq!(stage.linked(late).await.link.state, SourceState::Trashed);
}

#[tokio::test]
async fn what_the_query_shows_is_judged_as_a_look_is() {
    let stage = Stage::new();
    let (_, rows) = stage.rows("Vendors", 20, 20).await;
    stage.day(once_a_day()).await;
    for row in &rows {
        stage.import(*row).await;
    }
    // It changes without an edit of the row.
    let total = serde_json::json!({"type": "number", "number": 3, "function": "count"});
    stage.author().set_property(rows[2], "Total", total);
    let (looks, _) = stage.day(once_a_day()).await;
    assert!(looks <= 2, "{looks} looks");
    assert!(stage.linked(rows[2]).await.link.update_available);
    assert!(!stage.linked(rows[3]).await.link.update_available);
}

#[tokio::test]
async fn a_few_rows_of_many_are_looked_at_by_themselves() {
    let stage = Stage::new();
    let (_, rows) = stage.rows("Tickets", 1200, 6).await;
    stage.pass(10);
    stage.author().page(stage.home, "Edited later");
    let importer = stage.importer_with(|builder| builder.sync_options(once_a_day()));
    let mut queries = Vec::new();
    for _ in 0..12 {
        stage.pass(4 * HOUR);
        stage.world.forget_requests();
        importer.sync(&stage.connection).await.unwrap();
        queries.push(stage.world.requests_to(Endpoint::Query));
    }
    // Some are spent on learning that, and then one in a run for what was edited.
    assert!(queries.iter().sum::<usize>() <= 12 + 6, "{queries:?}");
    assert_eq!(queries[6..], [1; 6], "{queries:?}");
    assert!(stage.longest_unchecked(&rows).await <= chrono::TimeDelta::days(1));
}

#[tokio::test]
async fn runs_that_come_less_often_than_everything_is_verified_verify_everything() {
    let stage = Stage::new();
    let pages = [stage.page("One").await, stage.page("Two").await, stage.page("Three").await];
    for hours in [20, 23, 24, 48, 24 * 7] {
        let every = std::time::Duration::from_secs(hours * 3600);
        let importer = stage.importer_with(|builder| builder.sync_options(once_a_day().every(every)));
        stage.pass(hours * HOUR);
        assert_eq!(importer.sync(&stage.connection).await.unwrap().checked, 3, "every {hours} hours");
        assert!(stage.longest_unchecked(&pages).await.is_zero());
    }
}

#[tokio::test]
async fn a_row_edited_before_the_first_run_is_seen_by_it_though_search_never_shows_it() {
    let stage = Stage::new();
    let (source, rows) = stage.rows("Vendors", 3, 2).await;
    let page = stage.page("Policy").await;
    stage.world.tune(|rules| rules.unlisted_share = 1.0);
    stage.author().set_title(rows[0], "Renamed");
    stage.pass(60);
    // What search does show was edited later: the run after asks for no edit of before.
    stage.author().set_title(source, "Suppliers");
    stage.pass(HOUR);
    let importer =
        stage.importer_with(|builder| builder.sync_options(SyncOptions::default().verify_at_once(1)));
    importer.sync(&stage.connection).await.unwrap();
    assert_eq!(stage.linked(rows[0]).await.title.text, "Renamed");
    assert_eq!(stage.linked(page).await.title.text, "Policy");
}

#[tokio::test]
async fn a_reading_and_a_look_know_the_same_last_edit_of_a_row_in_the_trash() {
    let stage = Stage::new();
    let vendors = stage.author().database(stage.home, "Vendors", [("Country", "rich_text")]);
    stage.pass(5);
    stage.author().trash(vendors.data_source);
    stage.pass(5);
    stage.author().row(vendors.data_source, "Vendor", []);
    stage.pass(5);
    let pick = Pick::data_source(vendors.data_source);
    stage.importer.import_one(&stage.manager(), &stage.connection, pick).await.unwrap();
    let imported = stage.linked(vendors.data_source).await.link.source.edited_at;
    stage.pass(60);
    stage.sync().await;
    let looked = stage.linked(vendors.data_source).await.link.source.edited_at;
    assert_eq!(imported, looked);
}

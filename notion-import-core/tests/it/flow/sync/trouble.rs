//! What fails costs itself alone.

use notion_import_core::testing::{Endpoint, Fault, paragraph};
use notion_import_core::{DocumentStore, NotionId, SourceState, SyncReport};

use crate::flow::Stage;

impl Stage {
    async fn watermark(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        let cursor = self.library.cursor(&self.connection).await.unwrap();
        cursor.map(|cursor| cursor.watermark)
    }

    async fn troubled(&self, page: NotionId) -> Option<(u32, String)> {
        self.linked(page).await.link.trouble.map(|trouble| (trouble.times, trouble.code))
    }
}

#[tokio::test]
async fn a_page_notion_cannot_answer_for_keeps_its_state_and_holds_nothing_up() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.sync().await;
    let before = stage.watermark().await;
    stage.pass(240);
    stage.author().page(stage.home, "Something else");
    stage.pass(5);
    stage.world.fail_next(Endpoint::Page, Fault::Restricted);
    assert_eq!(stage.sync().await, SyncReport { checked: 0, changed: 0, failed: 1 });
    assert_eq!(stage.linked(page).await.link.state, SourceState::Present);
    assert_eq!(stage.troubled(page).await, Some((1, "restricted_resource".to_owned())));
    assert!(stage.watermark().await > before);
    stage.pass(240);
    assert_eq!(stage.sync().await, SyncReport { checked: 1, changed: 0, failed: 0 });
    assert_eq!(stage.troubled(page).await, None);
}

#[tokio::test]
async fn what_fails_again_and_again_is_asked_less_and_less_often() {
    let stage = Stage::new();
    let broken = stage.page("Broken").await;
    let sound = stage.page("Sound").await;
    stage.world.fail_at(Endpoint::Page, broken, Fault::Restricted);
    let mut asked = Vec::new();
    for _ in 0..24 {
        stage.pass(240);
        let report = stage.sync().await;
        assert_eq!(report.checked, 1, "{report:?}");
        asked.push(report.failed);
        assert_eq!(stage.linked(sound).await.link.checked_at, stage.now());
    }
    // At first in the next run, in the end once a day.
    let runs: Vec<_> = (0..24).filter(|run| asked[*run] == 1).collect();
    assert_eq!(runs, [0, 1, 3, 7, 13, 19]);
}

#[tokio::test]
async fn without_search_every_page_is_still_looked_at() {
    for fault in [Fault::Restricted, Fault::Reset] {
        let stage = Stage::new();
        let page = stage.page("Policy").await;
        stage.sync().await;
        let before = stage.watermark().await;
        stage.pass(240);
        stage.author().append(page, [paragraph("New.")]);
        stage.pass(5);
        stage.world.fail_all(Endpoint::Search, fault.clone());
        assert_eq!(stage.sync().await, SyncReport { checked: 1, changed: 1, failed: 0 }, "{fault:?}");
        assert!(stage.linked(page).await.link.update_available);
        assert_eq!(stage.watermark().await, before);
    }
}

#[tokio::test]
async fn where_nothing_is_answered_the_run_fails_and_no_document_is_to_blame() {
    let stage = Stage::new();
    let mut pages = Vec::new();
    for number in 0..20 {
        pages.push(stage.page(&format!("Policy {number}")).await);
    }
    for endpoint in [Endpoint::Search, Endpoint::Page] {
        stage.world.fail_all(endpoint, Fault::Reset);
    }
    stage.world.forget_requests();
    let error = stage.importer.sync(&stage.connection).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(stage.world.requests().len() < 20 * 6, "it gives up before every page was tried six times");
    for page in pages {
        assert_eq!(stage.troubled(page).await, None);
    }
}

#[tokio::test]
async fn what_cannot_be_read_again_says_so_and_is_tried_again() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.pass(240);
    stage.author().append(page, [paragraph("New.")]);
    stage.pass(5);
    stage.world.fail_all(Endpoint::Children, Fault::Reset);
    let began = stage.now();
    assert_eq!(stage.sync().await.failed, 1);
    let link = stage.linked(page).await.link;
    assert_eq!((link.update_available, link.trouble.map(|trouble| trouble.times)), (false, Some(1)));
    assert_eq!(link.checked_at, began);
    stage.world.fail_all(Endpoint::Children, None);
    stage.pass(240);
    stage.sync().await;
    let link = stage.linked(page).await.link;
    assert_eq!((link.update_available, link.trouble), (true, None));
}

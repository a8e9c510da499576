//! Documents whose source is gone, where a host wants them closed.

use std::sync::Arc;

use notion_import_core::testing::{Endpoint, Fault};
use notion_import_core::{
    AccessLevel, AccessStore, DocumentId, Expected, InternalWhenGone, Publish, SourceState, VersionNumber,
};

use crate::flow::Stage;

impl Stage {
    /// A member publishes the document and opens it to everybody.
    async fn open(&self, document: DocumentId) {
        let member = self.manager();
        let seen = self.library.document(&member, document).await.unwrap().unwrap();
        let (level, revision) = (seen.facts.level, seen.revision);
        let expected = Expected { level, revision, reason: "Asked for".to_owned() };
        let (version, title) = (VersionNumber(1), "Policy".to_owned());
        let publish = Publish { version, title, level: Some(AccessLevel::Public), expected };
        self.library.publish(&member, document, &publish, self.now()).await.unwrap();
    }

    async fn level(&self, document: DocumentId) -> AccessLevel {
        let document = self.library.document(&self.manager(), document).await.unwrap();
        document.unwrap().facts.level
    }
}

#[tokio::test]
async fn what_is_gone_becomes_internal_and_stays_so_when_it_is_back() {
    let stage = Stage::new();
    let closing = Arc::new(InternalWhenGone(Arc::new(stage.library.clone())));
    let importer = stage.importer_with(|builder| builder.when_gone(closing));
    let (gone, kept) = (stage.page("Gone").await, stage.page("Kept").await);
    let (gone_id, kept_id) = (stage.linked(gone).await.document, stage.linked(kept).await.document);
    stage.open(gone_id).await;
    stage.open(kept_id).await;
    stage.author().archive(kept);
    for edit in [true, false] {
        stage.pass(240);
        match edit {
            true => stage.author().trash(gone),
            false => stage.author().restore(gone),
        }
        importer.sync(&stage.connection).await.unwrap();
        assert_eq!(stage.level(gone_id).await, AccessLevel::Internal);
        assert_eq!(stage.level(kept_id).await, AccessLevel::Public);
    }
    assert_eq!(stage.linked(gone).await.link.state, SourceState::Present);
}

#[tokio::test]
async fn what_a_crash_left_open_is_closed_by_the_next_sync() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    let document = stage.linked(page).await.document;
    stage.open(document).await;
    stage.author().purge(page);
    stage.pass(240);
    // What is written down was not acted on, as by a host that did not ask for it.
    stage.sync().await;
    assert_eq!(stage.linked(page).await.link.state, SourceState::NotShared);
    assert_eq!(stage.level(document).await, AccessLevel::Public);
    let closing = Arc::new(InternalWhenGone(Arc::new(stage.library.clone())));
    // Nothing is heard of the page this time.
    stage.world.fail_at(Endpoint::Page, page, Fault::Reset);
    let importer = stage.importer_with(|builder| builder.when_gone(closing));
    stage.pass(240);
    importer.sync(&stage.connection).await.unwrap();
    assert_eq!(stage.level(document).await, AccessLevel::Internal);
}

//! Updates that are kept as drafts, where a host wants that.

use notion_import_core::testing::{paragraph, pdf};
use notion_import_core::{
    AccessStore, Actor, Agent, AuditEvent, AuditLog, AuditQuery, BlobStore, Content, DocumentReader,
    MemberId, Role, SyncOptions, VersionNumber,
};

use crate::flow::Stage;

#[tokio::test]
async fn an_update_is_kept_as_a_version_that_waits_for_a_member() {
    let stage = Stage::new();
    let importer = stage.importer_with(|builder| builder.sync_options(SyncOptions::default().drafts(true)));
    let page = stage.page("Policy").await;
    let document = stage.linked(page).await.document;
    stage.pass(240);
    let report = stage.author().file("annex.pdf", "application/pdf", "%PDF-1.7 annex");
    stage.author().set_title(page, "Policy 2027");
    stage.author().append(page, [paragraph("We encrypt everything.")]);
    stage.pass(5);
    for run in 1..=2 {
        importer.sync(&stage.connection).await.unwrap();
        let linked = stage.linked(page).await;
        assert_eq!((linked.latest, linked.link.update_available), (VersionNumber(2), false), "run {run}");
    }
    let member = stage.manager();
    let versions = stage.library.versions(&member, document).await.unwrap();
    let Content::Markdown(text) = &versions[0].content else { panic!("{versions:?}") };
    assert!(text.contains("We encrypt everything."), "{text}");
    // Nobody has asked for it, and nobody outside sees it.
    let admin = Actor::new(stage.connection.tenant, MemberId::fresh(), Role::Admin);
    let audit = stage.library.audit(&admin, &AuditQuery::newest(9)).await.unwrap();
    let drafted = audit
        .iter()
        .find(|entry| matches!(entry.event, AuditEvent::Imported { version: VersionNumber(2), .. }));
    assert_eq!(drafted.map(|entry| entry.by), Some(Agent::System));
    let kept = stage.library.document(&admin, document).await.unwrap().unwrap();
    assert!(kept.published_title.is_none());
    // A file is kept before the version that names it.
    stage.author().append(page, [pdf(&report)]);
    stage.pass(5);
    importer.sync(&stage.connection).await.unwrap();
    let versions = stage.library.versions(&member, document).await.unwrap();
    let Content::File(file) = &versions[0].content else { panic!("{versions:?}") };
    let kept = stage.blobs.get(stage.connection.tenant, &file.blob.id, None).await;
    assert!(kept.is_ok());
}

#[tokio::test]
async fn without_that_an_update_waits_in_notion() {
    let stage = Stage::new();
    let page = stage.page("Policy").await;
    stage.pass(240);
    stage.author().append(page, [paragraph("We encrypt everything.")]);
    stage.pass(5);
    stage.sync().await;
    let linked = stage.linked(page).await;
    assert_eq!((linked.latest, linked.link.update_available), (VersionNumber(1), true));
}

//! What one transaction does while another is in the middle.

use std::time::Duration;

use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{Connection, DocumentStore, StoreError, TenantId};

use crate::cluster::{Database, run};

#[tokio::test]
async fn an_import_that_is_under_way_is_detached_too() {
    let database = Database::empty().await;
    let postgres = database.open(2).await;
    let mut db = database.superuser().await;
    run(
        &mut db,
        "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$; \
         CREATE TRIGGER wait AFTER INSERT ON notion_import.documents FOR EACH ROW EXECUTE FUNCTION public.wait()",
    )
    .await;
    let importer = Connection::new(TenantId::fresh(), "notion");
    let fence = Connection { generation: 1, ..importer.clone() };
    let new = content(&page("Policy"), "Text");
    let manager = content_manager(importer.tenant);
    let (imported, detached) = tokio::join!(postgres.import(&manager, &importer, &new, minute(1)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        postgres.detach(&fence).await
    });
    imported.unwrap();
    assert_eq!(detached.unwrap(), 1);
    assert_eq!(postgres.linked(&importer, None, 9).await.unwrap(), []);
    assert!(matches!(postgres.import(&manager, &importer, &new, minute(2)).await, Err(StoreError::Fenced)));
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn people_who_change_one_document_at_once_take_turns() {
    use futures_util::future::join_all;
    use notion_import_core::{
        AccessStore, Actor, AuditLog, AuditQuery, MemberId, NdaId, NewNdaVersion, Role,
    };

    let database = Database::empty().await;
    let postgres = database.open(8).await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let imported = postgres
        .import(
            &content_manager(connection.tenant),
            &connection,
            &content(&page("Policy"), "Text"),
            minute(1),
        )
        .await
        .unwrap();
    let admin = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
    let document = imported.document();
    let nda = NewNdaVersion {
        id: NdaId::fresh(),
        title: "NDA".into(),
        text: "Say nothing".into(),
        expected: 0,
        ask_again: true,
    };
    postgres.publish_nda(&admin, &nda, minute(2)).await.unwrap();
    for _ in 0..5 {
        let require = async |n: u8| {
            let nda = n.is_multiple_of(2).then_some(nda.id);
            postgres.require_nda(&admin, document, nda, minute(2)).await
        };
        for required in join_all((0..16).map(require)).await {
            required.unwrap();
        }
    }
    // Each saw what the one before had done: every change that is in the history counts.
    let history = postgres.audit(&admin, &AuditQuery::of_document(document, 99)).await.unwrap();
    let kept = postgres.document(&admin, document).await.unwrap().unwrap();
    // The import is in it, too.
    assert_eq!(kept.revision + 1, history.len() as u64);
    assert!(history.windows(2).all(|pair| pair[0].event != pair[1].event), "{history:?}");
}

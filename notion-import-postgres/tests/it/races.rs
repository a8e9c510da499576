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

#[cfg(feature = "gate")]
#[tokio::test]
async fn whoever_is_erased_while_people_let_them_in_and_they_ask_is_left_with_nothing() {
    use futures_util::future::join_all;
    use notion_import_core::{
        AccessLevel, AccessStore, Actor, Approval, Asker, ContactChange, ContactDetails, ContactId,
        ContactStore, Expected, LevelChange, MemberId, NewAssignment, NewRequest, Publish, RequestLimits,
        RequestState, Role, VersionNumber,
    };

    let database = Database::empty().await;
    let postgres = database.open(8).await;
    let connection = Connection::new(TenantId::fresh(), "notion");
    let tenant = connection.tenant;
    let admin = Actor::new(tenant, MemberId::fresh(), Role::Admin);
    let new = content(&page("Policy"), "Text");
    let document = postgres.import(&admin, &connection, &new, minute(1)).await.unwrap().document();
    let expected = |level, revision| Expected { level, revision, reason: "Why not".into() };
    let first = expected(AccessLevel::Internal, 0);
    let publish = Publish { version: VersionNumber(1), title: "Policy".into(), level: None, expected: first };
    postgres.publish(&admin, document, &publish, minute(2)).await.unwrap();
    let change = LevelChange { to: AccessLevel::Restricted, expected: expected(AccessLevel::Internal, 1) };
    postgres.set_level(&admin, document, &change, minute(2)).await.unwrap();
    let seen = expected(AccessLevel::Restricted, 2);
    postgres.set_listed(&admin, document, true, &seen, minute(2)).await.unwrap();

    for turn in 0..20 {
        let (id, mail) = (ContactId::fresh(), format!("dana{turn}@orchard.example").parse().unwrap());
        let details = ContactDetails::new("Dana", "Orchard", mail).unwrap();
        let request = |asker| NewRequest {
            asker,
            documents: [document].into(),
            reason: "For our audit".into(),
            address: None,
            limits: RequestLimits { per_tenant: u32::MAX, ..RequestLimits::default() },
        };
        postgres.ask(tenant, &request(Asker::Stranger(details.clone())), minute(3)).await.unwrap();
        postgres.add_contact(&admin, id, &details, minute(3)).await.unwrap();
        let waiting = postgres.requests(&admin, None, 1).await.unwrap()[0].id;
        let assignment = NewAssignment { document, contact: id, expires_at: None, nda_waiver: None };
        let act = async |n: u8| match n % 4 {
            0 => drop(postgres.assign(&admin, &assignment, minute(4)).await),
            1 => drop(postgres.approve(&admin, document, waiting, &Approval::default(), minute(4)).await),
            2 => postgres.ask(tenant, &request(Asker::Contact(id)), minute(4)).await.unwrap(),
            _ => postgres.change_contact(&admin, id, ContactChange::Erase, minute(4)).await.unwrap(),
        };
        join_all((0..8).map(act)).await;
        assert_eq!(postgres.contact(tenant, id).await.unwrap(), None);
        let kept = postgres.assignments(&admin, document).await.unwrap();
        assert!(kept.iter().all(|kept| kept.revoked_at.is_some()), "{kept:?}");
        let asked = postgres.requests_of(tenant, id, 9).await.unwrap();
        let over = asked.iter().all(|kept| kept.state != RequestState::Waiting && kept.reason.is_empty());
        assert!(over, "{asked:?}");
        assert_eq!(postgres.requests(&admin, None, 9).await.unwrap(), []);
    }
}

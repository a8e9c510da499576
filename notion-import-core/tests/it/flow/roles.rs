//! What a person begins asks for their role, all of it, before anything is asked of Notion or written.

use std::sync::Arc;

use futures_util::StreamExt;
use notion_import_core::{
    Action, Actor, AttemptId, Connector, DocumentId, DocumentStore, Error, ImportEvent, MemberId,
    MemoryConnections, NotionId, Pick, Query, Role, Scheduler, StoreError, TenantId,
};

use super::Stage;
use crate::consents::Consents;

const ROLES: [Role; 4] = [Role::Admin, Role::ContentManager, Role::AccountManager, Role::Viewer];

/// What came of each of them, in which only a refusal of the role counts as one.
async fn begun_by(actor: &Actor, stage: &Stage) -> Vec<(&'static str, Action, bool)> {
    let Stage { importer, connection, library, home, .. } = stage;
    let connections = Arc::new(MemoryConnections::default());
    let scheduler = Scheduler::new(importer.clone(), connections.clone());
    let connector = Connector::new(importer, Arc::<Consents>::default(), connections);
    let (page, secret, attempt) = (Pick::page(*home), "secret".to_owned().into(), AttemptId::fresh());
    let (id, bot) = (connection.id, NotionId::new(uuid::Uuid::nil()));

    let events: Vec<_> = importer.import(actor, connection, vec![page]).collect().await;
    let many = events.into_iter().find_map(|event| match event {
        ImportEvent::Finished(outcome) => Some(outcome.result.map(drop)),
        _ => None,
    });
    let refused = |outcome: Result<(), Error>| matches!(outcome, Err(Error::Store(StoreError::Denied)));
    use Action::{Connect, Import};
    vec![
        ("browse", Import, refused(importer.browse(actor, connection, &Query::default()).await.map(drop))),
        (
            "resolve_link",
            Import,
            refused(importer.resolve_link(actor, connection, &home.to_string()).await.map(drop)),
        ),
        ("import_one", Import, refused(importer.import_one(actor, connection, page).await.map(drop))),
        ("import", Import, refused(many.unwrap())),
        ("sync_now", Import, refused(scheduler.sync_now(actor, id).await.map(drop))),
        (
            "unlink",
            Import,
            refused(library.unlink(actor, DocumentId::fresh(), stage.now()).await.map_err(Error::from)),
        ),
        ("begin", Connect, refused(connector.begin(actor).await.map(drop))),
        ("reconnect", Connect, refused(connector.reconnect(actor, id).await.map(drop))),
        ("poll", Connect, refused(connector.poll(actor, attempt).await.map(drop))),
        ("close", Connect, refused(connector.close(actor, &secret).await)),
        ("cancel", Connect, refused(connector.cancel(actor, attempt, &secret).await)),
        ("confirm", Connect, refused(connector.confirm(actor, attempt, &secret).await.map(drop))),
        (
            "confirm_change",
            Connect,
            refused(connector.confirm_change(actor, attempt, &secret, bot).await.map(drop)),
        ),
        ("disconnect", Connect, refused(connector.disconnect(actor, id).await)),
    ]
}

#[tokio::test]
async fn whatever_a_person_begins_is_denied_to_roles_that_may_not() {
    for role in ROLES {
        let stage = Stage::new();
        let actor = Actor::new(stage.connection.tenant, MemberId::fresh(), role);
        for (flow, action, is_refused) in begun_by(&actor, &stage).await {
            assert_eq!(is_refused, !role.may(action), "{flow} by {role:?}");
        }
    }
}

#[tokio::test]
async fn nobody_reads_through_a_connection_of_another_tenant() {
    let stage = Stage::new();
    let stranger = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);
    let before = stage.world.requests().len();
    for (flow, _, is_refused) in begun_by(&stranger, &stage).await {
        let names_a_connection = ["browse", "resolve_link", "import_one", "import"].contains(&flow);
        assert_eq!(is_refused, names_a_connection, "{flow}");
    }
    assert_eq!(stage.world.requests().len(), before, "Notion was asked");
}

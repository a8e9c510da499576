//! The connect flow closes its sessions: no link of ours leads anywhere once it has served.

use std::sync::Arc;

use notion_import_core::{
    Actor, Authorizer, Begun, ConnectionStore, Connector, Importer, MemberId, MemoryBlobs, MemoryConnections,
    MemoryLibrary, Role, TenantId,
};
use secrecy::SecretString;

use super::Stage;
use crate::attempt;

struct Flow {
    stage: Stage,
    connector: Connector,
    connections: MemoryConnections,
    admin: Actor,
}

impl Flow {
    async fn new() -> Self {
        let (stage, connections) = (Stage::new().await, MemoryConnections::default());
        let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
        let nango = Arc::new(stage.nango.clone());
        let importer = Importer::builder(nango.clone(), Arc::new(library), Arc::new(blobs)).build().unwrap();
        let connector = Connector::new(&importer, nango, Arc::new(connections.clone())).seal_with(&[9; 32]);
        let admin = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);
        Self { stage, connector, connections, admin }
    }

    async fn begin(&self) -> Begun {
        self.connector.begin(&self.admin).await.unwrap()
    }

    /// Nothing leads on from the link, a consent that is under way included.
    async fn is_dead(&self, begun: &Begun) -> bool {
        let Stage { stand_in, workspace, page, .. } = &self.stage;
        let kept = self.connections.attempt(self.admin.tenant, begun.attempt).await.unwrap();
        kept.is_none_or(|kept| kept.session.is_none())
            && stand_in.set_out(&begun.link.url).is_err()
            && stand_in.consent(&begun.link.url, *workspace, &[*page]).await.is_err()
    }
}

#[tokio::test]
async fn a_session_is_closed_by_its_token_and_closing_what_is_not_there_succeeds() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap();
    stage.stand_in.set_out(&link.url).unwrap();
    stage.nango.close(&link.session).await.unwrap();
    assert!(stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.is_err());
    stage.nango.close(&link.session).await.unwrap();
    assert!(stage.nango.close(&SecretString::from("of another service")).await.is_err());
    assert!(stage.nango.find(&attempt).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_link_that_was_used_once_is_dead_at_nango() {
    let flow = Flow::new().await;
    let Stage { stand_in, workspace, page, .. } = &flow.stage;
    let (begun, cancelled) = (flow.begin().await, flow.begin().await);
    for begun in [&begun, &cancelled] {
        stand_in.set_out(&begun.link.url).unwrap();
        stand_in.set_out(&begun.link.url).unwrap();
    }
    let reference = stand_in.consent(&begun.link.url, *workspace, &[*page]).await.unwrap();
    flow.connector.reconcile(&reference).await.unwrap();
    assert!(flow.is_dead(&begun).await);
    let record = flow.connector.confirm(&flow.admin, begun.attempt, &begun.secret).await.unwrap();
    assert_eq!(record.reference, reference);

    stand_in.consent(&cancelled.link.url, *workspace, &[*page]).await.unwrap();
    flow.connector.cancel(&flow.admin, cancelled.attempt, &cancelled.secret).await.unwrap();
    assert!(flow.is_dead(&cancelled).await);
    let kept = flow.connections.attempt(flow.admin.tenant, cancelled.attempt).await.unwrap().unwrap();
    assert!(flow.stage.nango.find(&kept).await.unwrap().is_empty(), "what it led to is revoked");
    assert!(flow.stage.nango.inspect(&reference).await.unwrap().is_some());
}

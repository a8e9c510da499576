//! Connecting over a line: consent, the hint that it was given, and the confirmation.

use std::sync::Arc;

use notion_import_core::{
    Actor, Begun, ConnectionRef, ConnectionStore, Connector, Error, MemberId, Role, StoreError,
};

use super::Tenant;
use crate::consents::Consents;

/// A consent that was given and not yet noticed.
struct Consented {
    connector: Connector,
    admin: Actor,
    begun: Begun,
    reference: ConnectionRef,
}

impl Consented {
    async fn confirm(&self) -> Result<(), Error> {
        self.connector.confirm(&self.admin, self.begun.attempt, &self.begun.secret).await.map(drop)
    }
}

impl Tenant {
    /// Connects, and returns what came of it. Where Notion does not say which workspace it is, nothing is granted, nothing
    /// can be confirmed, and the next hint makes up for it.
    pub(super) async fn connect(&self) -> Result<Vec<String>, Error> {
        let consented = self.consent().await;
        if let Err(error) = consented.connector.reconcile(&consented.reference).await {
            self.ensure_nothing_granted(&consented).await;
            consented.connector.reconcile(&consented.reference).await.unwrap();
            return Err(error);
        }
        consented.confirm().await?;
        Ok(self.workspaces().await)
    }

    /// The workspaces it is connected to.
    pub(super) async fn workspaces(&self) -> Vec<String> {
        let records = self.connections.list(self.connection.tenant).await.unwrap();
        records.iter().map(|record| format!("{:?} {:?}", record.state, record.workspace)).collect()
    }

    async fn consent(&self) -> Consented {
        let consents = Arc::<Consents>::default();
        let connector = Connector::new(&self.importer, consents.clone(), Arc::new(self.connections.clone()));
        let tenant = self.connection.tenant;
        let admin = Actor::new(tenant, MemberId::fresh(), Role::Admin);
        let begun = connector.begin(&admin).await.unwrap();
        let reference = consents.grant(tenant, begun.attempt, "c-1");
        Consented { connector, admin, begun, reference }
    }

    async fn ensure_nothing_granted(&self, consented: &Consented) {
        let attempt = self.connections.attempt(self.connection.tenant, consented.begun.attempt).await;
        assert_eq!(attempt.unwrap().unwrap().granted, None);
        let early = consented.confirm().await;
        assert!(matches!(early, Err(Error::Store(StoreError::NotFound))), "{early:?}");
        assert_eq!(self.workspaces().await, Vec::<String>::new());
    }
}

//! What may be seen of the tenants after each action.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use notion_import_core::transport::Clock;
use notion_import_core::{
    Actor, Authorizer, Connection, ConnectionId, ConnectionState, Content, DocumentReader, DocumentStore,
    NotionId, SourceState,
};
use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq};

use super::Stage;

/// For so long a replacement outside may go unnoticed by what stores nothing.
const UNNOTICED: Duration = Duration::from_secs(60);

impl Stage {
    /// Whether a connection has led elsewhere for a minute.
    pub(super) fn is_noticeable(&self, connection: &Connection) -> bool {
        let since = self.replaced.get(&connection.reference);
        since.is_some_and(|since| self.clock.instant().duration_since(*since) >= UNNOTICED)
    }

    /// What may have come of a use of a connection that, if `noticeable`, leads elsewhere for a minute.
    pub(super) async fn settle(
        &mut self,
        used: &Connection,
        noticeable: bool,
        succeeded: bool,
    ) -> TestCaseResult {
        self.observe().await?;
        let records = self.records().await;
        let record = records.iter().find(|record| record.id == used.id && record.reference == used.reference);
        prop_assert!(!succeeded || record.is_some(), "something was read through what is no connection");
        if noticeable && let Some(record) = record {
            prop_assert!(!succeeded, "something was read of another workspace");
            let is_active = record.state == ConnectionState::Active;
            prop_assert!(!is_active, "it leads elsewhere and shows as active");
        }
        Ok(())
    }

    /// Notes which connections there are, and which lead elsewhere by now.
    pub(super) async fn observe(&mut self) -> TestCaseResult {
        for record in self.records().await {
            let connection = record.connection();
            if !self.held.contains(&connection) {
                self.held.push(connection);
            }
            let leads = self.nango.inspect(&record.reference).await?.and_then(|seen| seen.workspace_id);
            if leads == Some(self.confirmed[&record.id].to_string()) {
                self.replaced.remove(&record.reference);
            } else {
                self.replaced.entry(record.reference).or_insert(self.clock.instant());
            }
        }
        Ok(())
    }

    /// Looks at everything that tenants have.
    pub async fn look(&mut self) -> TestCaseResult {
        self.observe().await?;
        let mut stands = HashMap::new();
        self.each_active_connection_is_bound_to_the_workspace_that_was_confirmed().await?;
        self.no_two_active_connections_are_one_at_nango().await?;
        for record in self.records().await {
            let confirmed = self.confirmed[&record.id].to_string();
            let tenant = *stands.entry(confirmed).or_insert(record.tenant);
            prop_assert_eq!(tenant, record.tenant, "two tenants stand on one workspace");
        }
        for admin in &self.admins {
            self.look_at_documents(admin).await?;
        }
        Ok(())
    }

    async fn each_active_connection_is_bound_to_the_workspace_that_was_confirmed(&self) -> TestCaseResult {
        for record in self.records().await {
            let confirmed = self.confirmed[&record.id].to_string();
            prop_assert_eq!(
                record.workspace.id,
                Some(confirmed),
                "a connection names another workspace than was confirmed"
            );
        }
        Ok(())
    }

    async fn no_two_active_connections_are_one_at_nango(&self) -> TestCaseResult {
        let mut seen = HashSet::new();
        for record in self.records().await {
            let is_active = record.state == ConnectionState::Active;
            let is_first = !is_active || seen.insert(record.reference);
            prop_assert!(is_first, "two active connections are one at Nango");
        }
        Ok(())
    }

    async fn look_at_documents(&self, admin: &Actor) -> TestCaseResult {
        let pages: Vec<NotionId> = self.workspaces.iter().map(|workspace| workspace.page).collect();
        let of_tenant: HashSet<ConnectionId> =
            self.held.iter().filter(|held| held.tenant == admin.tenant).map(|held| held.id).collect();
        for linked in self.library.linked_by_source(admin.tenant, &pages).await? {
            let workspace = self.workspace_of(linked.link.source.id);
            let mut once = of_tenant.iter().filter(|id| self.confirmed[id] == workspace.id);
            prop_assert!(once.next().is_some(), "a document of {}, which nobody confirmed", workspace.name);
            if let Some(id) = linked.link.connection {
                prop_assert!(of_tenant.contains(&id), "a document of another tenant's connection");
                prop_assert_eq!(self.confirmed[&id], workspace.id, "a document of another workspace");
            }
            // Nobody takes a page away, so only another workspace's connection does not see it.
            prop_assert_eq!(linked.link.state, SourceState::Present);
            prop_assert_eq!(&linked.link.source.title, &workspace.name);
            prop_assert_eq!(&linked.title.text, &workspace.name);
            for version in self.library.versions(admin, linked.document).await? {
                let expected = format!("Said in {}.\n", workspace.name);
                prop_assert_eq!(version.content, Content::Markdown(expected));
            }
        }
        Ok(())
    }
}

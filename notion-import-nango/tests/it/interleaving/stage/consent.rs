//! Links, what is consented to by them, and what becomes of that at Nango.

use http::{HeaderMap, HeaderValue, Method, header};
use notion_import_core::testing::Reply;
use notion_import_core::transport::Request;
use notion_import_core::{Actor, Authorizer, Begun, ConnectionRef, ConnectionState};
use proptest::prop_assert_ne;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};
use url::Url;

use super::trigger::Armed;
use super::{Nth, Stage, Started, Where, Workspace, newest};
use crate::API_KEY;

impl Stage {
    pub(super) async fn begin(&mut self, who: usize) {
        let admin = self.admins[who].clone();
        let begun = self.connector.begin(&admin).await.unwrap();
        self.started(admin, begun);
    }

    pub(super) async fn reconnect(&mut self, nth: Nth) {
        let Some(record) = newest(&self.records().await, nth).cloned() else { return };
        let admin = self.admin_of(record.tenant);
        let begun = self.connector.reconnect(&admin, record.id).await.unwrap();
        self.started(admin, begun);
    }

    fn started(&mut self, admin: Actor, begun: Begun) {
        self.links.push(begun.link.url.clone());
        self.attempts.push(Started { admin, begun, shown: None, leaves: None });
    }

    pub(super) async fn consent(&mut self, link: Nth, workspace: Where) {
        if let Some(link) = newest(&self.links, link).cloned() {
            self.follow(&link, workspace).await;
        }
    }

    async fn follow(&mut self, link: &Url, workspace: Where) {
        let Workspace { id, page, .. } = self.workspaces[workspace];
        if let Ok(reference) = self.stand_in.consent(link, id, &[page]).await {
            self.references.push(reference);
        }
    }

    pub(super) async fn replace(&mut self, connection: Nth, workspace: Where, keeps_tags: bool) {
        let Some(reference) = newest(&self.references, connection) else { return };
        // Whoever has it uses it once: an attempt is remembered for a day, and what such a link leads to later is nobody's here.
        if let Some(link) = self.link_of_the_dashboard(reference, keeps_tags).await {
            self.follow(&link, workspace).await;
        }
    }

    /// Leads away from what was confirmed. One that led away and, in the middle of something, comes back is told by nobody:
    /// Nango shows what a connection holds, not what it held.
    pub(super) async fn replace_amid(&mut self, connection: Nth, workspace: Where, after: usize) {
        let Some(record) = newest(&self.records().await, connection).cloned() else { return };
        let Workspace { id, page, .. } = self.workspaces[workspace];
        if self.confirmed[&record.id] == id {
            return;
        }
        if let Some(link) = self.link_of_the_dashboard(&record.reference, true).await {
            *self.trigger.lock().unwrap() = Some(Armed { after, link, workspace: id, page });
        }
    }

    /// A link that nothing of ours asks for; none if Nango does not know the connection.
    async fn link_of_the_dashboard(&self, reference: &ConnectionRef, keeps_tags: bool) -> Option<Url> {
        let seen = self.nango.inspect(reference).await.unwrap()?;
        let mut body = json!({ "connection_id": reference.as_str(), "integration_id": "notion" });
        if keeps_tags && let (Some(tenant), Some(attempt)) = (seen.tenant, seen.attempt) {
            body["tags"] = json!({ "tenant_id": tenant, "attempt_id": attempt });
        }
        let bearer = HeaderValue::from_str(&format!("Bearer {API_KEY}")).unwrap();
        let request = Request {
            method: Method::POST,
            url: Url::parse("http://localhost/connect/sessions/reconnect").unwrap(),
            headers: HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]),
            body: Some(body.to_string().into()),
        };
        let Reply::Response(answer) = self.stand_in.reply(&request) else { return None };
        let opened: Value = serde_json::from_slice(&answer.body).unwrap();
        opened["data"]["connect_link"].as_str()?.parse().ok()
    }

    pub(super) async fn hear(&self, nth: Nth) -> TestCaseResult {
        let Some(reference) = newest(&self.references, nth) else { return Ok(()) };
        self.connector.reconcile(reference).await?;
        let record = self.records().await.into_iter().find(|record| record.reference == *reference);
        // Whether the tags are still ours or not.
        if let (Some(record), Some(seen)) = (record, self.nango.inspect(reference).await?)
            && seen.workspace_id != record.workspace.id
        {
            prop_assert_ne!(record.state, ConnectionState::Active, "a webhook told of another workspace");
        }
        Ok(())
    }
}

//! What people of the host do.

use std::sync::Arc;

use chrono::TimeDelta;

use super::run::Run;
use super::step::Thing;
use crate::connect::Connector;
use crate::connection::{
    Attempt, Confirmation, ConnectionRef, Granted, Namespace, SharedWorkspace, Workspace,
};
use crate::error::{Error, StoreError};
use crate::id::AttemptId;
use crate::library::access::AccessLevel;
use crate::library::document::Linked;
use crate::library::gate::{Expected, Publish};
use crate::testing::suite::dispatch::NoConsents;

impl Run {
    /// What is linked to a source, if anything is.
    async fn imported(&self, thing: Thing) -> Result<Option<Linked>, Error> {
        let source = self.workspace.thing(thing).id;
        Ok(self.ground.stores.documents.linked_by_source(self.admin.tenant, &[source]).await?.pop())
    }

    /// Somebody gives a document a title of its own, or takes that back.
    pub(super) async fn call(&mut self, thing: Thing, is_ours: bool) -> Result<(), Error> {
        let _busy = self.clock.busy();
        let Some(known) = self.imported(thing).await? else { return Ok(()) };
        let (id, now) = (known.document, self.clock.time());
        let title = is_ours.then(|| format!("Ours, {now}"));
        self.ground.stores.access.rename(&self.admin, id, title.as_deref(), now).await?;
        match title {
            Some(title) => drop(self.called.insert(id, title)),
            None => drop(self.called.remove(&id)),
        }
        Ok(())
    }

    pub(super) async fn unlink(&mut self, thing: Thing) -> Result<(), Error> {
        let _busy = self.clock.busy();
        let Some(known) = self.imported(thing).await? else { return Ok(()) };
        Ok(self.ground.stores.documents.unlink(&self.admin, known.document, self.clock.time()).await?)
    }

    pub(super) async fn publish(&mut self, thing: Thing) -> Result<(), Error> {
        let _busy = self.clock.busy();
        let Some(known) = self.imported(thing).await? else { return Ok(()) };
        let access = &self.ground.stores.access;
        let id = known.document;
        let facts = async || access.document(&self.admin, id).await?.ok_or(StoreError::NotFound);
        let (seen, now) = (facts().await?, self.clock.time());
        let (level, revision) = (seen.facts.level, seen.revision);
        let expected = Expected { level, revision, reason: "It is for everybody.".to_owned() };
        let title = format!("As of {now}");
        let publish = Publish { version: known.latest, title, level: Some(AccessLevel::Public), expected };
        access.publish(&self.admin, id, &publish, now).await?;
        let seen = facts().await?;
        self.opened.retain(|opened| opened.document.id != id);
        self.opened.push(seen);
        Ok(())
    }

    /// Somebody consents, to another connection or to the one that there is.
    pub(super) async fn connect(&mut self, is_renewal: bool) -> Result<(), Error> {
        let _busy = self.clock.busy();
        self.connected += 1;
        if self.connected > 1 {
            self.workspace.grant_anew();
        }
        let (tenant, now) = (self.admin.tenant, self.clock.time());
        let reference = ConnectionRef::new(format!("{tenant}-{}", self.connected));
        self.ground.tokens.insert(&reference, &self.workspace.grant.token);
        let (id, secret) = (AttemptId::fresh(), [7; 32]);
        let mut attempt = Attempt::new(
            tenant,
            id,
            self.admin.member,
            secret,
            now + TimeDelta::minutes(15),
            Namespace::new("nowhere"),
        );
        attempt.renews = is_renewal.then_some(self.connection.id);
        let bot = self.workspace.grant.bot_id;
        let workspace = Workspace { id: Some(tenant.to_string()), name: "Acme".into(), bot };
        let connections = &self.ground.stores.connections;
        connections.begin(&self.admin, &attempt, now).await?;
        connections.record_grant(tenant, id, &Granted { reference, workspace }).await?;
        let confirmation = Confirmation { shared: SharedWorkspace::Allow, ..Confirmation::new(secret, now) };
        self.connection = connections.activate(&self.admin, id, &confirmation).await?.connection();
        Ok(())
    }

    pub(super) async fn disconnect(&mut self) -> Result<(), Error> {
        let _busy = self.clock.busy();
        let connections = self.ground.stores.connections.clone();
        let connector = Connector::new(&self.desk, Arc::new(NoConsents), connections);
        connector.disconnect(&self.admin, self.connection.id).await
    }
}

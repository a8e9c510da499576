//! Connecting Notion: begun, granted, confirmed, and one day disconnected.
//!
//! A link that lets whoever opens it attach a workspace must not be enough to attach it (cross-user session fixation). So
//! the consent only makes a connection *granted*; the administrator who began, holding a secret that never left their
//! session, makes it *active* after seeing which workspace it is.

use std::sync::Arc;

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::connection::{
    Attempt, Authorizer, ConnectLink, Connection, ConnectionRecord, ConnectionRef, ConnectionStore,
    Elsewhere, Granted, Inspected, SharedWorkspace,
};
use crate::error::{Error, StoreError};
use crate::id::{AttemptId, ConnectionId, TenantId};
use crate::importer::Importer;
use crate::library::access::{Action, Actor};
use crate::library::document::DocumentStore;
use crate::notion::client::Client;

/// How long an attempt waits for its confirmation: as long as Nango's link works.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);

/// How many leftovers one sweep takes away.
const SWEEP: usize = 100;

/// Runs the connect flow over a [`ConnectionStore`] and an [`Authorizer`].
#[derive(Clone)]
pub struct Connector {
    authorizer: Arc<dyn Authorizer>,
    connections: Arc<dyn ConnectionStore>,
    documents: Arc<dyn DocumentStore>,
    client: Client,
    shared: SharedWorkspace,
}

/// An attempt that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Its public name.
    pub attempt: AttemptId,
    /// What [`Connector::confirm`] wants to see: keep it in the administrator's session and nowhere else.
    pub secret: SecretString,
    /// Where to send the administrator, and nobody else.
    pub link: ConnectLink,
}

/// How an attempt stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AttemptState {
    /// Nothing has come back yet.
    Waiting,
    /// Consent was given: show the workspace, and ask for the confirmation.
    Granted(Granted),
    /// There is no such attempt, or no longer.
    Lapsed,
}

impl Connector {
    /// The flow for what `importer` reads through.
    pub fn new(
        importer: &Importer,
        authorizer: Arc<dyn Authorizer>,
        connections: Arc<dyn ConnectionStore>,
    ) -> Self {
        let (client, documents) = (importer.client().clone(), importer.documents().clone());
        Self { authorizer, connections, documents, client, shared: SharedWorkspace::Refuse }
    }

    /// It lets a second tenant stand on the same workspace, or not (the default).
    #[must_use]
    pub fn shared_workspace(mut self, shared: SharedWorkspace) -> Self {
        self.shared = shared;
        self
    }

    /// It begins a connection.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; the authorizer's and the store's.
    pub async fn begin(&self, actor: &Actor) -> Result<Begun, Error> {
        self.start(actor, None).await
    }

    /// It begins to renew the consent of a connection that Notion no longer accepts.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), and [`StoreError::NotFound`] if the tenant has no such connection.
    pub async fn reconnect(&self, actor: &Actor, id: ConnectionId) -> Result<Begun, Error> {
        actor.may(Action::Connect)?;
        let known = self.connections.get(actor.tenant, id).await?.ok_or(StoreError::NotFound)?;
        self.start(actor, Some(known.id)).await
    }

    async fn start(&self, actor: &Actor, renews: Option<ConnectionId>) -> Result<Begun, Error> {
        actor.may(Action::Connect)?;
        let now = self.client.clock().now();
        let secret = SecretString::from(format!("{}{}", random_id(), random_id()));
        let attempt = Attempt {
            tenant: actor.tenant,
            id: AttemptId::new(random_id()),
            member: actor.member,
            secret_hash: digest(&secret),
            expires_at: now + PATIENCE,
            renews,
            granted: None,
        };
        // Kept first: a consent must never meet an attempt nobody knows.
        self.connections.begin(actor, &attempt, now).await?;
        let link = self.authorizer.begin(&attempt).await?;
        Ok(Begun { attempt: attempt.id, secret, link })
    }

    /// It takes a hint, such as a webhook, that something happened to a connection: the connection is read anew at the
    /// authorizer, and nothing the hint says is believed. Safe to call any number of times.
    ///
    /// # Errors
    /// The authorizer's, Notion's and the store's; the hint should come again then.
    pub async fn noticed(&self, reference: &ConnectionRef) -> Result<(), Error> {
        let Some(seen) = self.authorizer.inspect(reference).await? else { return Ok(()) };
        let (Some(tenant), Some(attempt)) = (seen.tenant, seen.attempt) else { return Ok(()) };
        let attempt = self.connections.attempt(tenant, attempt).await?;
        match attempt.as_ref().map(|attempt| &attempt.granted) {
            Some(None) => match &attempt {
                Some(attempt) => self.granted(attempt, &seen).await,
                None => Ok(()),
            },
            Some(Some(noted)) if noted.reference == seen.reference => Ok(()),
            // The link was used again, or late.
            Some(Some(_)) | None => self.known_or_revoked(tenant, &seen).await,
        }
    }

    /// Looks whether a connection in use still leads to its workspace; one that nobody uses, nor can confirm, is revoked.
    async fn known_or_revoked(&self, tenant: TenantId, seen: &Inspected) -> Result<(), Error> {
        let Some(record) = self.connections.called(tenant, &seen.reference).await? else {
            return Ok(self.authorizer.revoke(&seen.reference).await?);
        };
        if record.workspace.id != seen.workspace_id {
            tracing::warn!(%tenant, connection = %record.id, "a connection leads to another workspace than was confirmed");
            let found = Elsewhere { id: seen.workspace_id.clone() };
            self.connections.misled(tenant, record.id, &found, self.client.clock().now()).await?;
        }
        Ok(())
    }

    /// It tells how an attempt stands, asking the authorizer in case the hint was lost.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; the authorizer's, Notion's and the store's.
    pub async fn poll(&self, actor: &Actor, attempt: AttemptId) -> Result<AttemptState, Error> {
        actor.may(Action::Connect)?;
        if let Some(waiting) =
            self.attempt_of(actor, attempt).await?.filter(|attempt| attempt.granted.is_none())
            && let Some(seen) = self.authorizer.find(&waiting).await?.first()
        {
            self.granted(&waiting, seen).await?;
        }
        Ok(match self.attempt_of(actor, attempt).await? {
            Some(Attempt { granted: Some(granted), .. }) => AttemptState::Granted(granted),
            Some(Attempt { granted: None, .. }) => AttemptState::Waiting,
            None => AttemptState::Lapsed,
        })
    }

    async fn attempt_of(&self, actor: &Actor, id: AttemptId) -> Result<Option<Attempt>, Error> {
        let now = self.client.clock().now();
        let attempt = self.connections.attempt(actor.tenant, id).await?;
        Ok(attempt.filter(|attempt| attempt.member == actor.member && now < attempt.expires_at))
    }

    /// It notes what a consent led to, once Notion itself has said which workspace that is.
    async fn granted(&self, attempt: &Attempt, seen: &Inspected) -> Result<(), Error> {
        let connection = Connection::new(attempt.tenant, seen.reference.as_str());
        let mut workspace = self.client.on(&connection).interactive().me().await?;
        workspace.id = workspace.id.or_else(|| seen.workspace_id.clone());
        let granted = Granted { reference: seen.reference.clone(), workspace };
        Ok(self.connections.pending(attempt.tenant, attempt.id, &granted).await?)
    }

    /// It makes a granted attempt an active connection, due for its first sync at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] unless this administrator began the attempt, holds its secret and is in time, one answer for
    /// all. [`StoreError::Conflict`] if another tenant stands on the same workspace, or a reconnect leads to another
    /// workspace. [`Error::AnotherWorkspace`] if what was granted is no longer what was shown: the attempt is over then.
    pub async fn confirm(
        &self,
        actor: &Actor,
        attempt: AttemptId,
        secret: &SecretString,
    ) -> Result<ConnectionRecord, Error> {
        actor.may(Action::Connect)?;
        let now = self.client.clock().now();
        let hash = digest(secret);
        let begun = self.attempt_of(actor, attempt).await?;
        if let Some(begun) = &begun
            && let Some(granted) = &begun.granted
            && !self.leads_still(begun, granted).await?
        {
            self.sweep_attempt(begun).await?;
            return Err(Error::AnotherWorkspace);
        }
        let renewed = self.renewed_by(actor.tenant, attempt).await?;
        let active = self.connections.activate(actor, attempt, hash, now, self.shared).await?;
        if let Some(reference) = renewed {
            self.authorizer.revoke(&reference).await?;
        }
        if let Some(begun) = &begun {
            self.revoke_unused(begun).await?;
        }
        Ok(active)
    }

    /// Tells whether a grant is what it was when it was shown: asked anew, at the authorizer and of Notion.
    async fn leads_still(&self, attempt: &Attempt, granted: &Granted) -> Result<bool, Error> {
        let Some(seen) = self.authorizer.inspect(&granted.reference).await? else { return Ok(false) };
        let connection = Connection::new(attempt.tenant, seen.reference.as_str());
        let now = self.client.on(&connection).interactive().me().await?;
        let shown = &granted.workspace;
        Ok(now.bot == shown.bot
            && (now.id.is_none() || now.id == shown.id)
            && (seen.workspace_id.is_none() || seen.workspace_id == shown.id))
    }

    /// What the service calls the connection that an attempt renews.
    async fn renewed_by(&self, tenant: TenantId, attempt: AttemptId) -> Result<Option<ConnectionRef>, Error> {
        let attempt = self.connections.attempt(tenant, attempt).await?;
        let Some(renewed) = attempt.and_then(|attempt| attempt.renews) else { return Ok(None) };
        Ok(self.connections.get(tenant, renewed).await?.map(|record| record.reference))
    }

    /// It ends a connection: fenced first, so that nothing reads or writes through it again; then the documents are
    /// detached, the authorizer forgets it, and its record goes. The documents stay.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator, [`StoreError::NotFound`] if there is no such connection.
    /// If the authorizer cannot be reached the connection stays fenced, and [`sweep`](Self::sweep) finishes it.
    pub async fn disconnect(&self, actor: &Actor, id: ConnectionId) -> Result<(), Error> {
        actor.may(Action::Connect)?;
        let fenced = self.connections.fence(actor, id, self.client.clock().now()).await?;
        self.finish_disconnect(&fenced.ok_or(StoreError::NotFound)?).await
    }

    async fn finish_disconnect(&self, fenced: &ConnectionRecord) -> Result<(), Error> {
        let connection = fenced.connection();
        self.client.close(&connection);
        self.documents.detach(&connection).await?;
        self.authorizer.revoke(&fenced.reference).await?;
        Ok(self.connections.remove(fenced.tenant, fenced.id, self.client.clock().now()).await?)
    }

    /// It takes away what was left behind: attempts nobody confirmed in time, with what they led to, and connections whose
    /// disconnect was interrupted. Call it every few minutes. Returns how many it took away.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let now = self.client.clock().now();
        let mut swept = 0;
        let mut failure = None;
        for attempt in self.connections.lapsed(now, SWEEP).await? {
            match self.sweep_attempt(&attempt).await {
                Ok(()) => swept += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for fenced in self.connections.fenced(SWEEP).await? {
            match self.finish_disconnect(&fenced).await {
                Ok(()) => swept += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(swept), Err)
    }

    async fn sweep_attempt(&self, attempt: &Attempt) -> Result<(), Error> {
        self.revoke_unused(attempt).await?;
        Ok(self.connections.forget(attempt.tenant, attempt.id).await?)
    }

    async fn revoke_unused(&self, attempt: &Attempt) -> Result<(), Error> {
        // One link can lead to several connections, so all that carry the attempt's tag go, and never one in use.
        for seen in self.authorizer.find(attempt).await? {
            if self.connections.called(attempt.tenant, &seen.reference).await?.is_none() {
                self.authorizer.revoke(&seen.reference).await?;
            }
        }
        Ok(())
    }

    /// It returns a tenant's connections, for its members.
    ///
    /// # Errors
    /// The store's.
    pub async fn connections(&self, tenant: TenantId) -> Result<Vec<ConnectionRecord>, Error> {
        Ok(self.connections.list(tenant).await?)
    }
}

/// Random, not time-ordered: it must not be guessed.
fn random_id() -> uuid::Uuid {
    uuid::Uuid::new_v4()
}

fn digest(secret: &SecretString) -> [u8; 32] {
    Sha256::digest(secret.expose_secret().as_bytes()).into()
}

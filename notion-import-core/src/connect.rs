//! Connecting Notion: begun, granted, confirmed, and one day disconnected.
//!
//! A link that lets whoever opens it attach a workspace must not be enough to attach it (cross-user session fixation). So
//! the consent only makes a connection *granted*; the administrator who began, holding a secret that never left their
//! session, makes it *active* after seeing which workspace it is.

mod disconnect;
mod erase;
mod leftovers;

use std::sync::Arc;

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::actor::{Action, Actor};
use crate::connection::{
    Attempt, Authorizer, Confirmation, ConnectLink, Connection, ConnectionRecord, ConnectionRef,
    ConnectionStore, Granted, Inspected, Seal, SharedWorkspace, Workspace, asked_in, leads_home,
};
#[cfg(doc)]
use crate::error::Conflict;
use crate::error::{AccessError, Error, Fault, StoreError};
use crate::id::{AttemptId, ConnectionId, NotionId, TenantId};
use crate::importer::Importer;
use crate::library::document::DocumentStore;
use crate::notion::client::Client;
use crate::telemetry::{self, Turn};

/// How long an attempt waits for its confirmation: as long as Nango's link works.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);

/// Runs the connect flow over a [`ConnectionStore`] and an [`Authorizer`].
#[derive(Clone)]
pub struct Connector {
    authorizer: Arc<dyn Authorizer>,
    connections: Arc<dyn ConnectionStore>,
    documents: Arc<dyn DocumentStore>,
    client: Client,
    shared: SharedWorkspace,
    seal: Option<Arc<Seal>>,
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AttemptState {
    /// Nothing has come back yet.
    Waiting,
    /// Consent was given: show the workspace, and ask for the confirmation.
    Granted(Granted),
    /// Consent was given, but not for the workspace that the connection to be renewed leads to: show both, and ask whether it is to
    /// be left, which is confirmed with [`Connector::confirm_change`] alone.
    GrantedElsewhere {
        /// The workspace that would be left.
        from: Workspace,
        /// What it would be left for.
        to: Granted,
    },
    /// There is no such attempt, or no longer.
    Expired,
}

/// How a connection is at the service that holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It is there, and nothing is known against it.
    Sound,
    /// Its grant is failing: the credentials could not be renewed the last time.
    Failing,
    /// It is not there any more.
    Missing,
    /// Nobody can tell: the operator's key is of another [`Namespace`](crate::Namespace) (an account, an environment) than it was made in.
    Unknown,
}

impl Connector {
    /// The flow for what `importer` reads through.
    pub fn new(
        importer: &Importer,
        authorizer: Arc<dyn Authorizer>,
        connections: Arc<dyn ConnectionStore>,
    ) -> Self {
        let (client, documents) = (importer.client().clone(), importer.documents().clone());
        Self { authorizer, connections, documents, client, shared: SharedWorkspace::Refuse, seal: None }
    }

    /// Lets a second tenant stand on the same workspace, or not (the default).
    #[must_use]
    pub fn shared_workspace(mut self, shared: SharedWorkspace) -> Self {
        self.shared = shared;
        self
    }

    /// Keeps the token of each connect session with its attempt, sealed with this key, so that the session is closed as soon as it
    /// has served. Without a key no token is kept, and the host has to [`close`](Self::close) sessions itself.
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    #[must_use]
    pub fn seal_with(mut self, key: &[u8; 32]) -> Self {
        self.seal = Some(Arc::new(Seal::new(key)));
        self
    }

    /// Begins a connection.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; the authorizer's and the store's.
    pub async fn begin(&self, actor: &Actor) -> Result<Begun, Error> {
        self.start(actor, None).await
    }

    /// Begins to renew the consent of a connection that Notion no longer accepts.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), and [`StoreError::NotFound`] if the tenant has no such connection.
    pub async fn reconnect(&self, actor: &Actor, id: ConnectionId) -> Result<Begun, Error> {
        actor.may(Action::Connect)?;
        let known = self.get(actor.tenant, id).await?;
        self.start(actor, Some(known.id)).await
    }

    async fn start(&self, actor: &Actor, renews: Option<ConnectionId>) -> Result<Begun, Error> {
        actor.may(Action::Connect)?;
        let now = self.client.clock().now();
        let secret = SecretString::from(format!("{}{}", random_id(), random_id()));
        let (id, expires_at) = (AttemptId::new(random_id()), now + PATIENCE);
        let namespace = self.authorizer.namespace().await?;
        let attempt = Attempt::new(actor.tenant, id, actor.member, digest(&secret), expires_at, namespace);
        let attempt = Attempt { renews, ..attempt };
        // Kept first: a consent must never meet an attempt nobody knows.
        self.connections.begin(actor, &attempt, now).await?;
        let link = self.authorizer.begin(&attempt).await?;
        let sealed = self.seal.as_ref().and_then(|seal| attempt.seal(seal, &link.session));
        if let Some(sealed) = sealed
            && let Err(error) = self.connections.keep_session(attempt.tenant, id, Some(&sealed)).await
        {
            // Nobody could close it later.
            self.authorizer.close(&link.session).await?;
            return Err(error.into());
        }
        Ok(Begun { attempt: attempt.id, secret, link })
    }

    /// Takes a hint, such as a webhook, that something happened to a connection: the connection is read anew at the
    /// authorizer, and nothing the hint says is believed. Safe to call any number of times.
    ///
    /// # Errors
    /// The authorizer's, Notion's and the store's; the hint should come again then.
    pub async fn reconcile(&self, reference: &ConnectionRef) -> Result<(), Error> {
        let Some(seen) = self.authorizer.inspect(reference).await? else { return Ok(()) };
        // Before its tags: whoever replaces what a connection holds also replaces those.
        let in_use = self.connections.by_reference(&seen.reference).await?;
        for record in &in_use {
            leads_home(&*self.connections, record, seen.workspace_id.clone(), self.client.clock().now())
                .await?;
        }
        let (Some(tenant), Some(attempt), true) = (seen.tenant, seen.attempt, in_use.is_empty()) else {
            return Ok(());
        };
        let attempt = self.connections.attempt(tenant, attempt).await?;
        let now = self.client.clock().now();
        let waiting = attempt.filter(|attempt| !attempt.is_over(now));
        match waiting.as_ref().map(|attempt| (attempt, &attempt.granted)) {
            Some((attempt, None)) => self.granted(attempt, &seen).await,
            Some((attempt, Some(noted))) if noted.reference == seen.reference => {
                // Whoever noted it may not have come so far.
                self.or_later(self.close_session_of(attempt).await);
                Ok(())
            }
            // The link was used again, or late.
            Some((_, Some(_))) | None => self.revoke_unless_used(&seen.reference).await,
        }
    }

    /// Tells how an attempt stands, asking the authorizer in case the hint was lost.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; the authorizer's, Notion's and the store's.
    pub async fn poll(&self, actor: &Actor, attempt: AttemptId) -> Result<AttemptState, Error> {
        actor.may(Action::Connect)?;
        match self.attempt_of(actor, attempt).await? {
            Some(waiting) if waiting.granted.is_none() => {
                if let Some(seen) = self.found(&waiting).await?.first() {
                    self.granted(&waiting, seen).await?;
                }
            }
            Some(granted) => self.or_later(self.close_session_of(&granted).await),
            None => {}
        }
        let Some(attempt) = self.attempt_of(actor, attempt).await? else { return Ok(AttemptState::Expired) };
        let Some(granted) = attempt.granted else { return Ok(AttemptState::Waiting) };
        let renewed = self.begun_for(attempt.tenant, attempt.renews).await?;
        Ok(match renewed.map(|record| record.workspace) {
            Some(from) if !from.is_same(&granted.workspace) => {
                AttemptState::GrantedElsewhere { from, to: granted }
            }
            Some(_) | None => AttemptState::Granted(granted),
        })
    }

    /// Returns the connection that a reconnect was begun for, if it is there.
    async fn begun_for(
        &self,
        tenant: TenantId,
        renews: Option<ConnectionId>,
    ) -> Result<Option<ConnectionRecord>, Error> {
        match renews {
            Some(id) => Ok(self.connections.get(tenant, id).await?),
            None => Ok(None),
        }
    }

    async fn attempt_of(&self, actor: &Actor, id: AttemptId) -> Result<Option<Attempt>, Error> {
        let now = self.client.clock().now();
        let attempt = self.connections.attempt(actor.tenant, id).await?;
        Ok(attempt.filter(|attempt| attempt.member == actor.member && !attempt.is_over(now)))
    }

    /// Notes what a consent led to, once Notion itself has said which workspace that is.
    async fn granted(&self, attempt: &Attempt, seen: &Inspected) -> Result<(), Error> {
        asked_in(&*self.authorizer, &attempt.namespace).await?;
        let connection = Connection::new(attempt.tenant, seen.reference.as_str());
        let mut workspace = self.client.on(&connection).interactive().me().await?;
        workspace.id = workspace.id.or_else(|| seen.workspace_id.clone());
        let granted = Granted { reference: seen.reference.clone(), workspace };
        self.connections.record_grant(attempt.tenant, attempt.id, &granted).await?;
        self.or_later(self.close_session_of(attempt).await);
        Ok(())
    }

    /// Closes a connect session by the token that came with its link ([`ConnectLink::session`]): for hosts that gave no key to
    /// [`seal_with`](Self::seal_with), once the attempt was granted, confirmed or given up. Closing it again succeeds.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; the authorizer's.
    pub async fn close(&self, actor: &Actor, session: &SecretString) -> Result<(), Error> {
        actor.may(Action::Connect)?;
        Ok(self.authorizer.close(session).await?)
    }

    /// Gives an attempt up: its link is closed, and what it led to is revoked. What cannot be done now is done by
    /// [`sweep`](Self::sweep).
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is an administrator; [`StoreError::NotFound`] unless this administrator began the
    /// attempt, holds its secret, and it has not ended; the store's.
    pub async fn cancel(
        &self,
        actor: &Actor,
        attempt: AttemptId,
        secret: &SecretString,
    ) -> Result<(), Error> {
        actor.may(Action::Connect)?;
        let hash = digest(secret);
        let begun = self.connections.attempt(actor.tenant, attempt).await?;
        let begun = begun.filter(|begun| begun.ended_at.is_none() && begun.is_of(actor.member, &hash));
        self.give_up(&begun.ok_or(StoreError::NotFound)?).await
    }

    async fn give_up(&self, attempt: &Attempt) -> Result<(), Error> {
        let Attempt { tenant, id, .. } = *attempt;
        // First, so that nobody can confirm what is revoked next.
        self.connections.end(tenant, id, self.client.clock().now()).await?;
        self.or_later(self.clear(tenant, id).await);
        Ok(())
    }

    /// Makes a granted attempt an active connection, due for its first sync at once. What the connection was called before a
    /// renewal is revoked now or by [`sweep`](Self::sweep).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] unless this administrator began the attempt, holds its secret and is in time, one answer for
    /// all. [`Conflict::WorkspaceTaken`] if another tenant stands on the same workspace. [`Conflict::AnotherWorkspace`] if a reconnect
    /// leads to another ([`confirm_change`](Self::confirm_change) lets it). [`Error::AnotherWorkspace`] if what was granted is no
    /// longer what was shown: the attempt is over then.
    pub async fn confirm(
        &self,
        actor: &Actor,
        attempt: AttemptId,
        secret: &SecretString,
    ) -> Result<ConnectionRecord, Error> {
        self.settle(actor, attempt, secret, None).await
    }

    /// Makes a granted reconnect that leads to another workspace a connection of its own, and disconnects the one that was to be
    /// renewed: its documents stay. `from` is the bot of the workspace that was shown as the one to be left. What cannot be done now
    /// is done by [`sweep`](Self::sweep).
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm); [`Conflict::Changed`] unless it leads to another workspace than that of `from`, and the
    /// connection still to that.
    pub async fn confirm_change(
        &self,
        actor: &Actor,
        attempt: AttemptId,
        secret: &SecretString,
        from: NotionId,
    ) -> Result<ConnectionRecord, Error> {
        self.settle(actor, attempt, secret, Some(from)).await
    }

    async fn settle(
        &self,
        actor: &Actor,
        id: AttemptId,
        secret: &SecretString,
        leaves: Option<NotionId>,
    ) -> Result<ConnectionRecord, Error> {
        actor.may(Action::Connect)?;
        let (secret_hash, at) = (digest(secret), self.client.clock().now());
        let begun = self.attempt_of(actor, id).await?;
        if let Some(begun) = &begun
            && let Some(granted) = &begun.granted
            && !self.leads_still(begun, granted).await?
        {
            self.give_up(begun).await?;
            return Err(Error::AnotherWorkspace);
        }
        let confirmation = Confirmation { secret_hash, leaves, shared: self.shared, at };
        let active = self.connections.activate(actor, id, &confirmation).await?;
        telemetry::turned(Turn::Connected, active.tenant, active.id);
        self.or_later(self.after(&active, id).await);
        Ok(active)
    }

    /// Tells whether a grant is what it was when it was shown: asked anew, at the authorizer and of Notion.
    async fn leads_still(&self, attempt: &Attempt, granted: &Granted) -> Result<bool, Error> {
        asked_in(&*self.authorizer, &attempt.namespace).await?;
        let Some(seen) = self.authorizer.inspect(&granted.reference).await? else { return Ok(false) };
        let connection = Connection::new(attempt.tenant, seen.reference.as_str());
        let now = self.client.on(&connection).interactive().me().await?;
        let shown = &granted.workspace;
        Ok(now.bot == shown.bot
            && (now.id.is_none() || now.id == shown.id)
            && (seen.workspace_id.is_none() || seen.workspace_id == shown.id))
    }

    /// Returns one of a tenant's connections, for its members.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such connection; the store's.
    pub async fn get(&self, tenant: TenantId, id: ConnectionId) -> Result<ConnectionRecord, Error> {
        Ok(self.connections.get(tenant, id).await?.ok_or(StoreError::NotFound)?)
    }

    /// Asks the authorizer how a connection of a tenant's is, for the page that shows it. It costs a request and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such connection; the authorizer's and the store's.
    pub async fn health(&self, tenant: TenantId, id: ConnectionId) -> Result<Health, Error> {
        let known = self.get(tenant, id).await?;
        match self.authorizer.inspect(&known.reference).await {
            Ok(None) => match asked_in(&*self.authorizer, &known.namespace).await {
                Ok(()) => Ok(Health::Missing),
                Err(AccessError { fault: Fault::AnotherNamespace, .. }) => Ok(Health::Unknown),
                Err(error) => Err(error.into()),
            },
            Ok(Some(seen)) => Ok(if seen.is_failing { Health::Failing } else { Health::Sound }),
            // A service that looks at the credentials first says it so.
            Err(AccessError { fault: Fault::RefreshFailing | Fault::CredentialsRefused, .. }) => {
                Ok(Health::Failing)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns a tenant's connections, for its members.
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

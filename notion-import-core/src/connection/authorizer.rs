//! Who runs the OAuth dance, and what comes of it.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;

use super::{ConnectionRef, Namespace, QualifiedRef, Seal, SharedWorkspace, Workspace};
use crate::error::{AccessError, Conflict, StoreError};
use crate::id::{AttemptId, ConnectionId, MemberId, NotionId, TenantId};

/// One try to connect, from the click to the confirmation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Who wants to connect.
    pub tenant: TenantId,
    /// Its public name, carried in the tags of the session.
    pub id: AttemptId,
    /// The administrator who began it and alone may confirm it.
    pub member: MemberId,
    /// SHA-256 of the secret only that administrator's session holds.
    pub secret_hash: [u8; 32],
    /// When it expires: from this moment on it has.
    pub expires_at: DateTime<Utc>,
    /// Where its session is opened: all that comes of it is there.
    pub namespace: Namespace,
    /// The connection being renewed, if this is a reconnect.
    pub renews: Option<ConnectionId>,
    /// What was granted, once it was.
    pub granted: Option<Granted>,
    /// The token of its connect session, sealed, until that is closed. None is kept if the host gave no key.
    pub session: Option<Vec<u8>>,
    /// When it was confirmed, cancelled or found to have expired. It is remembered, and nothing comes of it any more.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it leaves behind, noted when it ends, until that is revoked: what the connection it renewed was called before, or what it led to
    /// if nobody confirmed that.
    pub to_revoke: Option<QualifiedRef>,
}

impl Attempt {
    /// Builds an attempt that was just begun and renews nothing.
    pub fn new(
        tenant: TenantId,
        id: AttemptId,
        member: MemberId,
        secret_hash: [u8; 32],
        expires_at: DateTime<Utc>,
        namespace: Namespace,
    ) -> Self {
        let (renews, granted, session, ended_at, to_revoke) = (None, None, None, None, None);
        Self {
            tenant,
            id,
            member,
            secret_hash,
            expires_at,
            namespace,
            renews,
            granted,
            session,
            ended_at,
            to_revoke,
        }
    }

    /// Seals the token of the attempt's session: what is sealed for one attempt opens for no other.
    pub(crate) fn seal(&self, seal: &Seal, token: &SecretString) -> Option<Vec<u8>> {
        seal.close(&self.name(), token.expose_secret().as_bytes())
    }

    /// Returns a token that was sealed for this attempt.
    pub(crate) fn open(&self, seal: &Seal, sealed: &[u8]) -> Option<SecretString> {
        String::from_utf8(seal.open(&self.name(), sealed)?).ok().map(SecretString::from)
    }

    fn name(&self) -> Vec<u8> {
        [self.tenant.as_uuid(), self.id.as_uuid()].map(|id| *id.as_bytes()).concat()
    }

    /// Tells whether it has expired or ended.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_some() || self.expires_at <= now
    }

    /// Tells whether this member began it and holds its secret.
    pub fn is_of(&self, member: MemberId, secret_hash: &[u8; 32]) -> bool {
        bool::from(self.secret_hash.ct_eq(secret_hash)) && self.member == member
    }

    /// Decides whether a grant may be noted, and tells whether it is new.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the attempt has ended; [`Conflict::AnotherGrant`] if another connection was noted.
    pub fn may_note(&self, granted: &Granted) -> Result<bool, StoreError> {
        match &self.granted {
            _ if self.ended_at.is_some() => Err(StoreError::NotFound),
            Some(noted) if noted.reference != granted.reference => Err(Conflict::AnotherGrant.into()),
            Some(_) => Ok(false),
            None => Ok(true),
        }
    }

    /// Decides whether this member may confirm it so, and returns what was granted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if not, whatever the reason.
    pub fn may_be_confirmed(
        &self,
        member: MemberId,
        confirmation: &Confirmation,
    ) -> Result<&Granted, StoreError> {
        let Confirmation { secret_hash, at, .. } = confirmation;
        let granted = self.granted.as_ref().filter(|_| self.is_of(member, secret_hash) && !self.is_over(*at));
        granted.ok_or(StoreError::NotFound)
    }

    /// Returns the id of the connection that it is about: the one to be renewed, or the one that it would make.
    pub fn connection(&self) -> ConnectionId {
        self.renews.unwrap_or(self.new_connection())
    }

    /// Returns the id of the connection that it makes, unless it renews one.
    pub const fn new_connection(&self) -> ConnectionId {
        ConnectionId::new(self.id.as_uuid())
    }
}

/// What came out of the consent: seen, but not yet confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// The connection's name at the service.
    pub reference: ConnectionRef,
    /// What it leads to.
    pub workspace: Workspace,
}

/// What an administrator confirms of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// SHA-256 of the secret that the administrator's session holds.
    pub secret_hash: [u8; 32],
    /// The bot of the workspace that a reconnect leaves for another, as it was shown. None for a connection that is new, or leads to the
    /// workspace it led to.
    pub leaves: Option<NotionId>,
    /// Whether another tenant may stand on the same workspace.
    pub shared: SharedWorkspace,
    /// When.
    pub at: DateTime<Utc>,
}

impl Confirmation {
    /// Builds one that leaves no workspace and shares none.
    pub const fn new(secret_hash: [u8; 32], at: DateTime<Utc>) -> Self {
        Self { secret_hash, leaves: None, shared: SharedWorkspace::Refuse, at }
    }
}

/// Something that may have happened, as a webhook says. Nothing but names is taken from it, and nothing it says is believed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Hint {
    /// Somebody gave, renewed or replaced a consent.
    Authorized(ConnectionRef),
    /// The grant may fail, which a sync finds out.
    Doubted(ConnectionRef),
    /// Something in Notion has changed.
    Changed {
        /// The connection that is told of it.
        connection: ConnectionRef,
        /// Pages, data sources and databases that have changed, or what they stand in.
        sources: Vec<NotionId>,
        /// The bots that can see them, if that is told: a connection of another has nothing to look for.
        bots: Option<Vec<NotionId>>,
    },
}

/// A page to send the administrator to. It lets whoever opens it attach a workspace, so it is shown to nobody else.
#[derive(Clone)]
pub struct ConnectLink {
    /// The address: a secret until it expires.
    pub url: Url,
    /// When it stops working, but for a consent that is under way by then.
    pub expires_at: DateTime<Utc>,
    /// The token that closes the session behind the link. A host that gave no key to seal it keeps it in the administrator's own
    /// session.
    pub session: SecretString,
}

impl fmt::Debug for ConnectLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What the service knows of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspected {
    /// Its name.
    pub reference: ConnectionRef,
    /// The tenant in its tags, if they carry one of ours.
    pub tenant: Option<TenantId>,
    /// The attempt in its tags, if they carry one of ours.
    pub attempt: Option<AttemptId>,
    /// The id of the Notion workspace it leads to. If none is told, nobody can know that it leads where it was confirmed to, and a
    /// connection in use counts as [leading elsewhere](super::ConnectionRecord::leads_to) whenever it is looked at.
    pub workspace_id: Option<String>,
    /// Whether the service could not renew its credentials the last time: the earliest sign of a grant that is going.
    pub is_failing: bool,
}

/// Who runs the OAuth dance.
///
/// # Contract
/// `revoke` and `close` of what is not there succeed. What is not there may be in another [`namespace`](Authorizer::namespace). Nothing here changes Notion's content.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// Opens a session tagged with the attempt's tenant and id. It leads to new connections only: no link replaces what an
    /// existing connection holds.
    async fn begin(&self, attempt: &Attempt) -> Result<ConnectLink, AccessError>;

    /// Closes the session of a link: no consent leads to a connection any more, one that is under way included.
    async fn close(&self, session: &SecretString) -> Result<(), AccessError>;

    /// Finds the connections an attempt has led to, newest first. None are found of one that was begun in another namespace.
    async fn find(&self, attempt: &Attempt) -> Result<Vec<Inspected>, AccessError>;

    /// Reads a connection anew; none if there is no such connection in this namespace.
    async fn inspect(&self, reference: &ConnectionRef) -> Result<Option<Inspected>, AccessError>;

    /// Returns the namespace that everything here is asked in. It stays the same for as long as this value lives, so it costs a request at
    /// most once.
    async fn namespace(&self) -> Result<Namespace, AccessError>;

    /// Deletes the connection.
    async fn revoke(&self, reference: &ConnectionRef) -> Result<(), AccessError>;
}

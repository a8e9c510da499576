//! A tenant's connection to Notion: the reference to it, who may use it, and where it is kept.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{AccessError, Fault, StoreError};
use crate::id::{AttemptId, MemberId, NotionId, TenantId};

/// What names a connection at the service that holds its token (Nango's connection id). Not a secret by itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionRef(String);

impl ConnectionRef {
    /// Wraps the service's own id.
    pub fn new(reference: impl Into<String>) -> Self {
        Self(reference.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to act through one connection of one tenant.
///
/// `generation` is a fencing token: whoever holds a lease has a higher one than everybody before, and stores
/// refuse writes with a lower one. A host without leases stays at 0 and never meets it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Connection {
    /// Whose connection it is.
    pub tenant: TenantId,
    /// Which one.
    pub reference: ConnectionRef,
    /// The fencing token.
    pub generation: u64,
}

impl Connection {
    /// A connection used without leases.
    pub fn new(tenant: TenantId, reference: impl Into<String>) -> Self {
        Self { tenant, reference: ConnectionRef::new(reference), generation: 0 }
    }
}

/// Where to send a request for Notion and with which headers.
#[derive(Clone)]
pub struct ApiAccess {
    /// The base, without `/v1`: `https://api.notion.com`, or a proxy's.
    pub base: Url,
    /// Headers that authorise the request, marked sensitive. The client adds the Notion version with
    /// [`ApiAccess::version_header`].
    pub headers: HeaderMap,
    /// The name of the header that carries the Notion version: proxies rename it.
    pub version_header: &'static str,
}

impl fmt::Debug for ApiAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAccess").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// Where access to Notion comes from.
///
/// # Contract
/// `access` is called before every request, so an account-wide pause may wait in it. It must serve only the
/// connection it was asked for.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// It returns how to reach Notion through `connection`.
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError>;

    /// It tells what an answer means that Notion did not give (one without `"object":"error"`).
    fn explain(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Fault;
}

/// One token for every connection: an internal integration's, or a personal one.
pub struct StaticToken {
    token: SecretString,
    base: Url,
}

impl StaticToken {
    /// A token for `https://api.notion.com`.
    pub fn new(token: impl Into<SecretString>) -> Self {
        #[allow(clippy::unwrap_used, reason = "a constant")]
        let base = Url::parse("https://api.notion.com").unwrap();
        Self { token: token.into(), base }
    }

    /// It talks to another address, given without `/v1`.
    #[must_use]
    pub fn at(mut self, base: Url) -> Self {
        self.base = base;
        self
    }
}

impl fmt::Debug for StaticToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticToken").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenSource for StaticToken {
    async fn access(&self, _connection: &Connection) -> Result<ApiAccess, AccessError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", self.token.expose_secret()))
            .map_err(|_| Fault::CredentialsRefused)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        Ok(ApiAccess { base: self.base.clone(), headers, version_header: "notion-version" })
    }

    fn explain(&self, _status: StatusCode, _headers: &HeaderMap, _body: &[u8], _now: DateTime<Utc>) -> Fault {
        // Nothing stands between us and Notion but its edge, and that is never the last word.
        Fault::Transient
    }
}

/// The Notion workspace behind a connection, as its bot user tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Workspace {
    /// The workspace's id, if Notion tells it.
    pub id: Option<String>,
    /// The workspace's name, shown to the person who confirms.
    pub name: String,
    /// The bot's id: it stands for this one authorisation.
    pub bot: NotionId,
}

/// How a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// It works and syncs.
    Active,
    /// Notion no longer accepts it: nothing syncs until somebody reconnects.
    NeedsReauth,
    /// It is being disconnected: fenced, but not yet gone.
    Disconnecting,
}

/// What is kept of a connection: never a token.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name at the service that holds the token.
    pub reference: ConnectionRef,
    /// How it stands.
    pub state: ConnectionState,
    /// What it leads to.
    pub workspace: Workspace,
    /// Who connected it.
    pub connected_by: MemberId,
    /// When it was confirmed.
    pub connected_at: DateTime<Utc>,
    /// The highest generation given out.
    pub generation: u64,
    /// When it is to be synced next.
    pub next_run: DateTime<Utc>,
    /// How the last sync ended.
    pub last_run: Option<RunSummary>,
}

impl ConnectionRecord {
    /// The right to act through it with its current generation.
    pub fn connection(&self) -> Connection {
        Connection { tenant: self.tenant, reference: self.reference.clone(), generation: self.generation }
    }
}

/// How a sync ended.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RunSummary {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Linked documents whose source was looked at.
    pub checked: u32,
    /// Linked documents whose metadata or source state changed.
    pub changed: u32,
    /// What went wrong, as a stable code; none if nothing did.
    pub failure: Option<String>,
}

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
    /// When it lapses: from this moment on it has.
    pub expires_at: DateTime<Utc>,
    /// The connection being renewed, if this is a reconnect.
    pub renews: Option<ConnectionRef>,
    /// What was granted, once it was.
    pub granted: Option<Granted>,
}

/// What came out of the consent: seen, but not yet confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// The connection's name at the service.
    pub reference: ConnectionRef,
    /// What it leads to.
    pub workspace: Workspace,
}

/// Whether two tenants may stand on one Notion authorisation, whose page grants they would then share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SharedBot {
    /// Refuse the second one.
    #[default]
    Refuse,
    /// Let it in.
    Allow,
}

/// A page to send the administrator to. It lets whoever opens it attach a workspace, so it is shown to nobody else.
#[derive(Clone)]
pub struct ConnectLink {
    /// The address: a secret until it expires.
    pub url: Url,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
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
    /// The Notion workspace it leads to.
    pub workspace_id: Option<String>,
}

/// Who runs the OAuth dance.
///
/// # Contract
/// `revoke` of what is not there succeeds. Nothing here changes Notion's content.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// It opens a session tagged with the attempt's tenant and id; for a reconnect, one that renews
    /// `attempt.renews`.
    async fn begin(&self, attempt: &Attempt) -> Result<ConnectLink, AccessError>;

    /// It finds the connections an attempt has led to, newest first.
    async fn find(&self, attempt: &Attempt) -> Result<Vec<Inspected>, AccessError>;

    /// It reads a connection anew; none if there is no such connection.
    async fn inspect(&self, reference: &ConnectionRef) -> Result<Option<Inspected>, AccessError>;

    /// It deletes the connection.
    async fn revoke(&self, reference: &ConnectionRef) -> Result<(), AccessError>;
}

/// Where connections and attempts are kept.
///
/// # Contract
/// - Every method but [`claim_due`](ConnectionStore::claim_due) and [`lapsed`](ConnectionStore::lapsed) sees one
///   tenant only; those two are the scheduler's and return the tenant with each row.
/// - Each call is one transaction: it happens wholly or not at all, also when the future is dropped.
/// - A claim raises the generation; a claimed connection is not claimed again before its lease runs out. At the moment it
///   runs out, it is free.
/// - The generation never falls while the record is there.
/// - Only [`activate`](ConnectionStore::activate) makes a connection, and only it makes one active again.
/// - A state the store cannot read is [`ConnectionState::NeedsReauth`].
#[async_trait]
pub trait ConnectionStore: Send + Sync {
    /// It keeps a new attempt. [`StoreError::Conflict`] if the tenant has one of this id.
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError>;

    /// It returns an attempt that exists, lapsed or not.
    async fn attempt(&self, tenant: TenantId, id: AttemptId) -> Result<Option<Attempt>, StoreError>;

    /// It notes what an attempt has led to. Noting the same again changes nothing; noting another connection
    /// for an attempt that already has one is a [`StoreError::Conflict`]; for an attempt that does not exist,
    /// [`StoreError::NotFound`].
    async fn pending(&self, tenant: TenantId, id: AttemptId, granted: &Granted) -> Result<(), StoreError>;

    /// It turns a granted, unlapsed attempt with this secret's hash and this member into an active connection,
    /// due now, and forgets the attempt. A reconnect makes the connection it renews active again, with the workspace, the member
    /// and the time of the renewal; it frees the connection and raises its generation, so whoever held it is fenced.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if tenant, member, secret or attempt do not fit, nothing was granted, the attempt has lapsed, or
    /// the connection it renews is gone or being disconnected: one answer for all. [`StoreError::Conflict`] if another tenant
    /// has this bot and `shared` refuses that, if the tenant already has a connection of this reference, or if what was granted
    /// is not the connection to be renewed. The attempt then stays.
    async fn activate(
        &self,
        tenant: TenantId,
        member: MemberId,
        id: AttemptId,
        secret_hash: [u8; 32],
        now: DateTime<Utc>,
        shared: SharedBot,
    ) -> Result<ConnectionRecord, StoreError>;

    /// It forgets an attempt; forgetting it again succeeds.
    async fn forget(&self, tenant: TenantId, id: AttemptId) -> Result<(), StoreError>;

    /// It returns attempts of any tenant that have lapsed at `now`, longest lapsed first, at most `limit`.
    async fn lapsed(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Attempt>, StoreError>;

    /// It returns one connection.
    async fn get(
        &self,
        tenant: TenantId,
        reference: &ConnectionRef,
    ) -> Result<Option<ConnectionRecord>, StoreError>;

    /// It returns a tenant's connections, oldest first.
    async fn list(&self, tenant: TenantId) -> Result<Vec<ConnectionRecord>, StoreError>;

    /// It claims at most `limit` active connections of any tenant whose next run is not after `now` and that
    /// nobody holds, longest due first, and raises the generation of each.
    async fn claim_due(
        &self,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError>;

    /// It claims one active connection now, whether due or not; none while somebody holds it or it is not active.
    async fn claim(
        &self,
        tenant: TenantId,
        reference: &ConnectionRef,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<Connection>, StoreError>;

    /// It makes the holder's lease run out `lease` after `now`. [`StoreError::Fenced`] if a later claim or a
    /// disconnect overtook it, or it was given back.
    async fn renew(
        &self,
        connection: &Connection,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<(), StoreError>;

    /// It gives the claim back with what came of it. `state` is `Active` or `NeedsReauth`; one that needs reauthorisation by
    /// now stays so, and `next_run` is no later than what it was hastened to since the claim.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if a later claim or a disconnect overtook it. [`StoreError::Conflict`] for the state
    /// `Disconnecting`: only [`fence`](ConnectionStore::fence) disconnects.
    async fn finish(
        &self,
        connection: &Connection,
        run: &RunSummary,
        state: ConnectionState,
        next_run: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It marks an active connection as refused by Notion; any other state stays. It does nothing to one that is not there.
    async fn needs_reauth(&self, tenant: TenantId, reference: &ConnectionRef) -> Result<(), StoreError>;

    /// It makes an active connection due at `at` if that is earlier than planned, also if it is claimed: then it is due once
    /// given back. It does nothing to one that is not there.
    async fn hasten(
        &self,
        tenant: TenantId,
        reference: &ConnectionRef,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It fences a connection: state `Disconnecting`, generation raised, nobody can claim it again. Fencing it again changes
    /// nothing.
    /// Returns the record as fenced; none if there is no such connection.
    async fn fence(
        &self,
        tenant: TenantId,
        reference: &ConnectionRef,
    ) -> Result<Option<ConnectionRecord>, StoreError>;

    /// It returns connections of any tenant that were fenced and not yet removed, at most `limit`. The scheduler's, like
    /// [`claim_due`](ConnectionStore::claim_due).
    async fn fenced(&self, limit: usize) -> Result<Vec<ConnectionRecord>, StoreError>;

    /// It removes a fenced connection's record; removing it again succeeds. [`StoreError::Conflict`] if it is not fenced.
    async fn remove(&self, tenant: TenantId, reference: &ConnectionRef) -> Result<(), StoreError>;
}

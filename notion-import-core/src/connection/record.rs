//! What is kept of a connection: never a token.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Connection, ConnectionRef, Namespace, QualifiedRef, RunSummary};
use crate::actor::Actor;
use crate::id::{ConnectionId, MemberId, NotionId, TenantId};

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

impl Workspace {
    /// Tells whether both are one workspace. Without an id nobody can tell, so they are not.
    pub fn is_same(&self, other: &Self) -> bool {
        self.id.is_some() && self.id == other.id
    }

    /// Tells whether two tenants that stand on these see the same pages: one workspace, by whichever bot, or one authorisation.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        self.is_same(other) || self.bot == other.bot
    }
}

/// The workspace a connection was found to lead to, instead of the one that was confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Elsewhere {
    /// The workspace's id, if the service that holds the token tells it.
    pub id: Option<String>,
}

/// How a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Works and syncs.
    Active,
    /// Notion no longer accepts it: nothing syncs until somebody reconnects.
    NeedsReauth,
    /// It is being disconnected: fenced, but not yet gone.
    Disconnecting,
}

/// Why the record of a connection goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Removal {
    /// The service that held the connection has forgotten it.
    Forgotten,
    /// This administrator has given up waiting for that: nobody knows whether the service still holds it.
    Abandoned(Actor),
}

/// What is kept of a connection: never a token.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name for as long as it lives.
    pub id: ConnectionId,
    /// Its name at the service that holds the token: another after each renewal.
    pub reference: ConnectionRef,
    /// Where it is called so.
    pub namespace: Namespace,
    /// How it stands.
    pub state: ConnectionState,
    /// The workspace that was confirmed.
    pub workspace: Workspace,
    /// Where it was found to lead instead, since it was confirmed.
    pub found: Option<Elsewhere>,
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
    /// Tells whether a workspace of this id, as the service tells it, is the one that was confirmed. An id that is missing, here
    /// or there, is like no other.
    pub fn leads_to(&self, told: Option<&str>) -> bool {
        told.is_some() && self.workspace.id.as_deref() == told
    }

    /// Returns its name at the service, and where it is called so.
    pub fn qualified(&self) -> QualifiedRef {
        QualifiedRef { namespace: self.namespace.clone(), reference: self.reference.clone() }
    }

    /// Returns the right to act through it with its current generation.
    pub fn connection(&self) -> Connection {
        let Self { tenant, id, reference, generation, .. } = self;
        Connection { tenant: *tenant, id: *id, reference: reference.clone(), generation: *generation }
    }
}

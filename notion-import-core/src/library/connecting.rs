//! What a connection goes through, and what the audit says of it. Every store goes by this.

use chrono::{DateTime, Utc};

use super::audit::{AuditEvent, NewEntry, Subject};
use crate::actor::{Actor, Denied};
use crate::connection::{
    Attempt, Confirmation, ConnectionRecord, ConnectionState, Elsewhere, Granted, QualifiedRef, Removal,
    SharedWorkspace,
};
use crate::error::{Conflict, StoreError};

impl Attempt {
    /// Says that the attempt was begun.
    ///
    /// # Errors
    /// [`Denied`] if it is not the actor's own.
    pub fn begun_by(&self, actor: &Actor, now: DateTime<Utc>) -> Result<NewEntry, Denied> {
        if (actor.tenant, actor.member) != (self.tenant, self.member) {
            return Err(Denied);
        }
        let event = AuditEvent::ConnectionBegun { attempt: self.id };
        Ok(NewEntry::of(actor, now, Subject::Connection(self.connection()), event))
    }

    /// Returns what is left to be revoked where the attempt ends unconfirmed: what it has led to.
    pub fn leaves_behind(&self) -> Option<QualifiedRef> {
        let reference = self.granted.as_ref()?.reference.clone();
        Some(QualifiedRef { namespace: self.namespace.clone(), reference })
    }

    /// Decides what becomes of a grant that [may be confirmed](Self::may_be_confirmed): a new connection, or the one that the attempt
    /// renews. A workspace that Notion gives no id is like no other, so a reconnect to it is always a change.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the connection to be renewed is gone or being disconnected. [`Conflict::AlreadyConnected`] if the
    /// tenant has a connection of the granted reference. [`Conflict::AnotherWorkspace`] if the reconnect leads away from the workspace
    /// it led to and the confirmation does not say so, [`Conflict::Changed`] if it does not lead away from the one that is named.
    /// [`Conflict::WorkspaceTaken`] if another tenant stands on the workspace and the host refuses that.
    pub fn settle(
        &self,
        actor: &Actor,
        granted: &Granted,
        confirmation: &Confirmation,
        ground: Ground,
    ) -> Result<Settled, StoreError> {
        let standing = ground.renewed.filter(|record| record.state != ConnectionState::Disconnecting);
        let renewed = self.renews.map(|_| standing.ok_or(StoreError::NotFound)).transpose()?;
        let from = renewed.as_ref().map(|record| &record.workspace);
        let leaves = from.filter(|from| !from.is_same(&granted.workspace)).map(|from| from.bot);
        if ground.has_reference {
            return Err(Conflict::AlreadyConnected.into());
        }
        match (leaves, confirmation.leaves) {
            (leaves, named) if leaves == named => {}
            (_, None) => return Err(Conflict::AnotherWorkspace.into()),
            (_, Some(_)) => return Err(Conflict::Changed.into()),
        }
        if ground.is_shared && confirmation.shared == SharedWorkspace::Refuse {
            return Err(Conflict::WorkspaceTaken.into());
        }
        Ok(match renewed {
            Some(left) if leaves.is_some() => self.replaces(actor, granted, left, confirmation.at),
            Some(renewed) => self.renews(actor, granted, &renewed, confirmation.at),
            None => self.begins(actor, granted, confirmation.at),
        })
    }

    fn begins(&self, actor: &Actor, granted: &Granted, now: DateTime<Utc>) -> Settled {
        let (attempt, workspace) = (self.id, granted.workspace.id.clone());
        let event = AuditEvent::ConnectionConfirmed { attempt, workspace };
        Settled::of(actor, self.connects(granted, now), event)
    }

    fn renews(
        &self,
        actor: &Actor,
        granted: &Granted,
        renewed: &ConnectionRecord,
        now: DateTime<Utc>,
    ) -> Settled {
        let record = ConnectionRecord {
            id: renewed.id,
            generation: renewed.generation + 1,
            last_run: renewed.last_run.clone(),
            ..self.connects(granted, now)
        };
        let (attempt, workspace) = (self.id, granted.workspace.id.clone());
        let event = AuditEvent::ConnectionRenewed { attempt, workspace };
        Settled { to_revoke: Some(renewed.qualified()), ..Settled::of(actor, record, event) }
    }

    /// Returns the new connection that a grant would be, due now.
    fn connects(&self, granted: &Granted, now: DateTime<Utc>) -> ConnectionRecord {
        ConnectionRecord {
            tenant: self.tenant,
            id: self.new_connection(),
            reference: granted.reference.clone(),
            namespace: self.namespace.clone(),
            state: ConnectionState::Active,
            workspace: granted.workspace.clone(),
            found: None,
            connected_by: self.member,
            connected_at: now,
            generation: 0,
            next_run: now,
            last_run: None,
        }
    }

    /// What was read in the workspace that is left is nothing that the other one knows, so it is a disconnect and a new connection.
    fn replaces(
        &self,
        actor: &Actor,
        granted: &Granted,
        mut left: ConnectionRecord,
        now: DateTime<Utc>,
    ) -> Settled {
        let mut settled = self.begins(actor, granted, now);
        settled.entries.extend(left.disconnect(actor, now));
        settled.left = Some(left);
        settled
    }
}

/// What stands where an attempt is about to become a connection, as it is read in the transaction of the confirmation.
#[derive(Clone, PartialEq, Debug)]
pub struct Ground {
    /// The connection that is to be renewed, if there is one.
    pub renewed: Option<ConnectionRecord>,
    /// Whether the tenant has a connection of the granted reference.
    pub has_reference: bool,
    /// Whether another tenant stands on the granted workspace, by [`Workspace::is_shared_with`](crate::connection::Workspace::is_shared_with).
    pub is_shared: bool,
}

/// What a store writes, in one transaction, when an attempt is confirmed. The attempt ends with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Settled {
    /// The connection: due now, and held by nobody.
    pub record: ConnectionRecord,
    /// The connection that was left for one to another workspace, fenced.
    pub left: Option<ConnectionRecord>,
    /// What the connection was called before it was renewed, to be noted in the attempt.
    pub to_revoke: Option<QualifiedRef>,
    /// For the tenant's audit, in this order.
    pub entries: Vec<NewEntry>,
}

impl Settled {
    /// Builds what is written of a connection that was confirmed just now.
    fn of(actor: &Actor, record: ConnectionRecord, event: AuditEvent) -> Self {
        let entry = NewEntry::of(actor, record.connected_at, Subject::Connection(record.id), event);
        Self { record, left: None, to_revoke: None, entries: vec![entry] }
    }
}

impl ConnectionRecord {
    /// Marks an active connection as refused by Notion. Returns what to write down; none if it was not active.
    pub fn refuse(&mut self, now: DateTime<Utc>) -> Option<NewEntry> {
        match self.state {
            ConnectionState::NeedsReauth | ConnectionState::Disconnecting => None,
            ConnectionState::Active => {
                self.state = ConnectionState::NeedsReauth;
                Some(self.entry(now, AuditEvent::NeedsReauth))
            }
        }
    }

    /// Notes that the connection leads elsewhere: nobody may use it before it is confirmed anew. Returns what to write down;
    /// none if that is known, or it is being disconnected.
    pub fn mark_elsewhere(&mut self, found: &Elsewhere, now: DateTime<Utc>) -> Option<NewEntry> {
        let is_known = self.found.as_ref() == Some(found);
        match self.state {
            ConnectionState::Disconnecting => return None,
            ConnectionState::NeedsReauth if is_known => return None,
            ConnectionState::Active | ConnectionState::NeedsReauth => {}
        }
        self.state = ConnectionState::NeedsReauth;
        self.found = Some(found.clone());
        let (confirmed, found) = (self.workspace.id.clone(), found.id.clone());
        Some(self.entry(now, AuditEvent::IdentityRefused { confirmed, found }))
    }

    /// Fences the connection. Returns what to write down; none if it was fenced already.
    pub fn disconnect(&mut self, actor: &Actor, now: DateTime<Utc>) -> Option<NewEntry> {
        match self.state {
            ConnectionState::Disconnecting => None,
            ConnectionState::Active | ConnectionState::NeedsReauth => {
                self.state = ConnectionState::Disconnecting;
                self.generation += 1;
                Some(NewEntry::of(actor, now, Subject::Connection(self.id), AuditEvent::Disconnected))
            }
        }
    }

    /// Says why the record of the connection goes, wherever it goes.
    ///
    /// # Errors
    /// [`Conflict::NotFenced`] if it stays, since the connection is not fenced.
    pub fn removed(&self, removal: &Removal, now: DateTime<Utc>) -> Result<NewEntry, Conflict> {
        self.ensure_fenced()?;
        Ok(match removal {
            Removal::Forgotten => self.entry(now, AuditEvent::ConnectionRemoved),
            Removal::Abandoned(actor) => {
                NewEntry::of(actor, now, Subject::Connection(self.id), AuditEvent::ConnectionAbandoned)
            }
        })
    }

    /// Passes if the connection is being disconnected.
    ///
    /// # Errors
    /// [`Conflict::NotFenced`] if not.
    pub(crate) const fn ensure_fenced(&self) -> Result<(), Conflict> {
        match self.state {
            ConnectionState::Active | ConnectionState::NeedsReauth => Err(Conflict::NotFenced),
            ConnectionState::Disconnecting => Ok(()),
        }
    }

    const fn entry(&self, now: DateTime<Utc>, event: AuditEvent) -> NewEntry {
        NewEntry::of_system(now, Subject::Connection(self.id), event)
    }
}

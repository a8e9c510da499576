//! What a connection goes through, and what the audit says of it. Every store goes by this.

use chrono::{DateTime, Utc};

use super::audit::{AuditEvent, NewEntry, Subject};
use crate::actor::{Actor, Denied};
use crate::connection::{Attempt, ConnectionRecord, ConnectionState, Elsewhere, Granted};

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

    /// Returns the connection that it becomes with what was granted, due now and held by nobody: a new one, or the one that it
    /// renews.
    pub fn becomes(
        &self,
        granted: &Granted,
        renewed: Option<&ConnectionRecord>,
        now: DateTime<Utc>,
    ) -> ConnectionRecord {
        ConnectionRecord {
            tenant: self.tenant,
            id: self.connection(),
            reference: granted.reference.clone(),
            state: ConnectionState::Active,
            workspace: granted.workspace.clone(),
            found: None,
            connected_by: self.member,
            connected_at: now,
            generation: renewed.map_or(0, |old| old.generation + 1),
            next_run: now,
            last_run: renewed.and_then(|old| old.last_run.clone()),
        }
    }

    /// Says that the attempt was confirmed and has become its connection.
    pub fn confirmed_by(&self, actor: &Actor, granted: &Granted, now: DateTime<Utc>) -> NewEntry {
        let (attempt, workspace) = (self.id, granted.workspace.id.clone());
        let event = match self.renews {
            None => AuditEvent::ConnectionConfirmed { attempt, workspace },
            Some(_) => AuditEvent::ConnectionRenewed { attempt, workspace },
        };
        NewEntry::of(actor, now, Subject::Connection(self.connection()), event)
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
    pub fn mislead(&mut self, found: &Elsewhere, now: DateTime<Utc>) -> Option<NewEntry> {
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

    /// Says that nothing of the connection is left, wherever the record went.
    pub const fn removed(&self, now: DateTime<Utc>) -> NewEntry {
        self.entry(now, AuditEvent::ConnectionRemoved)
    }

    const fn entry(&self, now: DateTime<Utc>, event: AuditEvent) -> NewEntry {
        NewEntry::of_system(now, Subject::Connection(self.id), event)
    }
}

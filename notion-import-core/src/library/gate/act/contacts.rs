//! What comes of changes of contacts.

use super::Act;
use crate::actor::{Action, Actor};
use crate::error::{Conflict, StoreError};
use crate::id::ContactId;
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::gate::{
    ActFacts, Contact, ContactDetails, ContactRow, RequestState, Scope, Verdict, Write,
};
use crate::library::title::given_reason;

/// A change of one contact, as a member asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ContactChange {
    /// Adds them.
    Add(ContactDetails),
    /// Shuts them out.
    Block,
    /// Shuts them out no longer, for a reason.
    Unblock(String),
    /// Erases what is known of them.
    Erase,
}

impl ContactChange {
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Add(_) | Self::Block | Self::Unblock(_) => Action::Assign,
            Self::Erase => Action::Erase,
        }
    }

    pub(super) fn scope(&self, contact: ContactId) -> Scope {
        let scope = Scope { contact: Some(contact), ..Scope::default() };
        match self {
            Self::Add(details) => Scope { mail: Some(details.mail().clone()), ..scope },
            Self::Block | Self::Unblock(_) => scope,
            Self::Erase => Scope { waiting: true, ..scope },
        }
    }
}

impl Act {
    pub(super) fn of_contact(
        &self,
        actor: &Actor,
        id: ContactId,
        change: &ContactChange,
        found: ActFacts,
    ) -> Result<Verdict, StoreError> {
        match (change, &found.contact) {
            // The id may be one of whom nothing is known any more, by the same person's wish.
            (ContactChange::Add(_), ContactRow::Erased) => Ok(Verdict::default()),
            (ContactChange::Add(details), row) => self.add(actor, id, details, row, found.by_mail.as_ref()),
            (_, ContactRow::Absent) => Err(StoreError::NotFound),
            (ContactChange::Erase, ContactRow::Erased) => Ok(Verdict::default()),
            (ContactChange::Block | ContactChange::Unblock(_), ContactRow::Erased) => {
                Err(StoreError::NotFound)
            }
            (ContactChange::Block, ContactRow::Kept(contact)) => {
                let event = (!contact.blocked).then_some(AuditEvent::ContactBlocked);
                Ok(self.blocked(actor, id, true, event))
            }
            (ContactChange::Unblock(why), ContactRow::Kept(contact)) => {
                let event = contact.blocked.then(|| unblocked(why)).transpose()?;
                Ok(self.blocked(actor, id, false, event))
            }
            (ContactChange::Erase, ContactRow::Kept(_)) => Ok(self.erase(actor, id, &found)),
        }
    }

    fn add(
        &self,
        actor: &Actor,
        id: ContactId,
        details: &ContactDetails,
        row: &ContactRow,
        by_mail: Option<&Contact>,
    ) -> Result<Verdict, StoreError> {
        match row {
            ContactRow::Kept(kept) if kept.details == *details => return Ok(Verdict::default()),
            ContactRow::Kept(_) => return Err(Conflict::Changed.into()),
            ContactRow::Absent | ContactRow::Erased => {}
        }
        if by_mail.is_some() {
            Err(Conflict::AddressTaken.into())
        } else {
            Ok(self.added(actor, id, details))
        }
    }

    /// Returns what makes somebody a contact who was none. What they asked for before is theirs.
    pub(super) fn added(&self, actor: &Actor, id: ContactId, details: &ContactDetails) -> Verdict {
        let mail = details.mail().clone();
        let contact = Contact { id, details: details.clone(), blocked: false, added_at: self.at };
        let writes = vec![Write::Contact(contact), Write::Attribute(mail, id)];
        Verdict { writes, entries: vec![self.about(actor, id, AuditEvent::ContactAdded)] }
    }

    fn blocked(&self, actor: &Actor, id: ContactId, blocked: bool, event: Option<AuditEvent>) -> Verdict {
        let writes = event.iter().map(|_| Write::Blocked(id, blocked)).collect();
        Verdict { writes, entries: event.into_iter().map(|event| self.about(actor, id, event)).collect() }
    }

    /// Ends what the contact may do, too, so that it is the same if the host lets them in by mistake.
    fn erase(&self, actor: &Actor, id: ContactId, found: &ActFacts) -> Verdict {
        let mut verdict = Verdict::default();
        let mut note = |write, subject, event| {
            verdict.writes.push(write);
            verdict.entries.push(NewEntry::of(actor, self.at, subject, event));
        };
        for live in found.facts.assignments.iter().filter(|assignment| assignment.is_live(self.at)) {
            let revoked = AuditEvent::Revoked { assignment: live.id };
            note(Write::Revoke(live.id), Subject::Document(live.document), revoked);
        }
        let counting = found.facts.acceptances.iter().filter(|acceptance| acceptance.voided_at.is_none());
        for nda in counting.map(|acceptance| acceptance.nda).collect::<std::collections::BTreeSet<_>>() {
            note(Write::Void(id, nda), Subject::Contact(id), AuditEvent::AcceptanceVoided { nda });
        }
        for request in &found.waiting {
            let withdrawn = AuditEvent::RequestWithdrawn { request: request.id };
            let settle = Write::Settle(request.id, RequestState::Withdrawn);
            note(settle, Subject::Document(request.document), withdrawn);
        }
        note(Write::Erase(id), Subject::Contact(id), AuditEvent::ContactErased);
        verdict
    }

    fn about(&self, actor: &Actor, id: ContactId, event: AuditEvent) -> NewEntry {
        NewEntry::of(actor, self.at, Subject::Contact(id), event)
    }
}

/// Their assignments let them in again, so somebody says why.
fn unblocked(why: &str) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent::ContactUnblocked { reason: given_reason(why)? })
}

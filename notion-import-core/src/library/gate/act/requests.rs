//! What comes of requests to read.

use chrono::{DateTime, Utc};

use super::{Act, Approval};
use crate::actor::{Actor, Agent};
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, RequestId, TenantId};
use crate::library::access::{AccessFacts, AssignmentId, DocumentFacts, Outside, Viewer, decide};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::gate::{
    AccessRequest, ActFacts, Asker, CountScope, NewAssignment, NewRequest, RequestLimits, RequestState,
    Scope, Verdict, Write,
};
use crate::library::title::given_reason;

impl NewRequest {
    pub(super) fn scope(&self, at: DateTime<Utc>) -> Scope {
        let origin = self.address.map(RequestLimits::origin);
        Scope {
            contact: self.asker.contact(),
            mail: self.asker.details().map(|details| details.mail().clone()),
            waiting: true,
            asked_for: self.documents.clone(),
            counts: Some(CountScope { since: at - self.limits.within, origin }),
            ..Scope::default()
        }
    }
}

impl Act {
    /// Takes up what may be asked for. Whoever asks is told the same whatever comes of it.
    pub(super) fn ask(
        &self,
        site: TenantId,
        ids: &[RequestId],
        new: &NewRequest,
        found: ActFacts,
    ) -> Result<Verdict, StoreError> {
        let reason = new.check()?;
        let contact = match &new.asker {
            Asker::Stranger(_) => found.by_mail,
            Asker::Contact(_) => match found.contact.contact() {
                Some(contact) => Some(contact),
                None => return Ok(Verdict::default()),
            },
        };
        // Whose address it is may have been let in; to know that, they would have to sign in.
        let viewer = match &contact {
            Some(contact) => Viewer::Contact { tenant: site, id: contact.id, verified: true },
            None => Viewer::Anonymous,
        };
        let may_ask = |document: &&DocumentFacts| match decide(site, &viewer, document, &found.facts, self.at)
            .outside(document)
        {
            Outside::RequestAccess | Outside::SignIn => true,
            Outside::Ok | Outside::NotFound | Outside::AcceptNda { .. } => false,
        };
        let waits = |document: &DocumentFacts| found.waiting.iter().any(|kept| kept.document == document.id);
        let asked: Vec<_> =
            found.asked_for.iter().filter(may_ask).filter(|document| !waits(document)).collect();
        if !new.limits.admit(found.counts, asked.len()) {
            return Ok(Verdict::default());
        }
        let signed_in = new.asker.contact();
        let contact = contact.map(|contact| contact.id);
        let by = signed_in.map_or(Agent::Visitor, Agent::Contact);
        let origin = new.address.map(RequestLimits::origin);
        let mut verdict = Verdict::default();
        for (id, document) in ids.iter().zip(asked) {
            let request = AccessRequest {
                id: *id,
                document: document.id,
                asker: Some(contact.map_or_else(|| new.asker.clone(), Asker::Contact)),
                signed_in: signed_in.is_some(),
                reason: reason.clone(),
                asked_at: self.at,
                state: RequestState::Waiting,
            };
            verdict.writes.push(Write::Request(Box::new(request), origin));
            let event = AuditEvent::AccessRequested { request: *id, contact };
            let subject = Subject::Document(document.id);
            verdict.entries.push(NewEntry { at: self.at, by, address: new.address, subject, event });
        }
        Ok(verdict)
    }

    /// Lets in who asked, to what they asked for. The level stays what it is.
    pub(super) fn approve(
        &self,
        actor: &Actor,
        request: AccessRequest,
        approval: &Approval,
        (assignment, new_contact): (AssignmentId, ContactId),
        facts: &AccessFacts,
    ) -> Result<Verdict, StoreError> {
        if !request.state.becomes(RequestState::Approved)? {
            return Ok(Verdict::default());
        }
        let (contact, mut verdict) = match &request.asker {
            Some(Asker::Contact(contact)) => (*contact, Verdict::default()),
            Some(Asker::Stranger(details)) => (new_contact, self.added(actor, new_contact, details)),
            None => return Err(Conflict::Changed.into()),
        };
        let Approval { expires_at, nda_waiver } = approval.clone();
        let new = NewAssignment { document: request.document, contact, expires_at, nda_waiver };
        let (writes, events) = self.assign(assignment, &new, facts)?;
        verdict.writes.extend(writes);
        verdict.writes.push(Write::Settle(request.id, RequestState::Approved));
        let approved = AuditEvent::RequestApproved { request: request.id };
        let entry = |event| NewEntry::of(actor, self.at, Subject::Document(request.document), event);
        verdict.entries.extend(events.into_iter().chain([approved]).map(entry));
        Ok(verdict)
    }

    /// Lets the author, and nobody else, take a request back.
    pub(super) fn withdraw_request(
        &self,
        site: TenantId,
        viewer: &Viewer,
        found: ActFacts,
    ) -> Result<Verdict, StoreError> {
        let request = found.request.ok_or(StoreError::NotFound)?;
        let contact = match viewer {
            Viewer::Contact { tenant, id, verified: true } if *tenant == site => *id,
            Viewer::Contact { .. } | Viewer::Anonymous | Viewer::Member(_) => {
                return Err(StoreError::NotFound);
            }
        };
        if request.asker != Some(Asker::Contact(contact)) {
            return Err(StoreError::NotFound);
        }
        if !request.state.becomes(RequestState::Withdrawn)? {
            return Ok(Verdict::default());
        }
        let event = AuditEvent::RequestWithdrawn { request: request.id };
        let (by, subject) = (Agent::Contact(contact), Subject::Document(request.document));
        let entries = vec![NewEntry { at: self.at, by, address: None, subject, event }];
        Ok(Verdict { writes: vec![Write::Settle(request.id, RequestState::Withdrawn)], entries })
    }
}

/// Returns what comes of a request that is declined. A stranger is forgotten: nobody needs to know them any more.
pub(super) fn decline(
    request: &AccessRequest,
    why: &str,
) -> Result<(Vec<Write>, Vec<AuditEvent>), StoreError> {
    let reason = given_reason(why)?;
    if !request.state.becomes(RequestState::Declined)? {
        return Ok(Default::default());
    }
    let mut writes = vec![Write::Settle(request.id, RequestState::Declined)];
    if matches!(request.asker, Some(Asker::Stranger(_))) {
        writes.push(Write::Forget(request.id));
    }
    Ok((writes, vec![AuditEvent::RequestDeclined { request: request.id, reason }]))
}

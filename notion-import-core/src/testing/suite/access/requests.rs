//! Who asks to read what.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{Desk, Library, details};
use crate::actor::Agent;
use crate::error::{Conflict, StoreError};
use crate::id::{DocumentId, RequestId};
use crate::library::access::{AccessLevel, Viewer};
use crate::library::audit::{AuditEvent, AuditQuery};
use crate::library::gate::{AccessRequest, Approval, Asker, NewRequest, RequestLimits, RequestState};
use crate::testing::suite::fixture::{DAY, minute};
use crate::testing::suite::{Broken, Outcome};

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

pub(super) fn request(asker: Asker, documents: &[DocumentId]) -> NewRequest {
    NewRequest {
        asker,
        documents: documents.iter().copied().collect(),
        reason: "For our  audit".into(),
        address: Some(ADDRESS),
        limits: RequestLimits::default(),
    }
}

fn stranger(name: &str) -> Result<Asker, Broken> {
    Ok(Asker::Stranger(details(&format!("{name}@orchard.example"))?))
}

impl Desk {
    /// A restricted document that everybody may know of.
    pub(super) async fn gated(&self, title: &str) -> Result<DocumentId, Broken> {
        let id = self.open(title, AccessLevel::Restricted).await?.id;
        self.list(id, true).await?;
        Ok(id)
    }

    pub(super) async fn ask(&self, asker: Asker, documents: &[DocumentId], minutes: i64) -> Outcome {
        Ok(self.access().ask(self.tenant(), &request(asker, documents), minute(minutes)).await?)
    }

    pub(super) async fn queue(&self) -> Result<Vec<AccessRequest>, Broken> {
        Ok(self.access().requests(&self.admin, None, 99).await?)
    }

    /// The one request that waits.
    pub(super) async fn waiting(&self) -> Result<AccessRequest, Broken> {
        match <[_; 1]>::try_from(self.queue().await?) {
            Ok([request]) => Ok(request),
            Err(queue) => Err(Broken::new(format!("{} requests wait", queue.len()))),
        }
    }

    pub(super) async fn approve(&self, request: &AccessRequest) -> Result<(), StoreError> {
        let approval = Approval { expires_at: Some(minute(90 * DAY)), nda_waiver: None };
        self.access().approve(&self.admin, request.document, request.id, &approval, minute(6)).await
    }

    async fn decline(&self, request: &AccessRequest, reason: &str) -> Result<(), StoreError> {
        self.access().decline(&self.admin, request.document, request.id, reason, minute(6)).await
    }

    async fn withdraw_request(&self, viewer: &Viewer, request: RequestId) -> Result<(), StoreError> {
        self.access().withdraw_request(self.tenant(), viewer, request, minute(6)).await
    }
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let documents = [desk.gated("First").await?, desk.gated("Second").await?];
    let contact = desk.contact().await?;
    let mut expected = Vec::new();
    for (minutes, asker) in [(9, stranger("emil")?), (8, Asker::Contact(contact)), (7, stranger("farah")?)] {
        desk.ask(asker.clone(), &documents, minutes).await?;
        let signed_in = asker == Asker::Contact(contact);
        expected.insert(0, (minute(minutes), asker, signed_in));
    }
    let queue = desk.queue().await?;
    let kept: Vec<_> = queue.iter().map(|kept| (kept.asked_at, kept.asker.clone(), kept.signed_in)).collect();
    let twice: Vec<_> = expected
        .into_iter()
        .map(|(at, asker, is)| (at, Some(asker), is))
        .flat_map(|e| [e.clone(), e])
        .collect();
    ensure_eq!(kept, twice, "the queue");
    for pair in queue.chunks(2) {
        let asked_for: BTreeSet<_> = pair.iter().map(|kept| kept.document).collect();
        ensure_eq!(asked_for, BTreeSet::from(documents), "what is asked for");
    }
    let said = queue.iter().all(|kept| kept.reason == "For our audit" && kept.state == RequestState::Waiting);
    ensure!(said, "not as it was said: {queue:?}");
    for limit in [1, 4, 9] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = desk.access().requests(&desk.admin, after, limit).await?;
            after = page.last().map(|last| last.id);
            if after.is_none() {
                break;
            }
            listed.extend(page);
        }
        ensure_eq!(listed, queue, "the queue in pages of {limit}");
    }
    ensure_eq!(desk.access().count_requests(desk.insider()?).await?, 6, "how many wait");
    let theirs = desk.access().requests_of(desk.tenant(), contact, 9).await?;
    ensure_eq!(theirs.len(), 2, "the contact's own");
    Ok(())
}

pub(super) async fn one(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (document, other) = (desk.gated("Policy").await?, desk.gated("Other").await?);
    let contact = desk.contact().await?;
    for asker in [stranger("emil")?, Asker::Contact(contact)] {
        for minutes in 3..6 {
            desk.ask(asker.clone(), &[document], minutes).await?;
        }
        let both = [document, other];
        for asked in join_all((0..6).map(|_| desk.ask(asker.clone(), &both, 7))).await {
            asked?;
        }
    }
    // The same person, who has not signed in.
    let known = desk.access().contact(desk.tenant(), contact).await?;
    let details = known.ok_or_else(|| Broken::new("the contact is gone".into()))?.details;
    desk.ask(Asker::Stranger(details), &[document], 8).await?;
    let queue = desk.queue().await?;
    ensure_eq!(queue.len(), 4, "requests of two persons for two documents");
    let first = queue.iter().find(|kept| kept.asker == Some(Asker::Contact(contact)));
    let first = first.ok_or_else(|| Broken::new("the contact's request is gone".into()))?;
    desk.decline(first, "Not yet").await?;
    desk.ask(Asker::Contact(contact), &[first.document], 9).await?;
    ensure_eq!(desk.queue().await?.len(), 4, "requests after one was declined and asked again");
    Ok(())
}

pub(super) async fn neutral(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let access = desk.access();
    let listed = desk.gated("Listed").await?;
    let unlisted = desk.open("Unlisted", AccessLevel::Restricted).await?.id;
    let public = desk.open("Public", AccessLevel::Public).await?.id;
    let draft = desk.import("Draft").await?.id;
    let internal = desk.gated("Internal").await?;
    desk.set_level(internal, AccessLevel::Internal).await?;
    let withdrawn = desk.gated("Withdrawn").await?;
    access.withdraw(&desk.admin, withdrawn, minute(2)).await?;
    let assigned = desk.contact().await?;
    desk.assign(listed, assigned).await?;
    let blocked = desk.blocked().await?;
    let nobody = crate::id::ContactId::fresh();
    let before = access.audit(&desk.admin, &AuditQuery::newest(99)).await?;
    for document in [unlisted, public, draft, internal, withdrawn, DocumentId::fresh()] {
        for asker in [stranger("emil")?, Asker::Contact(assigned)] {
            desk.ask(asker, &[document], 3).await?;
        }
    }
    for contact in [assigned, blocked, nobody] {
        desk.ask(Asker::Contact(contact), &[listed], 3).await?;
    }
    // Who names the address of somebody is told nothing of them.
    for contact in [assigned, blocked] {
        let known = access.contact(desk.tenant(), contact).await?;
        let details = known.ok_or_else(|| Broken::new("the contact is gone".into()))?.details;
        desk.ask(Asker::Stranger(details), &[listed], 3).await?;
    }
    ensure_eq!(desk.queue().await?, [], "requests that were taken up");
    let after = access.audit(&desk.admin, &AuditQuery::newest(99)).await?;
    ensure_eq!(after, before, "the audit");
    desk.ask(stranger("emil")?, &[unlisted, listed, internal], 3).await?;
    ensure_eq!(desk.waiting().await?.document, listed, "what was taken up of several");
    // What the asker did not say is told, whatever there is.
    for document in [listed, unlisted, DocumentId::fresh()] {
        let blank = NewRequest { reason: " ".into(), ..request(stranger("farah")?, &[document]) };
        let asked = access.ask(desk.tenant(), &blank, minute(3)).await;
        ensure_fails!(asked, StoreError::Conflict(Conflict::NoReason), "asking without a reason");
    }
    let none = access.ask(desk.tenant(), &request(stranger("farah")?, &[]), minute(3)).await;
    ensure_fails!(none, StoreError::OutOfRange(_), "asking for nothing");
    Ok(())
}

pub(super) async fn limited(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut documents = Vec::new();
    for n in 0..4 {
        documents.push(desk.gated(&format!("Document {n}")).await?);
    }
    let within = TimeDelta::minutes(10);
    let generous = RequestLimits { within, per_origin: 99, per_person: 99, per_tenant: 99 };
    let ask = async |name: &str, document: usize, address: [u8; 4], limits: RequestLimits, minutes| {
        let new = request(stranger(name)?, &documents[document..=document]);
        let new = NewRequest { limits, address: Some(address.into()), ..new };
        desk.access().ask(desk.tenant(), &new, minute(minutes)).await?;
        Ok::<_, Broken>(desk.queue().await?.len())
    };
    let [here, there] = [[192, 0, 2, 1], [192, 0, 2, 2]];
    let per_origin = RequestLimits { per_origin: 2, ..generous };
    ensure_eq!(ask("a", 0, here, per_origin, 10).await?, 1, "the first from here");
    ensure_eq!(ask("b", 0, here, per_origin, 10).await?, 2, "the second from here");
    ensure_eq!(ask("c", 0, here, per_origin, 10).await?, 2, "the third from here");
    ensure_eq!(ask("c", 0, there, per_origin, 10).await?, 3, "the first from there");
    let per_person = RequestLimits { per_person: 2, ..generous };
    ensure_eq!(ask("a", 1, there, per_person, 10).await?, 4, "the second of a person");
    ensure_eq!(ask("A", 2, there, per_person, 10).await?, 4, "the third of a person");
    let per_tenant = RequestLimits { per_tenant: 5, ..generous };
    ensure_eq!(ask("d", 1, there, per_tenant, 11).await?, 5, "the fifth of all");
    ensure_eq!(ask("e", 1, there, per_tenant, 11).await?, 5, "the sixth of all");
    // Each counts for so long.
    ensure_eq!(ask("a", 2, here, per_person, 20).await?, 5, "within the time");
    ensure_eq!(ask("a", 2, here, per_person, 21).await?, 6, "after it");
    Ok(())
}

pub(super) async fn approved(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (document, other) = (desk.gated("Policy").await?, desk.gated("Other").await?);
    let contact = desk.contact().await?;
    desk.ask(Asker::Contact(contact), &[document], 3).await?;
    let request = desk.waiting().await?;
    let before = (desk.read(document).await?, desk.read(other).await?);
    let wrong = AccessRequest { document: other, ..request.clone() };
    ensure_fails!(desk.approve(&wrong).await, StoreError::NotFound, "approving it for another document");
    for _again in 0..2 {
        desk.approve(&request).await?;
        let kept = desk.access().assignments(&desk.admin, document).await?;
        let kept: Vec<_> = kept.iter().map(|a| (a.contact, a.expires_at, a.nda_waived)).collect();
        ensure_eq!(kept, [(contact, Some(minute(90 * DAY)), false)], "the assignments");
    }
    ensure_eq!(desk.access().assignments(&desk.admin, other).await?, [], "those of the other document");
    ensure_eq!((desk.read(document).await?, desk.read(other).await?), before, "the documents");
    ensure_eq!(desk.queue().await?, [], "the queue");
    let theirs = desk.access().requests_of(desk.tenant(), contact, 9).await?;
    let states: Vec<_> = theirs.iter().map(|kept| kept.state).collect();
    ensure_eq!(states, [RequestState::Approved], "the contact's own");
    let too_long = Approval { expires_at: Some(minute(9_999 * DAY)), nda_waiver: None };
    desk.ask(Asker::Contact(contact), &[other], 3).await?;
    let request = desk.waiting().await?;
    let refused = desk.access().approve(&desk.admin, other, request.id, &too_long, minute(6)).await;
    ensure_fails!(refused, StoreError::OutOfRange(_), "approving it for too long");
    ensure_eq!(desk.waiting().await?, request, "the request that waits");
    Ok(())
}

pub(super) async fn assigned(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (document, other) = (desk.gated("Policy").await?, desk.gated("Other").await?);
    let (contact, another) = (desk.contact().await?, desk.contact().await?);
    desk.ask(Asker::Contact(contact), &[document, other], 3).await?;
    desk.ask(Asker::Contact(another), &[document], 4).await?;
    let waiting = desk.queue().await?;
    let theirs =
        |kept: &&AccessRequest| kept.document == document && kept.asker == Some(Asker::Contact(contact));
    let settled = waiting.iter().find(theirs).ok_or_else(|| Broken::new("nothing waits".into()))?;
    desk.assign(document, contact).await?;
    let rest: Vec<_> = waiting.iter().filter(|kept| kept.id != settled.id).cloned().collect();
    ensure_eq!(desk.queue().await?, rest, "the queue");
    let own = desk.access().requests_of(desk.tenant(), contact, 9).await?;
    let state = own.iter().find(|kept| kept.id == settled.id).map(|kept| kept.state);
    ensure_eq!(state, Some(RequestState::Approved), "the request of who was assigned");
    let approved = AuditEvent::RequestApproved { request: settled.id };
    let told = desk.history(document).await?.into_iter().filter(|entry| entry.event == approved).count();
    ensure_eq!(told, 1, "entries that say so");
    Ok(())
}

pub(super) async fn became_contact(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let documents = [desk.gated("First").await?, desk.gated("Second").await?];
    let emil = details("emil@orchard.example")?;
    desk.ask(Asker::Stranger(emil.clone()), &documents, 3).await?;
    ensure_eq!(desk.access().contact_of(desk.tenant(), emil.mail()).await?, None, "a contact, before");
    let queue = desk.queue().await?;
    let first = queue.first().ok_or_else(|| Broken::new("nothing waits".into()))?;
    for _again in 0..2 {
        desk.approve(first).await?;
    }
    let contact = desk.access().contact_of(desk.tenant(), emil.mail()).await?;
    let contact = contact.ok_or_else(|| Broken::new("the stranger is no contact".into()))?;
    ensure_eq!((contact.details, contact.blocked), (emil, false), "what is known of them");
    let second = desk.waiting().await?;
    ensure_eq!(second.asker, Some(Asker::Contact(contact.id)), "who asks for the second");
    desk.approve(&second).await?;
    ensure_eq!(desk.access().contacts(&desk.admin, None, 9).await?.len(), 1, "the contacts");
    // Somebody whom a member adds meanwhile.
    let farah = details("farah@orchard.example")?;
    desk.ask(Asker::Stranger(farah.clone()), &documents[..1], 4).await?;
    let id = crate::id::ContactId::fresh();
    desk.access().add_contact(&desk.admin, id, &farah, minute(5)).await?;
    ensure_eq!(desk.waiting().await?.asker, Some(Asker::Contact(id)), "who asks");
    Ok(())
}

pub(super) async fn declined(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.gated("Policy").await?;
    let contact = desk.contact().await?;
    for asker in [Asker::Contact(contact), stranger("emil")?] {
        desk.ask(asker, &[document], 3).await?;
        let request = desk.waiting().await?;
        for blank in ["", " \u{200b}"] {
            let declined = desk.decline(&request, blank).await;
            ensure_fails!(declined, StoreError::Conflict(Conflict::NoReason), "declining without a reason");
            ensure_eq!(desk.waiting().await?, request, "the request");
        }
        for _again in 0..2 {
            desk.decline(&request, "A competitor").await?;
            ensure_eq!(desk.queue().await?, [], "the queue");
        }
        let approved = desk.approve(&request).await;
        ensure_fails!(approved, StoreError::Conflict(Conflict::Changed), "approving what was declined");
    }
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?, [], "the assignments");
    ensure_eq!(desk.access().contacts(&desk.admin, None, 9).await?.len(), 1, "the contacts");
    let declined = desk.history(document).await?.into_iter().filter(|entry| {
        matches!(&entry.event, AuditEvent::RequestDeclined { reason, .. } if reason == "A competitor")
    });
    ensure_eq!(declined.count(), 2, "entries in the history");
    Ok(())
}

pub(super) async fn withdrawn(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.gated("Policy").await?;
    let (contact, other) = (desk.contact().await?, desk.contact().await?);
    desk.ask(Asker::Contact(contact), &[document], 3).await?;
    let request = desk.waiting().await?;
    let theirs = Desk::new(&library);
    let strangers = [
        Viewer::Anonymous,
        Viewer::Member(desk.admin.clone()),
        desk.viewer(other),
        theirs.viewer(contact),
        Viewer::Contact { tenant: desk.tenant(), id: contact, verified: false },
    ];
    for viewer in strangers {
        let done = desk.withdraw_request(&viewer, request.id).await;
        ensure_fails!(done, StoreError::NotFound, "withdrawing it as {viewer:?}");
    }
    ensure_eq!(desk.waiting().await?, request, "the request");
    for _again in 0..2 {
        desk.withdraw_request(&desk.viewer(contact), request.id).await?;
        ensure_eq!(desk.queue().await?, [], "the queue");
    }
    ensure_fails!(desk.approve(&request).await, StoreError::Conflict(Conflict::Changed), "approving it");
    desk.ask(Asker::Contact(contact), &[document], 7).await?;
    let again = desk.waiting().await?;
    desk.approve(&again).await?;
    let late = desk.withdraw_request(&desk.viewer(contact), again.id).await;
    ensure_fails!(late, StoreError::Conflict(Conflict::Changed), "withdrawing what was approved");
    Ok(())
}

pub(super) async fn audited(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.gated("Policy").await?;
    let contact = desk.contact().await?;
    let before = desk.history(document).await?.len();
    desk.ask(Asker::Contact(contact), &[document], 3).await?;
    let first = desk.waiting().await?.id;
    desk.withdraw_request(&desk.viewer(contact), first).await?;
    desk.ask(stranger("emil")?, &[document], 7).await?;
    let second = desk.waiting().await?;
    desk.approve(&second).await?;
    let entries = desk.history(document).await?;
    let new = entries.into_iter().rev().skip(before);
    let said: Vec<_> = new.map(|entry| (entry.at, entry.by, entry.address, entry.event)).collect();
    let assigned = desk.access().assignments(&desk.admin, document).await?;
    let [assignment] = &assigned[..] else { return Err(Broken::new("not one assignment".into())) };
    let (id, by) = (assignment.contact, Agent::Member(desk.admin.member));
    let expected = [
        (
            minute(3),
            Agent::Contact(contact),
            Some(ADDRESS),
            AuditEvent::AccessRequested { request: first, contact: Some(contact) },
        ),
        (minute(6), Agent::Contact(contact), None, AuditEvent::RequestWithdrawn { request: first }),
        (
            minute(7),
            Agent::Visitor,
            Some(ADDRESS),
            AuditEvent::AccessRequested { request: second.id, contact: None },
        ),
        (
            minute(6),
            by,
            None,
            AuditEvent::Assigned {
                assignment: assignment.id,
                contact: id,
                expires_at: assignment.expires_at,
                nda_waiver: None,
            },
        ),
        (minute(6), by, None, AuditEvent::RequestApproved { request: second.id }),
    ];
    ensure_eq!(said, expected, "the history");
    Ok(())
}

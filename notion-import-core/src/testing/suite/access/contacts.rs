//! Whom a tenant knows.

use futures_util::future::join_all;

use super::{Desk, Library, details};
use crate::error::{Conflict, StoreError};
use crate::id::ContactId;
use crate::library::access::{AccessLevel, Outside};
use crate::library::audit::{AuditEvent, AuditQuery, Subject};
use crate::library::gate::{Asker, Contact, ContactChange, MailAddress, RequestState};
use crate::testing::suite::fixture::minute;
use crate::testing::suite::{Broken, Outcome};

fn mail(text: &str) -> Result<MailAddress, Broken> {
    text.parse().map_err(|_| Broken::new(format!("{text} is no address")))
}

impl Desk {
    async fn change_contact(&self, id: ContactId, change: ContactChange) -> Result<(), StoreError> {
        self.access().change_contact(&self.admin, id, change, minute(4)).await
    }

    pub(super) async fn erase(&self, id: ContactId) -> Outcome {
        Ok(self.change_contact(id, ContactChange::Erase).await?)
    }

    /// How the document looks to the contact.
    async fn outside(&self, contact: ContactId) -> Result<Option<Outside>, Broken> {
        let readable = self.readable(&self.viewer(contact), minute(5)).await?;
        Ok(readable.first().map(|shown| shown.outside))
    }

    async fn of_contact(&self, id: ContactId) -> Result<Vec<AuditEvent>, Broken> {
        let query = AuditQuery { subject: Some(Subject::Contact(id)), ..AuditQuery::newest(99) };
        Ok(self.access().audit(&self.admin, &query).await?.into_iter().map(|entry| entry.event).collect())
    }
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (id, access) = (ContactId::fresh(), desk.access());
    let details = details("Dana@Orchard.example")?;
    for _again in 0..2 {
        access.add_contact(&desk.admin, id, &details, minute(1)).await?;
    }
    let expected = Contact { id, details, blocked: false, added_at: minute(1) };
    ensure_eq!(access.contact(desk.tenant(), id).await?.as_ref(), Some(&expected), "the contact");
    for spelling in ["dana@orchard.example", " DANA@ORCHARD.EXAMPLE"] {
        let found = access.contact_of(desk.tenant(), &mail(spelling)?).await?;
        ensure_eq!(found.as_ref(), Some(&expected), "the contact of {spelling}");
    }
    let unknown = access.contact_of(desk.tenant(), &mail("emil@orchard.example")?).await?;
    ensure_eq!(unknown, None, "the contact of an address that nobody has");
    ensure_eq!(desk.of_contact(id).await?, [AuditEvent::ContactAdded], "the audit");
    Ok(())
}

pub(super) async fn one_address(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let access = desk.access();
    let (first, second, taken) =
        (ContactId::fresh(), ContactId::fresh(), StoreError::Conflict(Conflict::AddressTaken));
    access.add_contact(&desk.admin, first, &details("dana@orchard.example")?, minute(1)).await?;
    let again = access.add_contact(&desk.admin, second, &details("DANA@orchard.example")?, minute(1)).await;
    ensure_eq!(again.map_err(|error| error.to_string()), Err(taken.to_string()), "the address once more");
    let changed = access.add_contact(&desk.admin, first, &details("emil@orchard.example")?, minute(1)).await;
    ensure_fails!(changed, StoreError::Conflict(Conflict::Changed), "another address for the contact");
    let same = details("one@orchard.example")?;
    let ids: Vec<_> = (0..8).map(|_| ContactId::fresh()).collect();
    let added = join_all(ids.iter().map(|id| access.add_contact(&desk.admin, *id, &same, minute(1)))).await;
    ensure_eq!(added.iter().filter(|added| added.is_ok()).count(), 1, "how many have the address");
    ensure_eq!(access.contacts(&desk.admin, None, 99).await?.len(), 2, "the contacts");
    Ok(())
}

pub(super) async fn paged(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(desk.contact().await?);
    }
    desk.erase(expected.remove(2)).await?;
    expected.sort();
    for limit in [1, 2, 9] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = desk.access().contacts(&desk.admin, after, limit).await?;
            listed.extend(page.iter().map(|contact| contact.id));
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        ensure_eq!(listed, expected, "the contacts in pages of {limit}");
    }
    Ok(())
}

pub(super) async fn known(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let unknown = ContactId::fresh();
    let assigned = desk.assign(document, unknown).await;
    ensure!(assigned.is_err(), "somebody nobody knows was let in");
    ensure_eq!(desk.outside(unknown).await?, None, "what somebody nobody knows sees");
    let contact = desk.contact().await?;
    desk.assign(document, contact).await?;
    ensure_eq!(desk.outside(contact).await?, Some(Outside::Ok), "what the contact sees");
    for _again in 0..2 {
        desk.change_contact(contact, ContactChange::Block).await?;
        ensure_eq!(desk.outside(contact).await?, None, "what the contact sees who is shut out");
    }
    for blank in ["", " \u{200b}"] {
        let unblocked = desk.change_contact(contact, ContactChange::Unblock(blank.into())).await;
        ensure_fails!(
            unblocked,
            StoreError::Conflict(Conflict::NoReason),
            "letting them in without a reason"
        );
        ensure_eq!(desk.outside(contact).await?, None, "what the contact sees who is shut out");
    }
    for _again in 0..2 {
        desk.change_contact(contact, ContactChange::Unblock(" A mistake ".into())).await?;
        ensure_eq!(desk.outside(contact).await?, Some(Outside::Ok), "what the contact sees again");
    }
    let reason = "A mistake".into();
    let events =
        [AuditEvent::ContactUnblocked { reason }, AuditEvent::ContactBlocked, AuditEvent::ContactAdded];
    ensure_eq!(desk.of_contact(contact).await?, events, "the audit");
    for change in [ContactChange::Block, ContactChange::Unblock("Why".into()), ContactChange::Erase] {
        let done = desk.change_contact(unknown, change).await;
        ensure_fails!(done, StoreError::NotFound, "changing somebody nobody knows");
    }
    Ok(())
}

pub(super) async fn erased(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (access, id) = (desk.access(), ContactId::fresh());
    let address = "dana@orchard.example";
    access.add_contact(&desk.admin, id, &details(address)?, minute(1)).await?;
    let document = desk.gated("Policy").await?;
    desk.ask(Asker::Contact(id), &[document], 3).await?;
    let other = desk.contact().await?;
    desk.ask(Asker::Contact(other), &[document], 3).await?;
    desk.erase(id).await?;
    ensure_eq!(access.contact(desk.tenant(), id).await?, None, "the contact");
    ensure_eq!(access.contact_of(desk.tenant(), &mail(address)?).await?, None, "the contact of the address");
    let listed: Vec<_> = access.contacts(&desk.admin, None, 9).await?.into_iter().map(|c| c.id).collect();
    ensure_eq!(listed, [other], "the contacts");
    let theirs = access.requests_of(desk.tenant(), id, 9).await?;
    let said: Vec<_> = theirs.iter().map(|kept| (kept.reason.as_str(), kept.state)).collect();
    ensure_eq!(said, [("", RequestState::Withdrawn)], "what is left of the request");
    ensure_eq!(desk.queue().await?.len(), 1, "requests that wait");
    // Adding them by mistake brings nothing back; the address is anybody's again.
    access.add_contact(&desk.admin, id, &details(address)?, minute(5)).await?;
    ensure_eq!(access.contact(desk.tenant(), id).await?, None, "the contact, added again");
    access.add_contact(&desk.admin, ContactId::fresh(), &details(address)?, minute(5)).await?;
    Ok(())
}

pub(super) async fn erased_rights(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let contact = desk.contact().await?;
    let nda = desk.nda("Say nothing").await?;
    desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
    let first = desk.open("First", AccessLevel::RequiresNda).await?.id;
    let second = desk.open("Second", AccessLevel::Restricted).await?.id;
    let (one, two) = (desk.assign(first, contact).await?, desk.assign(second, contact).await?);
    desk.accept(contact, nda).await?;
    ensure_eq!(desk.outside(contact).await?, Some(Outside::Ok), "what the contact sees");
    desk.erase(contact).await?;
    ensure_eq!(desk.outside(contact).await?, None, "what the contact sees");
    for (document, assignment) in [(first, one), (second, two)] {
        let kept = desk.access().assignments(&desk.admin, document).await?;
        let kept: Vec<_> = kept.iter().map(|kept| (kept.id, kept.contact, kept.revoked_at)).collect();
        ensure_eq!(kept, [(assignment, contact, Some(minute(4)))], "the assignment");
        let newest = desk.history(document).await?.into_iter().next().map(|entry| entry.event);
        ensure_eq!(newest, Some(AuditEvent::Revoked { assignment }), "the history");
    }
    let facts = desk.access().facts(desk.tenant(), Some(contact), first).await?;
    let voided: Vec<_> =
        facts.iter().flat_map(|(_, facts)| &facts.acceptances).map(|a| a.voided_at).collect();
    ensure_eq!(voided, [Some(minute(4))], "the acceptances");
    let of_contact = desk.of_contact(contact).await?;
    ensure_eq!(of_contact.first(), Some(&AuditEvent::ContactErased), "the newest of the audit");
    ensure!(
        of_contact.contains(&AuditEvent::AcceptanceVoided { nda }),
        "the acceptance is not in {of_contact:?}"
    );
    let before = desk.access().audit(&desk.admin, &AuditQuery::newest(99)).await?;
    desk.erase(contact).await?;
    let after = desk.access().audit(&desk.admin, &AuditQuery::newest(99)).await?;
    ensure_eq!(after, before, "the audit after erasing again");
    let assigned = desk.assign(first, contact).await;
    ensure!(assigned.is_err(), "somebody erased was let in");
    Ok(())
}

//! What one tenant can do to another: nothing.

use super::{Desk, Library, details};
use crate::error::StoreError;
use crate::id::{ContactId, VersionNumber};
use crate::library::access::{AccessLevel, Viewer};
use crate::library::audit::AuditQuery;
use crate::library::gate::{
    Asker, ContactChange, DocumentFilter, DocumentOrder, DocumentQuery, NewAssignment, Place, ReadableQuery,
    RequestState,
};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{minute, permit};

pub(super) async fn reads(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let id = ours.open("Policy", AccessLevel::Public).await?.id;
    ours.assign(id, ours.contact().await?).await?;
    let (access, stranger, site) = (theirs.access(), &theirs.admin, theirs.tenant());
    ensure_eq!(access.document(stranger, id).await?, None, "the document");
    let whose = DocumentOrder::Newest.cursor(&ours.read(id).await?.document);
    for place in [Place::Start, Place::After(whose.clone()), Place::Before(whose)] {
        let query = DocumentQuery { place, ..DocumentQuery::newest(9) };
        ensure_eq!(access.documents(stranger, &query).await?.documents, [], "the documents");
    }
    let counts = access.count_documents(theirs.insider()?, &DocumentFilter::default()).await?;
    ensure_eq!(counts, 0, "how many documents there are");
    let counts = access.document_counts(theirs.insider()?).await?;
    ensure_eq!(counts.all(), 0, "how many documents are counted");
    ensure_eq!(access.site_revision(site).await?, 0, "the revision of the site");
    ensure_eq!(access.audit(stranger, &AuditQuery::of_document(id, 9)).await?, [], "the history");
    ensure_eq!(access.assignments(stranger, id).await?, [], "the assignments");
    ensure_eq!(access.facts(site, None, id).await?, None, "the facts");
    ensure_eq!(access.content(&permit(site, id, VersionNumber(1))).await?, None, "the content");
    for viewer in [Viewer::Anonymous, Viewer::Member(stranger.clone()), Viewer::Member(ours.admin.clone())] {
        ensure_eq!(
            access.readable(site, &viewer, &ReadableQuery::first(9), minute(3)).await?.documents,
            [],
            "what is readable"
        );
    }
    Ok(())
}

pub(super) async fn changes(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let id = ours.open("Policy", AccessLevel::Restricted).await?.id;
    let contact = ours.contact().await?;
    let assignment = ours.assign(id, contact).await?;
    // A tenant that has something of everything, so that nothing is refused for want of it.
    theirs.open("Theirs", AccessLevel::Restricted).await?;
    let nda = theirs.nda("Say nothing").await?;
    let (access, stranger) = (theirs.access(), &theirs.admin);
    let before = (ours.read(id).await?, ours.history(id).await?);

    let new = NewAssignment { document: id, contact, expires_at: None, nda_waiver: None };
    let publish = ours.publication_of(id, 1).await?;
    let seen = ours.expected(id).await?;
    let wider = ours.change(id, AccessLevel::Public).await?;
    let narrower = ours.change(id, AccessLevel::Internal).await?;
    let done = [
        access.rename(stranger, id, Some("Theirs"), minute(3)).await,
        access.set_level(stranger, id, &wider, minute(3)).await,
        access.set_level(stranger, id, &narrower, minute(3)).await,
        access.publish(stranger, id, &publish, minute(3)).await,
        access.withdraw(stranger, id, minute(3)).await,
        access.set_listed(stranger, id, true, &seen, minute(3)).await,
        access.require_nda(stranger, id, Some(nda), minute(3)).await,
        access.assign(stranger, &new, minute(3)).await.map(drop),
        access.revoke(stranger, id, assignment, minute(3)).await,
    ];
    for (call, done) in done.into_iter().enumerate() {
        ensure_fails!(done, StoreError::NotFound, "a stranger's change number {call}");
    }
    let after = (ours.read(id).await?, ours.history(id).await?);
    ensure_eq!(after, before, "the document and its history");
    let revoked: Vec<_> =
        access.assignments(&ours.admin, id).await?.into_iter().map(|a| a.revoked_at).collect();
    ensure_eq!(revoked, [None], "the assignments");
    Ok(())
}

pub(super) async fn ndas(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let nda = ours.nda("Ours").await?;
    let contact = theirs.contact().await?;
    let document = theirs.import("Theirs").await?.id;
    let (access, stranger, site) = (theirs.access(), &theirs.admin, theirs.tenant());
    ensure_eq!(access.ndas(site).await?, (None, vec![]), "the NDAs");
    ensure_eq!(access.nda_text(site, nda, 1).await?, None, "the text");
    theirs.publish(document, 1).await?;
    theirs.set_level(document, AccessLevel::RequiresNda).await?;
    theirs.assign(document, contact).await?;
    let acceptance = ours.acceptance(document, nda).await?;
    let done = [
        access.set_default_nda(stranger, Some(nda), minute(2)).await,
        access.require_nda(stranger, document, Some(nda), minute(3)).await,
        access.accept_nda(site, &theirs.viewer(contact), &acceptance, minute(3)).await,
        access.void_acceptance(stranger, contact, nda, minute(3)).await,
    ];
    for (call, done) in done.into_iter().enumerate() {
        ensure_fails!(done, StoreError::NotFound, "a stranger's call number {call}");
    }
    // The same id at another tenant is another NDA.
    ensure_eq!(theirs.publish_nda(nda, "Theirs", true).await?, 1, "the first version of theirs");
    let text = access.nda_text(ours.tenant(), nda, 1).await?.map(|text| text.text);
    ensure_eq!(text.as_deref(), Some("Ours"), "the text of ours");
    Ok(())
}

pub(super) async fn contacts(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let contact = ContactId::fresh();
    ours.add(contact).await?;
    theirs.add(contact).await?;
    let nda = ours.nda("Ours").await?;
    theirs.publish_nda(nda, "Ours", true).await?;
    for desk in [&ours, &theirs] {
        desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
    }
    // The same person, as both tenants know them, has accepted there and is assigned here.
    theirs.accept(contact, nda).await?;
    let id = ours.open("Policy", AccessLevel::RequiresNda).await?.id;
    ours.assign(id, contact).await?;
    let facts = ours.access().facts(ours.tenant(), Some(contact), id).await?;
    ensure_eq!(facts.map(|(_, facts)| facts.acceptances), Some(vec![]), "what was accepted here");

    let restricted = ours.open("Restricted", AccessLevel::Restricted).await?.id;
    ours.assign(restricted, contact).await?;
    let readable = ours.readable(&theirs.viewer(contact), minute(3)).await?;
    ensure_eq!(readable, [], "what a contact of another tenant sees");
    Ok(())
}

pub(super) async fn people(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let contact = ours.contact().await?;
    let known = ours.access().contact(ours.tenant(), contact).await?;
    let document = ours.gated("Policy").await?;
    ours.ask(Asker::Contact(contact), &[document], 3).await?;
    let request = ours.waiting().await?;
    let (access, site) = (theirs.access(), theirs.tenant());
    ensure_eq!(access.contact(site, contact).await?, None, "the contact");
    let address = details(&format!("{contact}@orchard.example"))?;
    ensure_eq!(access.contact_of(site, address.mail()).await?, None, "the contact of the address");
    ensure_eq!(access.contacts(&theirs.admin, None, 9).await?, [], "the contacts");
    ensure_eq!(access.requests_of(site, contact, 9).await?, [], "the contact's requests");
    ensure_eq!(theirs.queue().await?, [], "the queue");
    ensure_eq!(access.requests(&theirs.admin, Some(request.id), 9).await?, [], "the queue after it");
    ensure_eq!(access.count_requests(theirs.insider()?).await?, 0, "how many wait");
    // There is a document of theirs, so that nothing is refused for want of it.
    let own = theirs.gated("Theirs").await?;
    for document in [document, own] {
        let wrong = crate::library::gate::AccessRequest { document, ..request.clone() };
        ensure_fails!(theirs.approve(&wrong).await, StoreError::NotFound, "a stranger's approval");
        let declined = access.decline(&theirs.admin, document, request.id, "No", minute(6)).await;
        ensure_fails!(declined, StoreError::NotFound, "a stranger's decision");
    }
    let withdrawn = access.withdraw_request(site, &theirs.viewer(contact), request.id, minute(6)).await;
    ensure_fails!(withdrawn, StoreError::NotFound, "a withdrawal on another site");
    for change in [ContactChange::Block, ContactChange::Unblock("Why".into()), ContactChange::Erase] {
        let done = access.change_contact(&theirs.admin, contact, change, minute(6)).await;
        ensure_fails!(done, StoreError::NotFound, "a stranger's change of the contact");
    }
    theirs.ask(Asker::Contact(contact), &[own, document], 6).await?;
    ensure_eq!(theirs.queue().await?, [], "what somebody else's contact asked for");
    // The same address at another tenant is another contact's.
    access.add_contact(&theirs.admin, crate::id::ContactId::fresh(), &address, minute(6)).await?;
    theirs.ask(Asker::Stranger(address), &[document], 6).await?;
    ensure_eq!(ours.access().contact(ours.tenant(), contact).await?, known, "the contact");
    let kept = ours.waiting().await?;
    ensure_eq!((kept.state, &kept), (RequestState::Waiting, &request), "the request");
    Ok(())
}

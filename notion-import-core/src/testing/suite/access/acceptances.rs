//! Acceptances as records that can be handed over.

use super::{Desk, Library};
use crate::actor::Role;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId};
use crate::library::access::AccessLevel;
use crate::library::gate::{AcceptanceEntry, AcceptanceQuery, ContactChange, NewAcceptance};
use crate::testing::suite::fixture::{actor, minute};
use crate::testing::suite::{Broken, Outcome};

const ADDRESS: [u8; 4] = [192, 0, 2, 7];

impl Desk {
    /// Opens a document that requires this NDA, to be asked for by everybody.
    async fn signed_for(&self, nda: NdaId) -> Result<DocumentId, Broken> {
        let document = self.open("Signed for", AccessLevel::RequiresNda).await?.id;
        self.access().require_nda(&self.admin, document, Some(nda), minute(2)).await?;
        self.list(document, true).await?;
        Ok(document)
    }

    /// The contact accepts the current version from an address, and the record of it comes back.
    async fn sign(
        &self,
        contact: ContactId,
        document: DocumentId,
        nda: NdaId,
    ) -> Result<AcceptanceEntry, Broken> {
        let new = NewAcceptance { address: Some(ADDRESS.into()), ..self.acceptance(document, nda).await? };
        self.try_accept(contact, &new).await?;
        let newest = self.accepted(AcceptanceQuery { limit: 1, ..AcceptanceQuery::default() }).await?;
        newest.into_iter().next().ok_or_else(|| Broken::new("no acceptance is listed".into()))
    }

    async fn accepted(&self, query: AcceptanceQuery) -> Result<Vec<AcceptanceEntry>, Broken> {
        Ok(self.access().acceptances(&self.admin, &query).await?)
    }

    async fn all_accepted(&self) -> Result<Vec<AcceptanceEntry>, Broken> {
        self.accepted(AcceptanceQuery { limit: 99, ..AcceptanceQuery::default() }).await
    }
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (nda, contact) = (desk.nda("Say nothing").await?, desk.contact().await?);
    let document = desk.signed_for(nda).await?;
    let shown = desk.acceptance(document, nda).await?;
    let first = desk.sign(contact, document, nda).await?;
    let expected = AcceptanceEntry {
        id: first.id,
        at: minute(2),
        contact,
        address: Some(ADDRESS.into()),
        nda,
        version: 1,
        digest: shown.digest,
        document,
        voided_at: None,
    };
    ensure_eq!(first, expected, "the record");
    desk.sign(contact, document, nda).await?;
    ensure_eq!(desk.all_accepted().await?, std::slice::from_ref(&first), "the records once accepted again");
    desk.access().void_acceptance(&desk.admin, contact, nda, minute(3)).await?;
    let void = AcceptanceEntry { voided_at: Some(minute(3)), ..first };
    ensure_eq!(
        desk.all_accepted().await?,
        std::slice::from_ref(&void),
        "the record of what was declared void"
    );
    let anew = desk.sign(contact, document, nda).await?;
    ensure_eq!(desk.all_accepted().await?, [anew.clone(), void.clone()], "the records once accepted anew");
    desk.publish_nda(nda, "Say nothing at all", true).await?;
    let newer = desk.sign(contact, document, nda).await?;
    ensure_eq!(newer.version, 2, "the version that was accepted");
    ensure_eq!(desk.all_accepted().await?, [newer, anew, void], "the records of both versions");
    desk.access().change_contact(&desk.admin, contact, ContactChange::Erase, minute(4)).await?;
    let kept: Vec<_> = desk.all_accepted().await?.into_iter().map(|entry| entry.voided_at).collect();
    let voided = [Some(minute(4)), Some(minute(4)), Some(minute(3))];
    ensure_eq!(kept, voided, "when the acceptances of who was erased were declared void");
    Ok(())
}

pub(super) async fn paged(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let ndas = [desk.nda("Say nothing").await?, desk.nda("Say less").await?];
    let contacts = [desk.contact().await?, desk.contact().await?];
    let mut all = Vec::new();
    for round in 1..=2 {
        for nda in ndas {
            if round > 1 {
                desk.publish_nda(nda, "Say nothing at all", true).await?;
            }
            let document = desk.signed_for(nda).await?;
            for contact in contacts {
                all.insert(0, desk.sign(contact, document, nda).await?);
            }
        }
    }
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = desk.accepted(AcceptanceQuery { before, limit: 3, ..AcceptanceQuery::default() }).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        paged.extend(page);
        ensure!(paged.len() <= all.len(), "the pages do not end");
    }
    ensure_eq!(paged, all, "all pages");
    let queries = [
        AcceptanceQuery { nda: Some(ndas[0]), ..AcceptanceQuery::default() },
        AcceptanceQuery { nda: Some(ndas[1]), version: Some(1), ..AcceptanceQuery::default() },
        AcceptanceQuery { contact: Some(contacts[1]), ..AcceptanceQuery::default() },
        AcceptanceQuery {
            nda: Some(ndas[1]),
            contact: Some(contacts[0]),
            before: Some(all[1].id),
            ..AcceptanceQuery::default()
        },
    ];
    for query in queries {
        let expected: Vec<_> = all.iter().filter(|entry| query.matches(entry)).cloned().collect();
        ensure!(!expected.is_empty(), "nothing is to be found by {query:?}");
        let found = desk.accepted(AcceptanceQuery { limit: 99, ..query.clone() }).await?;
        ensure_eq!(found, expected, "what is found by {query:?}");
    }
    let theirs: Vec<_> = all.iter().filter(|entry| entry.contact == contacts[0]).cloned().collect();
    // Whatever contact it names.
    let any = AcceptanceQuery { contact: Some(contacts[1]), limit: 99, ..AcceptanceQuery::default() };
    let own =
        async |query: AcceptanceQuery| desk.access().acceptances_of(desk.tenant(), contacts[0], &query).await;
    ensure_eq!(own(any.clone()).await?, theirs, "a contact's own");
    let second = AcceptanceQuery { before: Some(theirs[0].id), limit: 1, ..any };
    ensure_eq!(own(second).await?, theirs[1..2], "a contact's own, from the second on");
    for entry in &all {
        let found = desk.accepted(AcceptanceQuery::one(entry.id)).await?;
        ensure_eq!(found, std::slice::from_ref(entry), "the one of an id");
        let is_own = entry.contact == contacts[0];
        let found = own(AcceptanceQuery::one(entry.id)).await?;
        ensure_eq!(found.len(), usize::from(is_own), "the one of an id, for a contact");
    }
    Ok(())
}

pub(super) async fn denied(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let nda = desk.nda("Say nothing").await?;
    let document = desk.signed_for(nda).await?;
    desk.sign(desk.contact().await?, document, nda).await?;
    let query = AcceptanceQuery { limit: 9, ..AcceptanceQuery::default() };
    for role in [Role::Admin, Role::ContentManager, Role::AccountManager, Role::Viewer] {
        let actor = actor(desk.tenant(), role);
        let listed = desk.access().acceptances(&actor, &query).await;
        if AcceptanceQuery::permit(&actor).is_ok() {
            ensure_eq!(listed?.len(), 1, "what is listed for {role:?}");
        } else {
            ensure_fails!(listed, StoreError::Denied, "listing for {role:?}");
        }
    }
    let nobodys = desk.access().acceptances_of(desk.tenant(), desk.contact().await?, &query).await?;
    ensure_eq!(nobodys, [], "the acceptances of who gave none");
    Ok(())
}

pub(super) async fn tenancy(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let nda = ours.nda("Say nothing").await?;
    let document = ours.signed_for(nda).await?;
    let contact = ours.contact().await?;
    theirs.add(contact).await?;
    ours.sign(contact, document, nda).await?;
    ensure_eq!(theirs.all_accepted().await?, [], "what they list");
    let of_one =
        AcceptanceQuery { nda: Some(nda), contact: Some(contact), limit: 9, ..AcceptanceQuery::default() };
    ensure_eq!(theirs.accepted(of_one.clone()).await?, [], "what they list of one contact");
    let own = theirs.access().acceptances_of(theirs.tenant(), contact, &of_one).await?;
    ensure_eq!(own, [], "what the contact of the same id has accepted there");
    Ok(())
}

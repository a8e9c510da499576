//! NDAs and who has accepted them.

use super::{Desk, Library};
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId};
use crate::library::access::{AccessLevel, NdaState, Outside};
use crate::library::blob::BlobId;
use crate::library::gate::{NdaText, NewAcceptance};
use crate::testing::suite::fixture::minute;
use crate::testing::suite::{Broken, Outcome};

/// A contact assigned to a document that requires an NDA, and the tenant's default one.
struct Signing {
    desk: Desk,
    document: DocumentId,
    contact: ContactId,
    nda: NdaId,
}

impl Signing {
    async fn new(library: &Library) -> Result<Self, Broken> {
        let desk = Desk::new(library);
        let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
        let contact = ContactId::fresh();
        desk.assign(document, contact).await?;
        let nda = desk.nda("Say nothing").await?;
        desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
        Ok(Self { desk, document, contact, nda })
    }

    async fn accept(&self) -> Result<(), Broken> {
        self.desk.accept(self.contact, self.nda).await
    }

    /// What the contact may do about the document.
    async fn outside(&self) -> Result<Option<Outside>, Broken> {
        let viewer = self.desk.viewer(self.contact);
        let readable = self.desk.access().readable(self.desk.tenant(), &viewer, minute(3)).await?;
        Ok(readable.first().map(|document| document.outside))
    }

    fn asked(&self, version: u32) -> Option<Outside> {
        Some(Outside::AcceptNda(self.nda, version))
    }
}

pub(super) async fn versions(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (nda, other) = (NdaId::fresh(), desk.nda("Other").await?);
    let texts = ["First", "Second", "Third"];
    for ((version, text), ask_again) in (1..).zip(texts).zip([false, false, true]) {
        ensure_eq!(desk.publish_nda(nda, text, ask_again).await?, version, "the version's number");
    }
    for (version, text) in (1..).zip(texts) {
        let expected = NdaText { id: nda, version, title: "Mutual NDA".into(), text: text.into() };
        let kept = desk.access().nda_text(desk.tenant(), nda, version).await?;
        ensure_eq!(kept, Some(expected), "version {version}");
    }
    ensure_eq!(desk.access().nda_text(desk.tenant(), nda, 4).await?, None, "a version that is not there");
    let mut expected = vec![
        NdaState { id: nda, current: 3, accept_from: 3 },
        NdaState { id: other, current: 1, accept_from: 1 },
    ];
    expected.sort_by_key(|state| state.id);
    ensure_eq!(desk.access().ndas(desk.tenant()).await?, (None, expected), "the NDAs");
    desk.access().set_default_nda(&desk.admin, Some(other), minute(2)).await?;
    ensure_eq!(desk.access().ndas(desk.tenant()).await?.0, Some(other), "the default NDA");
    desk.access().set_default_nda(&desk.admin, None, minute(2)).await?;
    ensure_eq!(desk.access().ndas(desk.tenant()).await?.0, None, "the default NDA taken away");
    Ok(())
}

pub(super) async fn no_such_nda(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    let nda = NdaId::fresh();
    let default = desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await;
    ensure_fails!(default, StoreError::NotFound, "an unknown default");
    let required = desk.access().require_nda(&desk.admin, document, Some(nda), minute(3)).await;
    ensure_fails!(required, StoreError::NotFound, "an unknown requirement");
    let acceptance = NewAcceptance {
        contact: ContactId::fresh(),
        nda,
        version: 1,
        digest: BlobId::of(b""),
        address: None,
    };
    let accepted = desk.access().accept_nda(desk.tenant(), &acceptance, minute(3)).await;
    ensure_fails!(accepted, StoreError::NotFound, "an unknown acceptance");
    ensure_eq!(desk.access().ndas(desk.tenant()).await?, (None, vec![]), "the NDAs");
    ensure_eq!(desk.read(document).await?.facts.nda, None, "the NDA required");
    Ok(())
}

pub(super) async fn current_text(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    let Signing { desk, contact, nda, .. } = &signing;
    let old = desk.acceptance(*contact, *nda).await?;
    desk.publish_nda(*nda, "Say nothing at all", false).await?;
    let current = desk.acceptance(*contact, *nda).await?;
    let wrong = [
        old.clone(),
        NewAcceptance { digest: old.digest, ..current.clone() },
        NewAcceptance { version: old.version, ..current.clone() },
        NewAcceptance { version: current.version + 1, ..current.clone() },
    ];
    for acceptance in wrong {
        let accepted = desk.access().accept_nda(desk.tenant(), &acceptance, minute(3)).await;
        ensure_fails!(accepted, StoreError::Conflict, "{acceptance:?}");
        ensure_eq!(signing.outside().await?, signing.asked(2), "what the contact may do");
    }
    desk.access().accept_nda(desk.tenant(), &current, minute(3)).await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do");
    Ok(())
}

pub(super) async fn accepted_again(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    let Signing { desk, document, contact, .. } = &signing;
    signing.accept().await?;
    let once = desk.access().facts(desk.tenant(), Some(*contact), *document).await?;
    signing.accept().await?;
    let twice = desk.access().facts(desk.tenant(), Some(*contact), *document).await?;
    ensure_eq!(twice, once, "the facts");
    ensure_eq!(twice.map_or(0, |(_, facts)| facts.acceptances.len()), 1, "acceptances");
    Ok(())
}

pub(super) async fn ask_again(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    ensure_eq!(signing.outside().await?, signing.asked(1), "what the contact may do at first");
    signing.accept().await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do once accepted");
    signing.desk.publish_nda(signing.nda, "Say nothing at all", true).await?;
    ensure_eq!(signing.outside().await?, signing.asked(2), "what the contact may do once asked again");
    signing.accept().await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do once accepted anew");
    Ok(())
}

pub(super) async fn editorial(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    signing.accept().await?;
    signing.desk.publish_nda(signing.nda, "Say nothing.", false).await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do");
    Ok(())
}

pub(super) async fn voided(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    let Signing { desk, contact, nda, .. } = &signing;
    let other = ContactId::fresh();
    signing.accept().await?;
    desk.accept(other, *nda).await?;
    for _again in 0..2 {
        desk.access().void_acceptance(&desk.admin, *contact, *nda, minute(3)).await?;
        ensure_eq!(signing.outside().await?, signing.asked(1), "what the contact may do");
    }
    let facts = desk.access().facts(desk.tenant(), Some(other), signing.document).await?;
    let others = facts.map(|(_, facts)| facts.acceptances.iter().all(|a| a.voided_at.is_none()));
    ensure_eq!(others, Some(true), "whether another contact's acceptance counts");
    signing.accept().await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do once accepted anew");
    Ok(())
}

pub(super) async fn union(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    let Signing { desk, document, contact, nda } = &signing;
    let own = desk.nda("Of its own").await?;
    desk.access().require_nda(&desk.admin, *document, Some(own), minute(3)).await?;
    desk.accept(*contact, own).await?;
    ensure_eq!(signing.outside().await?, signing.asked(1), "what the contact may do without the default");
    desk.accept(*contact, *nda).await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do with both");
    Ok(())
}

pub(super) async fn unconfigured(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    let contact = ContactId::fresh();
    desk.assign(document, contact).await?;
    let readable = desk.access().readable(desk.tenant(), &desk.viewer(contact), minute(3)).await?;
    ensure_eq!(readable, [], "what the contact sees");
    // Configured after the contact was let in: it is asked for all the same.
    let nda = desk.nda("Say nothing").await?;
    desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
    let readable = desk.access().readable(desk.tenant(), &desk.viewer(contact), minute(3)).await?;
    let outside: Vec<_> = readable.into_iter().map(|document| document.outside).collect();
    ensure_eq!(outside, [Outside::AcceptNda(nda, 1)], "what the contact sees");
    Ok(())
}

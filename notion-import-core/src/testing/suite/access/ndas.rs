//! NDAs and who has accepted them.

use futures_util::future::join_all;

use super::{Desk, Library};
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId, NdaId};
use crate::library::access::{AccessLevel, NdaState, Outside, Viewer};
use crate::library::blob::BlobId;
use crate::library::gate::{NdaText, NewAcceptance, NewNdaVersion};
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
        let contact = desk.contact().await?;
        desk.assign(document, contact).await?;
        let nda = desk.nda("Say nothing").await?;
        desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
        Ok(Self { desk, document, contact, nda })
    }

    async fn accept(&self) -> Result<(), Broken> {
        self.desk.accept_for(self.document, self.contact, self.nda).await
    }

    /// What the contact may do about the document.
    async fn outside(&self) -> Result<Option<Outside>, Broken> {
        let viewer = self.desk.viewer(self.contact);
        let readable = self.desk.readable(&viewer, minute(3)).await?;
        Ok(readable.first().map(|document| document.outside))
    }

    fn asked(&self, version: u32) -> Option<Outside> {
        Some(Outside::AcceptNda { nda: self.nda, version })
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
    let (id, title) = (other, "  Mutual\u{202e} NDA\u{200b}\r\nof\u{7} 2026".to_owned());
    let new = NewNdaVersion { id, title, text: "Other".into(), expected: 1, ask_again: false };
    desk.access().publish_nda(&desk.admin, &new, minute(2)).await?;
    let kept = desk.access().nda_text(desk.tenant(), other, 2).await?.map(|kept| kept.title);
    ensure_eq!(
        kept.as_deref(),
        Some("Mutual NDA of 2026"),
        "a title that is not one line of what can be seen"
    );
    let mut expected = vec![
        NdaState { id: nda, current: 3, accept_from: 3 },
        NdaState { id: other, current: 2, accept_from: 1 },
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
    let acceptance = NewAcceptance { document, nda, version: 1, digest: BlobId::of(b""), address: None };
    ensure_fails!(
        desk.try_accept(desk.contact().await?, &acceptance).await,
        StoreError::NotFound,
        "an unknown acceptance"
    );
    ensure_eq!(desk.access().ndas(desk.tenant()).await?, (None, vec![]), "the NDAs");
    ensure_eq!(desk.read(document).await?.facts.nda, None, "the NDA required");
    Ok(())
}

pub(super) async fn current_text(library: Library) -> Outcome {
    let signing = Signing::new(&library).await?;
    let Signing { desk, document, contact, nda } = &signing;
    let old = desk.acceptance(*document, *nda).await?;
    desk.publish_nda(*nda, "Say nothing at all", false).await?;
    let current = desk.acceptance(*document, *nda).await?;
    let wrong = [
        old.clone(),
        NewAcceptance { digest: old.digest, ..current.clone() },
        NewAcceptance { version: old.version, ..current.clone() },
        NewAcceptance { version: current.version + 1, ..current.clone() },
    ];
    for acceptance in wrong {
        let accepted = desk.try_accept(*contact, &acceptance).await;
        ensure_fails!(accepted, StoreError::Conflict(Conflict::NotCurrent), "{acceptance:?}");
        ensure_eq!(signing.outside().await?, signing.asked(2), "what the contact may do");
    }
    desk.try_accept(*contact, &current).await?;
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
    let other = desk.contact().await?;
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
    desk.accept_for(*document, *contact, own).await?;
    ensure_eq!(signing.outside().await?, signing.asked(1), "what the contact may do without the default");
    desk.accept_for(*document, *contact, *nda).await?;
    ensure_eq!(signing.outside().await?, Some(Outside::Ok), "what the contact may do with both");
    Ok(())
}

pub(super) async fn unconfigured(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    let contact = desk.contact().await?;
    desk.assign(document, contact).await?;
    let readable = desk.readable(&desk.viewer(contact), minute(3)).await?;
    ensure_eq!(readable, [], "what the contact sees");
    // Configured after the contact was let in: it is asked for all the same.
    let nda = desk.nda("Say nothing").await?;
    desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
    let readable = desk.readable(&desk.viewer(contact), minute(3)).await?;
    let outside: Vec<_> = readable.into_iter().map(|document| document.outside).collect();
    ensure_eq!(outside, [Outside::AcceptNda { nda, version: 1 }], "what the contact sees");
    Ok(())
}

pub(super) async fn expected(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = NdaId::fresh();
    let new = |expected, text: &str| NewNdaVersion {
        id,
        title: "Mutual NDA".into(),
        text: text.into(),
        expected,
        ask_again: true,
    };
    let publish = async |new: &NewNdaVersion| desk.access().publish_nda(&desk.admin, new, minute(2)).await;
    ensure_fails!(
        publish(&new(1, "Not there")).await,
        StoreError::Conflict(Conflict::Changed),
        "a next version of nothing"
    );
    ensure_eq!(publish(&new(0, "First")).await?, 1, "the first version");
    for expected in [0, 2] {
        ensure_fails!(
            publish(&new(expected, "Blind")).await,
            StoreError::Conflict(Conflict::Changed),
            "after version {expected}"
        );
    }
    let texts: Vec<_> = (0..8).map(|n| new(1, &format!("Second by {n}"))).collect();
    let mut succeeded = 0;
    for done in join_all(texts.iter().map(publish)).await {
        match done {
            Ok(version) => {
                ensure_eq!(version, 2, "the number of the next version");
                succeeded += 1;
            }
            Err(StoreError::Conflict(Conflict::Changed)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    ensure_eq!(succeeded, 1, "of many next versions at once, those that succeeded");
    let state = NdaState { id, current: 2, accept_from: 2 };
    ensure_eq!(desk.access().ndas(desk.tenant()).await?.1, [state], "the NDA");
    Ok(())
}

pub(super) async fn for_a_document(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (nda, other) = (desk.nda("Say nothing").await?, desk.nda("Say less").await?);
    let contact = desk.contact().await?;
    let prepare = async |level, listed, assigned| {
        let id = desk.open("Policy", level).await?.id;
        desk.access().require_nda(&desk.admin, id, Some(nda), minute(2)).await?;
        desk.list(id, listed).await?;
        if assigned {
            desk.assign(id, contact).await?;
        }
        Ok::<_, Broken>(id)
    };
    let refused = async |viewer: &Viewer, document, nda, why: &str| {
        let acceptance = desk.acceptance(document, nda).await?;
        let accepted = desk.access().accept_nda(desk.tenant(), viewer, &acceptance, minute(2)).await;
        ensure_fails!(accepted, StoreError::NotFound, "accepting {why}");
        let facts = desk.access().facts(desk.tenant(), Some(contact), document).await?;
        let accepted = facts.map(|(_, facts)| facts.acceptances).unwrap_or_default();
        ensure_eq!(accepted, [], "what is accepted after accepting {why}");
        Ok::<_, Broken>(())
    };
    let viewer = desk.viewer(contact);
    refused(&viewer, DocumentId::fresh(), nda, "for a document that is not there").await?;
    let hidden = prepare(AccessLevel::RequiresNda, false, false).await?;
    refused(&viewer, hidden, nda, "for a document that nobody told of").await?;
    let internal = prepare(AccessLevel::Internal, true, true).await?;
    refused(&viewer, internal, nda, "for an internal document").await?;
    for level in [AccessLevel::Restricted, AccessLevel::Public] {
        let id = prepare(level, true, true).await?;
        refused(&viewer, id, nda, "for a document that requires no NDA").await?;
    }
    let listed = prepare(AccessLevel::RequiresNda, true, false).await?;
    let assigned = prepare(AccessLevel::RequiresNda, false, true).await?;
    refused(&viewer, assigned, other, "another NDA").await?;
    let unverified = Viewer::Contact { tenant: desk.tenant(), id: contact, verified: false };
    let (unknown, blocked) = (desk.viewer(ContactId::fresh()), desk.viewer(desk.blocked().await?));
    for stranger in [Viewer::Anonymous, Viewer::Member(desk.admin.clone()), unverified, unknown, blocked] {
        refused(&stranger, listed, nda, "as somebody else").await?;
        refused(&stranger, assigned, nda, "as somebody else, though assigned").await?;
    }
    desk.access().withdraw(&desk.admin, listed, minute(2)).await?;
    refused(&viewer, listed, nda, "for what was withdrawn").await?;
    let listed = prepare(AccessLevel::RequiresNda, true, false).await?;
    for document in [assigned, listed] {
        desk.accept_for(document, contact, nda).await?;
        desk.access().void_acceptance(&desk.admin, contact, nda, minute(3)).await?;
    }
    Ok(())
}

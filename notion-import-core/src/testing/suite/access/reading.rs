//! What is handed to the decision, and what comes after it.

use super::{Desk, Library};
use crate::id::{ContactId, DocumentId, VersionNumber};
use crate::library::access::{Acceptance, AccessFacts, AccessLevel, ContactState, NdaState, Viewer};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{minute, permit};

pub(super) async fn facts(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (document, other) = (desk.import("Policy").await?.id, desk.import("Other").await?.id);
    let (contact, stranger) = (desk.contact().await?, desk.contact().await?);
    let nda = desk.nda("Say nothing").await?;
    desk.access().set_default_nda(&desk.admin, Some(nda), minute(2)).await?;
    for who in [contact, stranger] {
        desk.assign(document, who).await?;
        desk.assign(other, who).await?;
        desk.accept(who, nda).await?;
    }
    let assigned = desk.access().assignments(&desk.admin, document).await?;
    let nobody = AccessFacts {
        default_nda: Some(nda),
        ndas: vec![NdaState { id: nda, current: 1, accept_from: 1 }],
        ..AccessFacts::default()
    };
    let expected = AccessFacts {
        contact: ContactState::Known,
        assignments: assigned.into_iter().filter(|assignment| assignment.contact == contact).collect(),
        acceptances: vec![Acceptance { nda, version: 1, voided_at: None }],
        ..nobody.clone()
    };
    let of_document = desk.read(document).await?.facts;
    for (who, expected) in [(Some(contact), expected), (None, nobody)] {
        let facts = desk.access().facts(desk.tenant(), who, document).await?;
        ensure_eq!(facts, Some((of_document.clone(), expected)), "the facts of {who:?}");
    }
    let unknown = desk.access().facts(desk.tenant(), None, DocumentId::fresh()).await?;
    ensure_eq!(unknown, None, "the facts of what is not there");
    Ok(())
}

pub(super) async fn order(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut expected = Vec::new();
    for title in ["b", "a", "É", "B", "a", "é", "_", "a b"] {
        expected.push((title.to_owned(), desk.open(title, AccessLevel::Public).await?.id));
    }
    expected.sort_by_key(|(title, id)| (title.to_lowercase().replace('é', "e"), *id));
    let readable = desk.readable(&Viewer::Anonymous, minute(3)).await?;
    let readable: Vec<_> = readable.into_iter().map(|document| (document.title, document.id)).collect();
    ensure_eq!(readable, expected, "the titles");
    Ok(())
}

pub(super) async fn hidden(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    desk.open("Internal", AccessLevel::Internal).await?;
    desk.open("Restricted", AccessLevel::Restricted).await?;
    desk.open("With NDA", AccessLevel::RequiresNda).await?;
    desk.import("Draft").await?;
    let withdrawn = desk.open("Withdrawn", AccessLevel::Public).await?.id;
    desk.access().withdraw(&desk.admin, withdrawn, minute(3)).await?;
    let staff = Viewer::Member(desk.admin.clone());
    for (viewer, expected) in [
        (Viewer::Anonymous, &[][..]),
        (desk.viewer(ContactId::fresh()), &[]),
        (staff, &["Internal", "Restricted", "With NDA"]),
    ] {
        let readable = desk.readable(&viewer, minute(3)).await?;
        let titles: Vec<_> = readable.iter().map(|document| document.title.as_str()).collect();
        ensure_eq!(titles, expected, "what {viewer:?} sees");
    }
    Ok(())
}

pub(super) async fn content(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.import("Policy").await?;
    desk.import_text(&imported.source, "Second").await?;
    let unpublished = desk.access().content(&permit(desk.tenant(), imported.id, VersionNumber(1))).await?;
    ensure_eq!(unpublished, None, "what nobody published");
    desk.publish(imported.id, 1).await?;
    for version in desk.access().versions(&desk.admin, imported.id).await? {
        let content = desk.access().content(&permit(desk.tenant(), imported.id, version.number)).await?;
        ensure_eq!(content, Some(("Policy".into(), version.clone())), "version {:?}", version.number);
    }
    for (id, version) in [(imported.id, 3), (DocumentId::fresh(), 1)] {
        let content = desk.access().content(&permit(desk.tenant(), id, VersionNumber(version))).await?;
        ensure_eq!(content, None, "what is not there");
    }
    Ok(())
}

//! What is handed to the decision, and what comes after it.

use std::cmp::Reverse;

use super::{Desk, Library};
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, VersionNumber};
use crate::library::access::{Acceptance, AccessFacts, AccessLevel, ContactState, NdaState, Viewer};
use crate::library::gate::{ListPage, Place, PublicDocument, ReadableOrder, ReadableQuery};
use crate::testing::suite::fixture::{minute, permit};
use crate::testing::suite::{Broken, Outcome};

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

pub(super) async fn paged(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut made = Vec::new();
    for (title, at) in [("b", 3), ("É", 9), ("a", 3), ("d", 5), ("c", 7), ("b", 5), ("e", 4)] {
        let id = desk.import(title).await?.id;
        let publish = desk.publication_as(id, AccessLevel::Public).await?;
        desk.access().publish(&desk.admin, id, &publish, minute(at)).await?;
        made.push((title.replace('É', "e"), at, id));
    }
    // When it was opened counts as well as when it was published, when it was closed does not.
    let (_, at, opened) = &mut made[6];
    for (to, at) in [(AccessLevel::Internal, 5), (AccessLevel::Public, 6), (AccessLevel::Public, 7)] {
        let change = desk.change(*opened, to).await?;
        desk.access().set_level(&desk.admin, *opened, &change, minute(at)).await?;
    }
    *at = 6;
    // The last publication counts, and none of what is closed or gone in between.
    let (_, at, again) = &mut made[0];
    desk.access().withdraw(&desk.admin, *again, minute(7)).await?;
    let publish = desk.publication_of(*again, 1).await?;
    desk.access().publish(&desk.admin, *again, &publish, minute(8)).await?;
    desk.set_level(*again, AccessLevel::Public).await?;
    *at = 8;
    let closed = made.remove(3).2;
    desk.set_level(closed, AccessLevel::Internal).await?;
    let gone = made.remove(3).2;
    desk.access().withdraw(&desk.admin, gone, minute(9)).await?;
    for order in ReadableOrder::ALL {
        let mut expected = made.clone();
        match order {
            ReadableOrder::Title => expected.sort_by(|(a, _, x), (b, _, y)| (a, x).cmp(&(b, y))),
            ReadableOrder::Newest => expected.sort_by_key(|(_, at, id)| Reverse((*at, *id))),
        }
        let expected: Vec<_> = expected.into_iter().map(|(.., id)| id).collect();
        for limit in [1, 2, 4, 5, 99] {
            let read = async |place: Place| {
                let query = ReadableQuery { order, place, ..ReadableQuery::first(limit) };
                Ok::<_, Broken>(
                    desk.access().readable(desk.tenant(), &Viewer::Anonymous, &query, minute(9)).await?,
                )
            };
            let ids = |page: &ListPage<PublicDocument>| {
                page.documents.iter().map(|shown| shown.id).collect::<Vec<_>>()
            };
            let (mut pages, mut place) = (Vec::new(), Place::Start);
            while pages.len() <= expected.len() {
                let page = read(place.clone()).await?;
                let next = page.next.clone();
                pages.push(page);
                let Some(next) = next else { break };
                place = Place::After(next);
            }
            let forward: Vec<_> = pages.iter().flat_map(ids).collect();
            ensure_eq!(forward, expected, "{order:?} in pages of {limit}");
            let mut previous = pages.pop().and_then(|last| last.previous);
            for page in pages.into_iter().rev() {
                let Some(before) = previous else {
                    return Err(Broken::new(format!("{order:?}: nothing before a later page")));
                };
                let back = read(Place::Before(before)).await?;
                ensure_eq!(ids(&back), ids(&page), "{order:?}: the page before");
                previous = back.previous;
            }
            ensure_eq!(previous, None, "{order:?}: what is before the first page");
        }
    }
    let shown = desk.readable(&Viewer::Anonymous, minute(9)).await?;
    let [one, other] = ReadableOrder::ALL;
    for (order, of) in [(one, other), (other, one)] {
        let place = Place::After(of.cursor(&shown[0]));
        let wrong = ReadableQuery { order, place, ..ReadableQuery::first(9) };
        let refused = desk.access().readable(desk.tenant(), &Viewer::Anonymous, &wrong, minute(9)).await;
        ensure!(
            matches!(refused, Err(StoreError::OutOfRange(_))),
            "{order:?}: a place in {of:?} was not refused"
        );
    }
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

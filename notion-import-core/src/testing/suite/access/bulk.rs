//! One thing done to many documents.

use super::{Broken, Desk, Library};
use crate::error::{Conflict, StoreError};
use crate::id::{DocumentId, VersionNumber};
use crate::library::access::AccessLevel;
use crate::library::gate::{BulkChange, Seen};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::minute;

/// What became of a document, without what is no conflict.
fn told(result: &Result<(), StoreError>) -> Result<(), Option<Conflict>> {
    match result {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict(conflict)) => Err(Some(*conflict)),
        Err(_) => Err(None),
    }
}

pub(super) async fn each(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut seen = Vec::new();
    for title in ["First", "Second", "Third"] {
        seen.push(Seen::from(&desk.read(desk.import(title).await?.id).await?));
    }
    seen.insert(1, Seen { document: DocumentId::fresh(), ..seen[0].clone() });
    // Somebody else decides on the second one meanwhile.
    desk.publish(seen[2].document, 1).await?;
    let change = BulkChange::Publish(AccessLevel::Public);
    let results = change.apply_to_each(desk.access(), &desk.admin, &seen, "Approved", minute(5)).await;
    let results: Vec<_> = results.iter().map(|(id, result)| (*id, told(result))).collect();
    let expected = [Ok(()), Err(None), Err(Some(Conflict::Changed)), Ok(())];
    let expected: Vec<_> = seen.iter().map(|seen| seen.document).zip(expected).collect();
    ensure_eq!(results, expected, "what became of each");
    let levels = [AccessLevel::Public, AccessLevel::Internal, AccessLevel::Public];
    for (seen, level) in [&seen[0], &seen[2], &seen[3]].into_iter().zip(levels) {
        ensure_eq!(desk.level(seen.document).await?, level, "the level of {}", seen.title);
    }
    let again = change.apply_to_each(desk.access(), &desk.admin, &seen[..1], "Approved", minute(6)).await;
    ensure_eq!(told(&again[0].1), Err(Some(Conflict::Changed)), "the same again, seen before it");
    Ok(())
}

pub(super) async fn foreseen(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let contact = desk.contact().await?;
    let mut changes = vec![BulkChange::Withdraw, BulkChange::Assign { contact, expires_at: None }];
    changes.extend(AccessLevel::ALL.map(BulkChange::Publish));
    changes.extend(AccessLevel::ALL.map(BulkChange::SetLevel));
    changes.extend([Some("Policies"), None].map(|to| BulkChange::SetCategory(to.map(str::to_owned))));
    for change in changes {
        for level in AccessLevel::ALL {
            let draft = desk.import("Draft").await?.id;
            let open = desk.open("Open", level).await?.id;
            let newer = desk.open("Newer", level).await?;
            desk.import_text(&newer.source, "Second").await?;
            let withdrawn = desk.open("Withdrawn", level).await?.id;
            desk.access().withdraw(&desk.admin, withdrawn, minute(3)).await?;
            for id in [draft, open, newer.id, withdrawn] {
                let known = desk.read(id).await?;
                let foreseen = change.foresee(&known, minute(5));
                let seen = Seen::from(&known);
                let assigned = desk.access().assignments(&desk.admin, id).await?.len();
                let done = change.apply(desk.access(), &desk.admin, &seen, "Approved", minute(5)).await;
                let now = desk.read(id).await?;
                let is_assigned = desk.access().assignments(&desk.admin, id).await?.len() > assigned;
                let changed = done.map(|()| now.revision != known.revision || is_assigned);
                let told = |result: Result<bool, StoreError>| match result {
                    Ok(changed) => Ok(changed),
                    Err(error) => Err(told(&Err(error))),
                };
                ensure_eq!(told(changed), told(foreseen), "what {change:?} did to {}", seen.title);
                if now.revision != known.revision && matches!(change, BulkChange::Publish(_)) {
                    let version = now.facts.publication.version();
                    ensure_eq!(version, Some(VersionNumber(known.document.latest.0)), "the version");
                }
            }
        }
    }
    Ok::<_, Broken>(())
}

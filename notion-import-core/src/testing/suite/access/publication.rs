//! What is shown.

use super::{Desk, Library};
use crate::error::StoreError;
use crate::id::{DocumentId, VersionNumber};
use crate::library::access::{AccessLevel, Outside, Publication, Viewer};
use crate::library::gate::{PublicDocument, Publish};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::minute;

pub(super) async fn published(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.open("Policy", AccessLevel::Public).await?;
    desk.import_text(&imported.source, "Second").await?;
    for version in [2, 1] {
        desk.publish(imported.id, version).await?;
        let shown = Publication::Published(VersionNumber(version));
        ensure_eq!(desk.publication(imported.id).await?, shown, "the publication");
        let expected = PublicDocument {
            id: imported.id,
            title: "Policy".into(),
            level: AccessLevel::Public,
            version: VersionNumber(version),
            published_at: minute(2),
            outside: Outside::Ok,
        };
        let readable = desk.access().readable(desk.tenant(), &Viewer::Anonymous, minute(3)).await?;
        ensure_eq!(readable, [expected], "what everybody sees");
    }
    Ok(())
}

pub(super) async fn revision(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    let revision = desk.read(id).await?.revision;
    desk.access().set_listed(&desk.admin, id, true, minute(2)).await?;
    for revision in [revision, revision + 9] {
        let publish = Publish { version: VersionNumber(1), revision };
        let published = desk.access().publish(&desk.admin, id, &publish, minute(2)).await;
        ensure_fails!(published, StoreError::Conflict, "publishing from revision {revision}");
        ensure_eq!(desk.publication(id).await?, Publication::Draft, "the publication");
    }
    Ok(())
}

pub(super) async fn no_such_version(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    for (id, version) in [(id, 0), (id, 2), (DocumentId::fresh(), 1)] {
        let publish = Publish { version: VersionNumber(version), revision: 0 };
        let published = desk.access().publish(&desk.admin, id, &publish, minute(2)).await;
        ensure_fails!(published, StoreError::NotFound, "publishing version {version}");
    }
    ensure_eq!(desk.publication(id).await?, Publication::Draft, "the publication");
    Ok(())
}

pub(super) async fn withdrawn(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Public).await?.id;
    for _again in 0..2 {
        desk.access().withdraw(&desk.admin, id, minute(3)).await?;
        ensure_eq!(desk.publication(id).await?, Publication::Archived, "the publication");
        let readable = desk.access().readable(desk.tenant(), &Viewer::Anonymous, minute(3)).await?;
        ensure_eq!(readable, [], "what everybody sees");
    }
    let draft = desk.import("Draft").await?.id;
    desk.access().withdraw(&desk.admin, draft, minute(3)).await?;
    ensure_eq!(desk.publication(draft).await?, Publication::Draft, "a draft that is withdrawn");
    let unknown = desk.access().withdraw(&desk.admin, DocumentId::fresh(), minute(3)).await;
    ensure_fails!(unknown, StoreError::NotFound, "withdrawing what is not there");
    Ok(())
}

pub(super) async fn new_version(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.open("Policy", AccessLevel::Public).await?;
    desk.import_text(&imported.source, "Second").await?;
    let shown = Publication::Published(VersionNumber(1));
    ensure_eq!(desk.publication(imported.id).await?, shown, "the publication");
    Ok(())
}

pub(super) async fn listed(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Restricted).await?.id;
    for (listed, expected) in [(true, vec![Outside::SignIn]), (false, vec![])] {
        desk.access().set_listed(&desk.admin, id, listed, minute(3)).await?;
        ensure_eq!(desk.read(id).await?.facts.listed, listed, "whether it is listed");
        let readable = desk.access().readable(desk.tenant(), &Viewer::Anonymous, minute(3)).await?;
        let outside: Vec<_> = readable.into_iter().map(|document| document.outside).collect();
        ensure_eq!(outside, expected, "what everybody sees of it");
    }
    Ok(())
}

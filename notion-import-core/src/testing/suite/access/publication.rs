//! What is shown.

use super::{Desk, Library};
use crate::error::{Conflict, StoreError};
use crate::id::{DocumentId, VersionNumber};
use crate::library::access::{AccessLevel, Outside, Publication, Viewer};
use crate::library::document::Source;
use crate::library::gate::{Expected, PublicDocument, Publish};
use crate::testing::suite::fixture::{conflict, minute, permit, seen};
use crate::testing::suite::{Broken, Outcome};

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
            category: None,
            version: VersionNumber(version),
            published_at: minute(2),
            outside: Outside::Ok,
        };
        let readable = desk.readable(&Viewer::Anonymous, minute(3)).await?;
        ensure_eq!(readable, [expected], "what everybody sees");
    }
    Ok(())
}

pub(super) async fn revision(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    let publish = desk.publication_of(id, 1).await?;
    let revision = publish.expected.revision;
    desk.list(id, true).await?;
    for revision in [revision, revision + 9] {
        let expected = Expected { revision, ..publish.expected.clone() };
        let publish = Publish { expected, ..publish.clone() };
        let published = desk.access().publish(&desk.admin, id, &publish, minute(2)).await;
        ensure_fails!(
            published,
            StoreError::Conflict(Conflict::Changed),
            "publishing from revision {revision}"
        );
        ensure_eq!(desk.publication(id).await?, Publication::Draft, "the publication");
    }
    Ok(())
}

pub(super) async fn no_such_version(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    let publish = desk.publication_of(id, 1).await?;
    for (id, version) in [(id, 0), (id, 2), (DocumentId::fresh(), 1)] {
        let publish = Publish { version: VersionNumber(version), ..publish.clone() };
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
        let readable = desk.readable(&Viewer::Anonymous, minute(3)).await?;
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
        desk.list(id, listed).await?;
        ensure_eq!(desk.read(id).await?.facts.listed, listed, "whether it is listed");
        let readable = desk.readable(&Viewer::Anonymous, minute(3)).await?;
        let outside: Vec<_> = readable.into_iter().map(|document| document.outside).collect();
        ensure_eq!(outside, expected, "what everybody sees of it");
    }
    Ok(())
}

/// The title that everybody sees.
pub(super) async fn seen_title(desk: &Desk) -> Result<Option<String>, Broken> {
    let readable = desk.readable(&Viewer::Anonymous, minute(3)).await?;
    Ok(readable.into_iter().next().map(|shown| shown.title))
}

pub(super) async fn new_title(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.open("Policy", AccessLevel::Public).await?;
    let renamed = |title: &str| Source { title: title.into(), ..imported.source.clone() };
    for act in ["a sync", "an import", "a new version", "a rename"] {
        match act {
            "a sync" => {
                let patch = seen(imported.id, &renamed("By a sync"), 5);
                library.documents.patch(&desk.connection, &[patch], None).await?;
            }
            "an import" => drop(desk.import_text(&renamed("By an import"), "Policy").await?),
            "a new version" => drop(desk.import_text(&renamed("By a version"), "Second").await?),
            _ => desk.access().rename(&desk.admin, imported.id, Some("By hand"), minute(6)).await?,
        }
        ensure_eq!(seen_title(&desk).await?.as_deref(), Some("Policy"), "the title seen after {act}");
        let content = desk.access().content(&permit(desk.tenant(), imported.id, VersionNumber(1))).await?;
        ensure_eq!(content.map(|(title, _)| title).as_deref(), Some("Policy"), "the title read after {act}");
        let known = desk.read(imported.id).await?;
        ensure_eq!(
            known.published_title.as_deref(),
            Some("Policy"),
            "the title shown to members after {act}"
        );
        ensure!(known.document.title.text != "Policy", "the working title stayed after {act}");
    }
    let before = desk.read(imported.id).await?;
    desk.publish(imported.id, 1).await?;
    let after = desk.read(imported.id).await?;
    ensure_eq!(after.facts, before.facts, "what publishing a title alone leaves as it is");
    ensure_eq!(after.revision, before.revision + 1, "the revision after it");
    ensure_eq!(seen_title(&desk).await?.as_deref(), Some("By hand"), "the title seen once it is published");
    desk.access().withdraw(&desk.admin, imported.id, minute(7)).await?;
    ensure_eq!(desk.read(imported.id).await?.published_title, None, "the title of what was withdrawn");
    let content = desk.access().content(&permit(desk.tenant(), imported.id, VersionNumber(1))).await?;
    ensure_eq!(content, None, "the content of what was withdrawn");
    Ok(())
}

pub(super) async fn clean_title(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let dirty = "Pol\u{202e}icy\r\n\0  2026";
    let imported = desk.open(dirty, AccessLevel::Public).await?;
    let working = async || Ok::<_, Broken>(desk.read(imported.id).await?.document.title.text);
    ensure_eq!(working().await?, "Policy 2026", "the title that was imported");
    let renamed = Source { title: format!("{dirty}!"), ..imported.source.clone() };
    library.documents.patch(&desk.connection, &[seen(imported.id, &renamed, 5)], None).await?;
    ensure_eq!(working().await?, "Policy 2026!", "the title that a sync found");
    desk.access().rename(&desk.admin, imported.id, Some(&format!("{dirty}?")), minute(6)).await?;
    ensure_eq!(working().await?, "Policy 2026?", "the title given here");
    let publish = Publish { title: format!("{dirty}."), ..desk.publication_of(imported.id, 1).await? };
    desk.access().publish(&desk.admin, imported.id, &publish, minute(7)).await?;
    ensure_eq!(seen_title(&desk).await?.as_deref(), Some("Policy 2026."), "the title that was published");
    Ok(())
}

/// What somebody might ask for who did not look, or has no reason.
pub(super) fn careless(seen: &Expected) -> [(Expected, Conflict); 4] {
    [
        (Expected { level: AccessLevel::Internal, ..seen.clone() }, Conflict::Changed),
        (Expected { revision: seen.revision + 1, ..seen.clone() }, Conflict::Changed),
        (Expected { reason: String::new(), ..seen.clone() }, Conflict::NoReason),
        (Expected { reason: " \n".into(), ..seen.clone() }, Conflict::NoReason),
    ]
}

pub(super) async fn again(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    for level in [AccessLevel::RequiresNda, AccessLevel::Restricted, AccessLevel::Public] {
        let id = desk.open("Policy", level).await?.id;
        desk.access().withdraw(&desk.admin, id, minute(3)).await?;
        let publish = desk.publication_of(id, 1).await?;
        for (expected, why) in careless(&publish.expected) {
            let publish = Publish { expected, ..publish.clone() };
            let published = desk.access().publish(&desk.admin, id, &publish, minute(3)).await;
            ensure_eq!(conflict(published)?, why, "why {publish:?} at {level} is refused");
            ensure_eq!(desk.publication(id).await?, Publication::Archived, "the publication");
        }
        desk.access().publish(&desk.admin, id, &publish, minute(3)).await?;
    }
    let id = desk.open("Policy", AccessLevel::Internal).await?.id;
    desk.access().withdraw(&desk.admin, id, minute(3)).await?;
    let publish = desk.publication_of(id, 1).await?;
    let expected = Expected { reason: String::new(), ..publish.expected.clone() };
    Ok(desk.access().publish(&desk.admin, id, &Publish { expected, ..publish }, minute(3)).await?)
}

pub(super) async fn listing(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let seen = desk.expected(id).await?;
    for (expected, why) in careless(&seen) {
        let listed = desk.access().set_listed(&desk.admin, id, true, &expected, minute(3)).await;
        ensure_eq!(conflict(listed)?, why, "why listing, {expected:?}, is refused");
        ensure_eq!(desk.read(id).await?.facts.listed, false, "whether it is listed");
    }
    desk.access().set_listed(&desk.admin, id, true, &seen, minute(3)).await?;
    let hurried = Expected { level: AccessLevel::Public, revision: 99, reason: String::new() };
    desk.access().set_listed(&desk.admin, id, false, &hurried, minute(3)).await?;
    ensure_eq!(desk.read(id).await?.facts.listed, false, "whether it is listed once hidden");
    Ok(())
}

pub(super) async fn long_title(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    let longest = "東a".repeat(125);
    desk.access().rename(&desk.admin, id, Some(&longest), minute(2)).await?;
    let before = desk.read(id).await?;
    ensure_eq!(before.document.title.text, longest, "the longest title that there can be");
    let refused = desk.access().rename(&desk.admin, id, Some(&format!("{longest}b")), minute(3)).await;
    ensure!(matches!(refused, Err(StoreError::OutOfRange(_))), "a longer one ended in {refused:?}");
    ensure_eq!(desk.read(id).await?, before, "the document after it");
    Ok(())
}

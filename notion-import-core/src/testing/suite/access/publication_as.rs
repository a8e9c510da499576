//! What is shown and opened in one act.

use super::publication::{careless, seen_title};
use super::{Desk, Library};
use crate::error::{Conflict, StoreError};
use crate::id::VersionNumber;
use crate::library::access::{AccessLevel, Publication};
use crate::library::audit::AuditEvent;
use crate::library::gate::{Expected, Publish};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{conflict, minute};

const OPEN: [AccessLevel; 3] = [AccessLevel::RequiresNda, AccessLevel::Restricted, AccessLevel::Public];

pub(super) async fn one_act(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let version = VersionNumber(1);
    for level in OPEN {
        for is_withdrawn in [false, true] {
            let id = desk.import("Policy").await?.id;
            if is_withdrawn {
                desk.publish(id, 1).await?;
                desk.access().withdraw(&desk.admin, id, minute(2)).await?;
            }
            let (before, entries) = (desk.read(id).await?, desk.history(id).await?.len());
            let publish = desk.publication_as(id, level).await?;
            desk.access().publish(&desk.admin, id, &publish, minute(3)).await?;
            let after = desk.read(id).await?;
            ensure_eq!(after.facts.level, level, "the level");
            ensure_eq!(after.facts.publication, Publication::Published(version), "the publication");
            ensure_eq!(after.published_title.as_deref(), Some("Policy"), "the title that is published");
            ensure_eq!(after.revision, before.revision + 1, "the revision after one act");
            let history = desk.history(id).await?;
            ensure_eq!(history.len(), entries + 2, "how many entries there are");
            let reason = publish.expected.reason;
            let said: Vec<_> = history.into_iter().take(2).map(|entry| (entry.at, entry.event)).collect();
            let published = AuditEvent::Published { version, reason: reason.clone() };
            let opened = AuditEvent::LevelChanged { from: AccessLevel::Internal, to: level, reason };
            ensure_eq!(said, [(minute(3), opened), (minute(3), published)], "what the audit says of it");
            if level == AccessLevel::Public {
                ensure_eq!(seen_title(&desk).await?.as_deref(), Some("Policy"), "what everybody sees");
                desk.access().withdraw(&desk.admin, id, minute(4)).await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn care(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let shown = desk.open("Policy", AccessLevel::RequiresNda).await?;
    desk.import_text(&shown.source, "Second").await?;
    let draft = desk.import("Draft").await?.id;
    for (id, version) in [(draft, 1), (shown.id, 2)] {
        let before = (desk.read(id).await?, desk.history(id).await?);
        let publish = Publish {
            level: Some(AccessLevel::Public),
            title: "Another title".into(),
            ..desk.publication_of(id, version).await?
        };
        let elsewhere = Expected { level: AccessLevel::Restricted, ..publish.expected.clone() };
        let refused = careless(&publish.expected).into_iter().filter(|(given, _)| *given != publish.expected);
        for (expected, why) in refused.chain([(elsewhere, Conflict::Changed)]) {
            let publish = Publish { expected, ..publish.clone() };
            let published = desk.access().publish(&desk.admin, id, &publish, minute(3)).await;
            ensure_eq!(conflict(published)?, why, "why {publish:?} is refused");
            let after = (desk.read(id).await?, desk.history(id).await?);
            ensure_eq!(after, before, "the document and its history");
        }
        let missing = Publish { version: VersionNumber(9), ..publish.clone() };
        let missing = desk.access().publish(&desk.admin, id, &missing, minute(3)).await;
        ensure_fails!(missing, StoreError::NotFound, "a version that is not there");
        ensure_eq!(desk.read(id).await?, before.0, "the document");
        desk.access().publish(&desk.admin, id, &publish, minute(3)).await?;
        let again = desk.access().publish(&desk.admin, id, &publish, minute(4)).await;
        ensure_eq!(conflict(again)?, Conflict::Changed, "why the same act is refused once it is done");
    }
    Ok(())
}

pub(super) async fn narrowing(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.open("Policy", AccessLevel::Public).await?;
    desk.import_text(&imported.source, "Second").await?;
    let publish =
        Publish { level: Some(AccessLevel::Restricted), ..desk.publication_of(imported.id, 2).await? };
    let quietly =
        Publish { expected: Expected { reason: String::new(), ..publish.expected.clone() }, ..publish };
    desk.access().publish(&desk.admin, imported.id, &quietly, minute(3)).await?;
    let known = desk.read(imported.id).await?;
    ensure_eq!(known.facts.level, AccessLevel::Restricted, "the level");
    ensure_eq!(known.facts.publication, Publication::Published(VersionNumber(2)), "the publication");
    ensure_eq!(seen_title(&desk).await?, None, "what everybody sees");
    // Nothing is left to do: neither a revision nor an entry comes of it.
    let (entries, same) =
        (desk.history(imported.id).await?.len(), desk.publication_of(imported.id, 2).await?);
    let same = Publish { level: Some(AccessLevel::Restricted), ..same };
    desk.access().publish(&desk.admin, imported.id, &same, minute(4)).await?;
    ensure_eq!(desk.read(imported.id).await?.revision, known.revision, "the revision");
    ensure_eq!(desk.history(imported.id).await?.len(), entries, "how many entries there are");
    Ok(())
}

//! What members see of documents.

use super::{Desk, Library};
use crate::id::DocumentId;
use crate::id::VersionNumber;
use crate::library::access::{AccessLevel, DocumentFacts, Publication};
use crate::library::document::{Document, Found, Link, Source, SourceState, Title};
use crate::library::gate::AdminDocument;
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{minute, patch, seen};

pub(super) async fn closed(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    let AdminDocument { facts, revision, .. } = desk.read(id).await?;
    let expected = DocumentFacts {
        tenant: desk.tenant(),
        id,
        level: AccessLevel::Internal,
        publication: Publication::Draft,
        listed: false,
        nda: None,
    };
    ensure_eq!((facts, revision), (expected, 0), "the facts and the revision");
    Ok(())
}

pub(super) async fn complete(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.import("Policy").await?;
    let link = Link {
        connection: Some(desk.connection.id),
        source: imported.source,
        state: SourceState::Present,
        checked_at: minute(1),
        update_available: false,
        trouble: None,
        shown: None,
    };
    let expected = Document {
        tenant: desk.tenant(),
        id: imported.id,
        title: Title { text: "Policy".into(), edited_here: false },
        link: Some(link),
        unlinked: None,
        latest: VersionNumber(1),
        created_at: minute(1),
    };
    ensure_eq!(desk.read(imported.id).await?.document, expected, "the document");
    library.documents.unlink(&desk.admin, imported.id, minute(2)).await?;
    let expected = Document { link: None, unlinked: expected.link.map(Box::new), ..expected };
    ensure_eq!(desk.read(imported.id).await?.document, expected, "the unlinked document");
    ensure_eq!(
        desk.access().document(&desk.admin, DocumentId::fresh()).await?,
        None,
        "one that is not there"
    );
    Ok(())
}

pub(super) async fn renamed(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.import("Policy").await?;
    let title = async || Ok::<_, super::Broken>(desk.read(imported.id).await?.document.title);
    let given = Title { text: "Our policy".into(), edited_here: true };
    desk.access().rename(&desk.admin, imported.id, Some("Our policy"), minute(2)).await?;
    ensure_eq!(title().await?, given, "the title given here");

    let renamed = Source { title: "Policy 2026".into(), ..imported.source.clone() };
    library.documents.patch(&desk.connection, &[seen(imported.id, &renamed, 5)], None).await?;
    ensure_eq!(title().await?, given, "the title after a sync");
    desk.import_text(&renamed, "Policy").await?;
    ensure_eq!(title().await?, given, "the title after an import");

    desk.access().rename(&desk.admin, imported.id, None, minute(6)).await?;
    let followed = Title { text: "Policy 2026".into(), edited_here: false };
    ensure_eq!(title().await?, followed, "the title that is to follow again");
    Ok(())
}

pub(super) async fn untouched(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let documents = &library.documents;
    for level in AccessLevel::ALL {
        let imported = desk.open("Policy", level).await?;
        desk.list(imported.id, true).await?;
        let before = desk.read(imported.id).await?;
        let same = async |after: &str| {
            let now = desk.read(imported.id).await?;
            ensure_eq!(
                (now.facts, now.published_title, now.revision),
                (before.facts.clone(), before.published_title.clone(), before.revision),
                "{level} after {after}"
            );
            Ok(())
        };
        desk.import_text(&imported.source, "New").await?;
        same("an import").await?;
        let gone = patch(imported.id, 6, Found::NotShared);
        documents.patch(&desk.connection, &[seen(imported.id, &imported.source, 5), gone], None).await?;
        same("a sync").await?;
        documents.detach(&desk.connection).await?;
        same("a disconnect").await?;
        desk.import_text(&imported.source, "New").await?;
        same("a reconnect").await?;
        documents.unlink(&desk.admin, imported.id, minute(7)).await?;
        same("unlinking").await?;
        documents.relink(&desk.admin, imported.id, minute(8)).await?;
        same("undoing that").await?;
    }
    Ok(())
}

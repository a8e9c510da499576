//! What an import makes of a source.

use futures_util::future::join_all;

use super::{Desk, Store};
use crate::id::VersionNumber;
use crate::library::document::{
    Content, Found, Imported, Link, Linked, NewContent, Reading, Shown, Source, SourceImage, SourceKind,
    SourceParent, SourceState, SyncPatch, Title,
};
use crate::testing::suite::fixture::{abandon, basis, content, file, minute, notion_id, page, patch};
use crate::testing::suite::{Broken, Outcome};

pub(super) async fn created(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let full = page("Security policy");
    let image =
        crate::notion::address::LastingUrl::new("https://example.org/icon.svg").map(SourceImage::External);
    let bare = Source { parent: None, icon: None, cover: None, url: None, locked: false, ..page("") };
    let other = Source {
        kind: SourceKind::DataSource,
        parent: Some(SourceParent::Workspace),
        icon: Some(SourceImage::Native("shield_green".into())),
        cover: image,
        ..page("Suppliers — 名前 'quoted'")
    };
    for source in [full, bare, other] {
        let new = content(&source, "# Policy\n");
        let imported = desk.import_at(&new, 1).await?;
        let expected = Linked {
            document: imported.document(),
            title: Title { text: source.title.clone(), edited_here: false },
            link: Link {
                connection: Some(desk.connection.id),
                source: source.clone(),
                state: SourceState::Present,
                checked_at: minute(1),
                update_available: false,
                trouble: None,
                shown: None,
            },
            latest: VersionNumber(1),
            digest: new.digest(),
            read: new.read,
        };
        ensure_eq!(imported, Imported::Created(imported.document()), "the first import");
        ensure_eq!(desk.linked(&source).await?, expected, "the document");
    }
    Ok(())
}

pub(super) async fn unchanged(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let read = desk.linked(&source).await?.read;
    let reading = Some(Reading { read, differs: true, draft: None });
    let (edit, state) = (Box::new(source.clone()), SourceState::Present);
    let found = Found::Source { source: edit, state, reading, trouble: Some("unavailable".into()) };
    store.patch(&desk.connection, &[patch(document, 2, found)], None).await?;
    ensure!(desk.linked(&source).await?.link.update_available, "the reading was not taken up");

    let edited = Source { edited_at: minute(2), icon: None, ..source.clone() };
    let mut again = content(&edited, "Policy");
    again.read.settled = true;
    again.state = SourceState::Archived;
    for _again in 0..2 {
        ensure_eq!(desk.import_at(&again, 3).await?, Imported::Unchanged(document), "importing it again");
        let linked = desk.linked(&source).await?;
        let expected = Link {
            connection: Some(desk.connection.id),
            source: edited.clone(),
            state: SourceState::Archived,
            checked_at: minute(3),
            update_available: false,
            trouble: None,
            shown: None,
        };
        ensure_eq!(linked.link, expected, "the link");
        ensure_eq!((linked.read.edited_at, linked.read.settled), (minute(2), true), "the edit that was read");
    }
    Ok(())
}

pub(super) async fn new_content(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let mut number = 1;
    let texts = [
        Content::Markdown("Other".into()),
        Content::File(file("policy.pdf")),
        Content::Markdown("Policy".into()),
    ];
    for text in texts {
        number += 1;
        let new = NewContent { content: text, ..content(&source, "") };
        let imported = desk.import_at(&new, 2).await?;
        ensure_eq!(imported, Imported::NewVersion(document, VersionNumber(number)), "the import");
        ensure_eq!(desk.linked(&source).await?.digest, new.digest(), "the newest digest");
        ensure_eq!(desk.import_at(&new, 2).await?, Imported::Unchanged(document), "importing it again");
    }
    Ok(())
}

pub(super) async fn new_attachments(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let mut new = content(&source, "Policy");
    for (number, attachments) in
        [(2, vec![file("b.png"), file("a.png")]), (3, vec![file("b.png")]), (4, vec![])]
    {
        new.attachments = attachments;
        let imported = desk.import_at(&new, 2).await?;
        ensure_eq!(imported, Imported::NewVersion(document, VersionNumber(number)), "the import");
        ensure_eq!(desk.import_at(&new, 2).await?, Imported::Unchanged(document), "importing it again");
    }
    Ok(())
}

pub(super) async fn rests(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let source = page("Policy");
    for (text, basis) in [
        ("Policy", basis(b"first")),
        ("Policy", basis(b"second")),
        ("Other", basis(b"third")),
        ("Policy", None),
        ("Policy", basis(b"first")),
        ("Policy", None),
    ] {
        let mut new = content(&source, text);
        new.read.basis = basis;
        desk.import_at(&new, 1).await?;
        ensure_eq!(desk.linked(&source).await?.read.basis, basis, "what the import of '{text}' rests on");
        let listed = store.linked(&desk.connection, None, 9).await?;
        ensure_eq!(listed, [desk.linked(&source).await?], "what is listed");
    }
    Ok(())
}

pub(super) async fn spellings(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let dashed = notion_id();
    let mut documents = Vec::new();
    for spelling in [dashed.to_string(), dashed.simple(), dashed.simple().to_uppercase()] {
        let Ok(id) = spelling.parse() else { continue };
        documents.push(desk.import(&Source { id, ..page("Policy") }, "Policy").await?.document());
    }
    documents.dedup();
    ensure_eq!(documents.len(), 1, "the number of documents");
    Ok(())
}

pub(super) async fn other_connection(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let other = desk.other();
    let (source, document) = desk.page("Policy").await?;
    ensure_eq!(other.import(&source, "Policy").await?, Imported::Unchanged(document), "the second import");
    let holder = desk.linked(&source).await?.link.connection;
    ensure_eq!(holder, Some(other.connection.id), "the connection it is linked through");
    Ok(())
}

pub(super) async fn title_follows(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, _) = desk.page("Policy").await?;
    let renamed = Source { title: "Policy 2026".into(), ..source };
    desk.import(&renamed, "Policy").await?;
    let title = Title { text: "Policy 2026".into(), edited_here: false };
    ensure_eq!(desk.linked(&renamed).await?.title, title, "the title");
    Ok(())
}

pub(super) async fn race(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let source = page("Policy");
    let mut created = 0;
    for imported in join_all((0..8).map(|_| desk.import(&source, "Policy"))).await {
        match imported? {
            Imported::Created(_) => created += 1,
            Imported::Unchanged(_) => {}
            Imported::NewVersion(..) => ensure!(false, "the same content made a new version"),
        }
    }
    ensure_eq!(created, 1, "documents created");
    ensure_eq!(store.linked(&desk.connection, None, 99).await?.len(), 1, "documents linked");
    Ok(())
}

pub(super) async fn dropped(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    for polls in 0..40 {
        let source = page("Policy");
        let returned = abandon(desk.import(&source, "Policy"), polls).await;
        // What was dropped may still be on its way; this waits for it.
        let again = desk.import(&source, "Policy").await?;
        let happened = match again {
            Imported::Created(_) => false,
            Imported::Unchanged(_) => true,
            Imported::NewVersion(..) => {
                return Err(Broken::new(format!("half an import happened after {polls} polls")));
            }
        };
        ensure!(returned.is_none() || happened, "the import returned without having happened");
        ensure_eq!(desk.linked(&source).await?.document, again.document(), "the document");
    }
    Ok(())
}

pub(super) async fn shown(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let source = Source { kind: SourceKind::DataSource, ..page("Suppliers") };
    let shown = async || Ok::<_, Broken>(desk.linked(&source).await?.link.shown);
    let none = content(&source, "All");
    let document = desk.import_at(&none, 1).await?.document();
    ensure_eq!(shown().await?, None, "what is shown where nobody chose");
    let columns = Shown::Columns(vec!["Name".into(), "Land — 名前 'quoted'".into(), "nul \0".into()]);
    for (chosen, text) in [(columns, "Some"), (Shown::View(notion_id()), "View"), (Shown::Everything, "All")]
    {
        let new = NewContent { chosen: Some(chosen.clone()), ..content(&source, text) };
        desk.import_at(&new, 2).await?;
        ensure_eq!(shown().await?, Some(chosen.clone()), "what was chosen");
        desk.import_at(&none, 3).await?;
        ensure_eq!(shown().await?, Some(chosen.clone()), "what was chosen, after an import without a choice");
        let known = desk.linked(&source).await?;
        let reading = Reading { read: known.read, differs: true, draft: Some(Box::new(none.clone())) };
        let (found, state) = (Box::new(source.clone()), SourceState::Present);
        let found = Found::Source { source: found, state, reading: Some(reading), trouble: None };
        let patch = SyncPatch { against: known.against(), ..patch(document, 4, found) };
        store.patch(&desk.connection, &[patch], None).await?;
        ensure_eq!(shown().await?, Some(chosen.clone()), "what was chosen, after a sync");
    }
    store.detach(&desk.connection).await?;
    ensure_eq!(shown().await?, Some(Shown::Everything), "what was chosen, after a disconnect");
    desk.other().import_at(&none, 5).await?;
    ensure_eq!(shown().await?, Some(Shown::Everything), "what was chosen, through another connection");
    Ok(())
}

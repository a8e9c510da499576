//! What is found again.

use super::{Desk, Store};
use crate::library::blob::BlobId;
use crate::library::document::{Content, NewContent, Source, SourceImage, SourceKind, SourceParent};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{content, content_manager, file, minute, notion_id, page};

pub(super) async fn paged(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let mut expected = Vec::new();
    for n in 0..7 {
        expected.push(desk.page(&format!("Page {n}")).await?.1);
    }
    expected.sort();
    for limit in [1, 2, 3, 7, 100] {
        let mut listed = Vec::new();
        loop {
            let page = store.linked(&desk.connection, listed.last().copied(), limit).await?;
            ensure!(page.len() <= limit, "{} documents on a page of {limit}", page.len());
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|linked| linked.document));
        }
        ensure_eq!(listed, expected, "the documents in pages of {limit}");
    }
    Ok(())
}

pub(super) async fn own(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let other = desk.other();
    let (source, _) = desk.page("Ours").await?;
    other.page("Theirs").await?;
    let listed = store.linked(&desk.connection, None, 9).await?;
    ensure_eq!(listed, [desk.linked(&source).await?], "the connection's documents");
    Ok(())
}

pub(super) async fn detached(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let gone = desk.other();
    let mut expected = Vec::new();
    for n in 0..5 {
        desk.page(&format!("Ours {n}")).await?;
        expected.push(gone.page(&format!("Theirs {n}")).await?.1);
    }
    let tenant = desk.connection.tenant;
    ensure_eq!(store.detached(tenant, None, 9).await?, [], "what is detached while connected");
    store.detach(&gone.connection).await?;
    expected.sort();
    for limit in [1, 2, 9] {
        let mut listed: Vec<crate::id::DocumentId> = Vec::new();
        loop {
            let page = store.detached(tenant, listed.last().copied(), limit).await?;
            ensure!(page.len() <= limit, "{} documents on a page of {limit}", page.len());
            ensure!(page.iter().all(|known| known.link.connection.is_none()), "one is linked");
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|known| known.document));
        }
        ensure_eq!(listed, expected, "what is detached, in pages of {limit}");
    }
    let stranger = Desk::new(&store).connection.tenant;
    ensure_eq!(store.detached(stranger, None, 9).await?, [], "what is detached of another tenant");
    Ok(())
}

pub(super) async fn by_source(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let other = desk.other();
    let (ours, first) = desk.page("Ours").await?;
    let (theirs, second) = other.page("Theirs").await?;
    desk.page("Not asked for").await?;
    let asked = [theirs.id, ours.id, notion_id(), ours.id];
    let mut found: Vec<_> = store.linked_by_source(desk.connection.tenant, &asked).await?;
    found.sort_by_key(|linked| linked.document);
    let documents: Vec<_> = found.iter().map(|linked| linked.document).collect();
    let mut expected = [first, second];
    expected.sort();
    ensure_eq!(documents, expected, "the documents found");
    ensure_eq!(store.linked_by_source(desk.connection.tenant, &[]).await?, [], "what is found of nothing");
    // Links name a database, while its data source is what was imported.
    let database = notion_id();
    let within = |parent| Source { kind: SourceKind::DataSource, parent: Some(parent), ..page("Vendors") };
    let row = Source { parent: Some(SourceParent::Database(database)), ..page("A row of old") };
    let table = within(SourceParent::Database(database));
    desk.import_at(&content(&row, ""), 1).await?;
    desk.import_at(&content(&within(SourceParent::Page(database)), ""), 1).await?;
    desk.import_at(&content(&table, ""), 1).await?;
    let found = store.linked_by_source(desk.connection.tenant, &[database]).await?;
    ensure_eq!(found, [desk.linked(&table).await?], "what is found of a database");
    let both = store.linked_by_source(desk.connection.tenant, &[table.id, database]).await?;
    ensure_eq!(both, found, "what is found of a database and its data source");
    let moved = Source { parent: Some(SourceParent::Workspace), ..table };
    desk.import_at(&content(&moved, ""), 2).await?;
    let left = store.linked_by_source(desk.connection.tenant, &[database]).await?;
    ensure_eq!(left, [], "what is found of a database that a data source has left");
    Ok(())
}

pub(super) async fn blobs(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let names = ["first.pdf", "diagram.png", "second.pdf", "icon.png", "cover.png", "unlinked.png"];
    let icon = |name: &str| Some(SourceImage::Stored(file(name)));
    let source = Source { icon: icon("old icon.png"), ..page("Policy") };
    let first = NewContent { content: Content::File(file("first.pdf")), ..content(&source, "") };
    desk.import_at(&first, 1).await?;
    let source = Source { icon: icon("icon.png"), ..source };
    let second = Content::File(file("second.pdf"));
    desk.import_at(&NewContent { source, content: second, attachments: vec![], ..first }, 2).await?;
    desk.other().page("Other connection").await?;
    let unlinked = Source { icon: icon("unlinked.png"), ..page("Un\0linked") };
    let unlinked = desk.import(&unlinked, "").await?.document();
    store.unlink(&content_manager(desk.connection.tenant), unlinked, minute(3)).await?;
    let blobs = store.blobs(desk.connection.tenant).await?;
    for name in names {
        ensure!(blobs.contains(&BlobId::of(name.as_bytes())), "{name} is not among them");
    }
    ensure!(!blobs.contains(&BlobId::of(b"old icon.png")), "an icon that was replaced is among them");
    let strangers = Desk::new(&store).connection.tenant;
    ensure_eq!(store.blobs(strangers).await?.len(), 0, "another tenant's blobs");
    Ok(())
}

//! How documents and sources part.

use futures_util::future::join;

use super::{Desk, Store};
use crate::actor::{Action, Role};
use crate::error::{Conflict, StoreError};
use crate::id::DocumentId;
use crate::library::document::{
    Found, Imported, NewContent, Reading, Shown, Source, SourceKind, SourceState, SyncCursor,
};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{actor, conflict, content, minute, page, patch};

pub(super) async fn detached(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let other = desk.other();
    let (source, _) = desk.page("First").await?;
    desk.page("Second").await?;
    let (kept, _) = other.page("Other").await?;
    store.patch(&desk.connection, &[], Some(SyncCursor { watermark: minute(5) })).await?;
    let mut expected = desk.linked(&source).await?;
    let untouched = desk.linked(&kept).await?;

    ensure_eq!(store.detach(&desk.connection).await?, 2, "documents detached");
    expected.link.connection = None;
    ensure_eq!(desk.linked(&source).await?, expected, "the detached document");
    ensure_eq!(desk.linked(&kept).await?, untouched, "another connection's document");
    ensure_eq!(store.linked(&desk.connection, None, 9).await?, [], "what the connection holds");
    ensure_eq!(store.cursor(&desk.connection).await?, None, "the cursor");
    ensure_eq!(store.detach(&desk.connection).await?, 0, "documents detached again");
    Ok(())
}

pub(super) async fn reimported(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    store.detach(&desk.connection).await?;
    let other = desk.other();
    ensure_eq!(other.import(&source, "Policy").await?, Imported::Unchanged(document), "the import");
    let holder = desk.linked(&source).await?.link.connection;
    ensure_eq!(holder, Some(other.connection.id), "the connection that holds it");
    Ok(())
}

pub(super) async fn unlinked(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let (other, _) = desk.page("Other").await?;
    let admin = actor(desk.connection.tenant, Role::Admin);
    store.unlink(&admin, document, minute(2)).await?;
    ensure_eq!(desk.find(source.id).await?, None, "what is linked to the source");
    let listed = store.linked(&desk.connection, None, 9).await?;
    ensure_eq!(listed, [desk.linked(&other).await?], "what the connection holds");
    let imported = desk.import(&source, "Policy").await?;
    ensure_eq!(imported, Imported::Created(imported.document()), "the import afterwards");
    ensure!(imported.document() != document, "an unlinked document was linked again");
    Ok(())
}

pub(super) async fn again(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let admin = actor(desk.connection.tenant, Role::Admin);
    store.unlink(&admin, document, minute(2)).await?;
    let new = desk.import(&source, "Policy").await?.document();
    store.unlink(&admin, document, minute(3)).await?;
    ensure_eq!(desk.linked(&source).await?.document, new, "the source's new document");
    let unknown = store.unlink(&admin, DocumentId::fresh(), minute(2)).await;
    ensure_fails!(unknown, StoreError::NotFound, "unlinking what is not there");
    Ok(())
}

pub(super) async fn undone(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let table = Source { kind: SourceKind::DataSource, ..page("Suppliers") };
    let new = NewContent { chosen: Some(Shown::Everything), ..content(&table, "All") };
    let document = desk.import_at(&new, 1).await?.document();
    let known = desk.linked(&table).await?;
    let reading = Some(Reading { read: known.read, differs: true, draft: None });
    let (source, state) = (Box::new(table.clone()), SourceState::Archived);
    let found = Found::Source { source, state, reading, trouble: Some("unavailable".into()) };
    store.patch(&desk.connection, &[patch(document, 2, found)], None).await?;
    let before = desk.linked(&table).await?;
    ensure!(before.link.update_available && before.link.trouble.is_some(), "the patch was not taken up");
    let admin = actor(desk.connection.tenant, Role::Admin);
    store.unlink(&admin, document, minute(3)).await?;
    for _again in 0..2 {
        store.relink(&admin, document, minute(4)).await?;
        ensure_eq!(desk.linked(&table).await?, before, "the document that is linked again");
        ensure_eq!(
            store.linked(&desk.connection, None, 9).await?,
            std::slice::from_ref(&before),
            "what the connection holds"
        );
    }
    ensure_eq!(desk.import_at(&new, 5).await?, Imported::Unchanged(document), "the import afterwards");
    let unknown = store.relink(&admin, DocumentId::fresh(), minute(6)).await;
    ensure_fails!(unknown, StoreError::NotFound, "linking what is not there");
    Ok(())
}

pub(super) async fn taken(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, first) = desk.page("Policy").await?;
    let admin = actor(desk.connection.tenant, Role::Admin);
    store.unlink(&admin, first, minute(2)).await?;
    let second = desk.import(&source, "Policy").await?.document();
    let taken = desk.linked(&source).await?;
    ensure_eq!(conflict(store.relink(&admin, first, minute(3)).await)?, Conflict::LinkedElsewhere, "why not");
    ensure_eq!(desk.linked(&source).await?, taken, "what is linked to the source");
    store.unlink(&admin, second, minute(4)).await?;
    store.relink(&admin, first, minute(5)).await?;
    ensure_eq!(desk.linked(&source).await?.document, first, "what is linked once the source is free");
    ensure_eq!(
        conflict(store.relink(&admin, second, minute(6)).await)?,
        Conflict::LinkedElsewhere,
        "why not"
    );
    Ok(())
}

pub(super) async fn raced(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let admin = actor(desk.connection.tenant, Role::Admin);
    for _race in 0..4 {
        let (source, document) = desk.page("Policy").await?;
        store.unlink(&admin, document, minute(2)).await?;
        let (again, imported) =
            join(store.relink(&admin, document, minute(3)), desk.import(&source, "Policy")).await;
        let (holder, imported) = (desk.linked(&source).await?.document, imported?.document());
        ensure_eq!(imported, holder, "the document of the import");
        match again {
            Ok(()) => ensure_eq!(holder, document, "the document that was linked again"),
            again => ensure_eq!(conflict(again)?, Conflict::LinkedElsewhere, "why it was not"),
        }
    }
    Ok(())
}

pub(super) async fn detached_meanwhile(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Poli\0cy").await?;
    let (other, kept) = desk.other().page("Other").await?;
    let before = (desk.linked(&source).await?, desk.linked(&other).await?);
    let admin = actor(desk.connection.tenant, Role::Admin);
    for document in [document, kept] {
        store.unlink(&admin, document, minute(2)).await?;
    }
    ensure_eq!(store.detach(&desk.connection).await?, 0, "documents detached");
    for document in [document, kept] {
        store.relink(&admin, document, minute(3)).await?;
    }
    let mut expected = before.0;
    expected.link.connection = None;
    ensure_eq!(store.detached(desk.connection.tenant, None, 9).await?, [expected], "what is detached");
    ensure_eq!(desk.linked(&other).await?, before.1, "another connection's document");
    Ok(())
}

pub(super) async fn roles(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    for role in [Role::Admin, Role::ContentManager, Role::AccountManager, Role::Viewer] {
        let (source, document) = desk.page("Policy").await?;
        let member = actor(desk.connection.tenant, role);
        let unlinked = store.unlink(&member, document, minute(2)).await;
        if role.may(Action::Import) {
            unlinked?;
        } else {
            ensure_fails!(unlinked, StoreError::Denied, "{role:?} unlinking");
        }
        let linked = desk.find(source.id).await?.is_some();
        ensure_eq!(linked, !role.may(Action::Import), "linked after {role:?} unlinked it");
        store.unlink(&actor(desk.connection.tenant, Role::Admin), document, minute(3)).await?;
        let relinked = store.relink(&member, document, minute(4)).await;
        if role.may(Action::Import) {
            relinked?;
        } else {
            ensure_fails!(relinked, StoreError::Denied, "{role:?} linking it again");
        }
    }
    Ok(())
}

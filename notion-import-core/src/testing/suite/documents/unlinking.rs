//! How documents and sources part.

use super::{Desk, Store};
use crate::actor::Action;
use crate::actor::Role;
use crate::error::StoreError;
use crate::id::DocumentId;
use crate::library::document::{Imported, SyncCursor};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{actor, minute};

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
    }
    Ok(())
}

//! What one tenant can do to another: nothing.

use super::{Desk, Store};
use crate::actor::Role;
use crate::error::StoreError;
use crate::library::document::{Imported, Source, SyncCursor};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{actor, minute, seen};

pub(super) async fn imports(store: Store) -> Outcome {
    let (ours, theirs) = (Desk::new(&store), Desk::new(&store));
    let (source, document) = ours.page("Policy").await?;
    let before = ours.linked(&source).await?;
    let imported = theirs.import(&Source { title: "Theirs".into(), ..source.clone() }, "Theirs").await?;
    ensure_eq!(imported, Imported::Created(imported.document()), "the second tenant's import");
    ensure!(imported.document() != document, "two tenants share a document");
    ensure_eq!(ours.linked(&source).await?, before, "the first tenant's document");
    Ok(())
}

pub(super) async fn reads(store: Store) -> Outcome {
    let (ours, theirs) = (Desk::new(&store), Desk::new(&store));
    let (source, _) = ours.page("Policy").await?;
    ensure_eq!(theirs.find(source.id).await?, None, "what a stranger finds");
    ensure_eq!(store.linked(&theirs.connection, None, 9).await?, [], "what a stranger lists");
    Ok(())
}

pub(super) async fn patches(store: Store) -> Outcome {
    let (ours, theirs) = (Desk::new(&store), Desk::new(&store));
    let (source, document) = ours.page("Policy").await?;
    let before = ours.linked(&source).await?;
    let renamed = Source { title: "Theirs".into(), ..source.clone() };
    let cursor = Some(SyncCursor { watermark: minute(5) });
    store.patch(&theirs.connection, &[seen(document, &renamed, 5)], cursor).await?;
    ensure_eq!(ours.linked(&source).await?, before, "the document");
    ensure_eq!(store.cursor(&ours.connection).await?, None, "the cursor");
    Ok(())
}

pub(super) async fn unlinks(store: Store) -> Outcome {
    let (ours, theirs) = (Desk::new(&store), Desk::new(&store));
    let (source, document) = ours.page("Policy").await?;
    let before = ours.linked(&source).await?;
    ensure_eq!(store.detach(&theirs.connection).await?, 0, "documents a stranger detached");
    let admin = actor(theirs.connection.tenant, Role::Admin);
    let unlinked = store.unlink(&admin, document, minute(2)).await;
    ensure_fails!(unlinked, StoreError::NotFound, "a stranger's unlinking");
    ensure_eq!(ours.linked(&source).await?, before, "the document");
    store.unlink(&actor(ours.connection.tenant, Role::Admin), document, minute(3)).await?;
    let relinked = store.relink(&admin, document, minute(4)).await;
    ensure_fails!(relinked, StoreError::NotFound, "a stranger's undoing of it");
    ensure_eq!(ours.find(source.id).await?, None, "what is linked to the source");
    Ok(())
}

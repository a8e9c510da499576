//! What a writer that was overtaken can still do: nothing.

use super::{Desk, Store};
use crate::error::StoreError;
use crate::library::document::{Source, SyncCursor};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{content, content_manager, minute, page, seen};

pub(super) async fn import(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, _) = desk.page("Policy").await?;
    let cursor = Some(SyncCursor { watermark: minute(5) });
    store.patch(&desk.at(9).connection, &[], cursor).await?;
    desk.at(2).import(&source, "A person's, begun before that sync").await?;
    desk.at(2).page("New").await?;
    Ok(())
}

pub(super) async fn patch(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    store.patch(&desk.connection, &[], None).await?;
    let before = desk.linked(&source).await?;
    let renamed = Source { title: "Overtaken".into(), ..source.clone() };
    let cursor = Some(SyncCursor { watermark: minute(5) });
    let patched = store.patch(&desk.at(2).connection, &[seen(document, &renamed, 5)], cursor).await;
    ensure_fails!(patched, StoreError::Fenced, "an overtaken patch");
    ensure_eq!(desk.linked(&source).await?, before, "the document");
    ensure_eq!(store.cursor(&desk.connection).await?, None, "the cursor");
    // Having patched counts as having written.
    store.patch(&desk.at(4).connection, &[], cursor).await?;
    let patched = store.patch(&desk.connection, &[], cursor).await;
    ensure_fails!(patched, StoreError::Fenced, "a patch overtaken by an empty one");
    Ok(())
}

pub(super) async fn detach(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, _) = desk.page("Policy").await?;
    let cursor = Some(SyncCursor { watermark: minute(5) });
    store.patch(&desk.connection, &[], cursor).await?;
    let before = desk.linked(&source).await?;
    ensure_fails!(store.detach(&desk.at(2).connection).await, StoreError::Fenced, "an overtaken detach");
    ensure_eq!(desk.linked(&source).await?, before, "the document");
    ensure_eq!(store.cursor(&desk.connection).await?, cursor, "the cursor");
    Ok(())
}

pub(super) async fn by_detach(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, _) = desk.page("Policy").await?;
    store.detach(&desk.at(4).connection).await?;
    let before = desk.linked(&source).await?;
    let new = page("New");
    for content in [content(&source, "Overtaken"), content(&new, "Overtaken")] {
        let late = store
            .import(&content_manager(desk.connection.tenant), &desk.connection, &content, minute(5))
            .await;
        ensure_fails!(late, StoreError::Fenced, "an import after the disconnect");
    }
    ensure_eq!(desk.linked(&source).await?, before, "the document");
    ensure_eq!(desk.find(new.id).await?, None, "the overtaken document");
    Ok(())
}

pub(super) async fn apart(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    desk.at(9).page("Policy").await?;
    desk.other().at(0).page("Other connection").await?;
    Desk::new(&store).at(0).page("Other tenant").await?;
    Ok(())
}

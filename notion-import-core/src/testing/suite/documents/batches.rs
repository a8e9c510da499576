//! What an import of many makes of them.

use std::collections::HashMap;

use futures_util::future::join_all;

use super::{Desk, Store};
use crate::error::StoreError;
use crate::id::{DocumentId, VersionNumber};
use crate::library::document::{Imported, NewContent, Source};
use crate::testing::suite::fixture::{abandon, content, content_manager, minute, page};
use crate::testing::suite::{Broken, Outcome};

fn contents(sources: &[Source]) -> Vec<NewContent> {
    sources.iter().map(|source| content(source, &source.title)).collect()
}

fn pages(count: usize) -> Vec<Source> {
    (0..count).map(|n| page(&format!("Page {n}"))).collect()
}

pub(super) async fn many(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    ensure_eq!(desk.import_many(&[]).await?, [], "what comes of nothing");
    let (same, unchanged) = desk.page("Same").await?;
    let (edited, updated) = desk.page("Edited").await?;
    let mut batch = contents(&pages(1_000));
    batch.insert(0, content(&edited, "Other"));
    batch.insert(500, content(&same, "Same"));
    let imported = desk.import_many(&batch).await?;
    ensure_eq!(imported.len(), batch.len(), "the number of results");
    let sources: Vec<_> = batch.iter().map(|content| content.source.id).collect();
    let linked = store.linked_by_source(desk.connection.tenant, &sources).await?;
    let linked: HashMap<_, _> = linked.into_iter().map(|linked| (linked.document, linked)).collect();
    for (imported, content) in imported.iter().zip(&batch) {
        let expected = match imported.document() {
            document if document == unchanged => Imported::Unchanged(document),
            document if document == updated => Imported::NewVersion(document, VersionNumber(2)),
            document => Imported::Created(document),
        };
        ensure_eq!(*imported, expected, "what came of one");
        let linked = linked.get(&imported.document());
        let found = linked.map(|linked| (linked.link.source.id, linked.digest));
        ensure_eq!(found, Some((content.source.id, content.digest())), "whose result that is");
    }
    let again: Vec<_> = imported.iter().map(|imported| Imported::Unchanged(imported.document())).collect();
    ensure_eq!(desk.import_many(&batch).await?, again, "importing them again");
    Ok(())
}

pub(super) async fn repeated(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, other) = (page("Policy"), page("Other"));
    let renamed = Source { title: "Renamed".into(), ..source.clone() };
    let batch = [
        content(&source, "Text"),
        content(&other, "Text"),
        content(&source, "Text"),
        content(&renamed, "More text"),
    ];
    let imported = desk.import_many(&batch).await?;
    let document = desk.linked(&source).await?.document;
    let expected = [
        Imported::Created(document),
        Imported::Created(desk.linked(&other).await?.document),
        Imported::Unchanged(document),
        Imported::NewVersion(document, VersionNumber(2)),
    ];
    ensure_eq!(imported, expected, "the results");
    ensure_eq!(desk.linked(&source).await?.title.text, "Renamed", "the title");
    let again = desk.import(&renamed, "More text").await?;
    ensure_eq!(again, Imported::Unchanged(document), "importing the last of them again");
    Ok(())
}

pub(super) async fn dropped(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    for polls in 0..40 {
        let sources = pages(3);
        let returned = abandon(desk.import_many(&contents(&sources)), polls).await;
        // What was dropped may still be on its way; this waits for it.
        let again = desk.import_many(&contents(&sources)).await?;
        let happened = again.iter().filter(|again| matches!(again, Imported::Unchanged(_))).count();
        ensure!([0, 3].contains(&happened), "{happened} of 3 were imported after {polls} polls");
        ensure!(returned.is_none() || happened == 3, "the import returned without having happened");
    }
    Ok(())
}

pub(super) async fn fenced(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    store.detach(&desk.at(4).connection).await?;
    let sources = pages(3);
    let late = store
        .import_many(
            &content_manager(desk.connection.tenant),
            &desk.connection,
            &contents(&sources),
            minute(5),
        )
        .await;
    ensure_fails!(late, StoreError::Fenced, "an import of many after the disconnect");
    for source in sources {
        ensure_eq!(desk.find(source.id).await?, None, "one of the overtaken documents");
    }
    Ok(())
}

/// The same sources in different orders: whoever takes hold of them as they come waits in a circle.
pub(super) async fn at_once(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    for _round in 0..4 {
        let sources = pages(40);
        let turns = (0..8_usize).map(|turn| {
            let mut sources = sources.clone();
            sources.rotate_left(turn * 5);
            if turn % 2 == 1 {
                sources.reverse();
            }
            let desk = &desk;
            async move { desk.import_many(&contents(&sources)).await }
        });
        let mut created: Vec<DocumentId> = Vec::new();
        for imported in join_all(turns).await {
            created.extend(imported?.into_iter().filter_map(|imported| match imported {
                Imported::Created(document) => Some(document),
                Imported::Unchanged(_) | Imported::NewVersion(..) => None,
            }));
        }
        ensure_eq!(created.len(), sources.len(), "documents created");
    }
    Ok(())
}

impl Desk {
    async fn import_many(&self, contents: &[NewContent]) -> Result<Vec<Imported>, Broken> {
        Ok(self
            .store
            .import_many(&content_manager(self.connection.tenant), &self.connection, contents, minute(1))
            .await?)
    }
}

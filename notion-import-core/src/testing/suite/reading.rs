//! What a [`DocumentReader`] promises, over the documents of a [`DocumentStore`].

use std::sync::Arc;

use super::fixture::{actor, content, content_manager, file, minute, page, patch, tenant, writer};
use super::{Broken, Outcome, Promise};
use crate::actor::{Actor, Role};
use crate::connection::Connection;
use crate::id::{DocumentId, VersionNumber};
use crate::library::document::{
    self as sync, Content, DocumentReader, DocumentStore, Found, NewContent, SourceState,
};

/// Documents and where members read them: two sides of one store.
#[derive(Clone)]
pub struct Reading {
    /// Where they are kept.
    pub documents: Arc<dyn DocumentStore>,
    /// Where they are read.
    pub reader: Arc<dyn DocumentReader>,
}

/// Every promise of a [`DocumentReader`].
pub const PROMISES: &[Promise<Reading>] = &[
    promise!("members read documents in pages, newest first", paged),
    promise!("versions are kept as they were imported, newest first", versions),
    promise!("a draft that a sync has kept is the newest version", draft),
    promise!("there is nothing of a document that is not there, nor after it", absent),
    promise!("another tenant's documents are not there", tenants),
];

/// One tenant's documents and a member who reads them.
struct Shelf {
    documents: Arc<dyn DocumentStore>,
    connection: Connection,
    member: Actor,
}

impl Shelf {
    fn new(store: &Reading) -> Self {
        let tenant = tenant();
        let documents = store.documents.clone();
        Self { documents, connection: writer(tenant, "notion", 3), member: actor(tenant, Role::Viewer) }
    }

    async fn import(&self, new: &NewContent, minutes: i64) -> Result<DocumentId, Broken> {
        let importer = content_manager(self.connection.tenant);
        let imported = self.documents.import(&importer, &self.connection, new, minute(minutes)).await?;
        Ok(imported.document())
    }
}

async fn paged(store: Reading) -> Outcome {
    let shelf = Shelf::new(&store);
    let mut expected = Vec::new();
    for minutes in [5, 1, 3, 3, 9] {
        expected.push((minutes, shelf.import(&content(&page("Policy"), "Policy"), minutes).await?));
    }
    expected.sort();
    expected.reverse();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 2, 5, 99] {
        let mut listed: Vec<DocumentId> = Vec::new();
        loop {
            let page = store.reader.imported(&shelf.member, listed.last().copied(), limit).await?;
            ensure!(page.len() <= limit, "{} documents on a page of {limit}", page.len());
            if page.is_empty() {
                break;
            }
            listed.extend(page.iter().map(|document| document.id));
            ensure!(listed.len() <= expected.len(), "the pages of {limit} do not end");
        }
        ensure_eq!(listed, expected, "the documents in pages of {limit}");
    }
    Ok(())
}

async fn versions(store: Reading) -> Outcome {
    let shelf = Shelf::new(&store);
    let source = page("Policy");
    let mut second = content(&source, "");
    second.content = Content::File(file("policy.pdf"));
    second.attachments = vec![file("a.png"), file("b.png")];
    let first = content(&source, "First");
    let id = shelf.import(&first, 1).await?;
    shelf.import(&second, 2).await?;
    let expected = [second.version(VersionNumber(2), minute(2)), first.version(VersionNumber(1), minute(1))];
    ensure_eq!(store.reader.versions(&shelf.member, id).await?, expected, "the versions");
    let listed = store.reader.imported(&shelf.member, None, 9).await?;
    let newest: Vec<_> = listed.iter().map(|document| (document.id, document.latest)).collect();
    ensure_eq!(newest, [(id, VersionNumber(2))], "the newest version's number");
    Ok(())
}

async fn draft(store: Reading) -> Outcome {
    let shelf = Shelf::new(&store);
    let source = page("Policy");
    let (first, mut second) = (content(&source, "First"), content(&source, "Second"));
    second.attachments = vec![file("a.png")];
    let id = shelf.import(&first, 1).await?;
    let found = Found::Source {
        source: Box::new(source),
        state: SourceState::Present,
        reading: Some(sync::Reading {
            read: second.read,
            differs: true,
            draft: Some(Box::new(second.clone())),
        }),
        trouble: None,
    };
    shelf.documents.patch(&shelf.connection, &[patch(id, 5, found)], None).await?;
    let expected = [second.version(VersionNumber(2), minute(5)), first.version(VersionNumber(1), minute(1))];
    ensure_eq!(store.reader.versions(&shelf.member, id).await?, expected, "the versions");
    Ok(())
}

async fn absent(store: Reading) -> Outcome {
    let shelf = Shelf::new(&store);
    shelf.import(&content(&page("Policy"), "Policy"), 1).await?;
    let unknown = DocumentId::fresh();
    ensure_eq!(store.reader.versions(&shelf.member, unknown).await?, [], "the versions");
    ensure_eq!(store.reader.imported(&shelf.member, Some(unknown), 9).await?, [], "the documents after it");
    Ok(())
}

async fn tenants(store: Reading) -> Outcome {
    let (ours, theirs) = (Shelf::new(&store), Shelf::new(&store));
    let id = ours.import(&content(&page("Policy"), "Policy"), 1).await?;
    theirs.import(&content(&page("Theirs"), "Theirs"), 0).await?;
    ensure_eq!(store.reader.versions(&ours.member, id).await?.len(), 1, "their own versions");
    let listed = store.reader.imported(&theirs.member, None, 9).await?;
    ensure!(listed.iter().all(|document| document.id != id), "another tenant's document is listed");
    ensure_eq!(listed.len(), 1, "their documents");
    ensure_eq!(store.reader.imported(&theirs.member, Some(id), 9).await?, [], "the documents after it");
    ensure_eq!(store.reader.versions(&theirs.member, id).await?, [], "the versions");
    Ok(())
}

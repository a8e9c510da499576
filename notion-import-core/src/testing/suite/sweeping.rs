//! What documents and blobs promise together: no sweep takes a file that a document refers to.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join;

use super::fixture::{
    actor, bytes, content, content_manager, file, minute, moment, page, tenant, turns, writer,
};
use super::{Broken, Outcome, Promise};
use crate::actor::Role;
use crate::connection::Connection;
use crate::error::StoreError;
use crate::id::{DocumentId, TenantId};
use crate::library::blob::{BlobId, BlobStore};
use crate::library::document::{Content, DocumentStore, NewContent, Source, SourceImage, StoredFile};
use crate::library::sweep::sweep;

/// Documents and the blobs they refer to.
#[derive(Clone)]
pub struct Files {
    /// The documents.
    pub documents: Arc<dyn DocumentStore>,
    /// The blobs.
    pub blobs: Arc<dyn BlobStore>,
}

/// Every promise of documents and blobs together.
pub const PROMISES: &[Promise<Files>] = &[
    promise!("files that a document refers to stay", used),
    promise!("files that nothing refers to any more go", unused),
    promise!("files put since stay", young),
    promise!("a sweep takes one tenant's files for another's in no way", tenants),
    promise!("a file imported during a sweep stays", during),
];

/// One tenant's stores with one connection.
struct Shelf {
    files: Files,
    connection: Connection,
}

impl Shelf {
    fn new(files: &Files) -> Self {
        Self { files: files.clone(), connection: writer(tenant(), "notion", 3) }
    }

    fn tenant(&self) -> TenantId {
        self.connection.tenant
    }

    /// Puts a file that says its own name.
    async fn put(&self, name: &str) -> Result<StoredFile, Broken> {
        self.files.blobs.put(self.tenant(), bytes(name.as_bytes()), 99).await?;
        Ok(file(name))
    }

    async fn import(&self, new: &NewContent) -> Result<DocumentId, Broken> {
        Ok(self
            .files
            .documents
            .import(&content_manager(self.connection.tenant), &self.connection, new, minute(1))
            .await?
            .document())
    }

    async fn sweep(&self, before: DateTime<Utc>) -> Result<u64, Broken> {
        Ok(sweep(&*self.files.documents, &*self.files.blobs, self.tenant(), before).await?)
    }

    /// Sweeps, and what a store may have set aside goes too.
    async fn sweep_all(&self) -> Result<u64, Broken> {
        let swept = self.sweep(moment().await).await?;
        self.sweep(moment().await).await?;
        Ok(swept)
    }

    async fn has(&self, name: &str) -> Result<bool, Broken> {
        match self.files.blobs.get(self.tenant(), &BlobId::of(name.as_bytes()), None).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}

/// What an import of a page brings that has no image but these.
fn of_file(source: &Source, content_file: StoredFile, attachments: Vec<StoredFile>) -> NewContent {
    NewContent { content: Content::File(content_file), attachments, ..content(source, "") }
}

fn bare_page() -> Source {
    Source { cover: None, ..page("Policy") }
}

async fn used(files: Files) -> Outcome {
    let shelf = Shelf::new(&files);
    let names = ["first.pdf", "diagram.png", "second.pdf", "icon.png", "cover.png", "unlinked.pdf"];
    for name in names {
        shelf.put(name).await?;
    }
    let icon = Some(SourceImage::Stored(file("icon.png")));
    let cover = Some(SourceImage::Stored(file("cover.png")));
    let source = Source { icon, cover, ..page("Policy") };
    shelf.import(&of_file(&source, file("first.pdf"), vec![file("diagram.png")])).await?;
    shelf.import(&of_file(&source, file("second.pdf"), vec![])).await?;
    let unlinked = shelf.import(&of_file(&bare_page(), file("unlinked.pdf"), vec![])).await?;
    let admin = actor(shelf.tenant(), Role::Admin);
    files.documents.unlink(&admin, unlinked, minute(2)).await?;
    ensure_eq!(shelf.sweep_all().await?, 0, "files swept");
    for name in names {
        ensure!(shelf.has(name).await?, "{name} is gone");
    }
    Ok(())
}

async fn unused(files: Files) -> Outcome {
    let shelf = Shelf::new(&files);
    for name in ["orphan.png", "old icon.png", "policy.pdf"] {
        shelf.put(name).await?;
    }
    let icon = Some(SourceImage::Stored(file("old icon.png")));
    let source = Source { icon, ..bare_page() };
    let new = of_file(&source, file("policy.pdf"), vec![]);
    shelf.import(&new).await?;
    shelf.import(&NewContent { source: Source { icon: None, ..source }, ..new }).await?;
    ensure_eq!(shelf.sweep_all().await?, 2, "files swept");
    for (name, stays) in [("orphan.png", false), ("old icon.png", false), ("policy.pdf", true)] {
        ensure_eq!(shelf.has(name).await?, stays, "{name} is there");
    }
    Ok(())
}

async fn young(files: Files) -> Outcome {
    let shelf = Shelf::new(&files);
    shelf.put("again.pdf").await?;
    let before = moment().await;
    shelf.put("new.pdf").await?;
    shelf.put("again.pdf").await?;
    for _again in 0..2 {
        ensure_eq!(shelf.sweep(before).await?, 0, "files swept");
    }
    for name in ["new.pdf", "again.pdf"] {
        ensure!(shelf.has(name).await?, "{name} is gone");
    }
    Ok(())
}

async fn tenants(files: Files) -> Outcome {
    let (ours, theirs) = (Shelf::new(&files), Shelf::new(&files));
    for shelf in [&ours, &theirs] {
        shelf.put("policy.pdf").await?;
        shelf.put("orphan.pdf").await?;
    }
    theirs.import(&of_file(&bare_page(), file("policy.pdf"), vec![])).await?;
    ensure_eq!(ours.sweep_all().await?, 2, "our files swept");
    ensure!(!ours.has("policy.pdf").await?, "their document keeps our file");
    ensure!(theirs.has("policy.pdf").await? && theirs.has("orphan.pdf").await?, "their file is gone");
    Ok(())
}

/// The file is an old one: an import puts it again, and then its document, while a sweep goes on.
async fn during(files: Files) -> Outcome {
    for (later, between) in (0..8).flat_map(|later| [0, 1, 2, 5].map(|between| (later, between))) {
        let shelf = Shelf::new(&files);
        shelf.put("policy.pdf").await?;
        let before = moment().await;
        let import = async {
            turns(3).await;
            let file = shelf.put("policy.pdf").await?;
            turns(between).await;
            shelf.import(&of_file(&bare_page(), file, vec![])).await
        };
        let sweep = async {
            turns(later).await;
            shelf.sweep(before).await
        };
        let (imported, swept) = join(import, sweep).await;
        imported?;
        swept?;
        shelf.sweep(before).await?;
        ensure!(shelf.has("policy.pdf").await?, "the document's file is gone ({later}, {between})");
    }
    Ok(())
}

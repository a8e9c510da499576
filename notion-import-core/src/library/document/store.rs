//! The contract of whoever keeps documents.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Document, Imported, Linked, NewContent, SyncCursor, SyncPatch, Version};
use crate::actor::{Actor, Insider};
use crate::connection::Connection;
use crate::error::StoreError;
use crate::id::{DocumentId, NotionId, TenantId};
use crate::library::blob::BlobId;

/// Where members of a tenant read what was imported: every document and version, drafts included, whether anything is published or not.
/// For everybody else there is the gate (feature `gate`).
///
/// # Contract
/// - A store is asked with the proof that the actor may read what is internal.
/// - Another tenant's documents do not exist for any call.
/// - What does not exist is no error: it has no versions, and no documents come after it.
///
/// The promises of `testing::suite::reading` (feature `testing`) hold a store to this.
#[async_trait]
pub trait DocumentReader: Send + Sync {
    /// Returns the tenant's documents, newest first (the greater id first where two were made at once), beginning after
    /// `after`.
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError>;

    /// Returns the documents of the actor's tenant, as [`list_imported`](Self::list_imported) does.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may read what is internal.
    async fn imported(
        &self,
        actor: &Actor,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.list_imported(actor.insider()?, after, limit).await
    }

    /// Returns a document's versions, newest first, none if it is not there. Their files are in the [`BlobStore`](crate::library::blob::BlobStore), for a request
    /// by [`FileRange::answer`](crate::FileRange::answer).
    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError>;

    /// Returns the versions of a document of the actor's tenant, newest first.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may read what is internal.
    async fn versions(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        self.list_versions(actor.insider()?, id).await
    }
}

/// Where documents are kept.
///
/// # Contract
/// - One document per (tenant, source id): importing again finds it, whichever connection it came through.
/// - Nothing here sets or changes a level or a publication: a new document is internal and unpublished.
/// - For each connection the store keeps the highest generation that has patched, and answers [`StoreError::Fenced`] to a
///   patch or a detach with a lower one, changing nothing. An import is what a person asked for, so a sync that is claimed
///   meanwhile does not overtake it: it is fenced only by a detach with a higher generation.
/// - Each call is one transaction, however much it is given; applied twice it gives the state of applying it once.
/// - A call whose future is dropped has happened wholly or not at all.
/// - Another tenant's documents do not exist for any call.
/// - What [`Batch::entries`](crate::library::batch::Batch::entries) says is added to the tenant's audit in the same transaction.
///
/// What becomes of documents is the same in every store: [`Batch`](crate::library::batch::Batch) says it, the store reads and writes.
/// The promises of `testing::suite::documents` (feature `testing`) hold a store to this.
/// Implement it with `#[async_trait]`; `docs/embedding.md` in the repository has a whole one, over a `HashMap`.
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// Brings in contents, all or none, and returns what became of each, in their order. One source may be among them
    /// several times: the result is that of importing one after the other.
    ///
    /// For each it creates the source's document, or gives it a new version if the content or the attachments differ from its
    /// newest, and links it to the connection, whichever it was linked through before. The metadata is refreshed in every case,
    /// the document's title follows the source unless it was edited here, and `update_available` is cleared. What was chosen to be
    /// shown stays until another choice comes. A document, a version
    /// and a title that are new are audited.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import into the connection's tenant.
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError>;

    /// Brings in one: [`import_many`](Self::import_many) of a single content, and not to be written anew.
    async fn import(
        &self,
        actor: &Actor,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let imported = self.import_many(actor, connection, std::slice::from_ref(content), now).await?;
        imported.into_iter().next().ok_or(StoreError::Corrupt("an import without a document"))
    }

    /// Applies what a sync found and moves the cursor, in one transaction. The watermark never moves back.
    /// Skipped are patches for documents that are unlinked, not there or linked through another connection, that name another
    /// source than the document's, or that began before a look or an import which they do not know of. What one says of the
    /// content is skipped if the document was read or got a version meanwhile. A detached document whose source answered becomes
    /// linked to this connection. A title that changes is audited.
    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError>;

    /// Returns the documents linked through the connection in the order of their ids, beginning after `after`.
    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError>;

    /// Returns the tenant's documents that were linked through a connection that is gone, in the order of their ids, beginning
    /// after `after`.
    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError>;

    /// Returns the tenant's linked documents whose source has one of these [ids](super::Source::ids), detached ones included, in
    /// no order.
    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError>;

    /// Returns the blobs that anything of the tenant's documents refers to: each version's content and attachments, and the
    /// icons and covers of sources. Other ids may be among them.
    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError>;

    /// Returns how far the connection's syncs have come.
    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError>;

    /// Detaches every document of the connection and forgets its cursor; sources and documents stay, what was unlinked from it is not
    /// [given back](Self::relink) to it, and the generation of `connection` fences whoever still writes with a lower one. Returns how many documents it detached.
    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError>;

    /// Takes a document's link from it, which is audited; the document and its versions stay. Its source can be imported anew,
    /// as a new document. Unlinking it again succeeds.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import, [`StoreError::NotFound`] if their tenant has no such document.
    async fn unlink(&self, actor: &Actor, document: DocumentId, now: DateTime<Utc>)
    -> Result<(), StoreError>;

    /// Gives a document the link back that [`unlink`](Self::unlink) took from it, as it was, which is audited. What is linked stays as it
    /// is.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may import, [`StoreError::NotFound`] if their tenant has no such document,
    /// [`Conflict::LinkedElsewhere`](crate::Conflict) if another document is linked to its source by now.
    async fn relink(&self, actor: &Actor, document: DocumentId, now: DateTime<Utc>)
    -> Result<(), StoreError>;
}

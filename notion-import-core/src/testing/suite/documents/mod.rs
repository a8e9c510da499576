//! What a [`DocumentStore`] promises.

use std::sync::Arc;

use super::{Broken, Promise};
use crate::connection::Connection;
use crate::id::{DocumentId, NotionId};
use crate::library::basis::ReadState;
use crate::library::document::{DocumentStore, Imported, Linked, NewContent, Source};
use crate::testing::suite::fixture::{content, content_manager, minute, page, tenant, writer};

mod batches;
mod fencing;
mod imports;
mod lists;
mod patches;
mod tenancy;
mod unlinking;

type Store = Arc<dyn DocumentStore>;

/// Every promise of a [`DocumentStore`].
pub const PROMISES: &[Promise<Store>] = &[
    promise!("a new source becomes a document that says all the source says", imports::created),
    promise!("the same content again refreshes the metadata and makes no version", imports::unchanged),
    promise!("other content is a new version", imports::new_content),
    promise!("other attachments are a new version", imports::new_attachments),
    promise!("an import says anew what it rests on", imports::rests),
    promise!("what was chosen to be shown stays until there is another choice", imports::shown),
    promise!("every spelling of a source's id is one document", imports::spellings),
    promise!("one source is one document, whichever connection it comes through", imports::other_connection),
    promise!("an imported title follows the source", imports::title_follows),
    promise!("one source imported many times at once is one document", imports::race),
    promise!("an import dropped halfway happened wholly or not at all", imports::dropped),
    promise!("an import of many tells of each in its place", batches::many),
    promise!("one source several times in an import is imported one after the other", batches::repeated),
    promise!("a dropped import of many happened wholly or not at all", batches::dropped),
    promise!("a fenced import of many brings in none", batches::fenced),
    promise!(
        "imports of the same sources in any order wait for each other, and not in a circle",
        batches::at_once
    ),
    promise!("a patch refreshes what the source says", patches::source),
    promise!("a patch applied twice is applied once", patches::twice),
    promise!("a source that is not shared keeps all but its state", patches::not_shared),
    promise!("a patch for what is unlinked or not there is skipped", patches::unlinked),
    promise!("a patch for what another connection holds is skipped", patches::other_connection),
    promise!("a patch that names another source is skipped", patches::other_source),
    promise!("a patch that began before a look that it does not know of is skipped", patches::older),
    promise!("a patch is taken whatever clock wrote the time of the look that it knows of", patches::clocks),
    promise!("what a look finds unchanged moves the time of the look alone", patches::unchanged),
    promise!("trouble is kept with its beginning until there is an answer", patches::trouble),
    promise!(
        "what was read is judged against the version and the reading that it was compared with",
        patches::judged
    ),
    promise!("a draft becomes the newest version if it was compared with the last one", patches::draft),
    promise!("a detached document whose source answers is linked again", patches::relinked),
    promise!("a detached document stays so when a source is not shared", patches::not_relinked),
    promise!("a patch brings no file, and drops only what the source no longer has", patches::no_file),
    promise!("what an import rests on stays until the next", patches::basis_stays),
    promise!("thousands of patches are one call", patches::many),
    promise!("a dropped batch of patches happened wholly, with its cursor, or not at all", patches::dropped),
    promise!("the watermark never moves back", patches::watermark),
    promise!("each connection has a cursor of its own", patches::cursors),
    promise!("linked documents are paged completely and without repeats", lists::paged),
    promise!("only the connection's own documents are listed as linked", lists::own),
    promise!("only what was detached is listed as detached", lists::detached),
    promise!("sources are found whichever connection holds them", lists::by_source),
    promise!("a tenant's blobs are those of every version and of every source", lists::blobs),
    promise!("detaching keeps documents and sources, and forgets the cursor", unlinking::detached),
    promise!("a detached source imported again is the same document", unlinking::reimported),
    promise!("an unlinked document has no source, and its source makes a new one", unlinking::unlinked),
    promise!("unlinking again succeeds", unlinking::again),
    promise!("unlinking can be undone, which gives the link back as it was", unlinking::undone),
    promise!("a source that another document took meanwhile stays with that", unlinking::taken),
    promise!("of an import and the undoing of an unlinking at once, one has the source", unlinking::raced),
    promise!(
        "what is linked again has no connection that was detached meanwhile",
        unlinking::detached_meanwhile
    ),
    promise!("only who may import may unlink, and undo it", unlinking::roles),
    promise!("an import is not overtaken by a sync", fencing::import),
    promise!("a lower generation patches nothing and moves no cursor", fencing::patch),
    promise!("a lower generation detaches nothing", fencing::detach),
    promise!("detaching fences whoever still imports with a lower generation", fencing::by_detach),
    promise!("the generations of two connections have nothing to do with each other", fencing::apart),
    promise!("two tenants import one page into two documents", tenancy::imports),
    promise!("another tenant's documents cannot be read", tenancy::reads),
    promise!("another tenant's documents cannot be patched", tenancy::patches),
    promise!("another tenant's documents cannot be detached or unlinked", tenancy::unlinks),
];

/// One tenant's store with one connection.
struct Desk {
    store: Store,
    connection: Connection,
}

impl Desk {
    fn new(store: &Store) -> Self {
        Self { store: store.clone(), connection: writer(tenant(), "notion", 3) }
    }

    /// Another connection of the same tenant.
    fn other(&self) -> Self {
        Self { store: self.store.clone(), connection: writer(self.connection.tenant, "other", 3) }
    }

    /// The same connection at another generation.
    fn at(&self, generation: u64) -> Self {
        Self { store: self.store.clone(), connection: Connection { generation, ..self.connection.clone() } }
    }

    /// Imports this text from `source` at minute 1.
    async fn import(&self, source: &Source, text: &str) -> Result<Imported, Broken> {
        self.import_at(&content(source, text), 1).await
    }

    /// Imports this, read and brought in at a minute.
    async fn import_at(&self, content: &NewContent, minutes: i64) -> Result<Imported, Broken> {
        let now = minute(minutes);
        let content = NewContent { read: ReadState { read_at: now, ..content.read }, ..content.clone() };
        let actor = content_manager(self.connection.tenant);
        Ok(self.store.import(&actor, &self.connection, &content, now).await?)
    }

    /// Imports a new page of this title.
    async fn page(&self, title: &str) -> Result<(Source, DocumentId), Broken> {
        let source = page(title);
        let document = self.import(&source, title).await?.document();
        Ok((source, document))
    }

    /// What is linked to this source, if anything.
    async fn find(&self, source: NotionId) -> Result<Option<Linked>, Broken> {
        let mut found = self.store.linked_by_source(self.connection.tenant, &[source]).await?;
        ensure!(found.len() <= 1, "{} documents are linked to one source", found.len());
        Ok(found.pop())
    }

    async fn linked(&self, source: &Source) -> Result<Linked, Broken> {
        let found = self.find(source.id).await?;
        found.ok_or_else(|| Broken::new("the source has no document".into()))
    }
}

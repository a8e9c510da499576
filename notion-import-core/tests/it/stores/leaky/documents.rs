//! Leaky documents.

mod ways;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Found, Linked, NewContent, SyncCursor, SyncPatch};
use notion_import_core::testing::suite::documents::PROMISES;
use notion_import_core::{
    Actor, BlobId, Connection, ConnectionId, DocumentId, DocumentStore, Imported, MemoryLibrary, NotionId,
    Role, StoreError, TenantId,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leak {
    ImportsUnfenced,
    SyncsOvertakeImports,
    PatchesUnfenced,
    DetachesUnfenced,
    ForgetsAttachments,
    PatchesForeignDocuments,
    RelinksOnSilence,
    MovesTheWatermarkBack,
    KeepsTheCursor,
    ListsBackwards,
    ListsOneTooMany,
    ForgetsWhatIsDetached,
    FindsAnyTenants,
    AnybodyUnlinks,
    JudgesAnyway,
    LosesDrafts,
    FreezesInTheFuture,
    ForgetsTrouble,
    ForgetsWhatToRelink,
    PatchesOneByOne,
    ImportsOneByOne,
    ShufflesResults,
    TakesTheLastOfASource,
    TakesFilesFromPatches,
    ForgetsOlderVersions,
    ForgetsCovers,
    KeepsAnyTenants,
    UpdateStaysAvailable,
    ForgetsTheBasis,
    KeepsTheFirstBasis,
    PatchesForgetTheBasis,
    ForgetsTheChoice,
    PatchesForgetTheChoice,
    AnybodyRelinks,
    RelinksElsewhere,
    RelinksThroughTheDetached,
    RelinksWithoutTheState,
    ForgetsTheUnlinked,
}

pub(super) struct Leaky {
    inner: MemoryLibrary,
    leak: Leak,
    highest: Mutex<HashMap<(TenantId, ConnectionId), u64>>,
    holders: Mutex<HashMap<DocumentId, Connection>>,
    cursors: Mutex<HashMap<(TenantId, ConnectionId), SyncCursor>>,
    forgotten: Mutex<HashSet<DocumentId>>,
}

impl Leaky {
    pub(super) fn sound() -> Arc<dyn DocumentStore> {
        Arc::new(MemoryLibrary::default())
    }

    pub(super) fn store(leak: Leak) -> Arc<dyn DocumentStore> {
        let inner = MemoryLibrary::default();
        let (highest, holders, cursors, forgotten) = Default::default();
        Arc::new(Self { inner, leak, highest, holders, cursors, forgotten })
    }

    /// The writer, but as if nobody had overtaken it.
    fn unfenced(&self, writer: &Connection) -> Connection {
        let mut highest = self.highest.lock().unwrap();
        let highest = highest.entry(key(writer)).or_default();
        *highest = writer.generation.max(*highest);
        Connection { generation: *highest, ..writer.clone() }
    }

    fn holder(&self, document: DocumentId) -> Option<Connection> {
        self.holders.lock().unwrap().get(&document).cloned()
    }
}

fn key(connection: &Connection) -> (TenantId, ConnectionId) {
    (connection.tenant, connection.id)
}

#[async_trait]
impl DocumentStore for Leaky {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let unfenced = self.unfenced(connection);
        let connection = if self.leak == Leak::ImportsUnfenced { &unfenced } else { connection };
        if self.leak == Leak::SyncsOvertakeImports {
            self.inner.patch(connection, &[], None).await?;
        }
        let mut contents = contents.to_vec();
        if self.leak == Leak::ForgetsAttachments {
            contents.iter_mut().for_each(|content| content.attachments.clear());
        }
        let sources: Vec<_> = contents.iter().map(|content| content.source.id).collect();
        let before = self.inner.linked_by_source(connection.tenant, &sources).await?;
        self.lose_bases(&before, &mut contents);
        let imported = self.import_leaking(actor, connection, &contents, now).await?;
        self.forget_choices(&imported, &contents);
        for imported in &imported {
            self.holders.lock().unwrap().insert(imported.document(), connection.clone());
        }
        if self.leak == Leak::UpdateStaysAvailable {
            self.mark_again(connection, &before, &contents, now).await?;
        }
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let unfenced = self.unfenced(connection);
        let connection = if self.leak == Leak::PatchesUnfenced { &unfenced } else { connection };
        let mut patches = patches.to_vec();
        for patch in &mut patches {
            match (self.leak, &mut patch.found) {
                (Leak::JudgesAnyway, _) => {
                    let known = self.inner.linked(connection, None, usize::MAX).await?;
                    let known = known.iter().find(|known| known.document == patch.document);
                    patch.against = known.map_or(patch.against, Linked::against);
                }
                (Leak::LosesDrafts, Found::Source { reading: Some(reading), .. }) => reading.draft = None,
                (Leak::ForgetsTrouble, Found::Trouble(_)) => patch.found = Found::Unchanged,
                (Leak::PatchesForeignDocuments, _) => {
                    let foreign =
                        self.holder(patch.document).filter(|holder| holder.tenant == connection.tenant);
                    if let Some(holder) = foreign.filter(|holder| holder.id != connection.id) {
                        self.inner.patch(&holder, std::slice::from_ref(patch), None).await?;
                    }
                }
                (Leak::RelinksOnSilence, Found::NotShared) => {
                    let linked = self.inner.linked_by_source(connection.tenant, &[]).await?;
                    assert!(linked.is_empty());
                    if self.holder(patch.document).is_none() {
                        self.relink(connection, patch.document).await?;
                    }
                }
                (Leak::PatchesOneByOne, _) => {
                    self.inner.patch(connection, std::slice::from_ref(patch), None).await?;
                    tokio::task::yield_now().await;
                }
                _ => {}
            }
        }
        if self.leak == Leak::FreezesInTheFuture {
            let known = self.inner.linked(connection, None, usize::MAX).await?;
            let is_past = |known: &Linked, patch: &SyncPatch| {
                known.document == patch.document && known.link.checked_at > patch.began_at
            };
            patches.retain(|patch| !known.iter().any(|known| is_past(known, patch)));
        }
        self.inner.patch(connection, &patches, cursor).await?;
        if self.leak == Leak::TakesFilesFromPatches {
            self.take_files(connection, &patches).await?;
        }
        self.note_patched(connection, &patches).await?;
        if self.leak == Leak::PatchesForgetTheChoice {
            self.forgotten.lock().unwrap().extend(patches.iter().map(|patch| patch.document));
        }
        self.cursors.lock().unwrap().extend(cursor.map(|cursor| (key(connection), cursor)));
        Ok(())
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let limit = if self.leak == Leak::ListsOneTooMany { limit + 1 } else { limit };
        let mut linked = self.inner.linked(connection, after, limit).await?;
        if self.leak == Leak::ListsBackwards {
            linked.reverse();
        }
        self.forget(&mut linked);
        Ok(linked)
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        match self.leak {
            Leak::ForgetsWhatToRelink => Ok(Vec::new()),
            _ => self.inner.detached(tenant, after, limit).await,
        }
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        let mut found = self.inner.linked_by_source(tenant, sources).await?;
        match self.leak {
            Leak::ForgetsWhatIsDetached => found.retain(|linked| linked.link.connection.is_some()),
            Leak::FindsAnyTenants if found.is_empty() => {
                let tenants: Vec<_> =
                    self.highest.lock().unwrap().keys().map(|(tenant, _)| *tenant).collect();
                for tenant in tenants {
                    found.extend(self.inner.linked_by_source(tenant, sources).await?);
                }
            }
            _ => {}
        }
        self.forget(&mut found);
        Ok(found)
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        let mut blobs = self.inner.blobs(tenant).await?;
        match self.leak {
            Leak::ForgetsOlderVersions => drop(blobs.remove(&BlobId::of(b"first.pdf"))),
            Leak::ForgetsTheUnlinked => drop(blobs.remove(&BlobId::of(b"unlinked.png"))),
            Leak::ForgetsCovers => drop(blobs.remove(&BlobId::of(b"cover.png"))),
            Leak::KeepsAnyTenants => {
                let tenants: Vec<_> =
                    self.highest.lock().unwrap().keys().map(|(tenant, _)| *tenant).collect();
                for tenant in tenants {
                    blobs.extend(self.inner.blobs(tenant).await?);
                }
            }
            _ => {}
        }
        Ok(blobs)
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        match self.leak {
            Leak::MovesTheWatermarkBack => Ok(self.cursors.lock().unwrap().get(&key(connection)).copied()),
            _ => self.inner.cursor(connection).await,
        }
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let unfenced = self.unfenced(connection);
        let connection = if self.leak == Leak::DetachesUnfenced { &unfenced } else { connection };
        let detached = self.inner.detach(connection).await?;
        let cursor = self.cursors.lock().unwrap().remove(&key(connection));
        if self.leak == Leak::KeepsTheCursor {
            self.inner.patch(connection, &[], cursor).await?;
        }
        if self.leak != Leak::RelinksThroughTheDetached {
            self.holders.lock().unwrap().retain(|_, holder| key(holder) != key(connection));
        }
        Ok(detached)
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self.leak {
            Leak::AnybodyUnlinks => {
                self.inner.unlink(&Actor { role: Role::Admin, ..actor.clone() }, document, now).await
            }
            _ => self.inner.unlink(actor, document, now).await,
        }
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.relink_leaking(actor, document, now).await
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let rows = [
        (Leak::ImportsUnfenced, &["a fenced import of many", "detaching fences"][..]),
        (Leak::SyncsOvertakeImports, &["an import is not overtaken"]),
        (Leak::PatchesUnfenced, &["a lower generation patches nothing"]),
        (Leak::DetachesUnfenced, &["a lower generation detaches nothing"]),
        (
            Leak::ForgetsAttachments,
            &[
                "a new source becomes",
                "other content",
                "other attachments",
                "an import of many",
                "a draft becomes",
                "a tenant's blobs are",
            ],
        ),
        (Leak::PatchesForeignDocuments, &["a patch for what another connection holds"]),
        (Leak::RelinksOnSilence, &["trouble is kept", "a detached document stays so"]),
        (Leak::MovesTheWatermarkBack, &["the watermark never"]),
        (Leak::KeepsTheCursor, &["detaching keeps"]),
        (Leak::ListsBackwards, &["linked documents are paged"]),
        (Leak::ListsOneTooMany, &["linked documents are paged"]),
        (
            Leak::ForgetsWhatIsDetached,
            &[
                "what was chosen to be shown",
                "trouble is kept",
                "a detached document stays so",
                "detaching keeps",
                "detaching fences",
            ],
        ),
        (Leak::FindsAnyTenants, &["another tenant's documents cannot be read"]),
        (Leak::AnybodyUnlinks, &["only who may import"]),
        (Leak::AnybodyRelinks, &["only who may import"]),
        (Leak::RelinksElsewhere, &["a source that another document took"]),
        (Leak::RelinksThroughTheDetached, &["what is linked again"]),
        (Leak::RelinksWithoutTheState, &["unlinking can be undone"]),
        (Leak::ForgetsTheUnlinked, &["a tenant's blobs are"]),
        (
            Leak::JudgesAnyway,
            &[
                "a patch that began before a look",
                "what was read is judged against the version",
                "a draft becomes the newest version",
            ],
        ),
        (Leak::LosesDrafts, &["a draft becomes the newest version"]),
        (Leak::FreezesInTheFuture, &["a patch is taken whatever clock"]),
        (Leak::ForgetsTrouble, &["trouble is kept"]),
        (Leak::ForgetsWhatToRelink, &["only what was detached", "what is linked again"]),
        (Leak::PatchesOneByOne, &["a dropped batch"]),
        (Leak::ImportsOneByOne, &["a dropped import of many"]),
        (Leak::ShufflesResults, &["an import of many", "one source several times"]),
        (Leak::TakesTheLastOfASource, &["one source several times"]),
        (Leak::TakesFilesFromPatches, &["a patch brings no file"]),
        (Leak::ForgetsOlderVersions, &["a tenant's blobs are"]),
        (Leak::ForgetsCovers, &["a tenant's blobs are"]),
        (Leak::KeepsAnyTenants, &["a tenant's blobs are"]),
        (Leak::UpdateStaysAvailable, &["the same content again"]),
        (
            Leak::ForgetsTheBasis,
            &[
                "a new source becomes",
                "the same content again",
                "an import says anew",
                "a patch refreshes",
                "what was read is judged",
                "what an import rests on",
                "unlinking can be undone",
            ],
        ),
        (Leak::KeepsTheFirstBasis, &["an import says anew", "what was read is judged"]),
        (
            Leak::PatchesForgetTheBasis,
            &[
                "a source that is not shared",
                "what a look finds unchanged",
                "trouble is kept",
                "what was read is judged",
                "what an import rests on",
            ],
        ),
        (Leak::ForgetsTheChoice, &["what was chosen to be shown"]),
        (Leak::PatchesForgetTheChoice, &["what was chosen to be shown"]),
    ];
    super::check(PROMISES, Leaky::store, &rows).await;
}

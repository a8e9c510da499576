//! How each leak goes about it.

use chrono::{DateTime, Utc};
use notion_import_core::store::{Found, Linked, NewContent, ReadState, Reading, SyncPatch};
use notion_import_core::{
    AccessStore, Actor, Connection, DocumentId, DocumentReader, DocumentStore, Imported, MemberId, Role,
    StoreError,
};

use super::{Leak, Leaky};

impl Leaky {
    pub(super) async fn import_leaking(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        match self.leak {
            Leak::ImportsOneByOne => {
                let mut imported = Vec::new();
                for content in contents {
                    imported.push(self.inner.import(actor, connection, content, now).await?);
                    tokio::task::yield_now().await;
                }
                Ok(imported)
            }
            Leak::ShufflesResults => {
                let mut imported = self.inner.import_many(actor, connection, contents, now).await?;
                imported.sort_by_key(|imported| std::cmp::Reverse(imported.document()));
                Ok(imported)
            }
            Leak::TakesTheLastOfASource => {
                let last = |content: &&NewContent| {
                    contents.iter().rev().find(|other| other.source.id == content.source.id) == Some(*content)
                };
                let kept: Vec<_> = contents.iter().filter(last).cloned().collect();
                self.inner.import_many(actor, connection, &kept, now).await
            }
            _ => self.inner.import_many(actor, connection, contents, now).await,
        }
    }

    pub(super) fn lose_bases(&self, before: &[Linked], contents: &mut [NewContent]) {
        for content in contents {
            let known = before.iter().find(|known| known.link.source.id == content.source.id);
            match (self.leak, known) {
                (Leak::ForgetsTheBasis, _) => content.read.basis = None,
                (Leak::KeepsTheFirstBasis, Some(known)) => content.read.basis = known.read.basis,
                _ => {}
            }
        }
    }

    /// Notes what the patches that were not skipped are about.
    pub(super) async fn note_patched(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
    ) -> Result<(), StoreError> {
        if self.leak != Leak::PatchesForgetTheBasis {
            return Ok(());
        }
        let mut linked = self.inner.linked(connection, None, usize::MAX).await?;
        let looked_at = |known: &Linked| {
            patches
                .iter()
                .any(|patch| patch.document == known.document && patch.began_at == known.link.checked_at)
        };
        linked.retain(looked_at);
        self.forgotten.lock().unwrap().extend(linked.iter().map(|known| known.document));
        Ok(())
    }

    /// Notes whose choice an import that brings none takes away.
    pub(super) fn forget_choices(&self, imported: &[Imported], contents: &[NewContent]) {
        if self.leak != Leak::ForgetsTheChoice {
            return;
        }
        let mut forgotten = self.forgotten.lock().unwrap();
        for (imported, content) in imported.iter().zip(contents) {
            match content.chosen {
                Some(_) => forgotten.remove(&imported.document()),
                None => forgotten.insert(imported.document()),
            };
        }
    }

    pub(super) fn forget(&self, linked: &mut [Linked]) {
        let forgotten = self.forgotten.lock().unwrap();
        for known in linked.iter_mut().filter(|known| forgotten.contains(&known.document)) {
            match self.leak {
                Leak::ForgetsTheChoice | Leak::PatchesForgetTheChoice => known.link.shown = None,
                Leak::RelinksWithoutTheState => known.link.update_available = false,
                _ => known.read.basis = None,
            }
        }
    }

    /// What was marked before the import is marked after it.
    pub(super) async fn mark_again(
        &self,
        connection: &Connection,
        before: &[Linked],
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for before in before.iter().filter(|before| before.link.update_available) {
            for content in contents.iter().filter(|content| content.source.id == before.link.source.id) {
                let known = self.inner.linked_by_source(connection.tenant, &[content.source.id]).await?;
                let Some(known) = known.first() else { continue };
                let found = Found::Source {
                    source: Box::new(content.source.clone()),
                    state: content.state,
                    reading: Some(Reading { read: known.read, differs: true, draft: None }),
                    trouble: None,
                };
                let against = known.against();
                let patch = SyncPatch { document: before.document, began_at: now, against, found };
                self.inner.patch(connection, &[patch], None).await?;
            }
        }
        Ok(())
    }

    /// What a patch names as stored is taken for stored.
    pub(super) async fn take_files(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
    ) -> Result<(), StoreError> {
        let member = MemberId::fresh();
        let admin = Actor::new(connection.tenant, member, Role::Admin);
        for patch in patches {
            let Found::Source { source, state, .. } = &patch.found else { continue };
            let kept = self.inner.linked_by_source(connection.tenant, &[source.id]).await?;
            let newest = self.inner.versions(&admin, patch.document).await?.into_iter().next();
            let (Some(kept), Some(newest)) = (kept.first(), newest) else { continue };
            if source.files().all(|file| kept.link.source.files().any(|kept| kept == file)) {
                continue;
            }
            let content = NewContent {
                source: source.as_ref().clone(),
                state: *state,
                content: newest.content,
                attachments: newest.attachments,
                fidelity: newest.fidelity,
                exposure: newest.exposure,
                read: ReadState { edited_at: source.edited_at, ..kept.read },
                chosen: None,
            };
            self.inner.import(&admin, connection, &content, patch.began_at).await?;
        }
        Ok(())
    }

    pub(super) async fn relink_leaking(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let admin = Actor { role: Role::Admin, ..actor.clone() };
        let actor = if self.leak == Leak::AnybodyRelinks { &admin } else { actor };
        if self.leak == Leak::RelinksElsewhere
            && let Some(known) = self.inner.document(&admin, document).await?
            && let Some(link) = known.document.unlinked
        {
            for other in self.inner.linked_by_source(actor.tenant, &[link.source.id]).await? {
                self.inner.unlink(&admin, other.document, now).await?;
            }
        }
        self.inner.relink(actor, document, now).await?;
        match self.leak {
            Leak::RelinksThroughTheDetached => {
                let detached = self.inner.detached(actor.tenant, None, usize::MAX).await?;
                let is_detached = detached.iter().any(|known| known.document == document);
                match self.holder(document).filter(|_| is_detached) {
                    Some(holder) => self.relink(&holder, document).await,
                    None => Ok(()),
                }
            }
            Leak::RelinksWithoutTheState => {
                self.forgotten.lock().unwrap().insert(document);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn relink(
        &self,
        connection: &Connection,
        document: DocumentId,
    ) -> Result<(), StoreError> {
        let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
        let Some(known) = self.inner.document(&actor, document).await? else { return Ok(()) };
        let Some(link) = known.document.link else { return Ok(()) };
        let Some(known) =
            self.inner.linked_by_source(connection.tenant, &[link.source.id]).await?.into_iter().next()
        else {
            return Ok(());
        };
        let (against, began_at) = (known.against(), link.checked_at);
        let (source, state) = (Box::new(link.source), link.state);
        let found = Found::Source { source, state, reading: None, trouble: None };
        self.inner.patch(connection, &[SyncPatch { document, began_at, against, found }], None).await
    }
}

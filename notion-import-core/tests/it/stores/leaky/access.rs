//! Leaky gates.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::connection::Connection;
use notion_import_core::error::StoreError;
use notion_import_core::id::{ContactId, DocumentId, MemberId, NdaId, NotionId, TenantId, VersionNumber};
use notion_import_core::library::access::{
    AccessFacts, AccessLevel, Action, Actor, Assignment, AssignmentId, DocumentFacts, NdaState, Outside,
    Publication, Role, Viewer,
};
use notion_import_core::library::audit::AuditEntry;
use notion_import_core::library::document::{
    DocumentStore, Imported, Linked, NewContent, SyncCursor, SyncPatch, Version,
};
use notion_import_core::library::gate::{
    AccessStore, AdminDocument, LevelChange, NdaText, NewAcceptance, NewAssignment, NewNdaVersion,
    PublicDocument, Publish,
};
use notion_import_core::library::memory::MemoryLibrary;
use notion_import_core::testing::suite::Library;
use notion_import_core::testing::suite::access::PROMISES;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Leak {
    WidensOnImport,
    PublishesOnImport,
    NarrowsOnDetach,
    AnybodyPublishes,
    ManagersTakeNdasOff,
    ForgetsTheLevelBefore,
    ForgetsTheRevision,
    ForgetsTheReason,
    PublishesFromAnyRevision,
    NarrowingNeedsTheRevision,
    AcceptsAnyDigest,
    NeverVoids,
    NeverAsksAgain,
    NdaElseDefault,
    AssignsForGood,
    ForgetsRevocations,
    WaivesWithoutReason,
    ShowsUnlisted,
    SortsByNothing,
    HistoryOldestFirst,
    AssignmentsNewestFirst,
    DocumentsOldestFirst,
    LatestContentOnly,
    EveryonesFacts,
    KeepsTitleWhenReleased,
}

#[derive(Clone)]
struct Leaky {
    inner: MemoryLibrary,
    leak: Leak,
}

impl Leaky {
    fn library(leak: Leak) -> Library {
        let leaky = Arc::new(Self { inner: MemoryLibrary::default(), leak });
        Library { documents: leaky.clone(), access: leaky }
    }

    fn admin(&self, tenant: TenantId) -> Actor {
        Actor { tenant, member: MemberId::fresh(), role: Role::Admin }
    }

    async fn read(&self, tenant: TenantId, id: DocumentId) -> Result<AdminDocument, StoreError> {
        let read = AccessStore::document(&self.inner, &self.admin(tenant), id).await?;
        read.ok_or(StoreError::NotFound)
    }

    fn raised(&self, actor: &Actor, by: Leak) -> Actor {
        if self.leak == by { Actor { role: Role::Admin, ..actor.clone() } } else { actor.clone() }
    }
}

#[async_trait]
impl DocumentStore for Leaky {
    async fn import(
        &self,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let imported = self.inner.import(connection, content, now).await?;
        let (tenant, id) = (connection.tenant, imported.document());
        let AdminDocument { facts, revision, .. } = self.read(tenant, id).await?;
        match (self.leak, imported, facts.publication) {
            (Leak::WidensOnImport, Imported::NewVersion(..), Publication::Published(_)) => {
                let reason = "Imported".into();
                let change = LevelChange { from: facts.level, to: AccessLevel::Public, revision, reason };
                self.inner.set_level(&self.admin(tenant), id, &change, now).await?;
            }
            (Leak::PublishesOnImport, Imported::NewVersion(_, version), Publication::Published(_)) => {
                let publish = Publish { version, revision };
                self.inner.publish(&self.admin(tenant), id, &publish, now).await?;
            }
            _ => {}
        }
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        self.inner.patch(connection, patches, cursor).await
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.inner.linked(connection, after, limit).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        self.inner.linked_by_source(tenant, sources).await
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        self.inner.cursor(connection).await
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        if self.leak == Leak::NarrowsOnDetach {
            for linked in self.inner.linked(connection, None, 99).await? {
                let now = linked.link.checked_at;
                self.inner.withdraw(&self.admin(connection.tenant), linked.document, now).await?;
            }
        }
        self.inner.detach(connection).await
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.unlink(actor, document, now).await
    }
}

#[async_trait]
impl AccessStore for Leaky {
    async fn document(&self, actor: &Actor, id: DocumentId) -> Result<Option<AdminDocument>, StoreError> {
        AccessStore::document(&self.inner, actor, id).await
    }

    async fn documents(
        &self,
        actor: &Actor,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<AdminDocument>, StoreError> {
        let mut listed = self.inner.documents(actor, after, limit).await?;
        if self.leak == Leak::DocumentsOldestFirst {
            listed.reverse();
        }
        Ok(listed)
    }

    async fn versions(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        self.inner.versions(actor, id).await
    }

    async fn history(&self, actor: &Actor, id: DocumentId) -> Result<Vec<AuditEntry>, StoreError> {
        let mut history = self.inner.history(actor, id).await?;
        if self.leak == Leak::HistoryOldestFirst {
            history.reverse();
        }
        Ok(history)
    }

    async fn rename(
        &self,
        actor: &Actor,
        id: DocumentId,
        title: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let known = AccessStore::document(&self.inner, actor, id).await?;
        match known {
            Some(known) if self.leak == Leak::KeepsTitleWhenReleased && known.document.title.edited_here => {
                let title = title.unwrap_or(&known.document.title.text);
                self.inner.rename(actor, id, Some(title), now).await
            }
            _ => self.inner.rename(actor, id, title, now).await,
        }
    }

    async fn set_level(
        &self,
        actor: &Actor,
        id: DocumentId,
        change: &LevelChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = change.clone();
        if let Ok(AdminDocument { facts, revision, .. }) = self.read(actor.tenant, id).await {
            match self.leak {
                Leak::ForgetsTheLevelBefore => change.from = facts.level,
                Leak::ForgetsTheRevision => change.revision = revision,
                Leak::ForgetsTheReason if change.reason.trim().is_empty() => change.reason = "None".into(),
                Leak::NarrowingNeedsTheRevision
                    if change.revision != revision && actor.role == Role::Admin =>
                {
                    return Err(StoreError::Conflict);
                }
                _ => {}
            }
        }
        self.inner.set_level(actor, id, &change, now).await
    }

    async fn publish(
        &self,
        actor: &Actor,
        id: DocumentId,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let actor = self.raised(actor, Leak::AnybodyPublishes);
        let mut publish = publish.clone();
        if self.leak == Leak::PublishesFromAnyRevision
            && let Ok(known) = self.read(actor.tenant, id).await
        {
            publish.revision = known.revision;
        }
        self.inner.publish(&actor, id, &publish, now).await
    }

    async fn withdraw(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.inner.withdraw(actor, id, now).await
    }

    async fn set_listed(
        &self,
        actor: &Actor,
        id: DocumentId,
        listed: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.set_listed(actor, id, listed, now).await
    }

    async fn require_nda(
        &self,
        actor: &Actor,
        id: DocumentId,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.inner.require_nda(&self.raised(actor, Leak::ManagersTakeNdasOff), id, nda, now).await
    }

    async fn assign(
        &self,
        actor: &Actor,
        new: &NewAssignment,
        now: DateTime<Utc>,
    ) -> Result<AssignmentId, StoreError> {
        let mut new = new.clone();
        if let Some(reason) = new.nda_waiver.as_mut()
            && self.leak == Leak::WaivesWithoutReason
            && reason.trim().is_empty()
        {
            *reason = "None".into();
        }
        self.inner.assign(actor, &new, now).await
    }

    async fn revoke(
        &self,
        actor: &Actor,
        assignment: AssignmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.revoke(actor, assignment, now).await
    }

    async fn assignments(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Assignment>, StoreError> {
        let mut assignments = self.inner.assignments(actor, id).await?;
        if self.leak == Leak::AssignmentsNewestFirst {
            assignments.reverse();
        }
        Ok(assignments)
    }

    async fn publish_nda(
        &self,
        actor: &Actor,
        nda: &NewNdaVersion,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let ask_again = nda.ask_again && self.leak != Leak::NeverAsksAgain;
        self.inner.publish_nda(actor, &NewNdaVersion { ask_again, ..nda.clone() }, now).await
    }

    async fn set_default_nda(&self, actor: &Actor, nda: Option<NdaId>) -> Result<(), StoreError> {
        self.inner.set_default_nda(actor, nda).await
    }

    async fn ndas(&self, tenant: TenantId) -> Result<(Option<NdaId>, Vec<NdaState>), StoreError> {
        self.inner.ndas(tenant).await
    }

    async fn nda_text(
        &self,
        tenant: TenantId,
        nda: NdaId,
        version: u32,
    ) -> Result<Option<NdaText>, StoreError> {
        self.inner.nda_text(tenant, nda, version).await
    }

    async fn accept_nda(
        &self,
        tenant: TenantId,
        acceptance: &NewAcceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut acceptance = acceptance.clone();
        if self.leak == Leak::AcceptsAnyDigest
            && let Some(text) = self.inner.nda_text(tenant, acceptance.nda, acceptance.version).await?
        {
            acceptance.digest = text.digest();
        }
        self.inner.accept_nda(tenant, &acceptance, now).await
    }

    async fn void_acceptance(
        &self,
        actor: &Actor,
        contact: ContactId,
        nda: NdaId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let contact = if self.leak == Leak::NeverVoids { ContactId::fresh() } else { contact };
        self.inner.void_acceptance(actor, contact, nda, now).await
    }

    async fn facts(
        &self,
        site: TenantId,
        contact: Option<ContactId>,
        id: DocumentId,
    ) -> Result<Option<(DocumentFacts, AccessFacts)>, StoreError> {
        let mut known = self.inner.facts(site, contact, id).await?;
        match (self.leak, &mut known) {
            (Leak::NdaElseDefault, Some((document, facts))) if document.nda.is_some() => {
                facts.default_nda = None
            }
            (Leak::EveryonesFacts, Some((_, facts))) => {
                facts.assignments = self.inner.assignments(&self.admin(site), id).await?;
            }
            _ => {}
        }
        Ok(known)
    }

    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        now: DateTime<Utc>,
    ) -> Result<Vec<PublicDocument>, StoreError> {
        let now = if self.leak == Leak::AssignsForGood { now - TimeDelta::days(1) } else { now };
        let mut readable = self.inner.readable(site, viewer, now).await?;
        match self.leak {
            Leak::SortsByNothing => readable.reverse(),
            Leak::ShowsUnlisted => {
                for known in self.inner.documents(&self.admin(site), None, 99).await? {
                    let missing = readable.iter().all(|shown| shown.id != known.document.id);
                    if let Publication::Published(version) = known.facts.publication
                        && missing
                        && known.facts.level == AccessLevel::Restricted
                    {
                        readable.push(PublicDocument {
                            id: known.document.id,
                            title: known.document.title.text,
                            level: known.facts.level,
                            version,
                            published_at: now,
                            outside: Outside::RequestAccess,
                        });
                    }
                }
            }
            Leak::ForgetsRevocations => {
                for known in self.inner.documents(&self.admin(site), None, 99).await? {
                    let assigned = self.inner.assignments(&self.admin(site), known.document.id).await?;
                    let revoked = assigned.iter().any(|a| {
                        Some(a.contact) == viewer.contact()
                            && a.revoked_at.is_some()
                            && a.expires_at.is_none()
                    });
                    let missing = readable.iter().all(|shown| shown.id != known.document.id);
                    if let Publication::Published(version) = known.facts.publication
                        && missing
                        && revoked
                    {
                        readable.push(PublicDocument {
                            id: known.document.id,
                            title: known.document.title.text,
                            level: known.facts.level,
                            version,
                            published_at: now,
                            outside: Outside::Ok,
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(readable)
    }

    async fn content(
        &self,
        site: TenantId,
        id: DocumentId,
        version: VersionNumber,
    ) -> Result<Option<(String, Version)>, StoreError> {
        let content = self.inner.content(site, id, version).await?;
        match (self.leak, &content) {
            (Leak::LatestContentOnly, Some(_)) => {
                let latest = self.read(site, id).await?.document.latest;
                self.inner.content(site, id, latest).await
            }
            _ => Ok(content),
        }
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let rows = [
        (Leak::WidensOnImport, &["no import, patch"][..]),
        (Leak::PublishesOnImport, &["no import, patch", "a published version", "a new version is not shown"]),
        (Leak::NarrowsOnDetach, &["no import, patch"]),
        (Leak::AnybodyPublishes, &["every call is denied"]),
        (Leak::ManagersTakeNdasOff, &["an NDA is taken off"]),
        (Leak::ForgetsTheLevelBefore, &["a widening needs the level", "of many widenings"]),
        (Leak::ForgetsTheRevision, &["a widening needs the revision", "what fails"]),
        (Leak::ForgetsTheReason, &["a widening needs a reason"]),
        (Leak::PublishesFromAnyRevision, &["publishing needs the revision", "what fails"]),
        (Leak::NarrowingNeedsTheRevision, &["narrowing always works"]),
        (Leak::AcceptsAnyDigest, &["an acceptance is bound"]),
        (Leak::NeverVoids, &["a void acceptance"]),
        (Leak::NeverAsksAgain, &["versions of an NDA", "asking again"]),
        (Leak::AssignsForGood, &["an assignment ends", "what is readable is what the decision"]),
        (Leak::ForgetsRevocations, &["a revoked assignment", "what is readable is what the decision"]),
        (Leak::WaivesWithoutReason, &["an NDA is not waived", "what fails"]),
        (
            Leak::ShowsUnlisted,
            &[
                "whether a document is listed",
                "what is readable says nothing",
                "what is readable is what the decision",
                "another tenant's contacts",
            ],
        ),
        (Leak::SortsByNothing, &["what is readable is ordered", "what is readable says nothing"]),
        (Leak::HistoryOldestFirst, &["every change is audited", "a title that follows"]),
        (Leak::AssignmentsNewestFirst, &["an assignment is kept", "a revoked assignment"]),
        (Leak::DocumentsOldestFirst, &["documents are paged"]),
        (Leak::LatestContentOnly, &["content is the version"]),
        (Leak::EveryonesFacts, &["facts are of this contact"]),
        (Leak::NdaElseDefault, &["what is readable is what the decision"]),
        (Leak::KeepsTitleWhenReleased, &["a title given here"]),
    ];
    super::check(PROMISES, Leaky::library, &rows).await;
}

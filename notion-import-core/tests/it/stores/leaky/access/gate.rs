//! What leaks where it is said who may read.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::store::{AccessFacts, Insider, Permit};
use notion_import_core::testing::suite::permit;
use notion_import_core::{
    AcceptanceEntry, AcceptanceQuery, AccessLevel, AccessStore, Action, Actor, AdminDocument, Approval,
    Assignment, AssignmentId, AuditLog, AuditQuery, Conflict, ContactId, ContactStore, Document,
    DocumentCounts, DocumentFacts, DocumentFilter, DocumentId, DocumentQuery, DocumentReader, Expected,
    LevelChange, ListPage, NdaId, NdaState, NdaText, NewAcceptance, NewAssignment, NewNdaVersion, Outside,
    Place, PublicDocument, Publication, PublicationState, Publish, ReadableOrder, ReadableQuery,
    RequestState, Role, StoreError, TenantId, Version, Viewer,
};

use super::{Leak, Leaky};

#[async_trait]
impl DocumentReader for Leaky {
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.inner.list_imported(insider, after, limit).await
    }

    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        self.inner.list_versions(insider, id).await
    }
}

#[async_trait]
impl AccessStore for Leaky {
    async fn load_document(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Option<AdminDocument>, StoreError> {
        self.inner.load_document(insider, id).await
    }

    async fn list_documents(
        &self,
        insider: Insider,
        query: &DocumentQuery,
    ) -> Result<ListPage<AdminDocument>, StoreError> {
        let mut query = query.clone();
        match self.leak {
            Leak::PagesFromWhereItIsNow => {
                if let Place::After(cursor) = &mut query.place {
                    let known = self.read(insider.tenant(), cursor.id).await;
                    let now = known.map(|known| query.order.cursor(&known.document));
                    if let Ok(now) = now.as_ref()
                        && now.at().is_ok() == cursor.at().is_ok()
                    {
                        *cursor = now.clone();
                    }
                }
            }
            Leak::FindsAnyTitle => query.filter.text.clear(),
            Leak::ListsEveryLevel => query.filter.level = None,
            _ => {}
        }
        let mut page = self.inner.list_documents(insider, &query).await?;
        if self.leak == Leak::DocumentsOldestFirst {
            page.documents.reverse();
        }
        Ok(page)
    }

    async fn count_documents(&self, insider: Insider, filter: &DocumentFilter) -> Result<u64, StoreError> {
        let mut filter = filter.clone();
        if self.leak == Leak::CountsAnySource {
            filter.source = None;
        }
        self.inner.count_documents(insider, &filter).await
    }

    async fn document_counts(&self, insider: Insider) -> Result<DocumentCounts, StoreError> {
        let mut counts = self.inner.document_counts(insider).await?;
        if self.leak == Leak::CountsOneTooMany {
            counts.add(AccessLevel::Internal, PublicationState::Draft, 1);
        }
        Ok(counts)
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
            _ if self.leak == Leak::CutsTitles => {
                let title = title.map(|title| &title[..title.floor_char_boundary(500)]);
                self.inner.rename(actor, id, title, now).await
            }
            _ => self.inner.rename(actor, id, title, now).await,
        }
    }

    async fn close_gone(
        &self,
        tenant: TenantId,
        id: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match self.leak {
            Leak::KeepsOpenWhatIsGone => Ok(()),
            Leak::ClosesWhatIsThere => match self.read(tenant, id).await {
                Ok(AdminDocument { facts: DocumentFacts { level, .. }, revision, .. }) => {
                    let expected = Expected { level, revision, reason: "Gone".into() };
                    let change = LevelChange { to: AccessLevel::Internal, expected };
                    self.inner.set_level(&self.admin(tenant), id, &change, now).await
                }
                Err(_) => Ok(()),
            },
            _ => self.inner.close_gone(tenant, id, now).await,
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
                Leak::ForgetsTheLevelBefore => change.expected.level = facts.level,
                Leak::ForgetsTheRevision => change.expected.revision = revision,
                Leak::ForgetsTheReason if change.expected.reason.trim().is_empty() => {
                    change.expected.reason = "None".into();
                }
                Leak::NarrowingNeedsTheRevision
                    if change.expected.revision != revision && actor.role == Role::Admin =>
                {
                    return Err(Conflict::Changed.into());
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
        if let Ok(known) = self.read(actor.tenant, id).await {
            match self.leak {
                Leak::PublishesFromAnyRevision => publish.expected.revision = known.revision,
                Leak::PublishesAgainWithoutCare => {
                    publish.expected.level = known.facts.level;
                    publish.expected.reason = "None".into();
                }
                Leak::PublishesAtTheOldLevel => publish.level = None,
                Leak::PublishesInTwoActs if publish.level.is_some() => {
                    let to = publish.level.take().unwrap_or_default();
                    self.inner.publish(&actor, id, &publish, now).await?;
                    let revision = publish.expected.revision + 1;
                    let expected = Expected { revision, ..publish.expected };
                    return self.inner.set_level(&actor, id, &LevelChange { to, expected }, now).await;
                }
                Leak::PublishesNoTitle => {
                    publish.title = known.published_title.unwrap_or(known.document.title.text);
                }
                _ => {}
            }
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
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut expected = expected.clone();
        if self.leak == Leak::ListsWithoutCare
            && let Ok(AdminDocument { facts, revision, .. }) = self.read(actor.tenant, id).await
        {
            expected = Expected { level: facts.level, revision, reason: "None".into() };
        }
        self.inner.set_listed(actor, id, listed, &expected, now).await
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
        if self.leak == Leak::ClampsDays
            && let Some(end) = &mut new.expires_at
        {
            *end = (*end).clamp(now + TimeDelta::days(1), now + TimeDelta::days(3650));
        }
        let assigned = self.inner.assign(actor, &new, now).await?;
        if self.leak == Leak::ApprovesAllTheyWaitFor {
            let own = self.inner.requests_of(actor.tenant, new.contact, 99).await?;
            for waiting in own.iter().filter(|request| request.state == RequestState::Waiting) {
                let approval = Approval { expires_at: None, nda_waiver: None };
                self.inner.approve(actor, waiting.document, waiting.id, &approval, now).await?;
            }
        }
        Ok(assigned)
    }

    async fn revoke(
        &self,
        actor: &Actor,
        id: DocumentId,
        assignment: AssignmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut id = id;
        if self.leak == Leak::RevokesByTheAssignmentAlone {
            for known in self.all(actor.tenant).await? {
                let of = self.inner.assignments(&self.admin(actor.tenant), known.document.id).await?;
                if of.iter().any(|kept| kept.id == assignment) {
                    id = known.document.id;
                }
            }
        }
        self.inner.revoke(actor, id, assignment, now).await
    }

    async fn list_assignments(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Vec<Assignment>, StoreError> {
        let mut assignments = self.inner.list_assignments(insider, id).await?;
        match self.leak {
            Leak::AssignmentsNewestFirst => assignments.reverse(),
            Leak::KeepsWhatIsReplaced => {
                let newest = assignments.last().cloned();
                let replaced =
                    |kept: &&mut Assignment| newest.as_ref().is_some_and(|n| n.contact == kept.contact);
                assignments.iter_mut().filter(replaced).for_each(|kept| kept.revoked_at = None);
            }
            _ => {}
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
        let mut expected = nda.expected;
        if self.leak == Leak::PublishesNdasBlindly {
            let (_, states) = self.inner.ndas(actor.tenant).await?;
            expected = states.iter().find(|state| state.id == nda.id).map_or(0, |state| state.current);
        }
        self.inner.publish_nda(actor, &NewNdaVersion { ask_again, expected, ..nda.clone() }, now).await
    }

    async fn set_default_nda(
        &self,
        actor: &Actor,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.set_default_nda(actor, nda, now).await
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
        site: TenantId,
        viewer: &Viewer,
        acceptance: &NewAcceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut acceptance = acceptance.clone();
        if self.leak == Leak::AcceptsForAnyDocument {
            // Of whatever requires it and is listed.
            for known in self.all(site).await? {
                if known.facts.listed && known.facts.nda == Some(acceptance.nda) {
                    acceptance.document = known.document.id;
                }
            }
        }
        if self.leak == Leak::AcceptsAnyDigest
            && let Some(text) = self.inner.nda_text(site, acceptance.nda, acceptance.version).await?
        {
            acceptance.digest = text.digest();
        }
        self.inner.accept_nda(site, viewer, &acceptance, now).await
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

    async fn list_acceptances(
        &self,
        insider: Insider,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        let all = AcceptanceQuery { limit: usize::MAX, ..AcceptanceQuery::default() };
        Ok(self.listed(self.inner.list_acceptances(insider, &all).await?, query))
    }

    async fn acceptances(
        &self,
        actor: &Actor,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        let actor = self.raised(actor, Leak::AnybodyReadsAcceptances);
        AcceptanceQuery::permit(&actor)?;
        self.list_acceptances(actor.insider()?, query).await
    }

    async fn acceptances_of(
        &self,
        site: TenantId,
        contact: ContactId,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        let all = AcceptanceQuery { limit: usize::MAX, ..AcceptanceQuery::default() };
        Ok(self.listed(self.inner.acceptances(&self.admin(site), &all).await?, &query.by(contact)))
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

    async fn list_categories(&self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        self.inner.list_categories(tenant).await
    }

    async fn categories(
        &self,
        site: TenantId,
        viewer: &Viewer,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        match self.leak {
            Leak::ShowsEveryCategory => self.inner.list_categories(site).await,
            _ => self.inner.categories(site, viewer, now).await,
        }
    }

    async fn site_revision(&self, site: TenantId) -> Result<u64, StoreError> {
        match self.leak {
            Leak::NeverChangesTheSite => Ok(0),
            Leak::ChangesTheSiteWithEverything => {
                let newest = self.inner.audit(&self.admin(site), &AuditQuery::newest(1)).await?;
                Ok(newest.first().map_or(0, |entry| entry.number))
            }
            _ => self.inner.site_revision(site).await,
        }
    }

    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        query: &ReadableQuery,
        now: DateTime<Utc>,
    ) -> Result<ListPage<PublicDocument>, StoreError> {
        let mut query = query.clone();
        if self.leak == Leak::ShowsAmongAny {
            query.among = None;
        }
        if self.leak == Leak::ListsByTitleAlone && query.order == ReadableOrder::Newest {
            query.order = ReadableOrder::Title;
            query.place = Place::Start;
        }
        let now = if self.leak == Leak::AssignsForGood { now - TimeDelta::days(1) } else { now };
        let mut page = self.inner.readable(site, viewer, &query, now).await?;
        let readable = &mut page.documents;
        match self.leak {
            Leak::ShowsTheWorkingTitle => {
                for shown in readable.iter_mut() {
                    shown.title = self.read(site, shown.id).await?.document.title.text;
                }
            }
            Leak::SortsByNothing => readable.reverse(),
            Leak::ShowsUnlisted if page.next.is_none() => {
                for known in self.all(site).await? {
                    let missing = readable.iter().all(|shown| shown.id != known.document.id);
                    if let Publication::Published(version) = known.facts.publication
                        && missing
                        && known.facts.level == AccessLevel::Restricted
                    {
                        readable.push(PublicDocument {
                            id: known.document.id,
                            title: known.document.title.text,
                            level: known.facts.level,
                            category: known.category,
                            version,
                            published_at: now,
                            outside: Outside::RequestAccess,
                        });
                    }
                }
            }
            Leak::ForgetsRevocations if page.next.is_none() => {
                for known in self.all(site).await? {
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
                            category: known.category,
                            version,
                            published_at: now,
                            outside: Outside::Ok,
                        });
                    }
                }
            }
            _ => {}
        }
        Ok(page)
    }

    async fn content(&self, read: &Permit) -> Result<Option<(String, Version)>, StoreError> {
        let (site, id) = (read.site(), read.document());
        let content = self.inner.content(read).await?;
        match (self.leak, &content) {
            (Leak::LatestContentOnly, Some(_)) => {
                let latest = self.read(site, id).await?.document.latest;
                self.inner.content(&permit(site, id, latest)).await
            }
            _ => Ok(content),
        }
    }
}

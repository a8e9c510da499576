//! Where levels, publications, assignments and NDAs are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    AcceptanceEntry, AcceptanceQuery, AccessChange, AccessState, Act, AdminDocument, ContactStore,
    DocumentChange, DocumentCounts, DocumentFilter, DocumentQuery, Expected, LevelChange, ListPage, NdaText,
    NewAcceptance, NewAssignment, NewNdaVersion, Permit, PublicDocument, Publish, ReadableQuery,
    RetentionStore, SubscriptionStore,
};
use crate::actor::{Actor, Insider};
#[cfg(doc)]
use crate::error::Conflict;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, TenantId};
use crate::library::access::{AccessFacts, Assignment, AssignmentId, DocumentFacts, NdaState, Viewer};
use crate::library::document::{DocumentReader, Version};

/// Where levels, publications, assignments and NDAs are kept, with the contacts they are about.
///
/// # Contract
/// - What takes an actor answers [`StoreError::Denied`] if its role may not; a store is asked with the proof that it may.
/// - A document without a row here is internal, unpublished and unlisted, revision 0.
/// - Every change and its audit entry are one transaction.
/// - A call that fails or changes nothing leaves no audit entry and no new revision.
/// - Narrowing always works; widening is compare-and-set on level and revision.
/// - A level that cannot be read is [`AccessLevel::Internal`](crate::library::access::AccessLevel::Internal), a publication that
///   cannot be read is none.
/// - What readers outside see, the title included, changes by what a person asks for here alone.
/// - Another tenant's documents, contacts and NDAs do not exist for any call: a change of them is
///   [`StoreError::NotFound`], a list of what belongs to them is empty.
///
/// A store decides nothing: every change goes through [`perform`](super::ActStore::perform), for which an [`Act`] says what to read and
/// what to write. Only `perform` and what reads by an [`Insider`] or a [`Permit`] is a store's to implement.
#[async_trait]
pub trait AccessStore: ContactStore + SubscriptionStore + DocumentReader + RetentionStore {
    /// Returns one document of the tenant.
    async fn load_document(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Option<AdminDocument>, StoreError>;

    /// Returns one document. Members who read internal documents only, as for all that take an actor and change nothing.
    async fn document(&self, actor: &Actor, id: DocumentId) -> Result<Option<AdminDocument>, StoreError> {
        self.load_document(actor.insider()?, id).await
    }

    /// Returns a page of the tenant's documents. Pages that follow each other by their cursors have each document that does not change
    /// meanwhile on exactly one of them, whatever becomes of the others.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the place is one of a list in another order.
    async fn list_documents(
        &self,
        insider: Insider,
        query: &DocumentQuery,
    ) -> Result<ListPage<AdminDocument>, StoreError>;

    /// Returns a page of the documents of the actor's tenant, as [`list_documents`](AccessStore::list_documents) does.
    async fn documents(
        &self,
        actor: &Actor,
        query: &DocumentQuery,
    ) -> Result<ListPage<AdminDocument>, StoreError> {
        self.list_documents(actor.insider()?, query).await
    }

    /// Returns how many of the tenant's documents a filter leaves.
    async fn count_documents(&self, insider: Insider, filter: &DocumentFilter) -> Result<u64, StoreError>;

    /// Returns how many of the tenant's documents have which level, and how many are shown.
    async fn document_counts(&self, insider: Insider) -> Result<DocumentCounts, StoreError>;

    /// Gives a document its own working title, or lets it follow the source's again, which gives it the source's at once. Readers
    /// outside see it once it is published.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the title is longer than 500 bytes: what a person gives is not cut.
    async fn rename(
        &self,
        actor: &Actor,
        id: DocumentId,
        title: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::Rename(title.map(str::to_owned)), now)?).await
    }

    /// Changes the level of a document that is shown, or narrows that of any. Which way the change goes is told by the level the
    /// document has, not by the one the change begins from. What shows nothing is opened by [`publish`](AccessStore::publish)
    /// alone, which takes a level: [`DocumentFacts::needs_publication`] says beforehand whether it is so.
    ///
    /// # Errors
    /// When widening: [`Conflict::NotPublished`] if no version is, [`Conflict::Changed`] if level or revision are no longer those of
    /// the change, [`Conflict::NoReason`] if there is none. [`StoreError::NotFound`] if the tenant has no such document.
    async fn set_level(
        &self,
        actor: &Actor,
        id: DocumentId,
        change: &LevelChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::SetLevel(change.clone()), now)?).await
    }

    /// Makes a document internal if its source is gone, as no person has asked for: nothing else, and nothing if it is not there. A sync
    /// calls it where the host wants that ([`InternalWhenGone`](super::InternalWhenGone)).
    async fn close_gone(
        &self,
        tenant: TenantId,
        id: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::close_gone(tenant, id, now)).await
    }

    /// Shows a version, under a title, to whom the level lets in: the one that it has, or the one that is named, which it has from
    /// then on. All of it is one act and one revision, with an audit entry for the publication and one for the level, if it changes.
    /// The version that is shown already may get a new title.
    ///
    /// # Errors
    /// [`Conflict::Changed`] if the revision has moved on, or the level where one is named, [`StoreError::NotFound`] if there is no
    /// such version. Where readers are let in who were not ([`DocumentFacts::opens`]): as for a widening.
    async fn publish(
        &self,
        actor: &Actor,
        id: DocumentId,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::Publish(publish.clone()), now)?).await
    }

    /// Takes a document from every reader outside; it always works.
    async fn withdraw(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::Withdraw, now)?).await
    }

    /// Sets whether outsiders who may not read a gated document may know that it exists. To hide it always works.
    ///
    /// # Errors
    /// When listing: [`Conflict::Changed`] if level or revision have moved on, [`Conflict::NoReason`] if there is none.
    async fn set_listed(
        &self,
        actor: &Actor,
        id: DocumentId,
        listed: bool,
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::SetListed(listed, expected.clone()), now)?).await
    }

    /// Puts a document into a category of this name, or into none. It says nothing of who may read it.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the name is longer than 100 bytes, [`StoreError::NotFound`] if the tenant has no such document.
    async fn set_category(
        &self,
        actor: &Actor,
        id: DocumentId,
        category: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let change = DocumentChange::SetCategory(category.map(str::to_owned));
        self.perform(&Act::on(actor, id, change, now)?).await
    }

    /// Sets the NDA a document requires beside the tenant's default. Removing or replacing one needs the right to manage NDAs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such document or no such NDA.
    async fn require_nda(
        &self,
        actor: &Actor,
        id: DocumentId,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::RequireNda(nda), now)?).await
    }

    /// Lets a contact in to a document, whatever its level now. An assignment by which the contact was let in before is taken back, and
    /// what the contact waits for there is approved.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such document or contact, [`StoreError::OutOfRange`] if the end is not among
    /// [`NewAssignment::DAYS`] ahead, [`Conflict::NoReason`] if the NDA is waived without one.
    async fn assign(
        &self,
        actor: &Actor,
        assignment: &NewAssignment,
        now: DateTime<Utc>,
    ) -> Result<AssignmentId, StoreError> {
        let id = AssignmentId(Uuid::now_v7());
        let change = DocumentChange::Assign(id, assignment.clone());
        self.perform(&Act::on(actor, assignment.document, change, now)?).await?;
        Ok(id)
    }

    /// Takes an assignment to a document back; doing so again succeeds.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the document has no such assignment.
    async fn revoke(
        &self,
        actor: &Actor,
        id: DocumentId,
        assignment: AssignmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::on(actor, id, DocumentChange::Revoke(assignment), now)?).await
    }

    /// Returns a document's assignments, dead ones included, oldest first.
    async fn list_assignments(&self, insider: Insider, id: DocumentId)
    -> Result<Vec<Assignment>, StoreError>;

    /// Returns the assignments of a document of the actor's tenant, dead ones included, oldest first.
    async fn assignments(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Assignment>, StoreError> {
        self.list_assignments(actor.insider()?, id).await
    }

    /// Publishes a version of an NDA, which is current from then on, and returns its number. Needs the right to manage NDAs.
    ///
    /// # Errors
    /// [`Conflict::Changed`] if another version is current than the one that was expected.
    async fn publish_nda(
        &self,
        actor: &Actor,
        nda: &NewNdaVersion,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        self.perform(&Act::of(actor, AccessChange::PublishNda(nda.clone()), now)?).await?;
        Ok(nda.expected + 1)
    }

    /// Sets the NDA that every `requires_nda` document of the tenant requires. Needs the right to manage NDAs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such NDA.
    async fn set_default_nda(
        &self,
        actor: &Actor,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::of(actor, AccessChange::SetDefaultNda(nda), now)?).await
    }

    /// Returns the tenant's default NDA and all its NDAs in the order of their ids.
    async fn ndas(&self, tenant: TenantId) -> Result<(Option<NdaId>, Vec<NdaState>), StoreError>;

    /// Returns a version of an NDA, for whoever is asked to accept it.
    async fn nda_text(
        &self,
        tenant: TenantId,
        nda: NdaId,
        version: u32,
    ) -> Result<Option<NdaText>, StoreError>;

    /// Records that a contact accepted an NDA for the sake of a document; recording it again changes nothing, unless it was
    /// declared void meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the viewer may not [accept](crate::library::access::accepts) it, [`Conflict::NotCurrent`] if the
    /// version is not the current one or the digest is not its text's.
    async fn accept_nda(
        &self,
        site: TenantId,
        viewer: &Viewer,
        acceptance: &NewAcceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::acceptance(site, viewer, acceptance, now)).await
    }

    /// Declares a contact's acceptances of an NDA void; doing so again succeeds. Needs the right to manage NDAs.
    async fn void_acceptance(
        &self,
        actor: &Actor,
        contact: ContactId,
        nda: NdaId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::of(actor, AccessChange::VoidAcceptance(contact, nda), now)?).await
    }

    /// Returns acceptances of NDAs of the tenant, those that count no more included, newest first.
    async fn list_acceptances(
        &self,
        insider: Insider,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError>;

    /// Returns acceptances of NDAs of the actor's tenant, as [`list_acceptances`](AccessStore::list_acceptances) does.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is [permitted](AcceptanceQuery::permit).
    async fn acceptances(
        &self,
        actor: &Actor,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        AcceptanceQuery::permit(actor)?;
        self.list_acceptances(actor.insider()?, query).await
    }

    /// Returns a contact's own acceptances, those that count no more included, newest first, whatever contact the query names.
    async fn acceptances_of(
        &self,
        site: TenantId,
        contact: ContactId,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError>;

    /// Returns what [`decide`](crate::library::access::decide) needs to know of one document of the site's tenant and, if the viewer is one, of a contact.
    async fn facts(
        &self,
        site: TenantId,
        contact: Option<ContactId>,
        id: DocumentId,
    ) -> Result<Option<(DocumentFacts, AccessFacts)>, StoreError>;

    /// Returns who could read what in the actor's tenant at a moment, and why, as the tenant's audit tells it: for
    /// [`facts`](AccessStore::facts) of that moment and for [answers](AccessState::answers). The whole audit up to then is read, page
    /// by page. A time in the future gives the state that is now. What counts where clocks went back, [`AccessState::advance`] says.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor may read the tenant's whole audit, [`Conflict::NoLongerKept`] if the audit of that moment is
    /// kept no longer, [`StoreError::Corrupt`] if it does not add up.
    async fn as_of(&self, actor: &Actor, at: DateTime<Utc>) -> Result<AccessState, StoreError> {
        let mut state = AccessState::new(actor.tenant);
        state.advance(self, actor, at).await?;
        Ok(state)
    }

    /// Returns a page of what `viewer` may read or know of on the site's pages: exactly the documents for which [`decide`](crate::library::access::decide) answers
    /// anything but [`Outside::NotFound`](crate::library::access::Outside::NotFound) and that are published, in
    /// their [order](super::ReadableOrder).
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the place is one of a list in another order.
    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        query: &ReadableQuery,
        now: DateTime<Utc>,
    ) -> Result<ListPage<PublicDocument>, StoreError>;

    /// Returns the categories of a tenant's documents, in the order of their names, folded: one of each, however it is spelled. Some may be
    /// nobody's to know.
    async fn list_categories(&self, tenant: TenantId) -> Result<Vec<String>, StoreError>;

    /// Returns the categories of what `viewer` may read or know of on the site's pages: those of [`readable`](AccessStore::readable)
    /// documents, and no other.
    async fn categories(
        &self,
        site: TenantId,
        viewer: &Viewer,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let mut known = Vec::new();
        for category in self.list_categories(site).await? {
            let query = ReadableQuery { category: Some(category.clone()), ..ReadableQuery::first(1) };
            let shown = self.readable(site, viewer, &query, now).await?.documents.pop();
            known.extend(shown.and_then(|shown| shown.category));
        }
        Ok(known)
    }

    /// Returns a number that grows whenever what somebody outside whom nobody knows may read or know of changes, and seldom else: with every
    /// [`Write::Standing`](super::Write::Standing), in its transaction. Read before a list, it names the list's state for caches, and
    /// costs one row.
    async fn site_revision(&self, site: TenantId) -> Result<u64, StoreError>;

    /// Returns the published title and the content of the version that may be read; none if nothing is published any more.
    async fn content(&self, permit: &Permit) -> Result<Option<(String, Version)>, StoreError>;
}

//! Where contacts and their requests are kept, and the one way in which anything of the gate changes.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    AccessChange, AccessRequest, Act, Approval, Contact, ContactChange, ContactDetails, DocumentChange,
    MailAddress, NewRequest,
};
use crate::actor::{Action, Actor, Insider};
#[cfg(doc)]
use crate::error::Conflict;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, RequestId, TenantId};
use crate::library::access::{AssignmentId, Viewer};

/// The one way in which anything of the gate changes.
#[async_trait]
pub trait ActStore: Send + Sync {
    /// Reads what an act is decided on, lets it [decide](Act::decide), and writes what comes of it, all in one transaction.
    ///
    /// # Errors
    /// Those of the decision; nothing is written then.
    async fn perform(&self, act: &Act) -> Result<(), StoreError>;
}

/// Where contacts and their requests are kept.
///
/// # Contract
/// - What is known of a person stands in one row: a contact's, or that of a request of somebody who is no contact yet.
/// - Addresses are unique within a tenant. Who is erased is in no answer, and what was known of them in no row.
/// - A person has one request for a document that waits.
/// - Otherwise as an [`AccessStore`](super::AccessStore): one transaction with the audit, nothing of another tenant's.
#[async_trait]
pub trait ContactStore: ActStore {
    /// Adds a contact under an id of the host's; adding them again changes nothing. What was asked for from the address before is theirs.
    ///
    /// # Errors
    /// [`Conflict::AddressTaken`] if the address is another contact's, [`Conflict::Changed`] if the contact has other details.
    async fn add_contact(
        &self,
        actor: &Actor,
        id: ContactId,
        details: &ContactDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change_contact(actor, id, ContactChange::Add(details.clone()), now).await
    }

    /// Shuts a contact out, for a reason lets them back in, or erases what is known of them: then their assignments are revoked, their
    /// acceptances void and their requests withdrawn, and the ids stay, as do the addresses they came from in the audit and the
    /// read log, which never change. Doing so again succeeds.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such contact, [`Conflict::NoReason`] if nobody says why they are let back in.
    async fn change_contact(
        &self,
        actor: &Actor,
        id: ContactId,
        change: ContactChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::of(actor, AccessChange::Contact(id, change), now)?).await
    }

    /// Returns a contact of the site's tenant; none if they were erased.
    async fn contact(&self, site: TenantId, id: ContactId) -> Result<Option<Contact>, StoreError>;

    /// Returns the contact of the site's tenant who has this address. Whoever names it has not shown that it is theirs.
    async fn contact_of(&self, site: TenantId, mail: &MailAddress) -> Result<Option<Contact>, StoreError>;

    /// Returns the tenant's contacts in the order of their ids, beginning after `after`.
    async fn list_contacts(
        &self,
        insider: Insider,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, StoreError>;

    /// Returns the contacts of the actor's tenant, as [`list_contacts`](ContactStore::list_contacts) does.
    async fn contacts(
        &self,
        actor: &Actor,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, StoreError> {
        self.list_contacts(actor.insider()?, after, limit).await
    }

    /// Takes up requests to read documents. Only what the site [lists](super::AccessStore::set_listed) and the asker may not read can be asked for, once
    /// while it waits, within the limits. The answer is the same whatever is taken up, so that it says nothing of documents, contacts or
    /// requests.
    ///
    /// # Errors
    /// Those of [`NewRequest::check`] and the store's own.
    async fn ask(&self, site: TenantId, new: &NewRequest, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.perform(&Act::request(site, new, now)).await
    }

    /// Withdraws a request of the viewer's own; doing so again succeeds.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the viewer is not its author, [`Conflict::Changed`] if it was decided.
    async fn withdraw_request(
        &self,
        site: TenantId,
        viewer: &Viewer,
        request: RequestId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(&Act::withdrawal(site, viewer, request, now)).await
    }

    /// Lets in who asked, to that document alone and whatever its level; a stranger becomes a contact. Doing so again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such request for the document, [`Conflict::Changed`] if it was declined or withdrawn, and those
    /// of [`assign`](super::AccessStore::assign).
    async fn approve(
        &self,
        actor: &Actor,
        document: DocumentId,
        request: RequestId,
        approval: &Approval,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (assignment, contact) = (AssignmentId(Uuid::now_v7()), ContactId::fresh());
        let change = DocumentChange::Approve { request, approval: approval.clone(), assignment, contact };
        self.perform(&Act::on(actor, document, change, now)?).await
    }

    /// Declines a request, for a reason; doing so again changes nothing. What a stranger has said of themselves goes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such request for the document, [`Conflict::NoReason`] without a reason, [`Conflict::Changed`] if
    /// it was approved or withdrawn.
    async fn decline(
        &self,
        actor: &Actor,
        document: DocumentId,
        request: RequestId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let change = DocumentChange::Decline(request, reason.to_owned());
        self.perform(&Act::on(actor, document, change, now)?).await
    }

    /// Returns the tenant's requests that wait, oldest first, beginning after `after`.
    async fn list_requests(
        &self,
        insider: Insider,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError>;

    /// Returns the requests of the actor's tenant that wait, as [`list_requests`](ContactStore::list_requests) does. For those who may decide
    /// them.
    async fn requests(
        &self,
        actor: &Actor,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        actor.may(Action::Assign)?;
        self.list_requests(actor.insider()?, after, limit).await
    }

    /// Returns how many of the tenant's requests wait.
    async fn count_requests(&self, insider: Insider) -> Result<u64, StoreError>;

    /// Returns a contact's own requests, decided ones included, newest first, at most so many.
    async fn requests_of(
        &self,
        site: TenantId,
        contact: ContactId,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError>;
}

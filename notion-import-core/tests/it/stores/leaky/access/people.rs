//! What leaks where contacts and requests are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Act, ActStore, Insider};
use notion_import_core::{
    AccessLevel, AccessRequest, AccessStore, Action, Actor, Approval, Asker, Conflict, Contact,
    ContactChange, ContactDetails, ContactId, ContactStore, DocumentId, Expected, LevelChange, MailAddress,
    NewRequest, RequestId, RequestLimits, StoreError, TenantId, Viewer,
};

use super::{Leak, Leaky};

fn somebody() -> ContactDetails {
    let mail = format!("{}@orchard.example", ContactId::fresh()).parse().unwrap();
    ContactDetails::new("Somebody", "Orchard", mail).unwrap()
}

#[async_trait]
impl ActStore for Leaky {
    async fn perform(&self, act: &Act) -> Result<(), StoreError> {
        self.inner.perform(act).await
    }
}

#[async_trait]
impl ContactStore for Leaky {
    async fn add_contact(
        &self,
        actor: &Actor,
        id: ContactId,
        details: &ContactDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let added = self.inner.add_contact(actor, id, details, now).await;
        if let Some(contact) = self.inner.contact(actor.tenant, id).await? {
            self.contacts.lock().unwrap().entry((actor.tenant, id)).or_insert(contact);
        }
        match added {
            Err(StoreError::Conflict(Conflict::AddressTaken)) if self.leak == Leak::SharesAddresses => {
                self.inner.add_contact(actor, id, &somebody(), now).await
            }
            added => added,
        }
    }

    async fn change_contact(
        &self,
        actor: &Actor,
        id: ContactId,
        change: ContactChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let is_known = self.inner.contact(actor.tenant, id).await?.is_some();
        let change = match (self.leak, change) {
            (Leak::NeverBlocks, ContactChange::Block) if is_known => return Ok(actor.may(Action::Assign)?),
            (Leak::NeverErases, ContactChange::Erase) if is_known => return Ok(actor.may(Action::Erase)?),
            (Leak::UnblocksWithoutReason, ContactChange::Unblock(why)) if why.trim().len() < 4 => {
                ContactChange::Unblock("Why not".into())
            }
            (_, change) => change,
        };
        self.inner.change_contact(&self.raised(actor, Leak::AnybodyErases), id, change, now).await
    }

    async fn contact(&self, site: TenantId, id: ContactId) -> Result<Option<Contact>, StoreError> {
        let contact = self.inner.contact(site, id).await?;
        let remembered = || self.contacts.lock().unwrap().get(&(site, id)).cloned();
        Ok(if self.leak == Leak::RemembersTheErased { contact.or_else(remembered) } else { contact })
    }

    async fn contact_of(&self, site: TenantId, mail: &MailAddress) -> Result<Option<Contact>, StoreError> {
        let contact = self.inner.contact_of(site, mail).await?;
        Ok(contact.filter(|_| self.leak != Leak::FindsNobody))
    }

    async fn list_contacts(
        &self,
        insider: Insider,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, StoreError> {
        let mut listed = self.inner.list_contacts(insider, after, limit).await?;
        if self.leak == Leak::ContactsLastFirst {
            listed.reverse();
        }
        Ok(listed)
    }

    async fn ask(&self, site: TenantId, new: &NewRequest, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut new = new.clone();
        let whom =
            (site, format!("{:?}", new.asker.contact()), new.asker.details().map(|d| d.mail().clone()));
        for document in new.documents.clone() {
            let is_first = self.asked.lock().unwrap().insert((whom.clone(), document));
            let known = self.inner.document(&self.admin(site), document).await?;
            match (self.leak, known) {
                (Leak::TakesUpAgain, _) if !is_first => new.asker = Asker::Stranger(somebody()),
                (Leak::TellsWhatIsNotThere, None) => return Err(StoreError::NotFound),
                (Leak::TakesUpTheUnlisted, Some(known)) if !known.facts.listed => {
                    let (level, revision) = (known.facts.level, known.revision);
                    let expected = Expected { level, revision, reason: "Asked for".into() };
                    self.inner.set_listed(&self.admin(site), document, true, &expected, now).await?;
                }
                _ => {}
            }
        }
        if self.leak == Leak::ForgetsLimits {
            let most = u32::MAX;
            new.limits = RequestLimits { per_origin: most, per_person: most, per_tenant: most, ..new.limits };
        }
        self.inner.ask(site, &new, now).await
    }

    async fn withdraw_request(
        &self,
        site: TenantId,
        viewer: &Viewer,
        request: RequestId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let queue = self.inner.requests(&self.admin(site), None, 99).await?;
        let author =
            queue.iter().find(|kept| kept.id == request).and_then(|kept| kept.asker.as_ref()?.contact());
        match author {
            Some(id) if self.leak == Leak::AnybodyWithdraws => {
                let viewer = Viewer::Contact { tenant: site, id, verified: true };
                self.inner.withdraw_request(site, &viewer, request, now).await
            }
            _ => self.inner.withdraw_request(site, viewer, request, now).await,
        }
    }

    async fn approve(
        &self,
        actor: &Actor,
        document: DocumentId,
        request: RequestId,
        approval: &Approval,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let actor = &self.raised(actor, Leak::AnybodyApproves);
        let (mut document, mut approval) = (document, approval.clone());
        if self.leak == Leak::ApprovesByTheRequestAlone {
            let queue = self.inner.requests(&self.admin(actor.tenant), None, 99).await?;
            document = queue.iter().find(|kept| kept.id == request).map_or(document, |kept| kept.document);
        }
        if self.leak == Leak::ApprovesForGood {
            approval.expires_at = None;
        }
        self.inner.approve(actor, document, request, &approval, now).await?;
        if self.leak == Leak::ApprovingOpens {
            let known = self.read(actor.tenant, document).await?;
            let (level, revision) = (known.facts.level, known.revision);
            let expected = Expected { level, revision, reason: "Asked for".into() };
            let change = LevelChange { to: AccessLevel::Public, expected };
            let _ = self.inner.set_level(&self.admin(actor.tenant), document, &change, now).await;
        }
        Ok(())
    }

    async fn decline(
        &self,
        actor: &Actor,
        document: DocumentId,
        request: RequestId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let reason = if self.leak == Leak::DeclinesWithoutReason { "Because" } else { reason };
        self.inner.decline(actor, document, request, reason, now).await
    }

    async fn list_requests(
        &self,
        insider: Insider,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        let mut queue = self.inner.list_requests(insider, after, limit).await?;
        if self.leak == Leak::RequestsNewestFirst {
            queue.reverse();
        }
        Ok(queue)
    }

    async fn count_requests(&self, insider: Insider) -> Result<u64, StoreError> {
        self.inner.count_requests(insider).await
    }

    async fn requests_of(
        &self,
        site: TenantId,
        contact: ContactId,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        self.inner.requests_of(site, contact, limit).await
    }
}

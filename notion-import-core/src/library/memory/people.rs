//! The contacts of a tenant in memory, and what they ask for.

use std::collections::BTreeMap;
use std::net::IpAddr;

use async_trait::async_trait;

use super::documents::{MemoryLibrary, Tenant};
use super::subscribers::Subscribers;
use crate::actor::Insider;
use crate::error::StoreError;
use crate::id::{ContactId, RequestId, TenantId};
use crate::library::access::DocumentFacts;
use crate::library::gate::{
    AccessRequest, Asker, Contact, ContactRow, ContactStore, CountScope, MailAddress, RequestCounts,
    RequestState, Scope,
};

/// Whom a tenant knows, and who asks for what.
#[derive(Default)]
pub(super) struct People {
    /// None for those of whom nothing is known any more.
    pub(super) contacts: BTreeMap<ContactId, Option<Contact>>,
    /// With their origins, in the order in which they came.
    pub(super) requests: Vec<(AccessRequest, Option<IpAddr>)>,
    pub(super) subscribers: Subscribers,
}

#[async_trait]
impl ContactStore for MemoryLibrary {
    async fn contact(&self, site: TenantId, id: ContactId) -> Result<Option<Contact>, StoreError> {
        Ok(self.read(site, |tenant| tenant.access.people.row(id).contact()))
    }

    async fn contact_of(&self, site: TenantId, mail: &MailAddress) -> Result<Option<Contact>, StoreError> {
        Ok(self.read(site, |tenant| tenant.access.people.by_mail(mail).cloned()))
    }

    async fn list_contacts(
        &self,
        insider: Insider,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            let known = tenant.access.people.known();
            let later = known.filter(|contact| after.is_none_or(|after| after < contact.id));
            later.take(limit).cloned().collect()
        }))
    }

    async fn list_requests(
        &self,
        insider: Insider,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            let people = &tenant.access.people;
            let place = |request: &AccessRequest| (request.asked_at, request.id);
            let all = people.requests.iter().map(|(request, _)| request);
            let start = after.map(|after| all.clone().find(|request| request.id == after).map(place));
            let later = |request: &&AccessRequest| match start {
                None => true,
                Some(start) => start.is_some_and(|start| start < place(request)),
            };
            people.queue().into_iter().filter(later).take(limit).cloned().collect()
        }))
    }

    async fn count_requests(&self, insider: Insider) -> Result<u64, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| tenant.access.people.waiting().count() as u64))
    }

    async fn requests_of(
        &self,
        site: TenantId,
        contact: ContactId,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        Ok(self.read(site, |tenant| {
            let requests = tenant.access.people.requests.iter().map(|(request, _)| request);
            let mut theirs: Vec<_> =
                requests.filter(|request| is_of(request, Some(contact), None)).cloned().collect();
            theirs.sort_by_key(|request| std::cmp::Reverse((request.asked_at, request.id)));
            theirs.truncate(limit);
            theirs
        }))
    }
}

impl People {
    pub(super) fn row(&self, id: ContactId) -> ContactRow {
        match self.contacts.get(&id) {
            None => ContactRow::Absent,
            Some(None) => ContactRow::Erased,
            Some(Some(contact)) => ContactRow::Kept(contact.clone()),
        }
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values().flatten()
    }

    pub(super) fn by_mail(&self, mail: &MailAddress) -> Option<&Contact> {
        self.known().find(|contact| contact.details.mail() == mail)
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &AccessRequest> {
        let requests = self.requests.iter().map(|(request, _)| request);
        requests.filter(|request| request.state == RequestState::Waiting)
    }

    /// Oldest first.
    pub(super) fn queue(&self) -> Vec<&AccessRequest> {
        let mut queue: Vec<_> = self.waiting().collect();
        queue.sort_by_key(|request| (request.asked_at, request.id));
        queue
    }

    pub(super) fn request(&self, scope: &Scope) -> Option<&AccessRequest> {
        let requests = self.requests.iter().map(|(request, _)| request);
        let mut those = requests.filter(|request| Some(request.id) == scope.request);
        those.find(|request| scope.document.is_none_or(|document| document == request.document))
    }

    pub(super) fn count(
        &self,
        within: &CountScope,
        contact: Option<ContactId>,
        mail: Option<&MailAddress>,
    ) -> RequestCounts {
        let recent = || self.requests.iter().filter(|(request, _)| request.asked_at >= within.since);
        let count = |those: usize| u32::try_from(those).unwrap_or(u32::MAX);
        RequestCounts {
            origin: count(recent().filter(|(_, from)| from.is_some() && *from == within.origin).count()),
            person: count(recent().filter(|(request, _)| is_of(request, contact, mail)).count()),
            tenant: count(recent().count()),
        }
    }

    pub(super) fn erase(&mut self, id: ContactId) {
        self.contacts.insert(id, None);
        self.forget(|request| is_of(request, Some(id), None));
        self.subscribers.erase(id);
    }

    pub(super) fn forget(&mut self, which: impl Fn(&AccessRequest) -> bool) {
        for (request, origin) in self.requests.iter_mut().filter(|(request, _)| which(request)) {
            request.asker = request.asker.take().filter(|asker| asker.contact().is_some());
            (request.reason, *origin) = (String::new(), None);
        }
    }

    pub(super) fn attribute(&mut self, mail: &MailAddress, id: ContactId) {
        for (request, _) in self.requests.iter_mut().filter(|(request, _)| is_of(request, None, Some(mail))) {
            request.asker = Some(Asker::Contact(id));
        }
        self.subscribers.attribute(mail, id);
    }

    pub(super) fn settle(&mut self, id: RequestId, state: RequestState) {
        for (request, _) in self.requests.iter_mut().filter(|(request, _)| request.id == id) {
            request.state = state;
        }
    }
}

impl Tenant {
    pub(super) fn asked_for(&self, scope: &Scope) -> Vec<DocumentFacts> {
        let documents = scope.asked_for.iter().filter_map(|id| self.document(*id));
        documents.map(|document| self.standing_of(document.id).facts(document.tenant, document.id)).collect()
    }
}

/// Whether a request is a contact's, or from an address.
pub(super) fn is_of(request: &AccessRequest, contact: Option<ContactId>, mail: Option<&MailAddress>) -> bool {
    match &request.asker {
        Some(Asker::Contact(id)) => Some(*id) == contact,
        Some(Asker::Stranger(details)) => Some(details.mail()) == mail,
        None => false,
    }
}

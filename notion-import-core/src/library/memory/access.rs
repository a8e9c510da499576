//! Who may read the documents in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::documents::{MemoryLibrary, Tenant};
use super::people::is_of;
use crate::actor::Insider;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, TenantId};
use crate::library::access::{AccessFacts, Assignment, DocumentFacts, NdaState, Viewer};
use crate::library::document::Version;
use crate::library::gate::{
    AcceptanceEntry, AcceptanceQuery, AccessRequest, AccessStore, Act, ActFacts, ActStore, AdminDocument,
    Cursor, DocumentCounts, DocumentFilter, DocumentQuery, Key, ListPage, NdaText, Permit, Place,
    PublicDocument, PublicationState, ReadableQuery, Scope, Verdict, Write,
};

#[async_trait]
impl AccessStore for MemoryLibrary {
    async fn load_document(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Option<AdminDocument>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| tenant.document(id).map(|document| tenant.admin(document))))
    }

    async fn list_documents(
        &self,
        insider: Insider,
        query: &DocumentQuery,
    ) -> Result<ListPage<AdminDocument>, StoreError> {
        let DocumentQuery { filter, order, place, limit } = query;
        let cursor = |known: &AdminDocument| order.cursor(&known.document);
        self.read(insider.tenant(), |tenant| {
            let mut listed: Vec<_> = tenant.all().map(|document| tenant.admin(document)).collect();
            listed.retain(|known| filter.matches(known));
            read_on(listed, place, order.is_descending(), limit.saturating_add(1), cursor)
        })
        .map(|read| ListPage::cut(read, place, *limit, cursor))
    }

    async fn count_documents(&self, insider: Insider, filter: &DocumentFilter) -> Result<u64, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            let all = tenant.all().map(|document| tenant.admin(document));
            all.filter(|known| filter.matches(known)).count() as u64
        }))
    }

    async fn document_counts(&self, insider: Insider) -> Result<DocumentCounts, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            let mut counts = DocumentCounts::default();
            for known in tenant.all().map(|document| tenant.admin(document)) {
                counts.add(known.facts.level, PublicationState::of(known.facts.publication), 1);
            }
            counts
        }))
    }

    async fn list_assignments(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Vec<Assignment>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| {
            tenant.access.assignments.iter().filter(|a| a.document == id).cloned().collect()
        }))
    }

    async fn ndas(&self, tenant: TenantId) -> Result<(Option<NdaId>, Vec<NdaState>), StoreError> {
        Ok(self.read(tenant, |tenant| (tenant.access.default_nda, tenant.access.states())))
    }

    async fn nda_text(
        &self,
        tenant: TenantId,
        nda: NdaId,
        version: u32,
    ) -> Result<Option<NdaText>, StoreError> {
        Ok(self.read(tenant, |tenant| {
            tenant.access.ndas.get(&nda)?.texts.iter().find(|text| text.version == version).cloned()
        }))
    }

    async fn list_acceptances(
        &self,
        insider: Insider,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        Ok(self.read(insider.tenant(), |tenant| tenant.access.accepted(query)))
    }

    async fn acceptances_of(
        &self,
        site: TenantId,
        contact: ContactId,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        Ok(self.read(site, |tenant| tenant.access.accepted(&query.by(contact))))
    }

    async fn facts(
        &self,
        site: TenantId,
        contact: Option<ContactId>,
        id: DocumentId,
    ) -> Result<Option<(DocumentFacts, AccessFacts)>, StoreError> {
        Ok(self.read(site, |tenant| {
            let standing = tenant.document(id).map(|_| tenant.standing_of(id))?;
            Some((standing.facts(site, id), tenant.facts(contact, Some(id))))
        }))
    }

    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        query: &ReadableQuery,
        now: DateTime<Utc>,
    ) -> Result<ListPage<PublicDocument>, StoreError> {
        let ReadableQuery { order, place, limit, .. } = query;
        let cursor = |shown: &PublicDocument| order.cursor(shown);
        self.read(site, |tenant| {
            let mut readable: Vec<_> =
                tenant.all().filter_map(|document| tenant.shown(viewer, document, now)).collect();
            readable.retain(|shown| query.matches(shown));
            read_on(readable, place, order.is_descending(), limit.saturating_add(1), cursor)
        })
        .map(|read| ListPage::cut(read, place, *limit, cursor))
    }

    async fn list_categories(&self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        Ok(self.read(tenant, |tenant| {
            let standings = tenant.access.standings.values();
            let known = standings.filter_map(|standing| Some((standing.shelf(), standing.category.clone()?)));
            known.collect::<BTreeMap<_, _>>().into_values().collect()
        }))
    }

    async fn site_revision(&self, site: TenantId) -> Result<u64, StoreError> {
        Ok(self.read(site, |tenant| tenant.access.site_revision))
    }

    async fn content(&self, permit: &Permit) -> Result<Option<(String, Version)>, StoreError> {
        let id = permit.document();
        Ok(self.read(permit.site(), |tenant| {
            let title = tenant.access.standings.get(&id)?.title.clone()?;
            Some((title, tenant.version(id, permit.version())?.clone()))
        }))
    }
}

#[async_trait]
impl ActStore for MemoryLibrary {
    async fn perform(&self, act: &Act) -> Result<(), StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.entry(act.tenant()).or_default();
        let Verdict { writes, entries } = act.decide(tenant.found(&act.scope()))?;
        for write in writes {
            tenant.write(write, act.at());
        }
        self.audit.extend(act.tenant(), entries);
        Ok(())
    }
}

impl Tenant {
    fn found(&self, scope: &Scope) -> ActFacts {
        let shelved = scope.document.and_then(|id| self.documents.get(&id));
        let kept = shelved.map(|shelved| shelved.kept.clone());
        let (assignments, people) = (&self.access.assignments, &self.access.people);
        let (mail, request) = (scope.mail.as_ref(), people.request(scope));
        let by_mail = mail.and_then(|mail| people.by_mail(mail));
        let person = scope.person(request, by_mail);
        let is_theirs = |request: &&&AccessRequest| is_of(request, person, mail);
        ActFacts {
            contact: person.map(|id| people.row(id)).unwrap_or_default(),
            by_mail: by_mail.cloned(),
            request: request.cloned(),
            waiting: people.queue().iter().filter(is_theirs).map(|request| (*request).clone()).collect(),
            asked_for: self.asked_for(scope),
            subscription: people.subscribers.found(scope, person).cloned(),
            counts: scope.counts.map(|within| people.count(&within, person, mail)).unwrap_or_default(),
            standing: scope.document.map(|id| self.standing_of(id)).unwrap_or_default(),
            has_version: scope
                .document
                .zip(scope.version)
                .is_some_and(|(id, n)| self.version(id, n).is_some()),
            assignment: assignments
                .iter()
                .find(|kept| Some(kept.id) == scope.assignment && Some(kept.document) == scope.document)
                .cloned(),
            facts: self.facts(person, scope.document),
            nda_text: scope.nda.and_then(|nda| self.access.ndas.get(&nda)?.texts.last().cloned()),
            kept,
        }
    }

    fn write(&mut self, write: Write, now: DateTime<Utc>) {
        let access = &mut self.access;
        match write {
            Write::Document(kept) => {
                if let Some(shelved) = self.documents.get_mut(&kept.document.id) {
                    shelved.kept = *kept;
                }
            }
            Write::Standing(id, standing) => {
                access.standings.insert(id, standing);
                access.site_revision += 1;
            }
            Write::Assignment(assignment) => access.assignments.push(assignment),
            Write::Revoke(id) => {
                for kept in access.assignments.iter_mut().filter(|kept| kept.id == id) {
                    kept.revoked_at.get_or_insert(now);
                }
            }
            Write::Nda(NdaState { id, accept_from, .. }, text) => {
                let nda = access.ndas.entry(id).or_default();
                nda.accept_from = accept_from;
                nda.texts.push(text);
            }
            Write::DefaultNda(nda) => access.default_nda = nda,
            Write::Acceptance(entry) => access.acceptances.push(entry),
            Write::Contact(contact) => drop(access.people.contacts.insert(contact.id, Some(contact))),
            Write::Blocked(id, blocked) => {
                if let Some(Some(contact)) = access.people.contacts.get_mut(&id) {
                    contact.blocked = blocked;
                }
            }
            Write::Erase(id) => access.people.erase(id),
            Write::Request(request, origin) => access.people.requests.push((*request, origin)),
            Write::Attribute(mail, id) => access.people.attribute(&mail, id),
            Write::Subscription(subscription) => access.people.subscribers.insert(subscription),
            Write::Language(id, language) => access.people.subscribers.speak(id, language),
            Write::Unsubscribe(id) => access.people.subscribers.remove(id),
            Write::Settle(id, state) => access.people.settle(id, state),
            Write::Forget(id) => access.people.forget(|request| request.id == id),
            Write::Void(contact, nda) => {
                let theirs = |entry: &&mut AcceptanceEntry| entry.contact == contact && entry.nda == nda;
                for entry in access.acceptances.iter_mut().filter(theirs) {
                    entry.voided_at.get_or_insert(now);
                }
            }
        }
    }
}

/// Returns so many of a list from a place on, in the order that it is read in.
fn read_on<T>(
    list: Vec<T>,
    place: &Place,
    is_descending: bool,
    count: usize,
    cursor: impl Fn(&T) -> Cursor,
) -> Result<Vec<T>, StoreError> {
    let mut list: Vec<_> = list.into_iter().map(|listed| (cursor(&listed), listed)).collect();
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    // Read backward, what is ordered downward goes up.
    let is_down = is_descending != place.is_backward();
    if is_down {
        list.reverse();
    }
    if let Some(from) = place.cursor() {
        if let Some((first, _)) = list.first()
            && matches!(first.key, Key::At(_)) != matches!(from.key, Key::At(_))
        {
            return Err(StoreError::OutOfRange("cursor"));
        }
        list.retain(|(at, _)| if is_down { at < from } else { at > from });
    }
    Ok(list.into_iter().take(count).map(|(_, listed)| listed).collect())
}

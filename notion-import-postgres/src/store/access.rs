//! Who may read the documents, on PostgreSQL.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{
    AccessFacts, Act, ActFacts, ActStore, Insider, Permit, ReadablePage, Scope, Verdict, Write,
};
use notion_import_core::{
    AcceptanceEntry, AcceptanceQuery, AccessStore, AdminDocument, Assignment, ContactId, DocumentCounts,
    DocumentFacts, DocumentFilter, DocumentId, DocumentQuery, ListPage, NdaId, NdaState, NdaText,
    PublicDocument, ReadableQuery, StoreError, TenantId, Version, Viewer,
};

use crate::database::{Postgres, Role, Tx, commit};
use crate::lock;
use crate::table::lists::{self, Whose};
use crate::table::{
    acceptances, assignments, audit, contacts, documents, ndas, requests, sites, standings, subscriptions,
    versions,
};

#[async_trait]
impl AccessStore for Postgres {
    async fn load_document(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Option<AdminDocument>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let Some(kept) = documents::get(&mut *tx, insider.tenant(), id).await? else { return Ok(None) };
        let standing = standings::get(&mut *tx, insider.tenant(), id).await?;
        commit(tx).await?;
        Ok(Some(AdminDocument::new(kept.document, standing)))
    }

    async fn list_documents(
        &self,
        insider: Insider,
        query: &DocumentQuery,
    ) -> Result<ListPage<AdminDocument>, StoreError> {
        let tenant = insider.tenant();
        let mut tx = self.snapshot(Role::App, tenant).await?;
        let ids = lists::documents(&mut *tx, tenant, query).await?;
        let kept = documents::among(&mut *tx, tenant, &ids).await?;
        let mut kept: HashMap<_, _> =
            kept.into_iter().map(|kept| (kept.document.id, kept.document)).collect();
        let mut standings = standings::get_many(&mut *tx, tenant, ids.iter().copied()).await?;
        commit(tx).await?;
        let known = ids.into_iter().filter_map(|id| {
            Some(AdminDocument::new(kept.remove(&id)?, standings.remove(&id).unwrap_or_default()))
        });
        let cursor = |known: &AdminDocument| query.order.cursor(&known.document);
        Ok(ListPage::cut(known.collect(), &query.place, query.limit, cursor))
    }

    async fn count_documents(&self, insider: Insider, filter: &DocumentFilter) -> Result<u64, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let count = lists::count(&mut tx, insider.tenant(), filter).await?;
        commit(tx).await?;
        Ok(count)
    }

    async fn document_counts(&self, insider: Insider) -> Result<DocumentCounts, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let counts = lists::counts(&mut tx, insider.tenant()).await?;
        commit(tx).await?;
        Ok(counts)
    }

    async fn list_assignments(
        &self,
        insider: Insider,
        id: DocumentId,
    ) -> Result<Vec<Assignment>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let assignments = assignments::of_document(&mut *tx, insider.tenant(), id).await?;
        commit(tx).await?;
        Ok(assignments)
    }

    async fn ndas(&self, tenant: TenantId) -> Result<(Option<NdaId>, Vec<NdaState>), StoreError> {
        let mut tx = self.snapshot(Role::App, tenant).await?;
        let ndas = (ndas::default(&mut *tx, tenant).await?, ndas::list(&mut *tx, tenant).await?);
        commit(tx).await?;
        Ok(ndas)
    }

    async fn nda_text(
        &self,
        tenant: TenantId,
        nda: NdaId,
        version: u32,
    ) -> Result<Option<NdaText>, StoreError> {
        let mut tx = self.snapshot(Role::App, tenant).await?;
        let text = ndas::text(&mut *tx, tenant, nda, version).await?;
        commit(tx).await?;
        Ok(text)
    }

    async fn list_acceptances(
        &self,
        insider: Insider,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        self.accepted(insider.tenant(), query).await
    }

    async fn acceptances_of(
        &self,
        site: TenantId,
        contact: ContactId,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        self.accepted(site, &query.by(contact)).await
    }

    async fn facts(
        &self,
        site: TenantId,
        contact: Option<ContactId>,
        id: DocumentId,
    ) -> Result<Option<(DocumentFacts, AccessFacts)>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        if documents::get(&mut *tx, site, id).await?.is_none() {
            return Ok(None);
        }
        let standing = standings::get(&mut *tx, site, id).await?;
        let facts = facts(&mut tx, site, contact, Some(id)).await?;
        commit(tx).await?;
        Ok(Some((standing.facts(site, id), facts)))
    }

    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        query: &ReadableQuery,
        now: DateTime<Utc>,
    ) -> Result<ListPage<PublicDocument>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let facts = facts(&mut tx, site, viewer.contact(), None).await?;
        let whose = match viewer {
            Viewer::Member(actor) if actor.tenant == site => Whose::Members,
            Viewer::Anonymous | Viewer::Contact { .. } | Viewer::Member(_) => {
                let live = facts.assignments.iter().filter(|assignment| assignment.is_live(now));
                Whose::Outsiders(live.map(|assignment| assignment.document).collect())
            }
        };
        let mut page = ReadablePage::of(query);
        while let Some((place, count)) = page.wanted() {
            let read = lists::published(&mut *tx, site, &whose, query, (&place, count)).await?;
            page.take(
                read.into_iter()
                    .map(|(at, standing)| {
                        let shown = standing.shown(site, at.id, viewer, &facts, now);
                        (at, shown)
                    })
                    .collect(),
            );
        }
        commit(tx).await?;
        Ok(page.done())
    }

    async fn list_categories(&self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        let mut tx = self.snapshot(Role::App, tenant).await?;
        let categories = standings::categories(&mut *tx, tenant).await?;
        commit(tx).await?;
        Ok(categories)
    }

    async fn site_revision(&self, site: TenantId) -> Result<u64, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let revision = sites::revision(&mut *tx, site).await?;
        commit(tx).await?;
        Ok(revision)
    }

    async fn content(&self, permit: &Permit) -> Result<Option<(String, Version)>, StoreError> {
        let (site, id) = (permit.site(), permit.document());
        let mut tx = self.snapshot(Role::App, site).await?;
        let title = standings::get(&mut *tx, site, id).await?.title;
        let version = versions::get(&mut *tx, site, id, permit.version()).await?;
        commit(tx).await?;
        Ok(title.zip(version))
    }
}

impl Postgres {
    async fn accepted(
        &self,
        tenant: TenantId,
        query: &AcceptanceQuery,
    ) -> Result<Vec<AcceptanceEntry>, StoreError> {
        let mut tx = self.snapshot(Role::App, tenant).await?;
        let accepted = acceptances::list(&mut *tx, tenant, query).await?;
        commit(tx).await?;
        Ok(accepted)
    }
}

#[async_trait]
impl ActStore for Postgres {
    async fn perform(&self, act: &Act) -> Result<(), StoreError> {
        let tenant = act.tenant();
        let mut tx = self.write(Role::App, tenant).await?;
        let Verdict { writes, entries } = act.decide(found(&mut tx, tenant, &act.scope()).await?)?;
        for write in &writes {
            self::write(&mut tx, act, write).await?;
        }
        audit::insert(&mut tx, tenant, &entries).await?;
        commit(tx).await
    }
}

/// What an act is decided on. Nobody else changes it until the transaction ends.
async fn found(tx: &mut Tx, tenant: TenantId, scope: &Scope) -> Result<ActFacts, StoreError> {
    let mut found = ActFacts::default();
    if let Some(id) = scope.document {
        found.kept = documents::lock(tx, tenant, id).await?;
        found.standing = standings::get(&mut **tx, tenant, id).await?;
        if let Some(version) = scope.version {
            found.has_version = versions::get(&mut **tx, tenant, id, version).await?.is_some();
        }
        if let Some(assignment) = scope.assignment {
            found.assignment = assignments::get(&mut **tx, tenant, id, assignment).await?;
        }
    }
    if scope.is_about_requests() {
        lock::requests(&mut **tx, tenant).await?;
    }
    let mail = scope.mail.as_ref();
    if let Some(mail) = mail {
        found.by_mail = contacts::by_mail(&mut **tx, tenant, mail).await?;
    }
    if let Some(id) = scope.request {
        found.request = requests::get(&mut **tx, tenant, scope.document, id).await?;
    }
    let person = scope.person(found.request.as_ref(), found.by_mail.as_ref());
    if let Some(id) = person {
        contacts::lock(&mut **tx, tenant, id).await?;
        found.contact = contacts::get(&mut **tx, tenant, id).await?;
    }
    if scope.waiting {
        found.waiting = requests::waiting_of(&mut **tx, tenant, person, mail).await?;
    }
    if let Some(id) = scope.subscription {
        found.subscription = subscriptions::get(&mut **tx, tenant, id).await?;
    }
    if scope.subscriber {
        found.subscription = subscriptions::of(&mut **tx, tenant, person, mail).await?;
    }
    if let Some(counts) = &scope.counts {
        found.counts = requests::count(&mut **tx, tenant, counts, person, mail).await?;
    }
    for id in &scope.asked_for {
        if documents::get(&mut **tx, tenant, *id).await?.is_some() {
            found.asked_for.push(standings::get(&mut **tx, tenant, *id).await?.facts(tenant, *id));
        }
    }
    if let Some(nda) = scope.nda {
        ndas::lock(&mut **tx, tenant, nda).await?;
    }
    if scope.default_nda {
        lock::default_nda(&mut **tx, tenant).await?;
    }
    found.facts = facts(tx, tenant, person, scope.document).await?;
    if let Some(nda) = scope.nda.filter(|_| scope.nda_text)
        && let Some(state) = found.facts.ndas.iter().find(|state| state.id == nda)
    {
        found.nda_text = ndas::text(&mut **tx, tenant, nda, state.current).await?;
    }
    Ok(found)
}

async fn write(tx: &mut Tx, act: &Act, write: &Write) -> Result<(), StoreError> {
    let (tenant, now) = (act.tenant(), act.at());
    match write {
        Write::Document(kept) => documents::save(&mut **tx, tenant, [&**kept]).await,
        Write::Standing(id, standing) => {
            standings::save(&mut **tx, tenant, *id, standing).await?;
            sites::change(&mut **tx, tenant).await
        }
        Write::Assignment(assignment) => assignments::insert(&mut **tx, tenant, assignment, now).await,
        Write::Revoke(id) => assignments::revoke(&mut **tx, tenant, *id, now).await,
        Write::Nda(state, text) => ndas::publish(tx, act, state, text).await,
        Write::DefaultNda(nda) => ndas::set_default(&mut **tx, tenant, *nda).await,
        Write::Acceptance(entry) => acceptances::insert(&mut **tx, tenant, entry).await,
        Write::Contact(contact) => contacts::insert(&mut **tx, tenant, contact).await,
        Write::Blocked(id, blocked) => contacts::block(&mut **tx, tenant, *id, *blocked).await,
        Write::Erase(id) => {
            requests::forget(&mut **tx, tenant, None, Some(*id)).await?;
            subscriptions::erase(&mut **tx, tenant, *id).await?;
            contacts::erase(&mut **tx, tenant, *id).await
        }
        Write::Request(request, origin) => requests::insert(&mut **tx, tenant, request, *origin).await,
        Write::Attribute(mail, id) => {
            requests::attribute(&mut **tx, tenant, mail, *id).await?;
            subscriptions::attribute(&mut **tx, tenant, mail, *id).await
        }
        Write::Subscription(new) => subscriptions::insert(&mut **tx, tenant, new).await,
        Write::Language(id, language) => subscriptions::speak(&mut **tx, tenant, *id, language).await,
        Write::Unsubscribe(id) => subscriptions::delete(&mut **tx, tenant, *id).await,
        Write::Settle(id, state) => requests::settle(&mut **tx, tenant, *id, *state).await,
        Write::Forget(id) => requests::forget(&mut **tx, tenant, Some(*id), None).await,
        Write::Void(contact, nda) => acceptances::void(&mut **tx, tenant, *contact, *nda, now).await,
    }
}

/// What is known of a contact and one document, or all.
async fn facts(
    tx: &mut Tx,
    site: TenantId,
    contact: Option<ContactId>,
    document: Option<DocumentId>,
) -> Result<AccessFacts, StoreError> {
    let mut facts = AccessFacts {
        default_nda: ndas::default(&mut **tx, site).await?,
        ndas: ndas::list(&mut **tx, site).await?,
        ..AccessFacts::default()
    };
    if let Some(contact) = contact {
        facts.contact = contacts::get(&mut **tx, site, contact).await?.state();
        facts.assignments = assignments::of_contact(&mut **tx, site, contact, document).await?;
        facts.acceptances = acceptances::of_contact(&mut **tx, site, contact).await?;
    }
    Ok(facts)
}

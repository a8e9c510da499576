//! Who may read the documents in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::documents::{MemoryLibrary, Tenant};
use super::readers::Nda;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, TenantId, VersionNumber};
use crate::library::access::{
    Acceptance, AccessFacts, Action, Actor, Assignment, AssignmentId, DocumentFacts, NdaState, Viewer,
    accepts,
};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::document::{Document, Version};
use crate::library::gate::{
    AccessStore, AdminDocument, Expected, LevelChange, NdaText, NewAcceptance, NewAssignment, NewNdaVersion,
    PublicDocument, Publish,
};

#[async_trait]
impl AccessStore for MemoryLibrary {
    async fn document(&self, actor: &Actor, id: DocumentId) -> Result<Option<AdminDocument>, StoreError> {
        actor.may(Action::ReadInternal)?;
        Ok(self.read(actor.tenant, |tenant| tenant.document(id).map(|document| tenant.admin(document))))
    }

    async fn documents(
        &self,
        actor: &Actor,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<AdminDocument>, StoreError> {
        actor.may(Action::ReadInternal)?;
        Ok(self.read(actor.tenant, |tenant| {
            let mut newest: Vec<&Document> = tenant.all().collect();
            newest.sort_by_key(|document| std::cmp::Reverse((document.created_at, document.id)));
            let start = match after {
                None => Some(0),
                Some(after) => newest.iter().position(|document| document.id == after).map(|at| at + 1),
            };
            let rest = start.map_or(&[][..], |start| &newest[start..]);
            rest.iter().take(limit).map(|document| tenant.admin(document)).collect()
        }))
    }

    async fn versions(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        actor.may(Action::ReadInternal)?;
        Ok(self.read(actor.tenant, |tenant| {
            let shelved = tenant.documents.get(&id).into_iter();
            shelved.flat_map(|shelved| shelved.versions.iter().rev()).cloned().collect()
        }))
    }

    async fn rename(
        &self,
        actor: &Actor,
        id: DocumentId,
        title: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.change(
            actor,
            id,
            |tenant| {
                let shelved = tenant.documents.get_mut(&id).ok_or(StoreError::NotFound)?;
                let document = &mut shelved.kept.document;
                let source = document.link.as_ref().map(|link| link.source.title.as_str());
                let renamed = document.title.rename(title, source);
                Ok(renamed.then_some(AuditEvent::Renamed))
            },
            now,
        )
    }

    async fn set_level(
        &self,
        actor: &Actor,
        id: DocumentId,
        change: &LevelChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.change(actor, id, |tenant| tenant.standing(id).set_level(change), now)
    }

    async fn publish(
        &self,
        actor: &Actor,
        id: DocumentId,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.change(
            actor,
            id,
            |tenant| {
                tenant.version(id, publish.version).ok_or(StoreError::NotFound)?;
                tenant.standing(id).publish(publish, now)
            },
            now,
        )
    }

    async fn withdraw(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.change(actor, id, |tenant| Ok(tenant.standing(id).withdraw()), now)
    }

    async fn set_listed(
        &self,
        actor: &Actor,
        id: DocumentId,
        listed: bool,
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.change(actor, id, |tenant| tenant.standing(id).set_listed(listed, expected), now)
    }

    async fn require_nda(
        &self,
        actor: &Actor,
        id: DocumentId,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Publish)?;
        self.change(
            actor,
            id,
            |tenant| {
                tenant.access.has(nda)?;
                tenant.standing(id).require_nda(actor, nda)
            },
            now,
        )
    }

    async fn assign(
        &self,
        actor: &Actor,
        new: &NewAssignment,
        now: DateTime<Utc>,
    ) -> Result<AssignmentId, StoreError> {
        actor.may(Action::Assign)?;
        new.check(now)?;
        let assignment = AssignmentId(Uuid::now_v7());
        self.change(
            actor,
            new.document,
            |tenant| {
                let assignments = &mut tenant.access.assignments;
                let mut events = Vec::new();
                for replaced in assignments.iter_mut().filter(|kept| new.replaces(kept, now)) {
                    replaced.revoked_at = Some(now);
                    events.push(AuditEvent::Revoked { assignment: replaced.id });
                }
                assignments.push(new.assignment(assignment));
                let nda_waiver = new.nda_waiver.clone();
                events.push(AuditEvent::Assigned { assignment, contact: new.contact, nda_waiver });
                Ok(events)
            },
            now,
        )?;
        Ok(assignment)
    }

    async fn revoke(
        &self,
        actor: &Actor,
        id: DocumentId,
        assignment: AssignmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::Assign)?;
        self.change(
            actor,
            id,
            |tenant| {
                let mut assignments = tenant.access.assignments.iter_mut();
                let kept = assignments.find(|kept| kept.id == assignment && kept.document == id);
                let kept = kept.ok_or(StoreError::NotFound)?;
                let is_first = kept.revoked_at.is_none();
                kept.revoked_at.get_or_insert(now);
                Ok(is_first.then_some(AuditEvent::Revoked { assignment }))
            },
            now,
        )
    }

    async fn assignments(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Assignment>, StoreError> {
        actor.may(Action::ReadInternal)?;
        Ok(self.read(actor.tenant, |tenant| {
            tenant.access.assignments.iter().filter(|a| a.document == id).cloned().collect()
        }))
    }

    async fn publish_nda(
        &self,
        actor: &Actor,
        new: &NewNdaVersion,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        actor.may(Action::ManageNda)?;
        let mut tenants = self.tenants();
        let access = &mut tenants.entry(actor.tenant).or_default().access;
        let kept = access.states().into_iter().find(|state| state.id == new.id);
        let NdaState { current, accept_from, .. } = new.next(kept)?;
        let nda = access.ndas.entry(new.id).or_insert_with(|| Nda { accept_from, texts: Vec::new() });
        nda.accept_from = accept_from;
        nda.texts.push(new.numbered(current));
        let event = AuditEvent::NdaPublished { version: current, ask_again: new.ask_again };
        self.audit.insert(actor.tenant, NewEntry::of(actor, now, Subject::Nda(new.id), event));
        Ok(current)
    }

    async fn set_default_nda(
        &self,
        actor: &Actor,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::ManageNda)?;
        let mut tenants = self.tenants();
        let access = &mut tenants.entry(actor.tenant).or_default().access;
        access.has(nda)?;
        if let Some(entry) = NewEntry::of_default_nda(actor, now, access.default_nda, nda) {
            self.audit.insert(actor.tenant, entry);
        }
        access.default_nda = nda;
        Ok(())
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

    async fn accept_nda(
        &self,
        site: TenantId,
        viewer: &Viewer,
        new: &NewAcceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tenants = self.tenants();
        let tenant = tenants.get_mut(&site).ok_or(StoreError::NotFound)?;
        let document = tenant.document(new.document).ok_or(StoreError::NotFound)?;
        let (document, facts) = tenant.facts(viewer.contact(), document);
        let contact = accepts(site, viewer, &document, &facts, new.nda, now).ok_or(StoreError::NotFound)?;
        let access = &mut tenant.access;
        let current = access.ndas.get(&new.nda).and_then(|nda| nda.texts.last());
        new.check(current.ok_or(StoreError::NotFound)?)?;
        let accepted = (contact, Acceptance { nda: new.nda, version: new.version, voided_at: None });
        if !access.acceptances.contains(&accepted) {
            access.acceptances.push(accepted);
            self.audit.insert(site, new.entry(contact, now));
        }
        Ok(())
    }

    async fn void_acceptance(
        &self,
        actor: &Actor,
        contact: ContactId,
        nda: NdaId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::ManageNda)?;
        let mut tenants = self.tenants();
        let tenant = tenants.get_mut(&actor.tenant).ok_or(StoreError::NotFound)?;
        tenant.access.has(Some(nda))?;
        let theirs = |(who, of): &&mut (ContactId, Acceptance)| *who == contact && of.nda == nda;
        let mut voided = false;
        for (_, acceptance) in tenant.access.acceptances.iter_mut().filter(theirs) {
            voided |= acceptance.voided_at.is_none();
            acceptance.voided_at.get_or_insert(now);
        }
        if voided {
            let event = AuditEvent::AcceptanceVoided { nda };
            self.audit.insert(actor.tenant, NewEntry::of(actor, now, Subject::Contact(contact), event));
        }
        Ok(())
    }

    async fn facts(
        &self,
        site: TenantId,
        contact: Option<ContactId>,
        id: DocumentId,
    ) -> Result<Option<(DocumentFacts, AccessFacts)>, StoreError> {
        Ok(self.read(site, |tenant| tenant.document(id).map(|document| tenant.facts(contact, document))))
    }

    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        now: DateTime<Utc>,
    ) -> Result<Vec<PublicDocument>, StoreError> {
        Ok(self.read(site, |tenant| {
            let mut readable: Vec<_> =
                tenant.all().filter_map(|document| tenant.shown(viewer, document, now)).collect();
            readable.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
            readable
        }))
    }

    async fn content(
        &self,
        site: TenantId,
        id: DocumentId,
        version: VersionNumber,
    ) -> Result<Option<(String, Version)>, StoreError> {
        Ok(self.read(site, |tenant| {
            let title = tenant.access.standings.get(&id)?.title.clone()?;
            Some((title, tenant.version(id, version)?.clone()))
        }))
    }
}

impl MemoryLibrary {
    /// Changes a document that is there and notes the events, both or neither.
    fn change<E: IntoIterator<Item = AuditEvent>>(
        &self,
        actor: &Actor,
        id: DocumentId,
        change: impl FnOnce(&mut Tenant) -> Result<E, StoreError>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tenants = self.tenants();
        let known = tenants.get_mut(&actor.tenant).filter(|tenant| tenant.documents.contains_key(&id));
        let tenant = known.ok_or(StoreError::NotFound)?;
        for event in change(tenant)? {
            self.audit.insert(actor.tenant, NewEntry::of(actor, now, Subject::Document(id), event));
        }
        Ok(())
    }
}

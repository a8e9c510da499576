//! Who may read the documents, on PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::error::StoreError;
use notion_import_core::id::{ContactId, DocumentId, NdaId, TenantId, VersionNumber};
use notion_import_core::library::access::{
    AccessFacts, Action, Actor, Assignment, AssignmentId, DocumentFacts, NdaState, Viewer, accepts,
};
use notion_import_core::library::audit::{AuditEvent, NewEntry, Subject};
use notion_import_core::library::batch::Kept;
use notion_import_core::library::document::Version;
use notion_import_core::library::gate::{
    AccessStore, AdminDocument, Expected, LevelChange, NdaText, NewAcceptance, NewAssignment, NewNdaVersion,
    PublicDocument, Publish,
};
use notion_import_core::library::standing::Standing;
use uuid::Uuid;

use crate::database::{Postgres, Role, Tx, commit};
use crate::lock;
use crate::table::{acceptances, assignments, audit, documents, ndas, standings, versions};

#[async_trait]
impl AccessStore for Postgres {
    async fn document(&self, actor: &Actor, id: DocumentId) -> Result<Option<AdminDocument>, StoreError> {
        actor.may(Action::ReadInternal)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let Some(kept) = documents::get(&mut *tx, actor.tenant, id).await? else { return Ok(None) };
        let standing = standings::get(&mut *tx, actor.tenant, id).await?;
        commit(tx).await?;
        Ok(Some(admin(kept, &standing)))
    }

    async fn documents(
        &self,
        actor: &Actor,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<AdminDocument>, StoreError> {
        actor.may(Action::ReadInternal)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let kept = documents::list(&mut *tx, actor.tenant, after, limit).await?;
        let ids = kept.iter().map(|kept| kept.document.id);
        let standings = standings::get_many(&mut *tx, actor.tenant, ids).await?;
        commit(tx).await?;
        let standing = |kept: &Kept| standings.get(&kept.document.id).cloned().unwrap_or_default();
        Ok(kept
            .into_iter()
            .map(|kept| (standing(&kept), kept))
            .map(|(standing, kept)| admin(kept, &standing))
            .collect())
    }

    async fn versions(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        actor.may(Action::ReadInternal)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let versions = versions::list(&mut *tx, actor.tenant, id).await?;
        commit(tx).await?;
        Ok(versions)
    }

    async fn rename(
        &self,
        actor: &Actor,
        id: DocumentId,
        title: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Publish, id).await?;
        let document = &mut change.kept.document;
        let source = document.link.as_ref().map(|link| link.source.title.as_str());
        let event = document.title.rename(title, source).then_some(AuditEvent::Renamed);
        change.commit(event, now).await
    }

    async fn set_level(
        &self,
        actor: &Actor,
        id: DocumentId,
        level: &LevelChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Publish, id).await?;
        let event = change.standing.set_level(level)?;
        change.commit(event, now).await
    }

    async fn publish(
        &self,
        actor: &Actor,
        id: DocumentId,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Publish, id).await?;
        let version = versions::get(&mut *change.tx, actor.tenant, id, publish.version).await?;
        version.ok_or(StoreError::NotFound)?;
        let event = change.standing.publish(publish, now)?;
        change.commit(event, now).await
    }

    async fn withdraw(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Publish, id).await?;
        let event = change.standing.withdraw();
        change.commit(event, now).await
    }

    async fn set_listed(
        &self,
        actor: &Actor,
        id: DocumentId,
        listed: bool,
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Publish, id).await?;
        let event = change.standing.set_listed(listed, expected)?;
        change.commit(event, now).await
    }

    async fn require_nda(
        &self,
        actor: &Actor,
        id: DocumentId,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Publish, id).await?;
        if let Some(nda) = nda {
            ndas::lock(&mut *change.tx, actor.tenant, nda).await?.ok_or(StoreError::NotFound)?;
        }
        let event = change.standing.require_nda(actor, nda)?;
        change.commit(event, now).await
    }

    async fn assign(
        &self,
        actor: &Actor,
        new: &NewAssignment,
        now: DateTime<Utc>,
    ) -> Result<AssignmentId, StoreError> {
        let mut change = self.change(actor, Action::Assign, new.document).await?;
        new.check(now)?;
        let mut events = Vec::new();
        let kept =
            assignments::of_contact(&mut *change.tx, actor.tenant, new.contact, Some(new.document)).await?;
        for replaced in kept.iter().filter(|kept| new.replaces(kept, now)) {
            assignments::revoke(&mut *change.tx, actor.tenant, replaced.id, now).await?;
            events.push(AuditEvent::Revoked { assignment: replaced.id });
        }
        let id = AssignmentId(Uuid::now_v7());
        assignments::insert(&mut *change.tx, actor.tenant, &new.assignment(id), now).await?;
        let NewAssignment { contact, nda_waiver, .. } = new.clone();
        events.push(AuditEvent::Assigned { assignment: id, contact, nda_waiver });
        change.commit(events, now).await?;
        Ok(id)
    }

    async fn revoke(
        &self,
        actor: &Actor,
        id: DocumentId,
        assignment: AssignmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut change = self.change(actor, Action::Assign, id).await?;
        let kept = assignments::get(&mut *change.tx, actor.tenant, id, assignment).await?;
        let is_first = kept.ok_or(StoreError::NotFound)?.revoked_at.is_none();
        if is_first {
            assignments::revoke(&mut *change.tx, actor.tenant, assignment, now).await?;
        }
        change.commit(is_first.then_some(AuditEvent::Revoked { assignment }), now).await
    }

    async fn assignments(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Assignment>, StoreError> {
        actor.may(Action::ReadInternal)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let assignments = assignments::of_document(&mut *tx, actor.tenant, id).await?;
        commit(tx).await?;
        Ok(assignments)
    }

    async fn publish_nda(
        &self,
        actor: &Actor,
        new: &NewNdaVersion,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        actor.may(Action::ManageNda)?;
        let mut tx = self.write(Role::App, actor.tenant).await?;
        let version = ndas::publish(&mut tx, actor, new, now).await?;
        let event = AuditEvent::NdaPublished { version, ask_again: new.ask_again };
        let entry = NewEntry::of(actor, now, Subject::Nda(new.id), event);
        audit::insert(&mut tx, actor.tenant, &[entry]).await?;
        commit(tx).await?;
        Ok(version)
    }

    async fn set_default_nda(
        &self,
        actor: &Actor,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::ManageNda)?;
        let mut tx = self.write(Role::App, actor.tenant).await?;
        lock::default_nda(&mut *tx, actor.tenant).await?;
        let before = ndas::default(&mut *tx, actor.tenant).await?;
        match nda {
            None => ndas::delete_default(&mut *tx, actor.tenant).await?,
            Some(nda) => {
                ndas::lock(&mut *tx, actor.tenant, nda).await?.ok_or(StoreError::NotFound)?;
                ndas::set_default(&mut *tx, actor.tenant, nda).await?;
            }
        }
        if let Some(entry) = NewEntry::of_default_nda(actor, now, before, nda) {
            audit::insert(&mut tx, actor.tenant, &[entry]).await?;
        }
        commit(tx).await
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

    async fn accept_nda(
        &self,
        site: TenantId,
        viewer: &Viewer,
        new: &NewAcceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write(Role::App, site).await?;
        ndas::lock(&mut *tx, site, new.nda).await?.ok_or(StoreError::NotFound)?;
        documents::get(&mut *tx, site, new.document).await?.ok_or(StoreError::NotFound)?;
        let document = standings::get(&mut *tx, site, new.document).await?.facts(site, new.document);
        let facts = facts(&mut tx, site, viewer.contact(), Some(new.document)).await?;
        let contact = accepts(site, viewer, &document, &facts, new.nda, now).ok_or(StoreError::NotFound)?;
        let current =
            facts.ndas.iter().find(|state| state.id == new.nda).ok_or(StoreError::NotFound)?.current;
        let text = ndas::text(&mut *tx, site, new.nda, current).await?;
        new.check(&text.ok_or(StoreError::Corrupt("nda_versions"))?)?;
        if acceptances::insert(&mut *tx, site, contact, new, now).await? {
            audit::insert(&mut tx, site, &[new.entry(contact, now)]).await?;
        }
        commit(tx).await
    }

    async fn void_acceptance(
        &self,
        actor: &Actor,
        contact: ContactId,
        nda: NdaId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        actor.may(Action::ManageNda)?;
        let mut tx = self.write(Role::App, actor.tenant).await?;
        ndas::lock(&mut *tx, actor.tenant, nda).await?.ok_or(StoreError::NotFound)?;
        if acceptances::void(&mut *tx, actor.tenant, contact, nda, now).await? {
            let event = AuditEvent::AcceptanceVoided { nda };
            let entry = NewEntry::of(actor, now, Subject::Contact(contact), event);
            audit::insert(&mut tx, actor.tenant, &[entry]).await?;
        }
        commit(tx).await
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
        now: DateTime<Utc>,
    ) -> Result<Vec<PublicDocument>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let facts = facts(&mut tx, site, viewer.contact(), None).await?;
        let published = match viewer {
            Viewer::Member(actor) if actor.tenant == site => standings::published(&mut *tx, site).await?,
            Viewer::Anonymous | Viewer::Contact { .. } | Viewer::Member(_) => {
                let assigned = facts.assignments.iter().map(|assignment| assignment.document);
                standings::published_outside(&mut *tx, site, assigned).await?
            }
        };
        commit(tx).await?;
        let shown = published.into_iter();
        let mut shown: Vec<_> = shown
            .filter_map(|(kept, standing)| standing.shown(site, kept.document.id, viewer, &facts, now))
            .collect();
        shown.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
        Ok(shown)
    }

    async fn content(
        &self,
        site: TenantId,
        id: DocumentId,
        number: VersionNumber,
    ) -> Result<Option<(String, Version)>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let title = standings::get(&mut *tx, site, id).await?.title;
        let version = versions::get(&mut *tx, site, id, number).await?;
        commit(tx).await?;
        Ok(title.zip(version))
    }
}

/// A change of one document by a person, on its way.
struct Change {
    tx: Tx,
    actor: Actor,
    kept: Kept,
    standing: Standing,
}

impl Postgres {
    /// It begins a change of a document that is there, by somebody who may.
    async fn change(&self, actor: &Actor, action: Action, id: DocumentId) -> Result<Change, StoreError> {
        actor.may(action)?;
        let mut tx = self.write(Role::App, actor.tenant).await?;
        let kept = documents::lock(&mut *tx, actor.tenant, id).await?.ok_or(StoreError::NotFound)?;
        let standing = standings::get(&mut *tx, actor.tenant, id).await?;
        Ok(Change { tx, actor: actor.clone(), kept, standing })
    }
}

impl Change {
    /// Writes the change and its events, if there are any to write.
    async fn commit(
        self,
        events: impl IntoIterator<Item = AuditEvent>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Self { mut tx, actor, kept, standing } = self;
        let (tenant, id) = (actor.tenant, kept.document.id);
        let entry = |event| NewEntry::of(&actor, now, Subject::Document(id), event);
        let entries: Vec<_> = events.into_iter().map(entry).collect();
        if !entries.is_empty() {
            documents::save(&mut *tx, tenant, [&kept]).await?;
            standings::save(&mut *tx, tenant, id, &standing).await?;
            audit::insert(&mut tx, tenant, &entries).await?;
        }
        commit(tx).await
    }
}

fn admin(kept: Kept, standing: &Standing) -> AdminDocument {
    let document = kept.document;
    let facts = standing.facts(document.tenant, document.id);
    AdminDocument { document, facts, published_title: standing.title.clone(), revision: standing.revision }
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
        facts.assignments = assignments::of_contact(&mut **tx, site, contact, document).await?;
        facts.acceptances = acceptances::list(&mut **tx, site, contact).await?;
    }
    Ok(facts)
}

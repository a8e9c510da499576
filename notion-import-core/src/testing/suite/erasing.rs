//! What stores promise of tenants that are erased.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use super::access::details;
use super::access::reads::entry;
use super::fixture::{actor, attempt, begin, connected, content, fence, minute, page, seen, tenant};
use super::{Audited, Broken, Outcome, Promise};
use crate::actor::{Actor, Agent, Role};
use crate::connection::{Connection, Removal};
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId, NdaId, VersionNumber};
use crate::library::access::{AccessLevel, Viewer};
use crate::library::audit::{AuditEntry, AuditEvent, AuditQuery, Subject};
use crate::library::document::{Source, SyncCursor};
use crate::library::erasure::Erasure;
use crate::library::gate::{
    AcceptanceQuery, AccessStore, Asker, Contact, DocumentQuery, Expected, NewAcceptance, NewAssignment,
    NewNdaVersion, NewRequest, NewSubscription, PublicReads, Publish, ReadEntry, ReadQuery, RequestLimits,
};

/// Every promise of a [`TenantStore`](crate::TenantStore) and the stores it belongs to.
pub const PROMISES: &[Promise<Audited>] = &[
    promise!("of an erased tenant nothing is left but that it was erased", gone),
    promise!("erasing again changes nothing", again),
    promise!("a tenant that is connected, or about to be, is not erased", still_connected),
    promise!("a tenant is erased by its administrator alone", denied),
    promise!("another tenant's rows stay as they are", another),
    promise!("an erased tenant's former connections write nothing", fenced),
    promise!("an erased tenant begins anew, and its audit goes on", anew),
    promise!("what is done while a tenant is erased is wholly before it or wholly after it", at_once),
];

/// Puts a tenant into the stores of which everything is kept that can be, and returns its administrator. It is disconnected by now.
///
/// # Errors
/// [`Broken`] if a store does not take it.
pub async fn furnish(stores: &Audited) -> Result<Actor, Broken> {
    Ok(Life::lived(stores).await?.admin)
}

const ALL: AuditQuery = AuditQuery::newest(999);

/// A tenant in which everything has happened that can.
struct Life {
    stores: Audited,
    admin: Actor,
    connection: Connection,
    source: Source,
    document: DocumentId,
}

impl Life {
    /// Everything that can be kept of a tenant is kept of this one. It is disconnected by now.
    async fn lived(stores: &Audited) -> Result<Self, Broken> {
        let life = Self::connected(stores).await?;
        life.disconnect().await?;
        Ok(life)
    }

    async fn connected(stores: &Audited) -> Result<Self, Broken> {
        let admin = actor(tenant(), Role::Admin).from_address(IpAddr::from([192, 0, 2, 7]));
        let record = connected(&*stores.connections, admin.tenant, "notion").await?;
        let (connection, source) = (record.connection(), page("Policy"));
        let documents = &stores.library.documents;
        let document = documents.import(&admin, &connection, &content(&source, "One"), minute(1)).await?;
        let life = Self { stores: stores.clone(), admin, connection, source, document: document.document() };
        let looked = [seen(life.document, &life.source, 2)];
        documents.patch(&life.connection, &looked, Some(SyncCursor { watermark: minute(2) })).await?;
        documents.import(&life.admin, &life.connection, &content(&life.source, "Two"), minute(2)).await?;
        life.read_by_people().await?;
        Ok(life)
    }

    fn access(&self) -> &dyn AccessStore {
        &*self.stores.library.access
    }

    /// Lets people in, who sign and read.
    async fn read_by_people(&self) -> Outcome {
        let (access, admin, site) = (self.access(), &self.admin, self.admin.tenant);
        let (nda, contact) = (NdaId::fresh(), ContactId::fresh());
        let (title, text) = (String::from("NDA"), String::from("Say nothing"));
        let new = NewNdaVersion { id: nda, title, text, expected: 0, ask_again: true };
        access.publish_nda(admin, &new, minute(3)).await?;
        access.set_default_nda(admin, Some(nda), minute(3)).await?;
        access.add_contact(admin, contact, &details("dana@orchard.example")?, minute(3)).await?;
        for mail in ["dana@orchard.example", "frieda@orchard.example"] {
            let mail = details(mail)?.mail().clone();
            let new = NewSubscription { mail, language: "en".into(), address: None };
            access.subscribe(site, &new, minute(3)).await?;
        }
        let expected = self.expected().await?;
        let level = Some(AccessLevel::RequiresNda);
        let publish = Publish { version: VersionNumber(1), title: "Policy".into(), level, expected };
        access.publish(admin, self.document, &publish, minute(3)).await?;
        access.set_listed(admin, self.document, true, &self.expected().await?, minute(3)).await?;
        let ask = |asker| NewRequest {
            asker,
            documents: [self.document].into(),
            reason: "For a review".into(),
            address: Some([192, 0, 2, 8].into()),
            limits: RequestLimits::default(),
        };
        access.ask(site, &ask(Asker::Stranger(details("sam@orchard.example")?)), minute(3)).await?;
        let document = self.document;
        let new = NewAssignment { document, contact, expires_at: None, nda_waiver: None };
        let assignment = access.assign(admin, &new, minute(3)).await?;
        let digest = access.nda_text(site, nda, 1).await?.map(|text| text.digest());
        let digest = digest.ok_or_else(|| Broken::new("the NDA is gone".into()))?;
        let accepted = NewAcceptance { document, nda, version: 1, digest, address: None };
        let viewer = Viewer::Contact { tenant: site, id: contact, verified: true };
        access.accept_nda(site, &viewer, &accepted, minute(4)).await?;
        access.record_read(site, &ReadEntry { assignment, ..entry(document, contact, 5) }).await?;
        let (version, minute) = (VersionNumber(1), minute(5));
        let counts = [PublicReads { document, version, file: None, minute, count: 3 }];
        Ok(access.count_reads(site, &counts).await?)
    }

    async fn expected(&self) -> Result<Expected, Broken> {
        let known = self.access().document(&self.admin, self.document).await?;
        let known = known.ok_or_else(|| Broken::new("the document is gone".into()))?;
        Ok(Expected { level: known.facts.level, revision: known.revision, reason: "Asked for".into() })
    }

    async fn disconnect(&self) -> Outcome {
        let Audited { connections, library, .. } = &self.stores;
        for attempt in connections.attempts(self.admin.tenant).await? {
            connections.delete_attempt(attempt.tenant, attempt.id).await?;
        }
        let fenced = fence(&**connections, self.admin.tenant, self.connection.id).await?;
        let fenced = fenced.ok_or_else(|| Broken::new("the connection is gone".into()))?;
        library.documents.detach(&fenced.connection()).await?;
        Ok(connections.remove(fenced.tenant, fenced.id, &Removal::Forgotten, minute(6)).await?)
    }

    async fn erase(&self) -> Result<Erasure, StoreError> {
        self.stores.tenants.erase_tenant(&self.admin, minute(9)).await
    }

    /// The whole audit, oldest first.
    async fn audit(&self) -> Result<Vec<AuditEntry>, Broken> {
        let mut entries = self.access().audit(&self.admin, &ALL).await?;
        entries.reverse();
        Ok(entries)
    }

    async fn contacts(&self) -> Result<Vec<Contact>, Broken> {
        Ok(self.access().contacts(&self.admin, None, 99).await?)
    }

    /// How much there is of everything, in words.
    async fn amounts(&self) -> Result<Vec<(&'static str, usize)>, Broken> {
        let (access, admin) = (self.access(), &self.admin);
        let Audited { library, connections, .. } = &self.stores;
        let (default_nda, ndas) = access.ndas(admin.tenant).await?;
        let acceptances = AcceptanceQuery { limit: 99, ..AcceptanceQuery::default() };
        let reads = ReadQuery { limit: 99, ..ReadQuery::default() };
        let of_source = library.documents.linked_by_source(admin.tenant, &[self.source.id]).await?;
        Ok(vec![
            ("documents", access.documents(admin, &DocumentQuery::newest(99)).await?.documents.len()),
            ("versions", access.versions(admin, self.document).await?.len()),
            ("links", of_source.len()),
            ("files", library.documents.blobs(admin.tenant).await?.len()),
            ("cursors", library.documents.cursor(&self.connection).await?.iter().count()),
            ("facts", access.facts(admin.tenant, None, self.document).await?.iter().count()),
            ("assignments", access.assignments(admin, self.document).await?.len()),
            ("NDAs", ndas.len() + default_nda.iter().count()),
            ("acceptances", access.acceptances(admin, &acceptances).await?.len()),
            ("contacts", self.contacts().await?.len()),
            ("requests", access.requests(admin, None, 99).await?.len()),
            ("readings", access.reads(admin, &reads).await?.len()),
            ("counts", access.public_reads(admin, self.document, minute(0)..minute(99)).await?.len()),
            ("connections", connections.list(admin.tenant).await?.len()),
            ("attempts", connections.attempts(admin.tenant).await?.len()),
        ])
    }
}

async fn gone(stores: Audited) -> Outcome {
    let life = Life::connected(&stores).await?;
    for (what, amount) in life.amounts().await? {
        ensure!(amount > 0, "there are no {what} to be erased");
    }
    life.disconnect().await?;
    let (before, revision) = (life.audit().await?, life.access().site_revision(life.admin.tenant).await?);
    let erased = life.erase().await?;
    let entries = before.len() as u64;
    ensure_eq!(erased, Erasure { documents: 1, contacts: 1, entries, files: 0 }, "what was erased");
    for (what, amount) in life.amounts().await? {
        ensure_eq!(amount, 0, "{what} that are left");
    }
    let said: Vec<_> = life
        .audit()
        .await?
        .into_iter()
        .map(|entry| (entry.number, entry.at, entry.by, entry.address, entry.subject, entry.event))
        .collect();
    let (by, subject) = (Agent::Member(life.admin.member), Subject::Tenant(life.admin.tenant));
    let only = (entries + 1, minute(9), by, life.admin.address, subject, AuditEvent::TenantErased);
    ensure_eq!(said, [only], "what the audit says");
    let told = life.access().as_of(&life.admin, minute(5)).await;
    ensure_fails!(told, StoreError::Conflict(Conflict::NoLongerKept), "who could read what before");
    let state = life.access().as_of(&life.admin, minute(10)).await?;
    ensure_eq!(state.number(), entries + 1, "the last entry");
    ensure_eq!(state.answers(&Viewer::Anonymous, minute(10), None).count(), 0, "documents of the state");
    let now = life.access().site_revision(life.admin.tenant).await?;
    ensure!(now > revision, "the site's revision goes back from {revision} to {now}");
    Ok(())
}

async fn again(stores: Audited) -> Outcome {
    let life = Life::lived(&stores).await?;
    life.erase().await?;
    let said = life.audit().await?;
    ensure_eq!(life.erase().await?, Erasure::default(), "what is erased the second time");
    ensure_eq!(life.audit().await?, said, "what the audit says after that");
    let nobody = actor(tenant(), Role::Admin);
    let erased = stores.tenants.erase_tenant(&nobody, minute(9)).await?;
    ensure_eq!(erased, Erasure::default(), "what is erased of a tenant of which nothing is kept");
    ensure_eq!(stores.library.access.audit(&nobody, &ALL).await?, [], "what is said of it");
    Ok(())
}

async fn still_connected(stores: Audited) -> Outcome {
    let life = Life::connected(&stores).await?;
    let before = life.amounts().await?;
    let refused = async |what| {
        let erased = life.erase().await;
        ensure_fails!(erased, StoreError::Conflict(Conflict::StillConnected), "erasing with {what}");
        Ok::<_, Broken>(())
    };
    refused("a connection").await?;
    ensure_eq!(life.amounts().await?, before, "what is kept");
    for attempt in stores.connections.attempts(life.admin.tenant).await? {
        stores.connections.delete_attempt(attempt.tenant, attempt.id).await?;
    }
    fence(&*stores.connections, life.admin.tenant, life.connection.id).await?;
    refused("a connection that is being disconnected").await?;
    life.disconnect().await?;
    let attempt = attempt(life.admin.tenant);
    begin(&*stores.connections, &attempt).await?;
    refused("an attempt").await?;
    stores.connections.delete_attempt(attempt.tenant, attempt.id).await?;
    life.erase().await?;
    Ok(())
}

async fn denied(stores: Audited) -> Outcome {
    let life = Life::lived(&stores).await?;
    let before = life.amounts().await?;
    for role in [Role::ContentManager, Role::AccountManager, Role::Viewer] {
        let nobody = actor(life.admin.tenant, role);
        let erased = stores.tenants.erase_tenant(&nobody, minute(9)).await;
        ensure_fails!(erased, StoreError::Denied, "erasing as {role:?}");
    }
    ensure_eq!(life.amounts().await?, before, "what is kept");
    Ok(())
}

async fn another(stores: Audited) -> Outcome {
    let (ours, theirs) = (Life::lived(&stores).await?, Life::connected(&stores).await?);
    let before = (theirs.amounts().await?, theirs.audit().await?, theirs.contacts().await?);
    ours.erase().await?;
    let after = (theirs.amounts().await?, theirs.audit().await?, theirs.contacts().await?);
    ensure_eq!(after, before, "what is kept of them");
    Ok(())
}

async fn fenced(stores: Audited) -> Outcome {
    let life = Life::lived(&stores).await?;
    life.erase().await?;
    let documents = &stores.library.documents;
    let import =
        documents.import(&life.admin, &life.connection, &content(&life.source, "Late"), minute(10)).await;
    ensure_fails!(import, StoreError::Fenced, "an import that was begun before");
    let patch = documents.patch(&life.connection, &[], Some(SyncCursor { watermark: minute(9) })).await;
    ensure_fails!(patch, StoreError::Fenced, "a sync that was begun before");
    ensure_eq!(documents.cursor(&life.connection).await?, None, "how far it has come");
    Ok(())
}

async fn anew(stores: Audited) -> Outcome {
    let life = Life::lived(&stores).await?;
    life.erase().await?;
    let begins = life.audit().await?.len();
    let record = connected(&*stores.connections, life.admin.tenant, "another").await?;
    let documents = &stores.library.documents;
    let new = content(&life.source, "One");
    let imported = documents.import(&life.admin, &record.connection(), &new, minute(10)).await?;
    let second = Life { connection: record.connection(), document: imported.document(), ..life };
    second.read_by_people().await?;
    let entries = second.audit().await?;
    let first = entries[0].number;
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    ensure_eq!(numbers, (first..).take(numbers.len()).collect::<Vec<_>>(), "the numbers");
    ensure!(begins == 1 && entries.len() > 5, "the audit has {} entries", entries.len());
    let state = second.access().as_of(&second.admin, minute(99)).await?;
    let contact = second.contacts().await?.first().map(|contact| contact.id);
    let told = state.facts(contact, second.document);
    let facts = second.access().facts(second.admin.tenant, contact, second.document).await?;
    ensure_eq!(told, facts, "who may read, as the audit tells it");
    Ok(())
}

/// What is there afterwards is what the audit says happened after the erasure.
async fn at_once(stores: Audited) -> Outcome {
    for round in 0..4 {
        let life = Arc::new(Life::lived(&stores).await?);
        let add = join_all((0..6).map(async |place| {
            super::fixture::turns(place * round).await;
            let (id, details) = (ContactId::fresh(), details(&format!("{place}@orchard.example"))?);
            life.access().add_contact(&life.admin, id, &details, minute(9)).await?;
            Ok::<_, Broken>(())
        }));
        let (added, erased) = futures_util::future::join(add, life.erase()).await;
        added.into_iter().collect::<Outcome>()?;
        erased?;
        let entries = life.audit().await?;
        ensure_eq!(entries[0].event, AuditEvent::TenantErased, "the first entry that is left");
        let mut said: Vec<Subject> = entries[1..].iter().map(|entry| entry.subject).collect();
        let mut kept: Vec<Subject> =
            life.contacts().await?.iter().map(|contact| Subject::Contact(contact.id)).collect();
        said.sort_by_key(|subject| subject.columns());
        kept.sort_by_key(|subject| subject.columns());
        ensure_eq!(kept, said, "contacts that are left, and those of whom the audit says so");
        let at: DateTime<Utc> = minute(10);
        ensure_eq!(
            life.access().as_of(&life.admin, at).await?.number(),
            entries[0].number + said.len() as u64,
            "the state"
        );
    }
    Ok(())
}

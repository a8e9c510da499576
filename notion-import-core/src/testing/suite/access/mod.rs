//! What an [`AccessStore`] promises, over the documents of a [`DocumentStore`].

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Broken, Outcome, Promise};
use crate::actor::{Actor, Insider, Role};
use crate::connection::Connection;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, TenantId, VersionNumber};
use crate::library::access::{AccessLevel, AssignmentId, Publication, Viewer};
use crate::library::audit::{AuditEntry, AuditQuery};
use crate::library::document::{DocumentStore, Source};
use crate::library::gate::{
    AccessStore, AdminDocument, ContactChange, ContactDetails, Expected, LevelChange, NewAcceptance,
    NewAssignment, NewNdaVersion, PublicDocument, Publish, ReadableQuery,
};
use crate::testing::suite::fixture::{actor, content, content_manager, minute, page, tenant, writer};

mod acceptances;
mod assignments;
mod audit;
mod bulk;
mod categories;
mod contacts;
mod documents;
mod generated;
mod history;
mod levels;
mod lists;
mod ndas;
mod publication;
mod publication_as;
mod reading;
pub(super) mod reads;
mod replay;
mod requests;
mod retention;
mod roles;
mod subscriptions;
mod tenancy;

pub use replay::replayed;

/// Documents and who may read them: two sides of one store.
#[derive(Clone)]
pub struct Library {
    /// The documents.
    pub documents: Arc<dyn DocumentStore>,
    /// Who may read them.
    pub access: Arc<dyn AccessStore>,
}

impl Library {
    /// Returns both sides of a store that has them.
    pub fn of<S: DocumentStore + AccessStore + 'static>(store: Arc<S>) -> Self {
        Self { documents: store.clone(), access: store }
    }
}

/// Every promise of an [`AccessStore`].
pub const PROMISES: &[Promise<Library>] = &[
    promise!("a new document is internal, unpublished and unlisted", documents::closed),
    promise!("an administrator sees a document as it is kept", documents::complete),
    promise!("documents are paged completely, in every order, forward and backward", lists::paged),
    promise!("what does not change while documents are paged is on one page", lists::standing_still),
    promise!("a filter lists and counts what it says", lists::filtered),
    promise!("titles are found by parts of words, without case and accents", lists::found),
    promise!("a title given here stays until it is to follow again", documents::renamed),
    promise!(
        "no import, patch, detaching or unlinking changes a level or a publication",
        documents::untouched
    ),
    promise!("every call is denied to a role that may not, and changes nothing", roles::matrix),
    promise!("an NDA is taken off a document by who manages NDAs", roles::nda_taken_off),
    promise!("a widening needs the level it began from", levels::level),
    promise!("a widening needs the revision it began from", levels::revision),
    promise!("a widening needs a published version", levels::published),
    promise!("a widening needs a reason", levels::reason),
    promise!("of many widenings at once one succeeds", levels::race),
    promise!("narrowing always works", levels::narrowing),
    promise!("a document is closed by nobody only if its source is gone", levels::gone),
    promise!("every change of level counts as a revision and is kept", levels::every),
    promise!("a published version is the one that is shown", publication::published),
    promise!("publishing needs the revision it began from", publication::revision),
    promise!("only a version that is there is published", publication::no_such_version),
    promise!("withdrawing always works, and closes the document", publication::withdrawn),
    promise!("a new version is not shown before it is published", publication::new_version),
    promise!("a new title is not shown before it is published", publication::new_title),
    promise!("a title is kept without what cannot be seen", publication::clean_title),
    promise!("a working title that is too long is refused, not cut", publication::long_title),
    promise!(
        "a category stays until there is another, and the audit does not say its name",
        categories::kept
    ),
    promise!("a category is known to whoever may know of one of its documents", categories::seen_by),
    promise!("publishing again what was withdrawn is a widening", publication::again),
    promise!("a version is published as of a level in one act, audited as both", publication_as::one_act),
    promise!(
        "publishing as of a level takes the care of a widening, or changes nothing",
        publication_as::care
    ),
    promise!("publishing as of a level closes what it narrows", publication_as::narrowing),
    promise!("whether a document is listed is kept", publication::listed),
    promise!("listing is a widening, hiding always works", publication::listing),
    promise!("what is done to many is done to each, or to none of it", bulk::each),
    promise!("what comes of an act on many is told beforehand", bulk::foreseen),
    promise!("an assignment is kept as it was made, oldest first", assignments::kept),
    promise!("an assignment ends when it expires", assignments::expires),
    promise!("a revoked assignment is dead, and revoking it again succeeds", assignments::revoked),
    promise!("only a document that is there is assigned", assignments::no_such_document),
    promise!("an NDA is not waived without a reason", assignments::waiver),
    promise!("an assignment ends in one day at least and 3650 at most", assignments::days),
    promise!("a contact has one live assignment to a document", assignments::one),
    promise!("of many assignments at once one is live", assignments::race),
    promise!("an assignment is revoked as the document's that it is", assignments::of_document),
    promise!("a contact is kept as added, and found by any spelling of the address", contacts::kept),
    promise!("an address is one contact's", contacts::one_address),
    promise!("contacts are paged completely, in the order of their ids", contacts::paged),
    promise!("somebody unknown or shut out reads nothing", contacts::known),
    promise!("what is known of an erased contact is gone", contacts::erased),
    promise!("an erased contact may do nothing, and erasing again changes nothing", contacts::erased_rights),
    promise!("requests are kept as they were made, oldest first", requests::kept),
    promise!("a person has one request for a document that waits", requests::one),
    promise!("only what is listed and closed is asked for, and nobody is told", requests::neutral),
    promise!("over a limit no request is taken up", requests::limited),
    promise!("approving lets in to that document alone, at its level", requests::approved),
    promise!("a stranger is a contact once approved", requests::became_contact),
    promise!("an assignment approves what its contact waits for, there alone", requests::assigned),
    promise!("a request is declined for a reason, and not approved after that", requests::declined),
    promise!("a request is withdrawn by its author alone", requests::withdrawn),
    promise!("every step of a request is audited", requests::audited),
    promise!("a mailbox has one subscription, paged in the order of their ids", subscriptions::kept),
    promise!(
        "a subscription is the contact's whose mailbox it is, and goes with them",
        subscriptions::of_a_contact
    ),
    promise!("a subscription is ended by who has its id, or by a member, once", subscriptions::ended),
    promise!(
        "whom one is given to tell no other is, until they are told or it is too late",
        subscriptions::due
    ),
    promise!("what is new is told once, to whoever may know of it", subscriptions::told),
    promise!("whoever tells at once tells each subscriber once", subscriptions::at_once),
    promise!("versions of an NDA are counted from one and never change", ndas::versions),
    promise!("an NDA without a version cannot be required", ndas::no_such_nda),
    promise!("a version of an NDA follows the one that was expected", ndas::expected),
    promise!("an acceptance is bound to the current text", ndas::current_text),
    promise!("an acceptance needs a document that requires it and may be asked for", ndas::for_a_document),
    promise!("accepting again changes nothing", ndas::accepted_again),
    promise!("asking again makes older acceptances count no more", ndas::ask_again),
    promise!("an editorial version keeps older acceptances", ndas::editorial),
    promise!("a void acceptance counts no more until it is given anew", ndas::voided),
    promise!(
        "an acceptance is listed as it was given, newest first, whatever became of it",
        acceptances::kept
    ),
    promise!("acceptances are paged, also of one NDA and of one contact", acceptances::paged),
    promise!("acceptances are for those who let contacts in, and for who gave them", acceptances::denied),
    promise!("another tenant's acceptances do not exist", acceptances::tenancy),
    promise!("a document's own NDA comes beside the default one", ndas::union),
    promise!("a document that requires an NDA is closed while none is configured", ndas::unconfigured),
    promise!("facts are of this contact and this document", reading::facts),
    promise!("what is readable is ordered by title, then id", reading::order),
    promise!("what is readable is paged completely, in every order, forward and backward", reading::paged),
    promise!("what is readable says nothing of what is not shown", reading::hidden),
    promise!("what is readable is found by its published title, and among others", lists::readable),
    promise!("the revision of a site grows with what everybody sees", lists::revision),
    promise!("content is the version asked for", reading::content),
    promise!("what is readable is what the decision says, whatever the facts", generated::readable),
    promise!("a reading is logged as it was, newest first", reads::kept),
    promise!("readings of one thing in one minute are one entry", reads::once),
    promise!("the read log is paged, also of one document and of one contact", reads::paged),
    promise!("how often what is public was read adds up", reads::counts),
    promise!("readings before a cut go, and no others", retention::reads),
    promise!("only a version that is there is read", reads::no_such_version),
    promise!("the read log is for those who let contacts in", reads::denied),
    promise!("another tenant's read log does not exist", reads::tenancy),
    promise!("every change is audited with who and when, newest first", history::every),
    promise!("what fails or changes nothing is not audited", history::failures),
    promise!("a title that follows its source is audited, after a sync without a member", history::title),
    promise!("an import is audited with its version, who, when and from where", audit::imports),
    promise!("what becomes of NDAs and acceptances is audited", audit::ndas),
    promise!("a tenant's entries are counted from one without a gap", audit::numbers),
    promise!("acts at once have numbers of their own", audit::at_once),
    promise!("a dropped import is audited if and only if it happened", audit::dropped),
    promise!("a dropped change is audited if and only if it happened", audit::change_dropped),
    promise!("the audit is paged by its numbers, newest first", audit::paged),
    promise!("the audit is read on from any number, oldest first", audit::read_on),
    promise!("a cut audit goes on, and tells what is kept of it as before", retention::audit),
    promise!("a cut that takes nothing is not audited", retention::nothing),
    promise!("logs are kept as long as they are to be", retention::retained),
    promise!("another tenant's logs are not cut", retention::tenancy),
    promise!("from nothing, the audit rebuilds who could read what at any time", replay::rebuilt),
    promise!("who could read what is told with the entries that say so", replay::reasons),
    promise!("who could read what is told to who may read the tenant's audit", replay::denied),
    promise!("another tenant's audit cannot be read", audit::tenancy),
    promise!("another tenant's documents cannot be read", tenancy::reads),
    promise!("another tenant's documents cannot be changed", tenancy::changes),
    promise!("another tenant's NDAs do not exist", tenancy::ndas),
    promise!("another tenant's contacts are nobody here", tenancy::contacts),
    promise!("another tenant's contacts and requests cannot be seen or changed", tenancy::people),
];

/// What is known of somebody who has this address.
pub(super) fn details(mail: &str) -> Result<ContactDetails, Broken> {
    let details =
        mail.parse().ok().and_then(|mail| ContactDetails::new("Dana Whitfield", "Orchard Bank", mail).ok());
    details.ok_or_else(|| Broken::new(format!("no details of {mail}")))
}

/// One tenant's library as its administrator sees it.
struct Desk {
    library: Library,
    connection: Connection,
    admin: Actor,
}

/// A document and the page it came from.
struct Imported {
    id: DocumentId,
    source: Source,
}

impl Desk {
    fn new(library: &Library) -> Self {
        let tenant = tenant();
        Self {
            library: library.clone(),
            connection: writer(tenant, "notion", 1),
            admin: actor(tenant, Role::Admin),
        }
    }

    fn tenant(&self) -> TenantId {
        self.admin.tenant
    }

    fn insider(&self) -> Result<Insider, Broken> {
        self.admin.insider().map_err(|_| Broken::new("the administrator is no insider".into()))
    }

    fn access(&self) -> &dyn AccessStore {
        &*self.library.access
    }

    /// Returns a document's history, newest first.
    async fn history(&self, id: DocumentId) -> Result<Vec<AuditEntry>, Broken> {
        Ok(self.access().audit(&self.admin, &AuditQuery::of_document(id, 99)).await?)
    }

    /// Imports a page of this title at minute 1.
    async fn import(&self, title: &str) -> Result<Imported, Broken> {
        let source = page(title);
        let id = self.import_text(&source, title).await?;
        Ok(Imported { id, source })
    }

    async fn import_text(&self, source: &Source, text: &str) -> Result<DocumentId, Broken> {
        let imported = self
            .library
            .documents
            .import(
                &content_manager(self.connection.tenant),
                &self.connection,
                &content(source, text),
                minute(1),
            )
            .await?;
        Ok(imported.document())
    }

    /// Imports a page, publishes it and opens it this far, at minute 2.
    async fn open(&self, title: &str, level: AccessLevel) -> Result<Imported, Broken> {
        let imported = self.import(title).await?;
        self.publish(imported.id, 1).await?;
        self.set_level(imported.id, level).await?;
        Ok(imported)
    }

    /// Returns what the viewer may know of at this time, from pages of two.
    async fn readable(&self, viewer: &Viewer, now: DateTime<Utc>) -> Result<Vec<PublicDocument>, Broken> {
        let (mut all, mut query) = (Vec::new(), ReadableQuery::first(2));
        loop {
            let page = self.access().readable(self.tenant(), viewer, &query, now).await?;
            all.extend(page.documents);
            ensure!(all.len() < 1_000, "the pages do not end");
            if page.next.is_none() {
                return Ok(all);
            }
            query = query.after(page.next);
        }
    }

    async fn read(&self, id: DocumentId) -> Result<AdminDocument, Broken> {
        let read = self.access().document(&self.admin, id).await?;
        read.ok_or_else(|| Broken::new("the document is gone".into()))
    }

    async fn level(&self, id: DocumentId) -> Result<AccessLevel, Broken> {
        Ok(self.read(id).await?.facts.level)
    }

    async fn publication(&self, id: DocumentId) -> Result<Publication, Broken> {
        Ok(self.read(id).await?.facts.publication)
    }

    async fn publish(&self, id: DocumentId, version: u32) -> Result<(), Broken> {
        let publish = self.publication_of(id, version).await?;
        Ok(self.access().publish(&self.admin, id, &publish, minute(2)).await?)
    }

    /// What a person would publish who sees the document as it is: a version, and the working title.
    async fn publication_of(&self, id: DocumentId, version: u32) -> Result<Publish, Broken> {
        let title = self.read(id).await?.document.title.text;
        Ok(Publish {
            version: VersionNumber(version),
            title,
            level: None,
            expected: self.expected(id).await?,
        })
    }

    /// What a person would publish who sees the document as it is, at a level.
    async fn publication_as(&self, id: DocumentId, level: AccessLevel) -> Result<Publish, Broken> {
        Ok(Publish { level: Some(level), ..self.publication_of(id, 1).await? })
    }

    /// What a person has before them who sees the document as it is, and a reason.
    async fn expected(&self, id: DocumentId) -> Result<Expected, Broken> {
        let AdminDocument { facts, revision, .. } = self.read(id).await?;
        Ok(Expected { level: facts.level, revision, reason: "Asked for by sales".into() })
    }

    async fn list(&self, id: DocumentId, listed: bool) -> Result<(), Broken> {
        let expected = self.expected(id).await?;
        Ok(self.access().set_listed(&self.admin, id, listed, &expected, minute(2)).await?)
    }

    /// The change a person would ask for who sees the document as it is.
    async fn change(&self, id: DocumentId, to: AccessLevel) -> Result<LevelChange, Broken> {
        Ok(LevelChange { to, expected: self.expected(id).await? })
    }

    async fn set_level(&self, id: DocumentId, to: AccessLevel) -> Result<(), Broken> {
        let change = self.change(id, to).await?;
        Ok(self.try_level(id, &change).await?)
    }

    async fn try_level(&self, id: DocumentId, change: &LevelChange) -> Result<(), StoreError> {
        self.access().set_level(&self.admin, id, change, minute(2)).await
    }

    /// Lets the contact in, for good.
    async fn assign(&self, document: DocumentId, contact: ContactId) -> Result<AssignmentId, Broken> {
        let new = NewAssignment { document, contact, expires_at: None, nda_waiver: None };
        Ok(self.access().assign(&self.admin, &new, minute(2)).await?)
    }

    /// Publishes a first version of a new NDA.
    async fn nda(&self, text: &str) -> Result<NdaId, Broken> {
        let id = NdaId::fresh();
        self.publish_nda(id, text, true).await?;
        Ok(id)
    }

    async fn publish_nda(&self, id: NdaId, text: &str, ask_again: bool) -> Result<u32, Broken> {
        let expected = self.nda_version(id).await?;
        let new = NewNdaVersion { id, title: "Mutual NDA".into(), text: text.into(), expected, ask_again };
        Ok(self.access().publish_nda(&self.admin, &new, minute(2)).await?)
    }

    /// The current version of an NDA; 0 if there is none.
    async fn nda_version(&self, nda: NdaId) -> Result<u32, Broken> {
        let (_, states) = self.access().ndas(self.tenant()).await?;
        Ok(states.iter().find(|state| state.id == nda).map_or(0, |state| state.current))
    }

    /// The contact accepts the current version of the NDA, for the sake of a document that is shown no longer than that.
    async fn accept(&self, contact: ContactId, nda: NdaId) -> Result<(), Broken> {
        let document = self.open("Signed for", AccessLevel::RequiresNda).await?.id;
        self.access().require_nda(&self.admin, document, Some(nda), minute(2)).await?;
        self.list(document, true).await?;
        self.accept_for(document, contact, nda).await?;
        Ok(self.access().withdraw(&self.admin, document, minute(2)).await?)
    }

    async fn accept_for(&self, document: DocumentId, contact: ContactId, nda: NdaId) -> Result<(), Broken> {
        let acceptance = self.acceptance(document, nda).await?;
        Ok(self.try_accept(contact, &acceptance).await?)
    }

    async fn try_accept(&self, contact: ContactId, acceptance: &NewAcceptance) -> Result<(), StoreError> {
        self.access().accept_nda(self.tenant(), &self.viewer(contact), acceptance, minute(2)).await
    }

    async fn acceptance(&self, document: DocumentId, nda: NdaId) -> Result<NewAcceptance, Broken> {
        let current = self.nda_version(nda).await?;
        let text = self.access().nda_text(self.tenant(), nda, current).await?;
        let text = text.ok_or_else(|| Broken::new("the current version of the NDA is gone".into()))?;
        Ok(NewAcceptance { document, nda, version: current, digest: text.digest(), address: None })
    }

    /// A contact of this tenant whose address is verified.
    fn viewer(&self, contact: ContactId) -> Viewer {
        Viewer::Contact { tenant: self.tenant(), id: contact, verified: true }
    }

    /// Adds somebody to the contacts.
    async fn contact(&self) -> Result<ContactId, Broken> {
        let id = ContactId::fresh();
        self.add(id).await?;
        Ok(id)
    }

    async fn add(&self, id: ContactId) -> Outcome {
        let details = details(&format!("{id}@orchard.example"))?;
        Ok(self.access().add_contact(&self.admin, id, &details, minute(0)).await?)
    }

    /// Adds somebody to the contacts and shuts them out.
    async fn blocked(&self) -> Result<ContactId, Broken> {
        let id = self.contact().await?;
        self.block(id).await?;
        Ok(id)
    }

    async fn block(&self, id: ContactId) -> Outcome {
        Ok(self.access().change_contact(&self.admin, id, ContactChange::Block, minute(2)).await?)
    }
}

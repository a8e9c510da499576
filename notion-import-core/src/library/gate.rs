//! The access gate: where levels, publications, assignments and NDAs are kept, and the one door through which a
//! document is read.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::access::{
    AccessFacts, AccessLevel, Actor, Assignment, AssignmentId, Decision, DocumentFacts, NdaState, Outside,
    Publication, Viewer, decide,
};
pub use super::audit::{AuditEntry, AuditEvent};
use super::blob::{BlobBytes, BlobId, BlobStore};
use super::document::{Content, Document, StoredFile, Version};
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, TenantId, VersionNumber};

/// A document as members of its tenant see it.
#[derive(Clone, PartialEq, Debug)]
pub struct AdminDocument {
    /// The document.
    pub document: Document,
    /// How far it is open and what decides that.
    pub facts: DocumentFacts,
    /// Counts changes of the facts; a change names the one it was made from.
    pub revision: u64,
}

/// A document as a reader outside sees it: nothing of its source, nothing of the tenant's members.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicDocument {
    /// Which one.
    pub id: DocumentId,
    /// Its title.
    pub title: String,
    /// How far it is open.
    pub level: AccessLevel,
    /// Which version is shown.
    pub version: VersionNumber,
    /// When that version was published.
    pub published_at: DateTime<Utc>,
    /// What this viewer may do about it.
    pub outside: Outside,
}

/// A change of level, as a person asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LevelChange {
    /// The level it was when the person decided. Not looked at when narrowing: that always works.
    pub from: AccessLevel,
    /// The level it is to be.
    pub to: AccessLevel,
    /// The revision it was then. Not looked at when narrowing.
    pub revision: u64,
    /// Why; required for widening.
    pub reason: String,
}

/// A version to be shown, as a person asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publish {
    /// Which version.
    pub version: VersionNumber,
    /// The revision when the person decided.
    pub revision: u64,
}

/// An assignment to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAssignment {
    /// To what.
    pub document: DocumentId,
    /// Who.
    pub contact: ContactId,
    /// Until when; none for no end.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why no NDA is needed, if it is waived.
    pub nda_waiver: Option<String>,
}

impl NewAssignment {
    /// It fails if the NDA is waived without a reason.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] then.
    pub fn check(&self) -> Result<(), StoreError> {
        let reasoned = self.nda_waiver.as_ref().is_none_or(|reason| !reason.trim().is_empty());
        if reasoned { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// The assignment it makes.
    pub fn assignment(&self, id: AssignmentId) -> Assignment {
        Assignment {
            id,
            contact: self.contact,
            document: self.document,
            expires_at: self.expires_at,
            revoked_at: None,
            nda_waived: self.nda_waiver.is_some(),
        }
    }
}

/// A version of an NDA. It never changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NdaText {
    /// Which NDA.
    pub id: NdaId,
    /// Which version of it, counted from 1.
    pub version: u32,
    /// What it is called.
    pub title: String,
    /// What it says, as Markdown.
    pub text: String,
}

impl NdaText {
    /// What an acceptance is bound to.
    pub fn digest(&self) -> BlobId {
        BlobId::of(self.text.as_bytes())
    }
}

/// A version of an NDA to be published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewNdaVersion {
    /// Which NDA; a new one if the tenant has none of this id.
    pub id: NdaId,
    /// What it is called.
    pub title: String,
    /// What it says, as Markdown.
    pub text: String,
    /// Whether everybody has to accept anew. If not, the acceptances of older versions that count now keep counting.
    pub ask_again: bool,
}

/// A contact's acceptance of an NDA, as it comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAcceptance {
    /// Who.
    pub contact: ContactId,
    /// Which NDA.
    pub nda: NdaId,
    /// The version that was shown.
    pub version: u32,
    /// The digest of the text that was shown.
    pub digest: BlobId,
}

/// Where levels, publications, assignments and NDAs are kept.
///
/// # Contract
/// - Every call checks the actor's role first and answers [`StoreError::Denied`] if it may not.
/// - A document without a row here is internal, unpublished and unlisted, revision 0.
/// - Every change and its audit entry are one transaction.
/// - A call that fails or changes nothing leaves no audit entry and no new revision.
/// - Narrowing always works; widening is compare-and-set on level and revision.
/// - A level that cannot be read is [`AccessLevel::Internal`].
/// - Another tenant's documents, contacts and NDAs do not exist for any call: a change of them is
///   [`StoreError::NotFound`], a list of what belongs to them is empty.
///
/// What a change makes of a document's standing is the same in every store: [`Standing`](super::standing::Standing).
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// It returns one document. Members who read internal documents only, as for all that take an actor and change nothing.
    async fn document(&self, actor: &Actor, id: DocumentId) -> Result<Option<AdminDocument>, StoreError>;

    /// It returns the tenant's documents, newest first (the greater id first where two were made at once), beginning after
    /// `after`.
    async fn documents(
        &self,
        actor: &Actor,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<AdminDocument>, StoreError>;

    /// It returns a document's versions, newest first.
    async fn versions(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Version>, StoreError>;

    /// It returns a document's history, newest first.
    async fn history(&self, actor: &Actor, id: DocumentId) -> Result<Vec<AuditEntry>, StoreError>;

    /// It gives a document its own title, or lets it follow the source's again, which gives it the source's at once.
    async fn rename(
        &self,
        actor: &Actor,
        id: DocumentId,
        title: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It changes a document's level. Which way the change goes is told by the level the document has, not by the one the
    /// change begins from.
    ///
    /// # Errors
    /// When widening: [`StoreError::Conflict`] if level or revision are no longer those of the change, if no version is published,
    /// or if there is no reason. [`StoreError::NotFound`] if the tenant has no such document.
    async fn set_level(
        &self,
        actor: &Actor,
        id: DocumentId,
        change: &LevelChange,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It shows a version to whom the level lets in.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the revision has moved on, [`StoreError::NotFound`] if there is no such version.
    async fn publish(
        &self,
        actor: &Actor,
        id: DocumentId,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It takes a document from every reader outside; it always works.
    async fn withdraw(&self, actor: &Actor, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// It sets whether outsiders who may not read a gated document may know that it exists.
    async fn set_listed(
        &self,
        actor: &Actor,
        id: DocumentId,
        listed: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It sets the NDA a document requires beside the tenant's default. Removing or replacing one needs the right to manage NDAs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such document or no such NDA.
    async fn require_nda(
        &self,
        actor: &Actor,
        id: DocumentId,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It lets a contact in to a document, whatever its level now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such document, [`StoreError::Conflict`] if the NDA is waived without a reason.
    async fn assign(
        &self,
        actor: &Actor,
        assignment: &NewAssignment,
        now: DateTime<Utc>,
    ) -> Result<AssignmentId, StoreError>;

    /// It takes an assignment back; doing so again succeeds.
    async fn revoke(
        &self,
        actor: &Actor,
        assignment: AssignmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It returns a document's assignments, dead ones included, oldest first.
    async fn assignments(&self, actor: &Actor, id: DocumentId) -> Result<Vec<Assignment>, StoreError>;

    /// It publishes a version of an NDA, which is current from then on, and returns its number. Needs the right to manage NDAs.
    async fn publish_nda(
        &self,
        actor: &Actor,
        nda: &NewNdaVersion,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError>;

    /// It sets the NDA that every `requires_nda` document of the tenant requires. Needs the right to manage NDAs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such NDA.
    async fn set_default_nda(&self, actor: &Actor, nda: Option<NdaId>) -> Result<(), StoreError>;

    /// It returns the tenant's default NDA and all its NDAs in the order of their ids.
    async fn ndas(&self, tenant: TenantId) -> Result<(Option<NdaId>, Vec<NdaState>), StoreError>;

    /// It returns a version of an NDA, for whoever is asked to accept it.
    async fn nda_text(
        &self,
        tenant: TenantId,
        nda: NdaId,
        version: u32,
    ) -> Result<Option<NdaText>, StoreError>;

    /// It records that a contact accepted an NDA; recording it again changes nothing, unless it was declared void meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such NDA, [`StoreError::Conflict`] if the version is not the current one or the digest is not its text's.
    async fn accept_nda(
        &self,
        tenant: TenantId,
        acceptance: &NewAcceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It declares a contact's acceptances of an NDA void; doing so again succeeds. Needs the right to manage NDAs.
    async fn void_acceptance(
        &self,
        actor: &Actor,
        contact: ContactId,
        nda: NdaId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// It returns what [`decide`] needs to know of one document of the site's tenant and, if the viewer is one, of a contact.
    async fn facts(
        &self,
        site: TenantId,
        contact: Option<ContactId>,
        id: DocumentId,
    ) -> Result<Option<(DocumentFacts, AccessFacts)>, StoreError>;

    /// It returns what `viewer` may read or know of on the site's pages: exactly the documents for which [`decide`] answers
    /// anything but [`Outside::NotFound`] and that are published, ordered by the bytes of the title, then by id.
    async fn readable(
        &self,
        site: TenantId,
        viewer: &Viewer,
        now: DateTime<Utc>,
    ) -> Result<Vec<PublicDocument>, StoreError>;

    /// It returns a document's title and one version's content. [`Gate`] asks for it after deciding; nothing else should.
    async fn content(
        &self,
        site: TenantId,
        id: DocumentId,
        version: VersionNumber,
    ) -> Result<Option<(String, Version)>, StoreError>;
}

/// The one door through which documents are read: facts, decision, then bytes.
#[derive(Clone)]
pub struct Gate {
    access: Arc<dyn AccessStore>,
    blobs: Arc<dyn BlobStore>,
}

/// What came of a request to read.
pub enum Reading {
    /// It may be read: here it is.
    Open(Box<Readable>),
    /// It may not, and this is all the viewer may learn.
    Closed(Outside),
}

/// A document somebody was allowed to read. Only [`Gate::read`] makes one.
pub struct Readable {
    site: TenantId,
    /// Its title.
    pub title: String,
    /// The version that is shown.
    pub version: Version,
    /// Whether a shared cache may keep it.
    pub cacheable: bool,
    _proof: (),
}

impl Gate {
    /// A gate over these stores.
    pub fn new(access: Arc<dyn AccessStore>, blobs: Arc<dyn BlobStore>) -> Self {
        Self { access, blobs }
    }

    /// It reads the published version of a document on the pages of tenant `site`.
    ///
    /// # Errors
    /// A store's only; not being allowed is [`Reading::Closed`].
    pub async fn read(
        &self,
        site: TenantId,
        viewer: &Viewer,
        id: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<Reading, StoreError> {
        let Some((document, facts)) = self.access.facts(site, viewer.contact(), id).await? else {
            return Ok(Reading::Closed(Outside::NotFound));
        };
        let decision = decide(site, viewer, &document, &facts, now);
        let (Decision::Allow(_), Publication::Published(version)) = (&decision, document.publication) else {
            let outside = match decision.outside(&document) {
                Outside::Ok => Outside::NotFound,
                closed => closed,
            };
            return Ok(Reading::Closed(outside));
        };
        let Some((title, version)) = self.access.content(site, id, version).await? else {
            return Ok(Reading::Closed(Outside::NotFound));
        };
        let cacheable = decision.is_cacheable();
        Ok(Reading::Open(Box::new(Readable { site, title, version, cacheable, _proof: () })))
    }

    /// It streams a file of a document that somebody was allowed to read.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the file is not one of the document's.
    pub async fn open(
        &self,
        readable: &Readable,
        blob: &BlobId,
    ) -> Result<(StoredFile, BlobBytes), StoreError> {
        let file = readable.file(blob).ok_or(StoreError::NotFound)?;
        let bytes = self.blobs.get(readable.site, blob, None).await?;
        Ok((file.clone(), bytes))
    }
}

impl Readable {
    fn file(&self, blob: &BlobId) -> Option<&StoredFile> {
        let content = match &self.version.content {
            Content::File(file) => Some(file),
            Content::Markdown(_) => None,
        };
        content.into_iter().chain(&self.version.attachments).find(|file| file.blob.id == *blob)
    }
}

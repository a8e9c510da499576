//! The access gate: where levels, publications, assignments and NDAs are kept, and the one door through which a
//! document is read.

mod act;
mod change;
mod gone;
mod rows;
mod store;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderValue, Response, header};
use serde::Serialize;

pub use act::{AccessChange, Act, DocumentChange};
pub use change::{Expected, LevelChange, NdaText, NewAcceptance, NewAssignment, NewNdaVersion, Publish};
pub use gone::InternalWhenGone;
pub use rows::{ActFacts, Scope, Verdict, Write};
pub use store::AccessStore;

use super::access::{
    AccessFacts, AccessLevel, Decision, DocumentFacts, Outside, Publication, Viewer, decide,
};
use super::blob::{BlobBytes, BlobId, BlobStore};
use super::document::{Content, Document, StoredFile, Version};
use super::range::FileRange;
use super::standing::Standing;
use crate::error::StoreError;
use crate::id::{DocumentId, TenantId, VersionNumber};

/// A document as members of its tenant see it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AdminDocument {
    /// The document.
    pub document: Document,
    /// How far it is open and what decides that.
    pub facts: DocumentFacts,
    /// The title that readers outside see, if anything is published.
    pub published_title: Option<String>,
    /// Counts changes of the facts; a change names the one it was made from.
    pub revision: u64,
}

impl AdminDocument {
    /// Builds it from what a store keeps.
    pub fn new(document: Document, standing: Standing) -> Self {
        let facts = standing.facts(document.tenant, document.id);
        Self { document, facts, published_title: standing.title, revision: standing.revision }
    }
}

/// Permission to read the version of a document that is shown. Only a decision makes one.
#[derive(Debug)]
pub struct Permit {
    site: TenantId,
    document: DocumentId,
    version: VersionNumber,
    is_cacheable: bool,
}

impl Permit {
    /// Decides, with [`decide`], what comes of the wish to read a document.
    ///
    /// # Errors
    /// All that the viewer may learn, if it may not be read or nothing is published.
    pub fn to_read(
        site: TenantId,
        viewer: &Viewer,
        document: &DocumentFacts,
        facts: &AccessFacts,
        now: DateTime<Utc>,
    ) -> Result<Self, Outside> {
        let decision = decide(site, viewer, document, facts, now);
        match (&decision, document.publication) {
            (Decision::Allow(_), Publication::Published(version)) => {
                Ok(Self { site, document: document.id, version, is_cacheable: decision.is_cacheable() })
            }
            (Decision::Allow(_), Publication::Draft | Publication::Archived) => Err(Outside::NotFound),
            (Decision::Deny(_), _) => Err(decision.outside(document)),
        }
    }

    /// Returns the tenant on whose site it is read.
    pub const fn site(&self) -> TenantId {
        self.site
    }

    /// Returns the document.
    pub const fn document(&self) -> DocumentId {
        self.document
    }

    /// Returns the version that is shown.
    pub const fn version(&self) -> VersionNumber {
        self.version
    }
}

/// A document as a reader outside sees it: nothing of its source, nothing of the tenant's members.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PublicDocument {
    /// Which one.
    pub id: DocumentId,
    /// Its title, as it was published.
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

/// The one door through which documents are read: facts, decision, then bytes.
///
/// What is imported is internal and unpublished; a person publishes a version and says how far it is open.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use notion_import_core::testing::{SimClock, World, WorldTransport, paragraph};
/// use notion_import_core::transport::Clock;
/// use notion_import_core::{
///     AccessLevel, AccessStore, Actor, Connection, DocumentReader, Expected, Gate, Importer, MemberId,
///     MemoryBlobs, MemoryLibrary, Pick, Publish, ReadOutcome, Role, StaticToken, TenantId, Viewer,
/// };
///
/// # let world = World::new(7);
/// # let clock = SimClock::new("2026-11-22T08:00:00Z".parse()?);
/// # let author = world.at(clock.now());
/// # let workspace = author.workspace("Acme");
/// # let policy = author.page(workspace, "Security policy");
/// # author.append(policy, [paragraph("We encrypt everything.")]);
/// # let grant = world.grant(workspace, [policy]);
/// # clock.advance(std::time::Duration::from_secs(600));
/// # let tokens = StaticToken::new(grant.token.clone());
/// # let transport = WorldTransport::new(world.clone(), clock.clone());
/// # let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
/// # let importer = Importer::builder(Arc::new(tokens), Arc::new(library.clone()), Arc::new(blobs.clone()))
/// #     .through(Arc::new(transport), Arc::new(clock.clone()))
/// #     .build()?;
/// # let connection = Connection::new(TenantId::fresh(), "acme");
/// # let manager = Actor::new(connection.tenant, MemberId::fresh(), Role::ContentManager);
/// # importer.import_one(&manager, &connection, Pick::page(policy)).await?;
/// let gate = Gate::new(Arc::new(library.clone()), Arc::new(blobs));
/// let (site, now) = (connection.tenant, clock.now());
/// let document = library.documents(&manager, None, 1).await?.remove(0);
/// let id = document.document.id;
/// let closed = gate.read(site, &Viewer::Anonymous, id, now).await?;
/// assert!(matches!(closed, ReadOutcome::Closed(_)));
///
/// let version = library.versions(&manager, id).await?[0].number;
/// let expected = Expected { level: AccessLevel::Internal, revision: document.revision, reason: "reviewed".into() };
/// let title = "Security policy".to_owned();
/// let publish = Publish { version, title, level: Some(AccessLevel::Public), expected };
/// library.publish(&manager, id, &publish, now).await?;
///
/// let ReadOutcome::Open(readable) = gate.read(site, &Viewer::Anonymous, id, now).await? else { panic!("closed") };
/// assert_eq!(readable.title, "Security policy");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Gate {
    access: Arc<dyn AccessStore>,
    blobs: Arc<dyn BlobStore>,
}

/// What came of a request to read.
pub enum ReadOutcome {
    /// It may be read: here it is.
    Open(Box<Readable>),
    /// It may not, and this is all the viewer may learn.
    Closed(Outside),
}

/// A document somebody was allowed to read, and all of it that they may see. Only [`Gate::read`] makes one.
#[derive(Serialize)]
pub struct Readable {
    #[serde(skip)]
    site: TenantId,
    /// Its title, as it was published.
    pub title: String,
    /// The number of the version that is shown.
    pub version: VersionNumber,
    /// What it says.
    pub content: Content,
    /// Files that belong to it.
    pub attachments: Vec<StoredFile>,
    /// Whether a shared cache may keep it.
    #[serde(skip)]
    pub cacheable: bool,
    #[serde(skip)]
    _proof: (),
}

impl Gate {
    /// A gate over these stores.
    pub fn new(access: Arc<dyn AccessStore>, blobs: Arc<dyn BlobStore>) -> Self {
        Self { access, blobs }
    }

    /// Reads the published version of a document on the pages of tenant `site`.
    ///
    /// # Errors
    /// A store's only; not being allowed is [`ReadOutcome::Closed`].
    pub async fn read(
        &self,
        site: TenantId,
        viewer: &Viewer,
        id: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<ReadOutcome, StoreError> {
        let Some((document, facts)) = self.access.facts(site, viewer.contact(), id).await? else {
            return Ok(ReadOutcome::Closed(Outside::NotFound));
        };
        let permit = match Permit::to_read(site, viewer, &document, &facts, now) {
            Ok(permit) => permit,
            Err(outside) => return Ok(ReadOutcome::Closed(outside)),
        };
        let Some((title, version)) = self.access.content(&permit).await? else {
            return Ok(ReadOutcome::Closed(Outside::NotFound));
        };
        let Version { number, content, attachments, .. } = version;
        let cacheable = permit.is_cacheable;
        let readable = Readable { site, title, version: number, content, attachments, cacheable, _proof: () };
        Ok(ReadOutcome::Open(Box::new(readable)))
    }

    /// Answers a request for a file of a document that somebody was allowed to read: with all of it or the
    /// [part](FileRange::asked) that is asked for, as a download. What is public is kept by caches that ask before each use,
    /// the rest by none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the file is not one of the document's.
    pub async fn answer(
        &self,
        readable: &Readable,
        blob: &BlobId,
        request: &Parts,
    ) -> Result<Response<BlobBytes>, StoreError> {
        let file = readable.file(blob).ok_or(StoreError::NotFound)?;
        let mut response = FileRange::answer(&*self.blobs, readable.site, file, request).await?;
        if readable.cacheable {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        Ok(response)
    }
}

impl Readable {
    fn file(&self, blob: &BlobId) -> Option<&StoredFile> {
        self.content.file().into_iter().chain(&self.attachments).find(|file| file.blob.id == *blob)
    }
}

//! The one door through which documents are read.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderValue, Method, Response, header};
use serde::Serialize;

#[cfg(feature = "watermark")]
use super::MarkOptions;
use super::mark::{Mark, MarkError, Unmarkable};
#[cfg(feature = "watermark")]
use super::marks::{Marked, Marks};
use super::reads::ReadEntry;
#[cfg(doc)]
use super::reads::ReadLog;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
use super::receipt::Receipt;
use super::tally::Tally;
use super::{AccessStore, Permit};
use crate::error::StoreError;
use crate::id::{DocumentId, ReadId, TenantId, VersionNumber};
use crate::library::access::{AccessLevel, Allow, Outside, Viewer};
use crate::library::basis::VersionDigest;
use crate::library::blob::{BlobBytes, BlobId, BlobStore};
use crate::library::document::{Content, StoredFile, Version};
use crate::library::range::FileRange;

/// Somebody who is on a tenant's site now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visit {
    /// Whose site it is.
    pub site: TenantId,
    /// Who.
    pub viewer: Viewer,
    /// The address they came from, if the host knows it: for the log, and for nothing else.
    pub address: Option<IpAddr>,
    /// When.
    pub at: DateTime<Utc>,
    /// What the site's tenant wants done with a file that cannot be marked.
    pub unmarkable: Unmarkable,
}

impl Visit {
    /// Builds the visit of somebody of whom no address is known.
    pub const fn new(site: TenantId, viewer: Viewer, at: DateTime<Utc>) -> Self {
        Self { site, viewer, address: None, at, unmarkable: Unmarkable::Refuse }
    }

    /// Says what the site's tenant wants done with a file that cannot be marked. It is refused where nothing is said.
    #[must_use]
    pub const fn unmarkable(mut self, unmarkable: Unmarkable) -> Self {
        self.unmarkable = unmarkable;
        self
    }

    /// Says which address they came from. An IPv4 address inside an IPv6 one is the IPv4 address.
    #[must_use]
    pub const fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address.to_canonical());
        self
    }
}

/// The one door through which documents are read: facts, decision, then bytes.
///
/// Each reading by a contact is in the [log](ReadLog) before it is answered; how often what is public is read is counted. Members read
/// unlogged.
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
///     AccessLevel, AccessStore, Actor, Connection, DocumentQuery, DocumentReader, Expected, Gate, Importer, MemberId,
///     MemoryBlobs, MemoryLibrary, Pick, Publish, ReadOutcome, Role, StaticToken, TenantId, Viewer, Visit,
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
/// let document = library.documents(&manager, &DocumentQuery::newest(1)).await?.documents.remove(0);
/// let id = document.document.id;
/// let visit = Visit::new(site, Viewer::Anonymous, now);
/// let closed = gate.read(&visit, id).await?;
/// assert!(matches!(closed, ReadOutcome::Closed(_)));
///
/// let version = library.versions(&manager, id).await?[0].number;
/// let expected = Expected { level: AccessLevel::Internal, revision: document.revision, reason: "reviewed".into() };
/// let title = "Security policy".to_owned();
/// let publish = Publish { version, title, level: Some(AccessLevel::Public), expected };
/// library.publish(&manager, id, &publish, now).await?;
///
/// let ReadOutcome::Open(readable) = gate.read(&visit, id).await? else { panic!("closed") };
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
    tally: Arc<Tally>,
    #[cfg(feature = "watermark")]
    marks: Option<Arc<Marks>>,
}

/// What came of a request to read: a page, or a file.
pub enum ReadOutcome<T = Readable> {
    /// What was asked for: it may be read.
    Open(T),
    /// All that the viewer may learn of what may not be read.
    Closed(Outside),
    /// A file that may be read and cannot be marked, which the tenant does not want to give away so.
    Unmarkable(MarkError),
}

/// A document somebody was allowed to read, and all of it that they may see. Only [`Gate::read`] makes one.
#[derive(Serialize)]
#[non_exhaustive]
pub struct Readable {
    /// Its title, as it was published.
    pub title: String,
    /// The number of the version that is shown.
    pub version: VersionNumber,
    /// What it says.
    pub content: Content,
    /// Files that belong to it.
    pub attachments: Vec<StoredFile>,
    /// What it says, where it is shown or printed, of the contact it is given to; none if it is given to no contact by an assignment, or if
    /// the gate [marks](Gate::with_marks) nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// Whether a shared cache may keep it.
    #[serde(skip)]
    pub cacheable: bool,
}

/// The answer to a request for a file that somebody was allowed to read.
pub struct Served {
    /// All of the file or the part that was asked for, as a download.
    pub response: Response<BlobBytes>,
    /// Whether a shared cache may keep it.
    pub cacheable: bool,
}

/// What may be read: the version that is shown, and its title.
struct Shown {
    permit: Permit,
    title: String,
    #[cfg_attr(not(any(feature = "ring", feature = "aws-lc-rs")), allow(dead_code, reason = "for receipts"))]
    level: AccessLevel,
    version: Version,
}

impl Gate {
    /// A gate over these stores.
    pub fn new(access: Arc<dyn AccessStore>, blobs: Arc<dyn BlobStore>) -> Self {
        let tally = Arc::default();
        Self {
            access,
            blobs,
            tally,
            #[cfg(feature = "watermark")]
            marks: None,
        }
    }

    /// Marks what contacts are given by an assignment: each page of a PDF says who, when and what it was made from, and [`Readable::mark`]
    /// says it of a text, for whoever shows it. What is public is given as it is, and so it is to members.
    ///
    /// A marked PDF is one file for the day (in UTC) and the assignment: its parts belong together, by an entity tag of its own. What cannot be marked is
    /// [refused](ReadOutcome::Unmarkable), unless the [visit](Visit::unmarkable) says that the tenant lets it go unmarked. Files that are no
    /// PDFs are given as they are.
    #[cfg(feature = "watermark")]
    #[must_use]
    pub fn with_marks(mut self, options: &MarkOptions) -> Self {
        self.marks = Some(Arc::new(Marks::new(options)));
        self
    }

    /// Reads the published version of a document on a tenant's site.
    ///
    /// # Errors
    /// A store's only; not being allowed is [`ReadOutcome::Closed`]. Nothing is read that could not be logged.
    pub async fn read(&self, visit: &Visit, id: DocumentId) -> Result<ReadOutcome, StoreError> {
        let shown = match self.open(visit, id).await? {
            Ok(shown) => shown,
            Err(outside) => return Ok(ReadOutcome::Closed(outside)),
        };
        let mark = self.mark(visit, &shown, shown.version.content.digest()).await?;
        self.log(visit, &shown, None).await?;
        let cacheable = shown.permit.why.is_cacheable();
        let Shown { title, version: Version { number, content, attachments, .. }, .. } = shown;
        Ok(ReadOutcome::Open(Readable { title, version: number, content, attachments, mark, cacheable }))
    }

    /// Counts one more reading of a public version that the host shows from what it kept of an earlier one. Only what is
    /// [cacheable](Readable::cacheable) may be kept so, and it may be shown while
    /// [`AccessStore::site_revision`] is what it was before it was read.
    pub async fn read_again(&self, visit: &Visit, document: DocumentId, version: VersionNumber) {
        self.count(visit, (document, version, None)).await;
    }

    /// Answers a request for a file of the published version of a document: with all of it or the [part](FileRange::asked) that is
    /// asked for. What is public is kept by caches that ask before each use, the rest by none.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`StoreError::NotFound`] if the file is not one of the document's.
    pub async fn download(
        &self,
        visit: &Visit,
        id: DocumentId,
        blob: &BlobId,
        request: &Parts,
    ) -> Result<ReadOutcome<Served>, StoreError> {
        let shown = match self.open(visit, id).await? {
            Ok(shown) => shown,
            Err(outside) => return Ok(ReadOutcome::Closed(outside)),
        };
        let file = shown.version.files().find(|file| file.blob.id == *blob).ok_or(StoreError::NotFound)?;
        let mut response = match self.marked(visit, &shown, file, request).await? {
            Some(Ok(marked)) => marked,
            Some(Err(error)) if visit.unmarkable == Unmarkable::Refuse => {
                return Ok(ReadOutcome::Unmarkable(error));
            }
            Some(Err(_)) | None => FileRange::answer(&*self.blobs, visit.site, file, request).await?,
        };
        let cacheable = shown.permit.why.is_cacheable();
        if cacheable {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        if request.method == Method::GET && response.status().is_success() {
            self.log(visit, &shown, Some(*blob)).await?;
        }
        Ok(ReadOutcome::Open(Served { response, cacheable }))
    }

    /// Returns what a tenant may sign of the published version of a document for somebody outside. It is no reading, and not logged.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    pub async fn receipt(&self, visit: &Visit, id: DocumentId) -> Result<ReadOutcome<Receipt>, StoreError> {
        Ok(match self.open(visit, id).await? {
            Ok(Shown { title, level, version, .. }) => {
                ReadOutcome::Open(Receipt::for_readers(id, title, level, &version, visit.at))
            }
            Err(outside) => ReadOutcome::Closed(outside),
        })
    }

    /// Writes how often what is public was read, as far as that is not written yet. It is written when a minute is over and somebody
    /// reads; a host calls this before it stops, and as often as it wants the [log](ReadLog::public_reads) to be up to date. What was
    /// counted since is lost if the process is killed.
    ///
    /// # Errors
    /// The store's; what could not be written is written the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.tally.write(&*self.access).await
    }

    async fn open(&self, visit: &Visit, id: DocumentId) -> Result<Result<Shown, Outside>, StoreError> {
        let Visit { site, viewer, at, .. } = visit;
        let Some((document, facts)) = self.access.facts(*site, viewer.contact(), id).await? else {
            return Ok(Err(Outside::NotFound));
        };
        let permit = match Permit::to_read(*site, viewer, &document, &facts, *at) {
            Ok(permit) => permit,
            Err(outside) => return Ok(Err(outside)),
        };
        let Some((title, version)) = self.access.content(&permit).await? else {
            return Ok(Err(Outside::NotFound));
        };
        Ok(Ok(Shown { permit, title, level: document.level, version }))
    }

    /// The answer with the mark on the file; none if none is to be put on it.
    #[cfg(feature = "watermark")]
    async fn marked(
        &self,
        visit: &Visit,
        shown: &Shown,
        file: &StoredFile,
        request: &Parts,
    ) -> Result<Option<Result<Response<BlobBytes>, MarkError>>, StoreError> {
        let Some(marks) = self.marks.as_ref().filter(|_| Marks::concerns(file)) else { return Ok(None) };
        let Some(mark) = self.mark(visit, shown, file.blob.id).await? else { return Ok(None) };
        let marked = marks.file(&*self.blobs, visit.site, file, mark).await?;
        Ok(Some(marked.map(|Marked { bytes, blob }| {
            FileRange::answer_from(&bytes, &StoredFile { blob, ..file.clone() }, request)
        })))
    }

    #[cfg(not(feature = "watermark"))]
    async fn marked(
        &self,
        _: &Visit,
        _: &Shown,
        _: &StoredFile,
        _: &Parts,
    ) -> Result<Option<Result<Response<BlobBytes>, MarkError>>, StoreError> {
        Ok(None)
    }

    /// What is to be said of the contact who is given something, if it is a contact.
    #[cfg(feature = "watermark")]
    async fn mark(&self, visit: &Visit, shown: &Shown, original: BlobId) -> Result<Option<Mark>, StoreError> {
        let Some(assignment) = shown.permit.why.assignment().filter(|_| self.marks.is_some()) else {
            return Ok(None);
        };
        let contact = visit.viewer.contact().ok_or(StoreError::Denied)?;
        // Who is gone since it was decided is not let in by that.
        let contact = self.access.contact(visit.site, contact).await?.ok_or(StoreError::Denied)?;
        let (day, version) = (visit.at.date_naive(), shown.version.digest());
        Ok(Some(Mark::new(&contact.details, day, original, version, assignment)))
    }

    #[cfg(not(feature = "watermark"))]
    async fn mark(&self, _: &Visit, _: &Shown, _: BlobId) -> Result<Option<Mark>, StoreError> {
        Ok(None)
    }

    /// Counts a reading of what is public. It is answered whatever comes of that.
    async fn count(&self, visit: &Visit, read: (DocumentId, VersionNumber, Option<BlobId>)) {
        if self.tally.count(visit.site, read, visit.at)
            && let Err(error) = self.flush().await
        {
            tracing::warn!(%error, "how often public documents were read is not written");
        }
    }

    async fn log(&self, visit: &Visit, shown: &Shown, file: Option<BlobId>) -> Result<(), StoreError> {
        let Shown { permit, version, .. } = shown;
        let (document, number) = (permit.document, version.number);
        let (assignment, accepted) = match &permit.why {
            Allow::Staff => return Ok(()),
            Allow::Public => {
                self.count(visit, (document, number, file)).await;
                return Ok(());
            }
            Allow::Assigned(assignment) | Allow::AssignedWaived(assignment) => (*assignment, Vec::new()),
            Allow::AssignedWithNda(assignment, accepted) => (*assignment, accepted.clone()),
        };
        let Some(contact) = visit.viewer.contact() else { return Err(StoreError::Denied) };
        let entry = ReadEntry {
            id: ReadId::fresh(),
            at: visit.at,
            contact,
            address: visit.address,
            document,
            version: number,
            digest: VersionDigest::of(&version.content, &version.attachments),
            file,
            assignment,
            accepted,
        };
        self.access.record_read(visit.site, &entry).await
    }
}

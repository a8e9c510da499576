//! Documents, their link to a source, their versions, and where they are kept.

mod gone;
mod patch;
mod shown;
mod store;

use chrono::{DateTime, Utc};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

pub use self::gone::WhenGone;
pub use self::patch::{Against, Found, Reading, SyncPatch};
pub use self::shown::Shown;
pub use self::store::{DocumentReader, DocumentStore};
use super::basis::{ReadState, VersionDigest};
use super::blob::{Blob, BlobId};
use super::fidelity::{Exposure, Fidelity};
use crate::id::{ConnectionId, DocumentId, NotionId, TenantId, VersionNumber};
use crate::notion::address::LastingUrl;

/// A document of a tenant's library.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which one.
    pub id: DocumentId,
    /// Its working title, which members see. What readers outside see is the title that was published.
    pub title: Title,
    /// Where it came from; none once somebody unlinked it.
    pub link: Option<Link>,
    /// The link that somebody took from it: it can be [given back](DocumentStore::relink).
    pub unlinked: Option<Box<Link>>,
    /// The number of its newest version.
    pub latest: VersionNumber,
    /// When it was first imported.
    pub created_at: DateTime<Utc>,
}

impl Document {
    /// Returns when its source was last edited, as far as that is known; when it was imported if it has none.
    pub fn edited_at(&self) -> DateTime<Utc> {
        self.link.as_ref().map_or(self.created_at, |link| link.source.edited_at)
    }

    /// Returns the files that are kept of its source, also of one that it was unlinked from.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        self.link.iter().chain(self.unlinked.as_deref()).flat_map(|link| link.source.files())
    }
}

/// A document's own title.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Title {
    /// The text.
    pub text: String,
    /// Whether somebody here wrote it. If not, it follows the source.
    pub edited_here: bool,
}

/// A document's tie to its source.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// The connection that refreshes it; none after a disconnect.
    pub connection: Option<ConnectionId>,
    /// What the source says of itself, as last read.
    pub source: Source,
    /// How the source stood when it was last looked at.
    pub state: SourceState,
    /// When Notion last answered a look at it.
    pub checked_at: DateTime<Utc>,
    /// Whether the source, read whole, said something else than the newest version does.
    pub update_available: bool,
    /// What has kept the source from being looked at or read since; none if nothing has.
    pub trouble: Option<Trouble>,
    /// What somebody chose to be shown of a data source; none for what the host shows. Imports and syncs keep to it.
    pub shown: Option<Shown>,
}

/// What keeps a source from being looked at or read. It is asked less and less often while it lasts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trouble {
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it was met last.
    pub met_at: DateTime<Utc>,
    /// How often it was met in a row.
    pub times: u32,
    /// What it is, by [`Error::code`](crate::Error::code).
    pub code: String,
}

/// What a source says of itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Its id in Notion: of the page, or of the data source.
    pub id: NotionId,
    /// What it is there.
    pub kind: SourceKind,
    /// Its address for people; a display link that changes with the title.
    pub url: Option<LastingUrl>,
    /// Its title; empty if it has none.
    pub title: String,
    /// When it was made, to the minute.
    pub created_at: DateTime<Utc>,
    /// When it was last edited, to the minute.
    pub edited_at: DateTime<Utc>,
    /// What it stands in.
    pub parent: Option<SourceParent>,
    /// Its icon.
    pub icon: Option<SourceImage>,
    /// Its cover.
    pub cover: Option<SourceImage>,
    /// Whether it is locked against editing in Notion.
    pub locked: bool,
}

impl Source {
    /// Returns the ids that links to it name: its own, and of a data source that of its [database](Self::database).
    pub fn ids(&self) -> impl Iterator<Item = NotionId> + use<> {
        std::iter::once(self.id).chain(self.database())
    }

    /// Returns the database that a data source stands in; none of a page.
    pub const fn database(&self) -> Option<NotionId> {
        match (self.kind, self.parent) {
            (SourceKind::DataSource, Some(SourceParent::Database(database))) => Some(database),
            _ => None,
        }
    }

    /// The files that are kept of it: its icon and its cover.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        [&self.icon, &self.cover].into_iter().filter_map(|image| match image {
            Some(SourceImage::Stored(file)) => Some(file),
            Some(
                SourceImage::Emoji(_)
                | SourceImage::Native(_)
                | SourceImage::External(_)
                | SourceImage::Hosted,
            )
            | None => None,
        })
    }
}

/// What kind of thing a source is. The wire name of the whole is `notion`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A page, or a row of a database.
    Page,
    /// A data source: the table inside a database.
    DataSource,
}

/// What a source stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum SourceParent {
    /// The workspace itself.
    Workspace,
    /// A page.
    Page(NotionId),
    /// A block of a page.
    Block(NotionId),
    /// A database.
    Database(NotionId),
    /// A data source: the source is one of its rows.
    DataSource(NotionId),
    /// Something newer than this library.
    Other,
}

/// An icon or a cover. A signed address is never kept: what Notion hosts is stored here as a blob.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum SourceImage {
    /// An emoji.
    Emoji(String),
    /// One of Notion's own icons, by name and colour.
    Native(String),
    /// An image elsewhere, by its lasting address. It is not fetched.
    External(LastingUrl),
    /// An image that Notion hosts, kept here.
    Stored(StoredFile),
    /// An image that Notion hosts and that was not kept.
    Hosted,
}

/// How a source stands, as Notion itself answered about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// It is there.
    Present,
    /// It is archived, but alive.
    Archived,
    /// It is in the trash.
    Trashed,
    /// Notion says it is not there for this connection: deleted for good, or no longer shared.
    NotShared,
    /// Notion says the same, and what it stood in is not there either, or is in the trash.
    ParentGone,
}

impl SourceState {
    /// Returns whether there is nothing to read any more.
    pub const fn is_gone(self) -> bool {
        match self {
            Self::Present | Self::Archived => false,
            Self::Trashed | Self::NotShared | Self::ParentGone => true,
        }
    }
}

/// One state of a document's content. It never changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Version {
    /// Which one.
    pub number: VersionNumber,
    /// The content.
    pub content: Content,
    /// Files that belong to it: images in the Markdown, further files of the page.
    pub attachments: Vec<StoredFile>,
    /// What the source says that the content does not.
    pub fidelity: Fidelity,
    /// What a reviewer wants to know before showing it to anybody.
    pub exposure: Exposure,
    /// The source's own last edit when this was read.
    pub source_edited_at: DateTime<Utc>,
    /// When this was read.
    pub imported_at: DateTime<Utc>,
}

impl Version {
    /// Returns the digest of what it says.
    pub fn digest(&self) -> VersionDigest {
        VersionDigest::of(&self.content, &self.attachments)
    }

    /// The files that belong to it, its content included.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        self.content.file().into_iter().chain(&self.attachments)
    }
}

/// What a version says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Content {
    /// The page's blocks as Markdown. Attachments are linked as `attachment:<blob id>`.
    Markdown(String),
    /// A file of the page, instead of its blocks.
    File(StoredFile),
}

impl Content {
    /// The file that it is, if it is one.
    pub const fn file(&self) -> Option<&StoredFile> {
        match self {
            Self::File(file) => Some(file),
            Self::Markdown(_) => None,
        }
    }

    /// What tells two contents apart: equal digests, equal content.
    pub fn digest(&self) -> BlobId {
        match self {
            Self::Markdown(text) => BlobId::of(text.as_bytes()),
            Self::File(file) => file.blob.id,
        }
    }
}

/// A file that is kept as a blob.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its bytes.
    pub blob: Blob,
    /// Its name for people, already safe to show and to put into a header.
    pub name: String,
    /// Its type, as detected from its bytes.
    pub media_type: String,
}

impl StoredFile {
    /// Returns the entity tag of its answers (RFC 9110, section 8.8.3): another as soon as its bytes, its name or its type are others.
    pub fn etag(&self) -> String {
        let said = [self.blob.id.to_string().as_str(), &self.name, &self.media_type].join("\n");
        format!("\"{}\"", BlobId::of(said.as_bytes()))
    }
}

/// What an import brings: a source and its content. It has no level and no publication.
#[derive(Clone, PartialEq, Debug)]
pub struct NewContent {
    /// What the source says of itself.
    pub source: Source,
    /// How it stands.
    pub state: SourceState,
    /// The content.
    pub content: Content,
    /// Files that belong to it.
    pub attachments: Vec<StoredFile>,
    /// What the content leaves out.
    pub fidelity: Fidelity,
    /// What it may expose.
    pub exposure: Exposure,
    /// How it was read.
    pub read: ReadState,
    /// What somebody chose to be shown of a data source; none leaves what was chosen before.
    pub chosen: Option<Shown>,
}

impl NewContent {
    /// Returns the digest of what it says.
    pub fn digest(&self) -> VersionDigest {
        VersionDigest::of(&self.content, &self.attachments)
    }
}

/// What an import did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Imported {
    /// There was none: now there is one, internal and unpublished.
    Created(DocumentId),
    /// The content differs from the newest version: it is a new, unpublished version.
    NewVersion(DocumentId, VersionNumber),
    /// The content is that of the newest version: only the metadata was refreshed.
    Unchanged(DocumentId),
}

impl Imported {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::NewVersion(..) => "new_version",
            Self::Unchanged(_) => "unchanged",
        }
    }

    /// The document, whatever happened to it.
    pub const fn document(self) -> DocumentId {
        match self {
            Self::Created(id) | Self::NewVersion(id, _) | Self::Unchanged(id) => id,
        }
    }
}

/// As an object: what was done, the document, and the number of a version that was added.
impl Serialize for Imported {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (done, version) = match self {
            Self::Created(_) => ("created", None),
            Self::NewVersion(_, version) => ("new_version", Some(version)),
            Self::Unchanged(_) => ("unchanged", None),
        };
        let mut imported = serializer.serialize_struct("Imported", 3)?;
        imported.serialize_field("type", done)?;
        imported.serialize_field("document", &self.document())?;
        imported.serialize_field("version", &version)?;
        imported.end()
    }
}

/// What sync needs to know of a linked document.
#[derive(Clone, PartialEq, Debug)]
pub struct Linked {
    /// Which document.
    pub document: DocumentId,
    /// Its own title.
    pub title: Title,
    /// Its link.
    pub link: Link,
    /// The number of its newest version.
    pub latest: VersionNumber,
    /// What that says.
    pub digest: VersionDigest,
    /// How its source was read last.
    pub read: ReadState,
}

impl Linked {
    /// Returns whether the document would take up this title of its source.
    pub fn would_follow(&self, title: &str) -> bool {
        self.title.clone().follow(title)
    }

    /// Returns what a patch is made against that is made of this.
    pub const fn against(&self) -> Against {
        Against { checked_at: self.link.checked_at, latest: self.latest, read: self.read }
    }
}

/// How far the syncs of a connection have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SyncCursor {
    /// The last edit that search had shown, in Notion's time, when a run began that then went through all that search showed.
    pub watermark: DateTime<Utc>,
}

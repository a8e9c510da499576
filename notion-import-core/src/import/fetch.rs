//! Reading one page or data source whole, whatever it takes, without storing a document.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::around::Around;
use super::database::{Databases, InsidePage};
use super::directory::Directory;
use super::media::{Downloads, PageFiles};
use super::shown::Choices;
use super::witness::{self, Testimony};
use super::{ImportOptions, Pick, Shape, convert, properties, tree};
use crate::connection::Connection;
use crate::download::Downloader;
use crate::error::Error;
use crate::id::NotionId;
use crate::library::basis::ReadState;
use crate::library::blob::BlobStore;
use crate::library::document::{Content, DocumentStore, NewContent, Source, SourceImage, SourceKind};
use crate::notion::block;
use crate::notion::client::Api;
use crate::notion::database::DataSource;
use crate::notion::file::{File, FileSource, HostedFile};
use crate::notion::icon::Icon;
use crate::notion::page::Page;
use crate::notion::row::Row;
use crate::notion::server_time::Moment;
use crate::notion::tree::{BlockTree, Node};
use crate::source::{Seen, or_other_kind};
use crate::transport::Clock;

/// What is edited while it is read is read again, so often at most.
pub(super) const READS: u32 = 3;

/// Reads through one connection, keeping files as it goes.
#[derive(Clone)]
pub(crate) struct Fetcher<'a> {
    pub(crate) api: Api,
    pub(crate) downloader: Downloader,
    /// Where what is known already is looked up.
    pub(crate) documents: &'a dyn DocumentStore,
    pub(crate) blobs: &'a dyn BlobStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connection: &'a Connection,
    pub(crate) options: ImportOptions,
    pub(crate) downloads: Downloads,
    pub(crate) directory: Directory,
    pub(crate) databases: Databases,
    pub(crate) choices: Choices,
    /// How what is read was read before, by a sync.
    pub(crate) before: Option<ReadState>,
}

/// What was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Fetched {
    /// What makes a document.
    pub content: NewContent,
    /// The pages and databases that stand in it, in order; of a data source its rows.
    pub children: Vec<Child>,
    /// The same in Notion's words.
    pub original: Original,
    /// When reading it began: no edit before that is missing.
    pub read_at: DateTime<Utc>,
}

/// What was read, in Notion's words: for a host that renders pages itself. It lives as long as the addresses of the files in it,
/// which end to work within the hour and are not to be kept.
#[derive(Clone, PartialEq)]
pub enum Original {
    /// A page.
    Page {
        /// The page with its properties, each of them whole.
        page: Box<Page>,
        /// Its blocks in reading order.
        blocks: BlockTree,
    },
    /// A data source.
    DataSource {
        /// The data source with its columns.
        data_source: Box<DataSource>,
        /// Its rows with their properties, each of them whole; without their blocks.
        rows: Vec<Row>,
    },
}

impl fmt::Debug for Original {
    /// Nothing of it: a link in a text may be a signed address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page { .. } => "Page(..)",
            Self::DataSource { .. } => "DataSource(..)",
        })
    }
}

/// What stands in a page or a data source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Child {
    /// A page.
    Page(NotionId),
    /// A database, which has data sources: one that was not read.
    Database(NotionId),
    /// A data source, of a database that was read or of a wiki.
    DataSource(NotionId),
}

/// A page as it was read, with no edit in between.
struct Whole {
    page: Page,
    seen: Seen,
    tree: BlockTree,
    testimony: Testimony,
    /// Whether the page itself shows its properties whole.
    is_shown: bool,
    settled: bool,
    read_at: DateTime<Utc>,
}

impl Fetcher<'_> {
    /// Reads what a pick stands for.
    pub(crate) async fn fetch(&self, pick: Pick) -> Result<Fetched, Error> {
        self.fetch_from(pick, None).await
    }

    /// Does the same for a page of which the last edit was just seen.
    pub(crate) async fn fetch_from(
        &self,
        pick: Pick,
        edited_at: Option<DateTime<Utc>>,
    ) -> Result<Fetched, Error> {
        let fetched = match pick.kind {
            // On the heap, or many of them one in another are too large for a stack.
            SourceKind::Page => Box::pin(self.fetch_page(pick.id, pick.shape, edited_at)).await,
            SourceKind::DataSource => Box::pin(self.fetch_table(pick.id)).await,
        };
        or_other_kind(&self.api, pick.id, pick.kind, fetched).await
    }

    /// Lists the rows of a data source, without what is in the trash.
    pub(crate) async fn rows(&self, data_source: NotionId) -> Result<Vec<Row>, Error> {
        let rows = self.api.rows(data_source).all().await;
        let mut rows = or_other_kind(&self.api, data_source, SourceKind::DataSource, rows).await?;
        rows.iter().filter_map(Row::page).for_each(|row| self.directory.keep_title_of(row));
        rows.retain(|row| !row.in_trash());
        Ok(rows)
    }

    async fn fetch_page(
        &self,
        id: NotionId,
        shape: Shape,
        edited_at: Option<DateTime<Utc>>,
    ) -> Result<Fetched, Error> {
        let Whole { page, mut seen, tree, testimony, is_shown, settled, read_at } =
            Box::pin(self.read_whole(id, edited_at)).await?;
        let (icon, cover) = (page.icon.as_ref(), page.cover.as_ref());
        let is_decorated = self.keep_images_of(&mut seen.source, icon, cover).await;
        self.directory.keep_title_of(&page);
        let around = Box::pin(self.around_properties(&page)).await?;
        let inside = Box::pin(self.databases_in(&tree)).await?;
        let body = match shape {
            Shape::Best | Shape::Rows => Box::pin(self.best_of(&page, &tree, &around, &inside)).await?,
            Shape::Markdown => {
                let kept = self.keep_files(&page, &tree).await?;
                Box::pin(self.as_markdown(&page, &tree, &around, &inside, kept)).await?
            }
        };
        let body = body.beside(&testimony);
        let is_whole = is_shown && properties::are_whole(&page) && stands_alone(&tree) && !inside.has_rows();
        let is_all = settled && is_decorated && around.is_all && !body.may_grow && is_whole;
        let basis = is_all.then(|| self.basis(&page, &around, shape));
        let children = children(&tree, &inside);
        let original = Original::Page { page: Box::new(page), blocks: tree };
        let read =
            ReadState { edited_at: seen.source.edited_at, settled, basis, refers: body.refers, read_at };
        Ok(Fetched { content: new_content(seen, body, read), children, original, read_at })
    }

    async fn best_of(
        &self,
        page: &Page,
        tree: &BlockTree,
        around: &Around,
        inside: &InsidePage,
    ) -> Result<convert::Body, Error> {
        let documents = self.keep_documents(page, tree).await?;
        let may_grow = documents.may_grow;
        match convert::file_of_page(page, tree, documents) {
            Some(file) => Ok(file),
            None => {
                let mut images = self.keep_images(page, tree).await?;
                images.may_grow |= may_grow;
                Box::pin(self.as_markdown(page, tree, around, inside, images)).await
            }
        }
    }

    async fn as_markdown(
        &self,
        page: &Page,
        tree: &BlockTree,
        around: &Around,
        inside: &InsidePage,
        kept: PageFiles,
    ) -> Result<convert::Body, Error> {
        let mut kept = kept.and(self.keep_files_of(inside.rows()).await?);
        let around = Box::pin(self.around_blocks(around.clone(), tree, inside)).await?;
        kept.may_grow |= !around.is_all;
        Ok(convert::page(page, tree, &around, kept, inside, &self.options))
    }

    /// Reads a page so that nothing was edited between its first block and its last. The page itself comes last: if its
    /// last edit was over long before, or is the one that was seen before, that one request shows that none came in between.
    async fn read_whole(&self, id: NotionId, mut before: Option<DateTime<Utc>>) -> Result<Whole, Error> {
        let mut reads = 0;
        loop {
            reads += 1;
            let began = self.api.moment();
            let tree = tree::read(&self.api, id, &self.options).await?;
            let testimony = witness::hear(&self.api, &self.directory, id, &tree, &self.options).await?;
            let mut page = self.api.page(id).await?;
            let mut after = page.last_edited_time;
            let is_shown = !properties::complete(&self.api, &mut page, &self.directory).await?;
            if !is_shown {
                after = self.api.page(id).await?.last_edited_time;
            }
            let seen = Seen::of_page(&page).ok_or(Error::Malformed("a page without its metadata"))?;
            let is_calm =
                after == page.last_edited_time && (before == after || seen.is_settled(&self.api, began));
            if is_calm || reads == READS {
                let read_at = self.api.server().no_later(began);
                let settled = is_calm && self.is_settled(&seen, began, read_at);
                return Ok(Whole { page, seen, tree, testimony, is_shown, settled, read_at });
            }
            before = after;
        }
    }

    /// Whether what was read from a moment on is all that the minute of the last edit brought.
    pub(super) fn is_settled(&self, seen: &Seen, began: Moment, read_at: DateTime<Utc>) -> bool {
        let before = self.before.filter(|before| before.edited_at == seen.source.edited_at);
        seen.is_settled(&self.api, began) || before.is_some_and(|before| before.was_over(read_at))
    }

    /// Keeps an icon and a cover that have no lasting address, and returns whether another try would
    /// bring no more.
    pub(super) async fn keep_images_of(
        &self,
        source: &mut Source,
        icon: Option<&Icon>,
        cover: Option<&File>,
    ) -> bool {
        let icon = match icon {
            Some(Icon::Image(source)) => Some(source.clone()),
            Some(Icon::CustomEmoji(emoji)) => {
                Some(FileSource::Hosted(HostedFile { url: emoji.url.clone(), expiry_time: None }))
            }
            Some(Icon::Emoji(_) | Icon::Native(_) | Icon::Unknown(_)) | None => None,
        };
        let cover = cover.map(|cover| cover.source.clone());
        let mut is_all = true;
        for (image, from) in [(&mut source.icon, icon), (&mut source.cover, cover)] {
            let Some(from) = from else { continue };
            match self.keep_decoration(&from).await {
                Ok(Some(file)) => *image = Some(SourceImage::Stored(file)),
                Ok(None) => {}
                Err(_) => is_all = false,
            }
        }
        is_all
    }
}

pub(super) fn new_content(seen: Seen, body: convert::Body, read: ReadState) -> NewContent {
    NewContent {
        read,
        source: seen.source,
        state: seen.state,
        content: body.content,
        attachments: body.attachments,
        fidelity: body.fidelity,
        exposure: body.exposure,
        chosen: None,
    }
}

fn children(tree: &BlockTree, inside: &InsidePage) -> Vec<Child> {
    let child = |node: &Node| match (&node.block.content, node.block.id) {
        (block::Content::ChildPage(_), Some(id)) => vec![Child::Page(id)],
        (block::Content::ChildDatabase(_), Some(id)) => inside.children(id),
        _ => Vec::new(),
    };
    tree.nodes().iter().flat_map(child).collect()
}

/// Whether a page's blocks are all there, and none stands elsewhere, where an edit of it would not show on this page.
fn stands_alone(tree: &BlockTree) -> bool {
    tree.nodes().iter().all(|node| {
        let is_copy = matches!(node.block.content, block::Content::SyncedBlock(Some(_)));
        let is_cut = node.block.has_children && !node.loaded;
        !is_copy && !is_cut
    })
}

impl Fetched {
    /// The Markdown, unless the page is a file.
    pub fn markdown(&self) -> Option<&str> {
        match &self.content.content {
            Content::Markdown(text) => Some(text),
            Content::File(_) => None,
        }
    }

    /// Returns the page with its properties; none of a data source.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use notion_import_core::{Connection, Importer, MemoryBlobs, MemoryLibrary, Pick, StaticToken, TenantId};
    /// # use notion_import_core::testing::{SimClock, World, WorldTransport, paragraph, toggle};
    /// use notion_import_core::notion::{Content, PropertyValue, plain_text};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (world, clock) = (World::new(7), SimClock::new("2026-11-22T08:00:00Z".parse()?));
    /// # let author = world.at("2026-11-22T07:00:00Z".parse()?);
    /// # let workspace = author.workspace("Acme");
    /// # let vendors = author.database(workspace, "Vendors", [("Country", "select")]);
    /// # let row = author.row(vendors.data_source, "Example Ltd", []);
    /// # author.set_property(row, "Country", serde_json::json!({"name": "France"}));
    /// # author.append(row, [toggle("Contract", [paragraph("Signed.")])]);
    /// # let tokens = Arc::new(StaticToken::new(world.grant(workspace, [vendors.id]).token));
    /// # let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    /// # let transport = Arc::new(WorldTransport::new(world.clone(), clock.clone()));
    /// # let importer = Importer::builder(tokens, documents, blobs).through(transport, Arc::new(clock)).build()?;
    /// # let connection = Connection::new(TenantId::fresh(), "acme");
    /// let fetched = importer.fetch(&connection, Pick::page(row)).await?;
    /// let page = fetched.page().ok_or("a data source")?;
    /// let country = page.properties.get("Country").map(|property| &property.value);
    /// let Some(PropertyValue::Select(choice)) = country else { panic!("{country:?}") };
    /// assert_eq!(choice.name.as_deref(), Some("France"));
    ///
    /// let mut lines = Vec::new();
    /// for node in fetched.blocks().ok_or("a data source")?.nodes() {
    ///     let indent = " ".repeat(node.depth as usize);
    ///     lines.push(match &node.block.content {
    ///         Content::Toggle(text) => format!("{indent}> {}", plain_text(&text.rich_text)),
    ///         Content::Paragraph(text) => format!("{indent}{}", plain_text(&text.rich_text)),
    ///         other => format!("{indent}({})", other.block_type().name()),
    ///     });
    /// }
    /// assert_eq!(lines, ["> Contract", " Signed."]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn page(&self) -> Option<&Page> {
        match &self.original {
            Original::Page { page, .. } => Some(page),
            Original::DataSource { .. } => None,
        }
    }

    /// Returns the page's blocks in reading order, each with its depth and where its children end; none of a data source.
    pub fn blocks(&self) -> Option<&BlockTree> {
        match &self.original {
            Original::Page { blocks, .. } => Some(blocks),
            Original::DataSource { .. } => None,
        }
    }

    /// Returns the data source with its columns; none of a page.
    pub fn data_source(&self) -> Option<&DataSource> {
        match &self.original {
            Original::DataSource { data_source, .. } => Some(data_source),
            Original::Page { .. } => None,
        }
    }

    /// Returns the rows of a data source, with their properties; none of a page.
    pub fn rows(&self) -> &[Row] {
        match &self.original {
            Original::DataSource { rows, .. } => rows,
            Original::Page { .. } => &[],
        }
    }
}

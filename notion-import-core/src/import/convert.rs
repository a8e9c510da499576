//! What was read, as content.

use super::ImportOptions;
use super::around::Around;
use super::database::InsidePage;
use super::media::PageFiles;
use super::witness::Testimony;
use crate::download::is_shown;
use crate::id::NotionId;
use crate::library::document::{Content, StoredFile};
use crate::library::fidelity::{Exposure, Fidelity, Loss, LossKind};
use crate::markdown::{
    Database, FileRef, Options, Rendered, StoredAt, StoredFiles, Titles, database_tables, plain_value,
    properties_table, render,
};
use crate::notion::block::{Block, Content as BlockContent};
use crate::notion::page::Page;
use crate::notion::parent::Parent;
use crate::notion::property::PropertyValue;
use crate::notion::text::plain_text;
use crate::notion::tree::BlockTree;

/// Files of a document are linked by this scheme and the blob's id.
const SCHEME: &str = "attachment";

/// Content, and what is to be said about it.
pub(super) struct Body {
    pub(super) content: Content,
    pub(super) attachments: Vec<StoredFile>,
    pub(super) fidelity: Fidelity,
    pub(super) exposure: Exposure,
    /// Whether another try may bring more.
    pub(super) may_grow: bool,
    /// Whether blocks lead to pages or databases of Notion, whose titles change without an edit here.
    pub(super) refers: bool,
}

impl Body {
    /// The same, with what a second witness says is missing.
    pub(super) fn beside(self, testimony: &Testimony) -> Self {
        let fidelity = self.fidelity.and(testimony.fidelity());
        Self { fidelity, may_grow: self.may_grow || testimony.may_grow(), ..self }
    }
}

/// A page's blocks as Markdown; a row's properties stand above them, databases in their place.
pub(super) fn page(
    page: &Page,
    tree: &BlockTree,
    around: &Around,
    kept: PageFiles,
    inside: &InsidePage,
    asked: &ImportOptions,
) -> Body {
    let target = |file: FileRef<'_>| kept.of(file).map(stored_at);
    let titles = |reference| around.title(reference);
    let options = Options {
        databases: inside.shown.as_ref(),
        transcripts: asked.transcripts,
        ..options(&target, &titles, around)
    };
    let below = render(tree, &options);
    let refers = below.exposure.notion_links > 0;
    let whole = joined(properties(page, &options), below);
    Body { may_grow: kept.may_grow, refers, ..markdown(whole, kept.files) }
}

/// What stands above the blocks: of a row its properties, of another page nothing.
pub(super) fn properties(page: &Page, options: &Options<'_>) -> Rendered {
    match page.parent {
        // Older versions of the API name the database of a row alone, newer ones may call it otherwise. No other page has properties.
        Parent::DataSource { .. } | Parent::Database(_) | Parent::Unknown => properties_table(page, options),
        Parent::Workspace | Parent::Page(_) | Parent::Block(_) | Parent::Agent(_) => Rendered::default(),
    }
}

/// A page's file, with its further files beside it. What stands around it is counted: it is not in the file.
pub(super) fn file_of_page(page: &Page, tree: &BlockTree, kept: PageFiles) -> Option<Body> {
    let blocks = tree.nodes().iter().map(|node| &node.block);
    let blocks = blocks.filter(|block| !kept.has_block(block) && says_something(block));
    let properties = page.properties.0.iter().map(|(_, property)| property);
    let properties = properties.filter(|property| {
        let is_title = matches!(property.value, PropertyValue::Title(_));
        let is_kept = page.id.is_some_and(|page| kept.has_property(page, property));
        !is_title && !is_kept && !plain_value(&property.value).is_empty()
    });
    let losses = [
        displaced(LossKind::DisplacedProperty, properties.map(|_| page.id)),
        displaced(LossKind::DisplacedBlock, blocks.map(|block| block.id)),
    ];
    let mut files = kept.files.into_iter();
    let file = files.next()?;
    Some(Body {
        content: Content::File(file),
        attachments: files.collect(),
        fidelity: Fidelity::new(Vec::new(), losses.into_iter().flatten().collect()),
        exposure: Exposure::default(),
        may_grow: kept.may_grow,
        refers: false,
    })
}

fn displaced(kind: LossKind, mut places: impl Iterator<Item = Option<NotionId>>) -> Option<Loss> {
    let first_block = places.next()?;
    Some(Loss { kind, count: 1 + places.count() as u64, first_block })
}

/// A database as its tables.
pub(super) fn database(database: &Database, around: &Around, kept: PageFiles) -> Body {
    let target = |file: FileRef<'_>| kept.of(file).map(stored_at);
    let titles = |reference| around.title(reference);
    let whole = database_tables(database, &options(&target, &titles, around));
    Body { may_grow: kept.may_grow, ..markdown(whole, kept.files) }
}

/// How what is stored is written: with its own files, and what stands around it.
fn options<'a>(files: &'a StoredFiles<'a>, titles: &'a Titles<'a>, around: &'a Around) -> Options<'a> {
    Options {
        files: Some(files),
        titles: Some(titles),
        schema: around.schema.as_deref(),
        schemes: &[SCHEME],
        ..Options::default()
    }
}

/// Where a document links a file of its own.
fn stored_at(file: &StoredFile) -> StoredAt {
    StoredAt { address: format!("{SCHEME}:{}", file.blob.id), is_image: is_shown(&file.media_type) }
}

fn markdown(rendered: Rendered, attachments: Vec<StoredFile>) -> Body {
    Body {
        content: Content::Markdown(rendered.markdown),
        attachments,
        fidelity: rendered.fidelity,
        exposure: rendered.exposure,
        may_grow: false,
        refers: false,
    }
}

fn joined(above: Rendered, below: Rendered) -> Rendered {
    let gap = if above.markdown.is_empty() || below.markdown.is_empty() { "" } else { "\n" };
    Rendered {
        markdown: format!("{}{gap}{}", above.markdown, below.markdown),
        fidelity: above.fidelity.and(below.fidelity),
        exposure: above.exposure.and(below.exposure),
    }
}

/// Whether leaving a block out leaves something unsaid.
fn says_something(block: &Block) -> bool {
    match &block.content {
        BlockContent::Divider | BlockContent::Breadcrumb | BlockContent::TableOfContents => false,
        BlockContent::ColumnList | BlockContent::Column(_) | BlockContent::Tab => false,
        BlockContent::Paragraph(text) => !plain_text(&text.rich_text).trim().is_empty(),
        _ => true,
    }
}

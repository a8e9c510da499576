//! What was read, as content.

use super::ImportOptions;
use super::media::PageFiles;
use crate::library::document::{Content, StoredFile};
use crate::library::fidelity::{Exposure, Fidelity, Loss, LossKind};
use crate::markdown::{FileRef, Options, Rendered, properties_table, render, rows_table};
use crate::notion::block::{Block, Content as BlockContent};
use crate::notion::database::DataSource;
use crate::notion::page::Page;
use crate::notion::parent::Parent;
use crate::notion::property::Column;
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
}

/// A page's blocks as Markdown; a row's properties stand above them.
pub(super) fn page(page: &Page, tree: &BlockTree, kept: PageFiles, asked: &ImportOptions) -> Body {
    let target = |file: FileRef<'_>| {
        let stored = kept.by_block.get(&file.block?)?;
        Some(format!("{SCHEME}:{}", stored.blob.id))
    };
    let options = Options {
        files: Some(&target),
        schemes: &[SCHEME],
        transcripts: asked.transcripts,
        ..Options::default()
    };
    let whole = joined(properties(page, &options), render(tree, &options));
    Body { may_grow: kept.may_grow, ..markdown(whole, kept.files) }
}

/// What stands above the blocks: of a row its properties, of another page nothing.
pub(super) fn properties(page: &Page, options: &Options<'_>) -> Rendered {
    match page.parent {
        Parent::DataSource { .. } => properties_table(page, options),
        _ => Rendered::default(),
    }
}

/// A page's file, with its further files beside it. The blocks around it are counted: they are not in it.
pub(super) fn file_of_page(tree: &BlockTree, kept: PageFiles) -> Option<Body> {
    let PageFiles { by_block, files, may_grow } = kept;
    let mut files = files.into_iter();
    let file = files.next()?;
    let is_kept = |block: &Block| block.id.is_some_and(|id| by_block.contains_key(&id));
    let mut displaced =
        tree.nodes().iter().map(|node| &node.block).filter(|block| !is_kept(block) && says_something(block));
    let first = displaced.next();
    let losses = first.map(|first| Loss {
        kind: LossKind::DisplacedBlock,
        count: 1 + displaced.count() as u64,
        first_block: first.id,
    });
    Some(Body {
        content: Content::File(file),
        attachments: files.collect(),
        fidelity: Fidelity::new(Vec::new(), losses.into_iter().collect()),
        exposure: Exposure::default(),
        may_grow,
    })
}

/// A database as one table: the title first, then the columns in the order of the schema.
pub(super) fn table(data_source: &DataSource, rows: &[Page]) -> Body {
    let is_title = |column: &Column| column.kind == "title";
    let (titles, others): (Vec<_>, Vec<_>) =
        data_source.properties.0.iter().partition(|(_, column)| is_title(column));
    let columns: Vec<&str> = titles.into_iter().chain(others).map(|(name, _)| name.as_str()).collect();
    markdown(rows_table(&columns, rows, &Options::default()), Vec::new())
}

fn markdown(rendered: Rendered, attachments: Vec<StoredFile>) -> Body {
    Body {
        content: Content::Markdown(rendered.markdown),
        attachments,
        fidelity: rendered.fidelity,
        exposure: rendered.exposure,
        may_grow: false,
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

//! The bridge: blocks in, GitHub Flavored Markdown out, with a report of what Markdown cannot say.
//!
//! Rendering never fails, is a function of its arguments and takes linear time; a byte of JSON becomes 800 bytes of
//! Markdown at most, in nested lists of one-letter lines, and one or two in pages people write. Text, styles, links,
//! lists, tables and code come back exactly when the output is parsed as CommonMark with GFM's tables, task lists
//! and strikethrough and with `$` math. No raw HTML is written, but `<br>` inside the cells of tables.
//!
//! # What Markdown cannot say
//!
//! Normalised, because nothing that shows is lost:
//! - Spaces and tabs at the ends of lines are dropped, and so are lines and paragraphs without words.
//! - Spaces have no style and no link of their own.
//! - A line break in inline code ends the code and begins it anew; neighbouring code of one style is one.
//! - Neighbouring formulas of one style are one, with a space between. Line breaks inside of one are spaces.
//! - Line ends are `\n`, a NUL is U+FFFD, vertical tabs and form feeds are spaces.
//! - White space, controls, `<`, `>` and `` ` `` in the targets of links are percent-encoded, and `|` in tables.
//! - A language of a listing is one word, as highlighters know it.
//! - A caption with links or line breaks stands below its image or link; any other is its text.
//! - E-mail addresses stay as they are: where a parser links what looks like one, no escape can stop it. Text that
//!   looks like another URL is escaped.
//!
//! Never written: an address with a signature ([`address`]). A link to one keeps its label, and words that hold one end before
//! its query, with an ellipsis; each is counted ([`SignedAddress`]).
//!
//! Lost, and counted in the report: what [`LossKind`] lists. Of text these are styles that begin or end where
//! CommonMark cannot delimit them ([`Style`]), line breaks in headings ([`HeadingLineBreak`]), formulas that dollars
//! cannot hold ([`Equation`]), and code with `\|` in a table ([`TableCode`]).
//!
//! [`LossKind`]: crate::library::fidelity::LossKind
//! [`Style`]: crate::library::fidelity::LossKind::Style
//! [`HeadingLineBreak`]: crate::library::fidelity::LossKind::HeadingLineBreak
//! [`Equation`]: crate::library::fidelity::LossKind::Equation
//! [`SignedAddress`]: crate::library::fidelity::LossKind::SignedAddress
//! [`address`]: crate::notion::address
//! [`TableCode`]: crate::library::fidelity::LossKind::TableCode

mod blocks;
mod code;
mod emphasis;
mod escape;
mod files;
mod flanking;
mod inline;
mod ledger;
mod links;
mod list;
mod piece;
mod pieces;
pub mod property;
mod table;
mod writer;

use std::fmt;

use crate::id::NotionId;
use crate::library::fidelity::{Exposure, Fidelity};
use crate::notion::tree::BlockTree;

pub use property::{properties_table, rows_table};

/// What a page became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The Markdown. It ends with one newline, or is empty.
    pub markdown: String,
    /// What it does not say.
    pub fidelity: Fidelity,
    /// What it tells or loads beyond its words.
    pub exposure: Exposure,
}

/// The host's own links to pages and databases.
pub type KnownPages<'a> = dyn Fn(NotionId) -> Option<PageLink> + Sync + 'a;

/// The anchors of blocks in the host's pages: of a page and a block, what stands after the `#`.
pub type Anchors<'a> = dyn Fn(NotionId, NotionId) -> Option<String> + Sync + 'a;

/// Where the host stored files again.
pub type StoredFiles<'a> = dyn Fn(FileRef<'_>) -> Option<String> + Sync + 'a;

/// How links and files are written.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// The host's own link for a page or database, if it has one.
    pub pages: Option<&'a KnownPages<'a>>,
    /// Where on the host's page a link to a block goes: headings have anchors, most other blocks have none.
    pub anchors: Option<&'a Anchors<'a>>,
    /// What happens to links to pages the host does not know.
    pub unresolved: Unresolved,
    /// Where a file was stored again. Without it, a file Notion hosts keeps its name and caption and loses its link.
    pub files: Option<&'a StoredFiles<'a>>,
    /// Schemes links may have besides http, https, mailto and tel.
    pub schemes: &'a [&'a str],
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("unresolved", &self.unresolved)
            .field("schemes", &self.schemes)
            .finish_non_exhaustive()
    }
}

/// What happens to links to Notion pages the host does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unresolved {
    /// They go to Notion.
    #[default]
    Notion,
    /// They keep their label alone.
    Label,
}

/// Where a page is, for the host's readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLink {
    /// The target of links.
    pub url: String,
    /// The label where Notion gives none.
    pub title: Option<String>,
}

/// A file as a block has it.
#[derive(Clone, Copy, Debug)]
pub struct FileRef<'a> {
    /// The block.
    pub block: Option<NotionId>,
    /// Which of the files, for a property that holds several; 0 for a block.
    pub index: usize,
    /// The file.
    pub file: &'a crate::notion::file::File,
}

/// It writes blocks as Markdown.
pub fn render(tree: &BlockTree, options: &Options<'_>) -> Rendered {
    blocks::Renderer::new(tree, options).run()
}

//! What the host decides: where links go, and where files are.

use std::fmt;

use crate::id::NotionId;
use crate::notion::file::File;

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
    pub file: &'a File,
}

//! What the host decides: where files are, and which links are its own.

use std::fmt;

use crate::id::NotionId;
use crate::notion::file::File;

/// Where the host stored files again.
pub type StoredFiles<'a> = dyn Fn(FileRef<'_>) -> Option<String> + Sync + 'a;

/// How links and files are written. Links to pages go to Notion; `relink` leads them elsewhere.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Where a file was stored again. Without it, a file Notion hosts keeps its name and caption and loses its link.
    pub files: Option<&'a StoredFiles<'a>>,
    /// Schemes links may have besides http, https, mailto and tel.
    pub schemes: &'a [&'a str],
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("schemes", &self.schemes).finish_non_exhaustive()
    }
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

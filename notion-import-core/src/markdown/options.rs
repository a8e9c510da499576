//! What the host decides: where files are, which databases stand in their place, which links are its own, and how styles are written.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::id::NotionId;
use crate::markdown::database::Database;
use crate::notion::column::{Column, Properties};
use crate::notion::file::File;

/// Where the host stored files again.
pub type StoredFiles<'a> = dyn Fn(FileRef<'_>) -> Option<StoredAt> + Sync + 'a;

/// Where a file was stored again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAt {
    /// Its address there.
    pub address: String,
    /// Whether browsers show it as an image; what they do not is linked by its name.
    pub is_image: bool,
}

/// What the databases inside a page show, by the ids of their blocks.
pub type Databases = HashMap<NotionId, Arc<Database>>;

/// What things of Notion are called that a text refers to.
pub type Titles<'a> = dyn Fn(Reference) -> Option<String> + Sync + 'a;

/// Something of Notion that a text refers to without saying what it is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reference {
    /// A page.
    Page(NotionId),
    /// A database.
    Database(NotionId),
    /// What an address leads to, which does not say whether that is a page or a database.
    Address(NotionId),
}

impl Reference {
    /// Returns the id of the page or the database.
    pub const fn id(self) -> NotionId {
        match self {
            Self::Page(id) | Self::Database(id) | Self::Address(id) => id,
        }
    }
}

/// How links and files are written. Links to pages go to Notion; `relink` leads them elsewhere.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Where a file was stored again. Without it, a file Notion hosts keeps its name and caption and loses its link.
    pub files: Option<&'a StoredFiles<'a>>,
    /// What pages and databases are called. What has no title here stands under neutral words and is counted.
    pub titles: Option<&'a Titles<'a>>,
    /// The columns of the data source that rows belong to: they say how numbers are shown.
    pub schema: Option<&'a Properties<Column>>,
    /// The databases that Notion shows inside the page: they stand below the links to them. Without it, every link stands alone.
    pub databases: Option<&'a Databases>,
    /// Schemes links may have besides http, https, mailto and tel.
    pub schemes: &'a [&'a str],
    /// What happens to styles that Markdown cannot delimit as their text stands.
    pub styles: Styles,
    /// Whether the transcripts of meetings are written.
    pub transcripts: bool,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = f.debug_struct("Options");
        options.field("schemes", &self.schemes).field("styles", &self.styles);
        options.field("transcripts", &self.transcripts).finish_non_exhaustive()
    }
}

/// What happens to styles that Markdown cannot delimit as their text stands, such as bold that ends in a bracket before a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Styles {
    /// A letter beside the style is written as a numeric character reference, `&#x4E00;`: every style is shown.
    #[default]
    Exact,
    /// The source stays readable: punctuation at the edges goes without the style, else the style is dropped. Each is counted as lost.
    Readable,
}

/// A file, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct FileRef<'a> {
    /// The block that shows it, or the page that has it in a property.
    pub block: Option<NotionId>,
    /// The id of that property; none for a block.
    pub property: Option<&'a str>,
    /// Which of the files of the property; 0 for a block.
    pub index: usize,
    /// The file.
    pub file: &'a File,
}

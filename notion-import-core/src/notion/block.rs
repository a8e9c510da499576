//! Blocks: what a page is made of.

use chrono::{DateTime, Utc};
use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::lenient::{Key, Lenient, deserialize, names, skip, value};
use crate::notion::parent::Parent;

mod content;
mod payload;

use payload::Texts;

pub use content::Content;
pub use payload::{
    Bookmark, Callout, Code, Heading, HeadingText, LinkTarget, ListFormat, MeetingNotes, MeetingPart,
    MeetingParts, NumberedListItem, Table, Text, ToDo, UnknownBlock,
};

/// One block, without its children.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Its id, if the JSON has one.
    pub id: Option<NotionId>,
    /// Where it lives. A synced copy says something else than the list it came in; trust the list.
    pub parent: Parent,
    /// Whether it has children that must be asked for.
    pub has_children: bool,
    /// Whether it is in the trash.
    pub in_trash: bool,
    /// When it was made.
    pub created_time: Option<DateTime<Utc>>,
    /// When it was last edited, to the minute.
    pub last_edited_time: Option<DateTime<Utc>>,
    /// What it is.
    pub content: Content,
}

impl Block {
    /// Makes a block of that content alone.
    pub fn new(content: Content) -> Self {
        Self { content, ..Self::default() }
    }
}

names! {
    /// The types of blocks, by Notion's names.
    pub enum BlockType or Unknown else Unknown {
        /// Text.
        Paragraph = "paragraph",
        /// A heading of the first level.
        Heading1 = "heading_1",
        /// A heading of the second level.
        Heading2 = "heading_2",
        /// A heading of the third level.
        Heading3 = "heading_3",
        /// A heading of the fourth level.
        Heading4 = "heading_4",
        /// An item with a bullet.
        BulletedListItem = "bulleted_list_item",
        /// An item with a number.
        NumberedListItem = "numbered_list_item",
        /// An item with a check box.
        ToDo = "to_do",
        /// Text that folds its children.
        Toggle = "toggle",
        /// A quotation.
        Quote = "quote",
        /// A box with an icon.
        Callout = "callout",
        /// A listing.
        Code = "code",
        /// A displayed formula.
        Equation = "equation",
        /// A line across.
        Divider = "divider",
        /// The path to the page, drawn by Notion.
        Breadcrumb = "breadcrumb",
        /// The page's headings, drawn by Notion.
        TableOfContents = "table_of_contents",
        /// Columns side by side.
        ColumnList = "column_list",
        /// One of the columns.
        Column = "column",
        /// Tabs; each child is one.
        Tab = "tab",
        /// A simple table.
        Table = "table",
        /// A row of a simple table.
        TableRow = "table_row",
        /// Content that shows in several places.
        SyncedBlock = "synced_block",
        /// A button that makes blocks; deprecated.
        Template = "template",
        /// A link with a preview.
        Bookmark = "bookmark",
        /// Something of another site, in a frame.
        Embed = "embed",
        /// A link to a connected service.
        LinkPreview = "link_preview",
        /// A picture.
        Image = "image",
        /// A film.
        Video = "video",
        /// A PDF, shown.
        Pdf = "pdf",
        /// A sound.
        Audio = "audio",
        /// An attachment.
        File = "file",
        /// A link to a page or a database.
        LinkToPage = "link_to_page",
        /// A page inside this page.
        ChildPage = "child_page",
        /// A database inside this page.
        ChildDatabase = "child_database",
        /// Notes of a meeting (`transcription` once).
        MeetingNotes = "meeting_notes",
        /// A block Notion does not give.
        Unsupported = "unsupported",
        /// A type Notion has added since, or none at all.
        Unknown = "unknown",
    }
}

impl BlockType {
    fn of_key(key: &str) -> Self {
        match key {
            "transcription" => Self::MeetingNotes,
            name => Self::from_name(name),
        }
    }
}

impl Lenient for Block {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        let mut name = String::new();
        let mut payloads = Payloads::default();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "id" => this.id = value(&mut object)?,
                "type" => name = value(&mut object)?,
                "parent" => this.parent = value(&mut object)?,
                "has_children" => this.has_children = value(&mut object)?,
                "in_trash" | "archived" => this.in_trash |= value::<bool, _>(&mut object)?,
                "created_time" => this.created_time = value(&mut object)?,
                "last_edited_time" => this.last_edited_time = value(&mut object)?,
                key => match BlockType::of_key(key) {
                    BlockType::Unknown if matches!(key, "object" | "created_by" | "last_edited_by") => {
                        skip(&mut object)?;
                    }
                    BlockType::Unknown => {
                        let read =
                            UnknownBlock { name: key.to_owned(), texts: value::<Texts, _>(&mut object)?.0 };
                        if !read.texts.is_empty() {
                            payloads.push(Content::Unknown(read));
                        }
                    }
                    kind => payloads.push(Content::read(kind, &mut object)?),
                },
            }
        }
        this.content = payloads.choose(name);
        Ok(this)
    }
}

deserialize!(Block);

/// The payloads of one block: one in every real block, any number in a hostile one.
#[derive(Default)]
struct Payloads {
    first: Option<Content>,
    others: Vec<Content>,
}

impl Payloads {
    fn push(&mut self, content: Content) {
        match self.first {
            None => self.first = Some(content),
            Some(_) => self.others.push(content),
        }
    }

    /// The type decides; a block that lost its type is what its payload is.
    fn choose(self, name: String) -> Content {
        let mut all = self.first.into_iter().chain(self.others);
        if name.is_empty() {
            let (known, unknown): (Vec<_>, Vec<_>) =
                all.partition(|content| content.block_type() != BlockType::Unknown);
            return known.into_iter().chain(unknown).next().unwrap_or_default();
        }
        match BlockType::of_key(&name) {
            BlockType::Unknown => {
                let own = |content| match content {
                    // A long key reads as the empty one.
                    Content::Unknown(block) if block.name == name || block.name.is_empty() => {
                        Some(block.texts)
                    }
                    _ => None,
                };
                let texts = all.find_map(own).unwrap_or_default();
                Content::Unknown(UnknownBlock { name, texts })
            }
            kind => all.find(|content| content.block_type() == kind).unwrap_or_else(|| Content::empty(kind)),
        }
    }
}

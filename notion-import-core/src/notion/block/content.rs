//! The payload of a block, by its type.

use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::block::{
    BlockType, Bookmark, Callout, Code, Heading, HeadingText, LinkTarget, MeetingNotes, NumberedListItem,
    Table, Text, ToDo, UnknownBlock,
};
use crate::notion::file::File;
use crate::notion::lenient::{object, skip, value};
use crate::notion::text::{Expression, Link, RichText};

/// What a block is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text; the label of a tab, if it is a child of [`Content::Tab`].
    Paragraph(Callout),
    /// A heading of level 1 to 4.
    Heading(Heading),
    /// An item with a bullet.
    BulletedListItem(Text),
    /// An item with a number.
    NumberedListItem(NumberedListItem),
    /// An item with a check box.
    ToDo(ToDo),
    /// Text that folds its children.
    Toggle(Text),
    /// A quotation.
    Quote(Text),
    /// A box with an icon.
    Callout(Callout),
    /// A listing.
    Code(Code),
    /// A displayed formula, in KaTeX.
    Equation(String),
    /// A line across.
    Divider,
    /// The path to the page.
    Breadcrumb,
    /// The page's headings.
    TableOfContents,
    /// Columns side by side.
    ColumnList,
    /// One column, and its share of the width.
    Column(Option<f64>),
    /// Tabs.
    Tab,
    /// A table; its children are the rows.
    Table(Table),
    /// A row: one text per column.
    TableRow(Vec<Vec<RichText>>),
    /// Content that shows in several places; a copy names its original.
    SyncedBlock(Option<NotionId>),
    /// A button that makes blocks.
    Template(Text),
    /// A link with a preview.
    Bookmark(Bookmark),
    /// Something of another site.
    Embed(File),
    /// A link to a connected service.
    LinkPreview(Bookmark),
    /// A picture.
    Image(File),
    /// A film.
    Video(File),
    /// A PDF, shown.
    Pdf(File),
    /// A sound.
    Audio(File),
    /// An attachment.
    File(File),
    /// A link to a page or a database.
    LinkToPage(LinkTarget),
    /// A page inside this page, by its title.
    ChildPage(String),
    /// A database inside this page, by its title.
    ChildDatabase(String),
    /// Notes of a meeting; the text is in the blocks it points to.
    MeetingNotes(Box<MeetingNotes>),
    /// A block Notion does not give, by the type it has there.
    Unsupported(String),
    /// A type we do not know.
    Unknown(UnknownBlock),
}

impl Default for Content {
    fn default() -> Self {
        Self::Unknown(UnknownBlock::default())
    }
}

impl Content {
    /// Its type.
    pub const fn block_type(&self) -> BlockType {
        match self {
            Self::Paragraph(_) => BlockType::Paragraph,
            Self::Heading(Heading { level: 0 | 1, .. }) => BlockType::Heading1,
            Self::Heading(Heading { level: 2, .. }) => BlockType::Heading2,
            Self::Heading(Heading { level: 3, .. }) => BlockType::Heading3,
            Self::Heading(_) => BlockType::Heading4,
            Self::BulletedListItem(_) => BlockType::BulletedListItem,
            Self::NumberedListItem(_) => BlockType::NumberedListItem,
            Self::ToDo(_) => BlockType::ToDo,
            Self::Toggle(_) => BlockType::Toggle,
            Self::Quote(_) => BlockType::Quote,
            Self::Callout(_) => BlockType::Callout,
            Self::Code(_) => BlockType::Code,
            Self::Equation(_) => BlockType::Equation,
            Self::Divider => BlockType::Divider,
            Self::Breadcrumb => BlockType::Breadcrumb,
            Self::TableOfContents => BlockType::TableOfContents,
            Self::ColumnList => BlockType::ColumnList,
            Self::Column(_) => BlockType::Column,
            Self::Tab => BlockType::Tab,
            Self::Table(_) => BlockType::Table,
            Self::TableRow(_) => BlockType::TableRow,
            Self::SyncedBlock(_) => BlockType::SyncedBlock,
            Self::Template(_) => BlockType::Template,
            Self::Bookmark(_) => BlockType::Bookmark,
            Self::Embed(_) => BlockType::Embed,
            Self::LinkPreview(_) => BlockType::LinkPreview,
            Self::Image(_) => BlockType::Image,
            Self::Video(_) => BlockType::Video,
            Self::Pdf(_) => BlockType::Pdf,
            Self::Audio(_) => BlockType::Audio,
            Self::File(_) => BlockType::File,
            Self::LinkToPage(_) => BlockType::LinkToPage,
            Self::ChildPage(_) => BlockType::ChildPage,
            Self::ChildDatabase(_) => BlockType::ChildDatabase,
            Self::MeetingNotes(_) => BlockType::MeetingNotes,
            Self::Unsupported(_) => BlockType::Unsupported,
            Self::Unknown(_) => BlockType::Unknown,
        }
    }

    /// Reads the payload a block of that type has under the key of the same name.
    pub(super) fn read<'de, A: MapAccess<'de>>(kind: BlockType, object: &mut A) -> Result<Self, A::Error> {
        Ok(match kind {
            BlockType::Paragraph => Self::Paragraph(value(object)?),
            BlockType::Heading1 => Self::heading(1, value(object)?),
            BlockType::Heading2 => Self::heading(2, value(object)?),
            BlockType::Heading3 => Self::heading(3, value(object)?),
            BlockType::Heading4 => Self::heading(4, value(object)?),
            BlockType::BulletedListItem => Self::BulletedListItem(value(object)?),
            BlockType::NumberedListItem => Self::NumberedListItem(value(object)?),
            BlockType::ToDo => Self::ToDo(value(object)?),
            BlockType::Toggle => Self::Toggle(value(object)?),
            BlockType::Quote => Self::Quote(value(object)?),
            BlockType::Callout => Self::Callout(value(object)?),
            BlockType::Code => Self::Code(value(object)?),
            BlockType::Equation => Self::Equation(value::<Expression, _>(object)?.expression),
            BlockType::Column => Self::Column(value::<Width, _>(object)?.width_ratio),
            BlockType::Table => Self::Table(value(object)?),
            BlockType::TableRow => Self::TableRow(value::<Row, _>(object)?.cells),
            BlockType::SyncedBlock => Self::SyncedBlock(value::<Synced, _>(object)?.synced_from.block_id),
            BlockType::Template => Self::Template(value(object)?),
            BlockType::Bookmark => Self::Bookmark(value(object)?),
            BlockType::Embed => Self::Embed(value(object)?),
            BlockType::LinkPreview => {
                let url = value::<Link, _>(object)?.url.unwrap_or_default();
                Self::LinkPreview(Bookmark { url, caption: Vec::new() })
            }
            BlockType::Image => Self::Image(value(object)?),
            BlockType::Video => Self::Video(value(object)?),
            BlockType::Pdf => Self::Pdf(value(object)?),
            BlockType::Audio => Self::Audio(value(object)?),
            BlockType::File => Self::File(value(object)?),
            BlockType::LinkToPage => Self::LinkToPage(value(object)?),
            BlockType::ChildPage => Self::ChildPage(value::<Child, _>(object)?.title),
            BlockType::ChildDatabase => Self::ChildDatabase(value::<Child, _>(object)?.title),
            BlockType::MeetingNotes => Self::MeetingNotes(Box::new(value(object)?)),
            BlockType::Unsupported => Self::Unsupported(value::<Underlying, _>(object)?.block_type),
            BlockType::Divider
            | BlockType::Breadcrumb
            | BlockType::TableOfContents
            | BlockType::ColumnList
            | BlockType::Tab
            | BlockType::Unknown => {
                skip(object)?;
                Self::empty(kind)
            }
        })
    }

    fn heading(level: u8, text: HeadingText) -> Self {
        Self::Heading(Heading { level, text })
    }

    /// The content of a block of that type whose payload is missing.
    pub fn empty(kind: BlockType) -> Self {
        match kind {
            BlockType::Paragraph => Self::Paragraph(Callout::default()),
            BlockType::Heading1 => Self::heading(1, HeadingText::default()),
            BlockType::Heading2 => Self::heading(2, HeadingText::default()),
            BlockType::Heading3 => Self::heading(3, HeadingText::default()),
            BlockType::Heading4 => Self::heading(4, HeadingText::default()),
            BlockType::BulletedListItem => Self::BulletedListItem(Text::default()),
            BlockType::NumberedListItem => Self::NumberedListItem(NumberedListItem::default()),
            BlockType::ToDo => Self::ToDo(ToDo::default()),
            BlockType::Toggle => Self::Toggle(Text::default()),
            BlockType::Quote => Self::Quote(Text::default()),
            BlockType::Callout => Self::Callout(Callout::default()),
            BlockType::Code => Self::Code(Code::default()),
            BlockType::Equation => Self::Equation(String::new()),
            BlockType::Divider => Self::Divider,
            BlockType::Breadcrumb => Self::Breadcrumb,
            BlockType::TableOfContents => Self::TableOfContents,
            BlockType::ColumnList => Self::ColumnList,
            BlockType::Column => Self::Column(None),
            BlockType::Tab => Self::Tab,
            BlockType::Table => Self::Table(Table::default()),
            BlockType::TableRow => Self::TableRow(Vec::new()),
            BlockType::SyncedBlock => Self::SyncedBlock(None),
            BlockType::Template => Self::Template(Text::default()),
            BlockType::Bookmark => Self::Bookmark(Bookmark::default()),
            BlockType::Embed => Self::Embed(File::default()),
            BlockType::LinkPreview => Self::LinkPreview(Bookmark::default()),
            BlockType::Image => Self::Image(File::default()),
            BlockType::Video => Self::Video(File::default()),
            BlockType::Pdf => Self::Pdf(File::default()),
            BlockType::Audio => Self::Audio(File::default()),
            BlockType::File => Self::File(File::default()),
            BlockType::LinkToPage => Self::LinkToPage(LinkTarget::default()),
            BlockType::ChildPage => Self::ChildPage(String::new()),
            BlockType::ChildDatabase => Self::ChildDatabase(String::new()),
            BlockType::MeetingNotes => Self::MeetingNotes(Box::default()),
            BlockType::Unsupported => Self::Unsupported(String::new()),
            BlockType::Unknown => Self::default(),
        }
    }
}

object! {
    struct Synced {
        synced_from: SyncedFrom,
    }
}

object! {
    struct SyncedFrom {
        block_id: Option<NotionId>,
    }
}

object! {
    struct Child {
        title: String,
    }
}

object! {
    struct Width {
        width_ratio: Option<f64>,
    }
}

object! {
    struct Row {
        cells: Vec<Vec<RichText>>,
    }
}

object! {
    struct Underlying {
        block_type: String,
    }
}

//! Blocks: what a page is made of.

use chrono::{DateTime, Utc};
use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::file::File;
use crate::notion::icon::Icon;
use crate::notion::lenient::{Key, Lenient, deserialize, names, object, skip, value};
use crate::notion::parent::Parent;
use crate::notion::text::{Color, Expression, Link, RichText};

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
    /// It makes a block of that content alone.
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
    Embed(Bookmark),
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
    /// A type we do not know, by its name. The name is empty if the block came without a type, as it does when
    /// the integration may not read it.
    Unknown(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

object! {
    /// Text and its colour.
    pub struct Text {
        /// The text.
        pub rich_text: Vec<RichText>,
        /// The colour of the whole block.
        pub color: Color,
    }
}

object! {
    /// Text with an icon before it.
    pub struct Callout {
        /// The text.
        pub rich_text: Vec<RichText>,
        /// The colour of the whole block.
        pub color: Color,
        /// The icon.
        pub icon: Option<Icon>,
    }
}

/// A heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heading {
    /// 1 to 4.
    pub level: u8,
    /// The text and whether it folds its children.
    pub text: HeadingText,
}

object! {
    /// The text of a heading.
    pub struct HeadingText {
        /// The text.
        pub rich_text: Vec<RichText>,
        /// The colour of the whole block.
        pub color: Color,
        /// Whether it folds its children.
        pub is_toggleable: bool,
    }
}

object! {
    /// An item with a number.
    pub struct NumberedListItem {
        /// The text.
        pub rich_text: Vec<RichText>,
        /// The colour of the whole block.
        pub color: Color,
        /// The number its list starts with.
        pub list_start_index: Option<f64>,
        /// How its list counts.
        pub list_format: ListFormat,
    }
}

names! {
    /// How a numbered list counts.
    pub enum ListFormat or Numbers else Numbers {
        /// 1, 2, 3.
        Numbers = "numbers",
        /// a, b, c.
        Letters = "letters",
        /// i, ii, iii.
        Roman = "roman",
    }
}

object! {
    /// An item with a check box.
    pub struct ToDo {
        /// The text.
        pub rich_text: Vec<RichText>,
        /// The colour of the whole block.
        pub color: Color,
        /// Whether it is done.
        pub checked: bool,
    }
}

object! {
    /// A listing.
    pub struct Code {
        /// The listing, in runs; their styles mean nothing.
        pub rich_text: Vec<RichText>,
        /// What the author wrote under it.
        pub caption: Vec<RichText>,
        /// The language, by Notion's name: `plain text`, `c++`, .. an open set.
        pub language: String,
    }
}

object! {
    /// A simple table.
    pub struct Table {
        /// How many columns.
        pub table_width: Option<f64>,
        /// Whether the first *row* is a header.
        pub has_column_header: bool,
        /// Whether the first *column* is a header.
        pub has_row_header: bool,
    }
}

object! {
    /// A link that stands alone.
    pub struct Bookmark {
        /// The target.
        pub url: String,
        /// What the author wrote under it.
        pub caption: Vec<RichText>,
    }
}

/// What a link block points to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkTarget {
    /// A page.
    Page(NotionId),
    /// A database.
    Database(NotionId),
    /// A comment.
    Comment(NotionId),
    /// Something else.
    #[default]
    Unknown,
}

object! {
    /// Notes of a meeting.
    pub struct MeetingNotes {
        /// The meeting.
        pub title: Vec<RichText>,
        /// How far Notion is: `notes_ready` at the end.
        pub status: Option<String>,
        /// The blocks that hold the text.
        pub children: MeetingParts,
    }
}

object! {
    /// The blocks that hold a meeting's text. Each is read like any block's children.
    pub struct MeetingParts {
        /// The summary.
        pub summary_block_id: Option<NotionId>,
        /// The notes.
        pub notes_block_id: Option<NotionId>,
        /// Every word.
        pub transcript_block_id: Option<NotionId>,
    }
}

impl Lenient for LinkTarget {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut page, mut database, mut comment) = (None, None, None);
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "page_id" => page = value(&mut object)?,
                "database_id" => database = value(&mut object)?,
                "comment_id" => comment = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(page
            .map(Self::Page)
            .or(database.map(Self::Database))
            .or(comment.map(Self::Comment))
            .unwrap_or_default())
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

    /// It reads the payload a block of that type has under the key of the same name.
    fn read<'de, A: MapAccess<'de>>(kind: BlockType, object: &mut A) -> Result<Self, A::Error> {
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
            BlockType::Embed => Self::Embed(Bookmark::default()),
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
            BlockType::Unknown => Self::Unknown(String::new()),
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
                    BlockType::Unknown => skip(&mut object)?,
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
            return all.next().unwrap_or_default();
        }
        match BlockType::of_key(&name) {
            BlockType::Unknown => Content::Unknown(name),
            kind => all.find(|content| content.block_type() == kind).unwrap_or_else(|| Content::empty(kind)),
        }
    }
}

//! What blocks of each type hold.

use serde::de::{MapAccess, SeqAccess};

use crate::id::NotionId;
use crate::notion::icon::Icon;
use crate::notion::lenient::{Key, Lenient, names, object, skip, value};
use crate::notion::text::{Color, RichText};

object! {
    /// Text and its colour.
    pub struct Text {
        /// The text.
        pub rich_text or text: Vec<RichText>,
        /// The colour of the whole block.
        pub color: Color,
    }
}

object! {
    /// Text with an icon before it.
    pub struct Callout {
        /// The text.
        pub rich_text or text: Vec<RichText>,
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
        pub rich_text or text: Vec<RichText>,
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
        pub rich_text or text: Vec<RichText>,
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
    pub enum ListFormat or Numbers else Other {
        /// 1, 2, 3.
        Numbers = "numbers",
        /// a, b, c.
        Letters = "letters",
        /// i, ii, iii.
        Roman = "roman",
        /// A way Notion has added since.
        Other = "other",
    }
}

object! {
    /// An item with a check box.
    pub struct ToDo {
        /// The text.
        pub rich_text or text: Vec<RichText>,
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
        pub rich_text or text: Vec<RichText>,
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

/// A part of a meeting's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MeetingPart {
    /// The summary.
    Summary,
    /// The notes.
    Notes,
    /// Every word that was spoken.
    Transcript,
}

impl MeetingPart {
    /// Every part, in reading order.
    pub const ALL: [Self; 3] = [Self::Summary, Self::Notes, Self::Transcript];

    /// What Notion calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Notes => "Notes",
            Self::Transcript => "Transcript",
        }
    }
}

impl MeetingParts {
    /// The block that holds a part.
    pub const fn id(&self, part: MeetingPart) -> Option<NotionId> {
        match part {
            MeetingPart::Summary => self.summary_block_id,
            MeetingPart::Notes => self.notes_block_id,
            MeetingPart::Transcript => self.transcript_block_id,
        }
    }

    /// Whether all that a meeting says is in the blocks it points to: not every meeting was transcribed.
    pub(crate) const fn is_whole(&self) -> bool {
        self.summary_block_id.is_some() && self.notes_block_id.is_some()
    }
}

/// A block of a type we do not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnknownBlock {
    /// The type's name; empty if the block came without a type, as it does when the integration may not read it.
    pub name: String,
    /// What is text in it: its title, its rich text and its caption, those of them that it has.
    pub texts: Vec<Vec<RichText>>,
}

/// The texts of an unknown payload.
#[derive(Default)]
pub(super) struct Texts(pub(super) Vec<Vec<RichText>>);

impl Lenient for Texts {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let [mut title, mut text, mut caption] = [const { Vec::new() }; 3];
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "title" => title = value::<Title, _>(&mut object)?.0,
                "rich_text" => text = value(&mut object)?,
                "caption" => caption = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(Self([title, text, caption].into_iter().filter(|text| !text.is_empty()).collect()))
    }
}

/// A title: rich text, or as a child page has it, plain.
#[derive(Default)]
struct Title(Vec<RichText>);

impl Lenient for Title {
    fn from_text(text: &str) -> Self {
        Self(vec![RichText::plain(text)])
    }

    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::from_list(list).map(Self)
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
                // None leads to a data source so far; it would be where its database is.
                "database_id" | "data_source_id" => database = database.or(value(&mut object)?),
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

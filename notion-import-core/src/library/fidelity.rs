//! What the Markdown does not say, by kind, count and block; never a word of the text.

use serde::{Deserialize, Serialize};

use crate::id::NotionId;

/// How much of a page its Markdown says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Fidelity {
    /// All of it.
    #[default]
    Complete,
    /// All of its words, but for these losses.
    Lossy {
        /// What was lost.
        losses: Vec<Loss>,
    },
    /// Not all of its words.
    Truncated {
        /// Why it was not read to its end.
        truncations: Vec<Truncation>,
        /// What was lost of the rest, words among it ([`LossKind::costs_words`]).
        losses: Vec<Loss>,
    },
}

impl Fidelity {
    /// The verdict on these.
    pub fn new(truncations: Vec<Truncation>, losses: Vec<Loss>) -> Self {
        let has_all_words = truncations.is_empty() && !losses.iter().any(|loss| loss.kind.costs_words());
        match (has_all_words, losses.is_empty()) {
            (true, true) => Self::Complete,
            (true, false) => Self::Lossy { losses },
            (false, _) => Self::Truncated { truncations, losses },
        }
    }

    /// The verdict on two parts of one document.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let ((mut truncations, mut losses), (more_truncations, more_losses)) = (self.parts(), other.parts());
        for more in more_truncations {
            match truncations.iter_mut().find(|known| known.kind == more.kind) {
                Some(known) => known.count += more.count,
                None => truncations.push(more),
            }
        }
        for more in more_losses {
            match losses.iter_mut().find(|known| known.kind == more.kind) {
                Some(known) => known.count += more.count,
                None => losses.push(more),
            }
        }
        Self::new(truncations, losses)
    }

    fn parts(self) -> (Vec<Truncation>, Vec<Loss>) {
        match self {
            Self::Complete => (Vec::new(), Vec::new()),
            Self::Lossy { losses } => (Vec::new(), losses),
            Self::Truncated { truncations, losses } => (truncations, losses),
        }
    }

    /// Returns what it has lost beyond another, kind by kind, with how much more.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        let (mut truncations, mut losses) = self.clone().parts();
        let (known_truncations, known_losses) = other.clone().parts();
        for more in &mut truncations {
            let known = known_truncations.iter().find(|known| known.kind == more.kind);
            more.count = more.count.saturating_sub(known.map_or(0, |known| known.count));
        }
        for more in &mut losses {
            let known = known_losses.iter().find(|known| known.kind == more.kind);
            more.count = more.count.saturating_sub(known.map_or(0, |known| known.count));
        }
        truncations.retain(|more| more.count > 0);
        losses.retain(|more| more.count > 0);
        Self::new(truncations, losses)
    }

    /// What was lost.
    pub fn losses(&self) -> &[Loss] {
        match self {
            Self::Complete => &[],
            Self::Lossy { losses } | Self::Truncated { losses, .. } => losses,
        }
    }
}

/// One kind of loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// What was lost.
    pub kind: LossKind,
    /// How often.
    pub count: u64,
    /// The first block that lost it.
    pub first_block: Option<NotionId>,
}

/// One reason why words are missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncation {
    /// Why.
    pub kind: TruncationKind,
    /// How often.
    pub count: u64,
    /// The first block it befell.
    pub first_block: Option<NotionId>,
}

/// An enum of kinds, each of which says in one sentence what it is.
macro_rules! kinds {
    ($(#[$meta:meta])* pub enum $name:ident { $(#[doc = $description:literal] $kind:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $description] $kind,)+
        }

        impl $name {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// What it is, in one sentence for people.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$kind => $description.trim_ascii(),)+
                }
            }
        }
    };
}

kinds! {
    /// Why words are missing.
    pub enum TruncationKind {
        /// The children of a block were not loaded.
        ChildrenNotLoaded,
        /// The page has more blocks than the importer reads.
        TooManyBlocks,
        /// The page is nested deeper than the importer reads.
        TooDeep,
        /// A property holds more than was read.
        PropertyNotLoaded,
        /// The transcript of a meeting was left out: it is read only where that is asked for.
        TranscriptLeftOut,
        /// A row or a table is not shared with the integration.
        NotShared,
        /// A database inside the page has more rows than are shown there.
        TooManyRows,
        /// A block of an unknown type has no words that are known: a placeholder stands for what it shows.
        UnknownContent,
        /// A block that Notion names was not read.
        Unread,
        /// A block is hidden from the integration.
        Hidden,
    }
}

kinds! {
    /// What Markdown cannot say, or says in another form.
    pub enum LossKind {
        /// A colour was dropped.
        Color,
        /// An underline was dropped.
        Underline,
        /// A style was dropped where Markdown cannot delimit it.
        Style,
        /// A style, a colour or a link inside of a listing was dropped.
        ListingStyle,
        /// A line break in a heading became a space.
        HeadingLineBreak,
        /// Letters or Roman numerals became numbers.
        ListFormat,
        /// Blocks indented under another stand after it.
        Indentation,
        /// Blocks nested too deep for Markdown stand after their parent.
        Nesting,
        /// A toggle became a list item or a heading, open for ever.
        Toggle,
        /// A callout became a quotation.
        Callout,
        /// An icon that is no emoji was dropped.
        Icon,
        /// Columns stand after one another.
        Columns,
        /// Tabs stand after one another.
        Tabs,
        /// A table's first column is a header no more.
        HeaderColumn,
        /// A breadcrumb was dropped.
        Breadcrumb,
        /// A table of contents was dropped.
        TableOfContents,
        /// A button became its label and its blocks.
        Template,
        /// The frame around a bookmark, embed or preview, or an image that browsers do not show, became a link.
        Preview,
        /// A player or viewer became a link.
        Player,
        /// A file of Notion's was not stored again: its name stands without a link.
        FileNotStored,
        /// A file that is nowhere left its name and its caption alone, if it has any.
        FileMissing,
        /// A link with a scheme that is not allowed kept its label alone.
        LinkScheme,
        /// An address with a signature was not written: a link to it kept its label, words that hold it end before its query.
        SignedAddress,
        /// A link to a comment or to nothing known was dropped.
        LinkTarget,
        /// A page or database whose title is not known stands under neutral words.
        PageTitle,
        /// A person whose name is not given stands under neutral words.
        PersonName,
        /// A number whose format is not known stands without it.
        NumberFormat,
        /// Meeting notes became their title and their blocks.
        MeetingNotes,
        /// A custom emoji became its name.
        CustomEmoji,
        /// A mention of an unknown kind became its text.
        UnknownMention,
        /// A formula that Markdown's math cannot hold became code.
        Equation,
        /// Code inside a table that Markdown cannot hold became text.
        TableCode,
        /// A block Notion does not give left a placeholder.
        UnsupportedBlock,
        /// A block stands beside the file that became the document, and is not in it.
        DisplacedBlock,
        /// A property stands beside the file that became the document, and is not in it.
        DisplacedProperty,
        /// A block of an unknown type left its words alone, or a placeholder.
        UnknownBlock,
        /// A database in the page is a link to it, also where Notion shows its rows.
        Database,
        /// A board, a calendar, a gallery or groups of rows became a plain table.
        ViewLayout,
        /// A quick filter of a view lets through what it would hide.
        QuickFilter,
        /// The filter of a view cannot be asked for: all rows are there.
        ViewFilter,
        /// The order of rows, put by hand or one that cannot be asked for, became that of their making.
        RowOrder,
        /// A column that was chosen is not in the database.
        ColumnMissing,
        /// A view that was chosen is not there, or shows no rows of this table: the first one that does stands for it.
        ViewMissing,
        /// A row that is in the trash was left out.
        RowInTrash,
        /// A property value that Notion does not give, or of an unknown type, left its cell empty.
        UnsupportedProperty,
        /// Whether blocks are hidden is not known for all of the page: Notion did not say.
        Completeness,
    }
}

impl LossKind {
    /// Whether words or values that a reader sees in Notion are missing with it, and nothing says what they were: the verdict follows
    /// from it. Where neutral words or a link stand for a name or a table, the text is lossy.
    pub const fn costs_words(self) -> bool {
        match self {
            Self::LinkTarget
            | Self::UnsupportedBlock
            | Self::DisplacedBlock
            | Self::DisplacedProperty
            | Self::ColumnMissing
            | Self::UnsupportedProperty => true,
            Self::Color
            | Self::Underline
            | Self::Style
            | Self::ListingStyle
            | Self::HeadingLineBreak
            | Self::ListFormat
            | Self::Indentation
            | Self::Nesting
            | Self::Toggle
            | Self::Callout
            | Self::Icon
            | Self::Columns
            | Self::Tabs
            | Self::HeaderColumn
            | Self::Breadcrumb
            | Self::TableOfContents
            | Self::Template
            | Self::Preview
            | Self::Player
            | Self::FileNotStored
            | Self::FileMissing
            | Self::LinkScheme
            | Self::SignedAddress
            | Self::MeetingNotes
            | Self::CustomEmoji
            | Self::UnknownMention
            | Self::Equation
            | Self::TableCode
            | Self::UnknownBlock
            | Self::PageTitle
            | Self::PersonName
            | Self::Database
            | Self::ViewLayout
            | Self::QuickFilter
            | Self::ViewFilter
            | Self::RowOrder
            | Self::ViewMissing
            | Self::RowInTrash
            | Self::NumberFormat
            | Self::Completeness => false,
        }
    }
}

/// What a page's Markdown tells or loads beyond its words: what to look at before it is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Mentions of people.
    pub people: u64,
    /// Links to Notion pages: the host's readers may not be able to open them there.
    pub notion_links: u64,
    /// Images loaded from other hosts.
    pub remote_images: u64,
    /// Other files linked from the text.
    pub files: u64,
    /// Blocks that point to a comment.
    #[serde(default)]
    pub comments: u64,
    /// Transcripts of meetings: every word that was spoken.
    #[serde(default)]
    pub transcripts: u64,
    /// Columns of databases of which no view says that it shows them: they may be hidden in Notion.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unsaid_columns: u64,
    /// Tables with rows that a view may hide in Notion.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unfiltered_tables: u64,
}

/// Reports of documents without databases stay as they are.
#[allow(clippy::trivially_copy_pass_by_ref)] // As serde asks.
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Exposure {
    /// What two parts of one document tell together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            people: self.people + other.people,
            notion_links: self.notion_links + other.notion_links,
            remote_images: self.remote_images + other.remote_images,
            files: self.files + other.files,
            comments: self.comments + other.comments,
            unsaid_columns: self.unsaid_columns + other.unsaid_columns,
            unfiltered_tables: self.unfiltered_tables + other.unfiltered_tables,
            transcripts: self.transcripts + other.transcripts,
        }
    }

    /// Returns how much more it tells or loads than another.
    #[must_use]
    pub const fn beyond(self, other: Self) -> Self {
        Self {
            people: self.people.saturating_sub(other.people),
            notion_links: self.notion_links.saturating_sub(other.notion_links),
            remote_images: self.remote_images.saturating_sub(other.remote_images),
            files: self.files.saturating_sub(other.files),
            comments: self.comments.saturating_sub(other.comments),
            unsaid_columns: self.unsaid_columns.saturating_sub(other.unsaid_columns),
            unfiltered_tables: self.unfiltered_tables.saturating_sub(other.unfiltered_tables),
            transcripts: self.transcripts.saturating_sub(other.transcripts),
        }
    }
}

//! Notion's words, typed and tolerant: what we know is typed, what we do not know is kept by name, and no shape of
//! a field can fail a page.

#[cfg(feature = "client")]
pub(crate) mod endpoints;
#[cfg(feature = "client")]
pub(crate) mod list;
#[cfg(feature = "client")]
pub(crate) mod client;
#[cfg(feature = "client")]
mod answer;
#[cfg(feature = "client")]
pub(crate) mod exchange;
#[cfg(feature = "client")]
mod vocabulary;
#[cfg(feature = "client")]
pub(crate) mod page_markdown;
#[cfg(feature = "client")]
pub(crate) mod rate_limit;
#[cfg(feature = "client")]
pub(crate) mod server_time;
#[cfg(feature = "client")]
pub(crate) mod tally;
pub(crate) mod address;
pub(crate) mod block;
pub(crate) mod column;
#[cfg(feature = "client")]
pub(crate) mod view;
#[cfg(feature = "client")]
pub(crate) mod database;
pub(crate) mod file;
pub(crate) mod icon;
mod lenient;
pub mod link;
pub(crate) mod page;
pub(crate) mod parent;
pub(crate) mod property;
pub(crate) mod row;
pub(crate) mod text;
pub(crate) mod tree;

pub use address::{LastingUrl, lasting_text};
pub use block::{
    Block, BlockType, Bookmark, Callout, Code, Content, Heading, HeadingText, LinkTarget, ListFormat,
    MeetingNotes, MeetingPart, MeetingParts, NumberedListItem, Table, Text, ToDo, UnknownBlock,
};
#[cfg(feature = "client")]
pub use client::NOTION_VERSION;
pub use column::{Column, NumberFormat, Properties, RollupSource};
#[cfg(feature = "client")]
pub use database::DataSource;
#[cfg(feature = "client")]
pub use exchange::Exchange;
pub use file::{File, FileSource, HostedFile, SignedUrl};
pub use icon::Icon;
pub use page::Page;
pub use parent::Parent;
pub use property::{
    Choice, Formula, Person, Place, Property, PropertyValue, Rollup, RollupResult, UniqueId, Verification,
};
pub use row::{ChildSource, Row};
pub use text::{
    Annotations, Color, CustomEmoji, DateRange, LinkMention, Mention, RichText, RichTextKind, plain_text,
};
pub use tree::{BlockTree, Handle, Node, ParseError, TreeBuilder};
#[cfg(feature = "client")]
pub use vocabulary::{Meaning, Word};

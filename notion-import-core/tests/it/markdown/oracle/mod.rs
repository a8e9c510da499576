//! What a page says, as a list of events, found in two ways: from the tree, and from the Markdown through a parser.
//!
//! The way from the tree knows nothing of the writer. What Markdown cannot say it normalises as
//! `notion_import_core::markdown` documents it, and it keeps its own account of losses: the report must say the same.

mod account;
mod blocks;
mod comrak;
mod event;
mod inline;
mod media;
mod pulldown;
mod reading;
mod signed;
mod verdict;

pub use event::target;
pub use verdict::check;

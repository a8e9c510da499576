//! What a page, a row or a database says, as a list of events, found in two ways: from Notion's words, and from the Markdown
//! through a parser.
//!
//! The way from Notion's words knows nothing of the writer. What Markdown cannot say it normalises as
//! `notion_import_core::markdown` documents it, and it keeps its own account of losses: the report must say the same.

mod account;
mod blocks;
mod comrak;
mod databases;
mod date;
mod event;
mod inline;
mod listing;
mod lists;
mod media;
mod meetings;
mod number;
mod properties;
mod pulldown;
mod reading;
mod said;
mod signed;
mod verdict;

pub use event::target;
pub use verdict::{check, check_database, check_row};

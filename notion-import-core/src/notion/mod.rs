//! Notion's words, typed and tolerant: what we know is typed, what we do not know is kept by name, and no shape of
//! a field can fail a page.

pub(crate) mod endpoints;
pub(crate) mod list;
pub(crate) mod client;
mod answer;
pub(crate) mod pace;
pub mod address;
pub mod block;
pub mod database;
pub mod file;
pub mod icon;
mod lenient;
pub mod link;
pub mod page;
pub mod parent;
pub mod property;
pub mod text;
pub mod tree;

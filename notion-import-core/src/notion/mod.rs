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
pub(crate) mod rate_limit;
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

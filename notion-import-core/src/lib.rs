//! Read-only Notion import.
//!
//! The modules are listed top-down: an import inside this crate points down the list, never up.

#[cfg(feature = "testing")]
pub mod testing;
pub mod schedule;
pub mod connect;
pub mod importer;
pub mod sync;
pub mod import;
pub mod browse;
pub mod markdown;
mod source;
mod download;
pub mod library;
pub mod notion;
pub mod connection;
pub mod actor;
pub mod transport;
pub mod error;
pub mod private;
pub mod id;

#![doc = include_str!("../README.md")]

// The modules are listed top-down: an import inside this crate points down the list, never up.

#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "client")]
pub mod service;
#[cfg(feature = "client")]
pub mod schedule;
#[cfg(feature = "client")]
pub mod connect;
#[cfg(feature = "client")]
pub mod importer;
#[cfg(feature = "client")]
pub mod sync;
#[cfg(feature = "client")]
pub mod import;
#[cfg(feature = "client")]
pub mod browse;
pub mod markdown;
#[cfg(feature = "client")]
mod source;
#[cfg(feature = "client")]
mod download;
pub mod library;
pub mod notion;
#[cfg(feature = "client")]
pub mod connection;
#[cfg(feature = "client")]
pub mod actor;
#[cfg(feature = "client")]
pub mod transport;
#[cfg(feature = "client")]
mod tls;
#[cfg(feature = "client")]
pub mod error;
#[cfg(feature = "client")]
pub mod private;
#[cfg(feature = "client")]
mod random;
pub mod id;

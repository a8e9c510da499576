#![doc = include_str!("../README.md")]

// The modules are listed top-down: an import inside this crate points down the list, never up.

#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "worker")]
mod worker;
mod store;
mod table;
mod database;
mod setup;
mod safety;
mod migrations;
mod catalogue;
mod rights;
mod lock;
mod row;
mod options;
mod prefix;
mod error;

pub use database::{Pool, Postgres};
pub use error::{Hazard, MissingRight, OpenError};
pub use options::Options;
pub use prefix::{Prefix, PrefixError};
pub use setup::setup_sql;
#[cfg(feature = "worker")]
pub use worker::Worker;

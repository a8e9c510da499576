//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

#[cfg(feature = "gate")]
mod backup;
mod catalogue;
#[cfg(feature = "gate")]
mod erased;
mod faults;
mod isolation;
mod killed;
#[cfg(feature = "gate")]
mod lists;
mod migrations;
mod opening;
mod pooled;
mod promises;
mod races;
#[cfg(feature = "gate")]
mod readable;
mod rows;
mod rights;
mod safety;
mod setup;
mod simulation;
mod tls;
#[cfg(feature = "worker")]
mod worker;
mod writes;

use notion_import_postgres::testing as cluster;

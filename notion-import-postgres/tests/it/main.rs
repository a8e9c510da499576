//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

#[cfg(feature = "fs")]
mod blobs;
mod catalogue;
mod cluster;
mod faults;
mod isolation;
mod promises;
mod races;
#[cfg(feature = "gate")]
mod readable;
mod rows;
mod safety;

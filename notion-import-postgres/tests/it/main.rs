//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

mod catalogue;
mod cluster;
mod isolation;
mod promises;
mod safety;

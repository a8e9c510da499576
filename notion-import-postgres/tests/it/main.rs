//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

mod cluster;
mod promises;

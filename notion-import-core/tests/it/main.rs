//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

mod access;
mod architecture;
mod download;
mod flow;
mod markdown;
mod stores;
mod world;

//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

mod again;
mod backup;
mod crash;
#[cfg(feature = "gate")]
mod erased;
mod file;
mod full;
mod private;
mod killed;
mod processes;
mod promises;
mod simulation;
mod writes;

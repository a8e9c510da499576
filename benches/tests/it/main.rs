//! One binary for all tests of the crate.
#![allow(clippy::unwrap_used)]

mod report;

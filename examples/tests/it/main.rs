//! One binary for all tests of the examples.
#![allow(clippy::unwrap_used)]

mod chromium;
mod convert;
mod demo;
mod export;
mod secrets;
mod story;

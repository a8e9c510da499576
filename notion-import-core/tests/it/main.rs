//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used)]

mod access;
mod architecture;
mod consents;
mod download;
mod flow;
mod gate;
mod json;
mod loss;
mod markdown;
mod network;
mod notifier;
mod review;
mod simulation;
mod standing;
mod stores;
mod watermark;
mod webhook;
mod world;

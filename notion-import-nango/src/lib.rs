#![doc = include_str!("../README.md")]

// The modules are listed top-down: an import inside this crate points down the list, never up.

#[cfg(feature = "testing")]
pub mod testing;

mod check;
mod direct;
mod authorizer;
mod proxy;
mod integration;
mod call;
mod nango;
mod fault;
mod pause;
mod config;
pub mod webhook;

pub use check::{Finding, Level};
pub use config::{Config, InvalidConfig};
pub use direct::DirectTokens;
pub use fault::{Limit, Refused};
pub use nango::Nango;

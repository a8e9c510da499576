#![doc = include_str!("../README.md")]

// The modules are listed top-down: an import inside this crate points down the list, never up.

mod store;
mod table;
mod database;
mod error;
mod migrations;
mod row;

pub use database::Sqlite;

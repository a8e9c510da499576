//! PostgreSQL for tests: a cluster that lives as long as they do, and a database of its own for each.
//!
//! It works on Unix. What fails here fails the test.

mod database;
mod cluster;
mod pooler;

pub use cluster::Cluster;
pub use database::{Database, HOST, PASSWORD, recognise, run};
pub use pooler::Pooler;

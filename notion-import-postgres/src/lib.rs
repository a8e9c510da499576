//! Every store on PostgreSQL, tenants kept apart by the database itself.
//!
//! [`Postgres`] keeps connections, documents and, with the feature `gate`, who may read them in a schema of its own,
//! `notion_import`. It needs no pool, login or schema but the host's: each call is one transaction that names its tenant and
//! steps into one of two roles without a login, and row-level security holds both to it.
//!
//! - `notion_import_app` does what a person asks for.
//! - `notion_import_sync` imports and syncs. It has no right on the tables that say who may read a document.
//!
//! A third, `notion_import_lookup`, owns the few functions that look across tenants for what is due.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use notion_import_core::connection::ConnectionStore;
//! use notion_import_core::library::blob::BlobStore;
//! use notion_import_core::library::document::DocumentStore;
//! use notion_import_postgres::{Blobs, Postgres};
//!
//! let postgres = Postgres::connect("postgres://host@localhost/trust").await?;
//! let connections: Arc<dyn ConnectionStore> = Arc::new(postgres.clone());
//! let documents: Arc<dyn DocumentStore> = Arc::new(postgres);
//! let blobs: Arc<dyn BlobStore> = Arc::new(Blobs::folder("data/blobs").await?);
//! # Ok(())
//! # }
//! ```
//!
//! The first start makes the schema and the roles, so its login must be allowed to; it becomes a member of the first two. Any
//! other login needs `GRANT notion_import_app, notion_import_sync TO ..`.
//!
//! [`Blobs`] keeps the files in an object store: a folder, or with the features `s3`, `gcs` and `azure` a bucket.
//!
//! With the feature `worker`, a `Worker` spreads the syncs over any number of processes.

#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "worker")]
mod worker;
mod blobs;
mod store;
mod table;
mod database;
mod safety;
mod migrations;
mod lock;
mod row;
mod options;
mod prefix;
mod error;

pub use blobs::Blobs;
pub use database::Postgres;
pub use error::{Hazard, OpenError};
pub use object_store;
pub use options::Options;
pub use prefix::{Prefix, PrefixError};
#[cfg(feature = "worker")]
pub use worker::Worker;

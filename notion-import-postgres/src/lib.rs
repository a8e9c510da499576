//! Every store on PostgreSQL, tenants kept apart by the database itself.
//!
//! [`Postgres`] keeps connections, documents and, with the feature `gate`, who may read them in a schema of its own,
//! `notion_import`. It needs no pool, login or schema but the host's: each call is one transaction that names its tenant and
//! steps into one of two roles without a login, and row-level security holds both to it.
//!
//! - `notion_import_app` does what a person asks for.
//! - `notion_import_sync` imports and syncs. It has no right on the tables that say who may read a document.
//!
//! A third, `notion_import_lookup`, owns the few functions that look across tenants for what is due. The names begin with a
//! [`Prefix`].
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
//! # Two ways to set it up
//!
//! The simple one: the login may make a schema and roles (`CREATE` on the database, `CREATEROLE`), and the first start makes
//! them. It owns the tables then, so what an attacker slips into a statement of the host's own could change them.
//!
//! The safer one: an administrator runs [`setup_sql`] once, `<prefix>_owner` runs [`Postgres::migrate`] before each new version,
//! and the host logs in as `<prefix>_login`. That login owns nothing but the queue of syncs, which holds ids. It has no right on
//! the tables before it acts as one of the two roles, and these see no row before a tenant is named. Row-level security cannot
//! tell whose statement it is: one that names a tenant itself sees that tenant's rows, as the host does.
//!
//! Another login needs `GRANT notion_import_app, notion_import_sync TO ..` (from PostgreSQL 16 `WITH INHERIT FALSE, SET TRUE`); a
//! login that lacks a right is [told](OpenError::Rights) which. Installations on one cluster need a [prefix](Options::prefix) each.
//!
//! Every start compares what the server's catalogue says of the schema with what the migrations made of a scratch schema on that
//! server, and looks for what leads around it: [`OpenError::Unsafe`]. After an upgrade to another major version of PostgreSQL,
//! which may print the same things differently, the owner makes the comparison anew: by its next start, or [`Postgres::migrate`].
//! What a function outside the schema puts together at run time, and what a superuser copies elsewhere, no catalogue says.
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
mod setup;
mod safety;
mod migrations;
mod catalogue;
mod rights;
mod lock;
mod row;
mod options;
mod prefix;
mod error;

pub use blobs::Blobs;
pub use database::Postgres;
pub use error::{Hazard, MissingRight, OpenError};
pub use object_store;
pub use options::Options;
pub use prefix::{Prefix, PrefixError};
pub use setup::setup_sql;
#[cfg(feature = "worker")]
pub use worker::Worker;

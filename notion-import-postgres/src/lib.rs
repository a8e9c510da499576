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
//! use notion_import_core::library::document::DocumentStore;
//! use notion_import_postgres::Postgres;
//!
//! let postgres = Postgres::connect("postgres://host@localhost/trust").await?;
//! let connections: Arc<dyn ConnectionStore> = Arc::new(postgres.clone());
//! let documents: Arc<dyn DocumentStore> = Arc::new(postgres);
//! # Ok(())
//! # }
//! ```
//!
//! The first start makes the schema and the roles, so its login must be allowed to; it becomes a member of the first two. Any
//! other login needs `GRANT notion_import_app, notion_import_sync TO ..`.

mod store;
mod table;
mod database;
mod safety;
mod migrations;
mod lock;
mod row;
mod error;

pub use database::Postgres;
pub use error::{Hazard, OpenError};

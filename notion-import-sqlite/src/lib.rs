//! Every store on one SQLite file: the embedded default.
//!
//! [`Sqlite`] keeps connections, documents and, with the feature `gate`, who may read them in `library.db` of a data folder;
//! [`Folder`] keeps the files in `blobs` beside it. Several processes may use one data folder at once.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use notion_import_core::connection::ConnectionStore;
//! use notion_import_core::library::blob::BlobStore;
//! use notion_import_core::library::document::DocumentStore;
//! use notion_import_sqlite::Sqlite;
//!
//! # let data = tempfile::tempdir()?;
//! let sqlite = Sqlite::open(data.path()).await?;
//! let connections: Arc<dyn ConnectionStore> = Arc::new(sqlite.clone());
//! let documents: Arc<dyn DocumentStore> = Arc::new(sqlite.clone());
//! let blobs: Arc<dyn BlobStore> = Arc::new(sqlite.blobs());
//! # Ok(())
//! # }
//! ```

mod blobs;
mod store;
mod table;
mod database;
mod error;
mod migrations;
mod row;

pub use blobs::Folder;
pub use database::Sqlite;

//! A demo that was built without PostgreSQL.

use std::sync::Arc;

use notion_import_core::{Dispatcher, Scheduler};

use crate::folder::Folder;
use crate::stores::Stores;

/// Why the database is not used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error(
        "this demo was built without PostgreSQL. Start it with\n  \
         cargo run --features postgres -- --database-url postgres://login:password@host:5432/database"
    )]
    NotBuilt,
}

pub async fn stores(_url: &str, _folder: &Folder) -> Result<Stores, DatabaseError> {
    Err(DatabaseError::NotBuilt)
}

/// There is none.
#[derive(Clone)]
pub enum Queue {}

impl Queue {
    #[cfg(feature = "metrics")]
    pub fn connections(&self) -> (u32, u32) {
        match *self {}
    }

    pub async fn dispatcher(&self, _scheduler: &Scheduler) -> Result<Arc<dyn Dispatcher>, DatabaseError> {
        match *self {}
    }
}

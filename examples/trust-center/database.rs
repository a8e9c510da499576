//! The PostgreSQL that the demo is told to use, or what to do about it.

use std::error::Error;
use std::iter;
use std::sync::Arc;

use notion_import_core::{Dispatcher, FolderBlobs, Scheduler, StoreError};
#[cfg(feature = "metrics")]
use notion_import_postgres::Pool;
use notion_import_postgres::{OpenError, Postgres, Worker};

use crate::folder::Folder;
use crate::stores::Stores;

/// Why the database is not used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("{0}{cause}\n{advice}", cause = cause(.0), advice = advice(.0))]
    Open(#[from] OpenError),
    #[error(
        "the login of the database is a superuser or bypasses row-level security, so nothing in the database would keep the \
         companies apart from its own statements.\n\
         Use a login that is neither; what it needs is there now:\n  \
         CREATE ROLE trust_center LOGIN PASSWORD '...';\n  \
         GRANT notion_import_app, notion_import_sync, notion_import_erase TO trust_center;\n  \
         GRANT CREATE ON DATABASE trust_center TO trust_center;"
    )]
    Unbound,
    #[error(
        "the queue of the syncs cannot be used{cause}\n\
         It is in a schema of its own, notion_import_worker, which belongs to the login that started the demo first. Use that \
         login, or let the first one make it:\n  \
         GRANT CREATE ON DATABASE trust_center TO trust_center;",
        cause = cause(.0)
    )]
    Queue(#[source] StoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens every store in the database, for a login that row-level security binds, and the files in the folder. No part of the
/// address is ever shown.
pub async fn stores(url: &str, folder: &Folder) -> Result<Stores, DatabaseError> {
    let postgres = Postgres::connect(url).await?;
    if postgres.login_bypasses().await? {
        return Err(DatabaseError::Unbound);
    }
    Ok(Stores {
        connections: Arc::new(postgres.clone()),
        documents: Arc::new(postgres.clone()),
        access: Arc::new(postgres.clone()),
        audit: Arc::new(postgres.clone()),
        tenants: Arc::new(postgres.clone()),
        blobs: Arc::new(FolderBlobs::open(folder.path().join("blobs")).await?),
        queue: Some(Queue(postgres)),
    })
}

/// The queue through which instances on the database share the syncs.
#[derive(Clone)]
pub struct Queue(Postgres);

impl Queue {
    /// Returns how many connections to the database are in use, and idle.
    #[cfg(feature = "metrics")]
    pub fn connections(&self) -> (u32, u32) {
        let Pool { open, idle, .. } = self.0.pool_state();
        (open.saturating_sub(idle), idle)
    }

    pub async fn dispatcher(&self, scheduler: &Scheduler) -> Result<Arc<dyn Dispatcher>, DatabaseError> {
        let worker = Worker::open(&self.0, scheduler.clone()).await.map_err(DatabaseError::Queue)?;
        Ok(Arc::new(worker))
    }
}

/// What is at the bottom of it.
fn cause(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    causes.last().map_or_else(String::new, |cause| format!(": {cause}"))
}

fn advice(error: &OpenError) -> &'static str {
    match error {
        OpenError::Address => {
            "Give --database-url or DATABASE_URL as postgres://login:password@host:5432/database."
        }
        OpenError::Unreachable(_) => {
            "See that PostgreSQL runs, and that host and port in --database-url or DATABASE_URL are its own."
        }
        OpenError::Login(_) => {
            "Mend the login or the password in --database-url or DATABASE_URL. A sign such as @, / or # in a password is \
             written %40, %2F or %23."
        }
        OpenError::NoDatabase(_) => {
            "Make the database first, owned by the login:\n  CREATE DATABASE trust_center OWNER trust_center;"
        }
        OpenError::Rights(_) => {
            "Let a superuser run what is missing, or all of notion_import_postgres::setup_sql, and start again."
        }
        OpenError::Unsafe(_) => "Nothing was opened. Mend it as a superuser, and start again.",
        _ => "See the log of the database.",
    }
}

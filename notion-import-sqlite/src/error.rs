//! What can go wrong with the file, without the text that an error may quote.

use notion_import_core::StoreError;

/// `SQLITE_FULL`: the disk is full, or the file as large as it may become.
const FULL: i64 = 13;
/// `SQLITE_IOERR_WRITE` and `SQLITE_IOERR_SHMSIZE`: a write failed. SQLite says no more of a quota that is used up.
const NOT_WRITTEN: [i64; 2] = [778, 4874];

/// Keeps what an error of the database means.
pub(crate) fn backend(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
            if code == FULL || NOT_WRITTEN.contains(&code) {
                StoreError::StorageFull(Failure::Refused { code }.into())
            } else {
                StoreError::backend(Failure::Refused { code })
            }
        }
        sqlx::Error::Io(error) => StoreError::backend(error),
        sqlx::Error::PoolTimedOut => StoreError::backend(Failure::Busy),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreError::backend(Failure::Closed),
        _ => StoreError::backend(Failure::Protocol),
    }
}

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("SQLite refused with result code {code}")]
    Refused { code: i64 },
    #[error("no connection to the file became free in time")]
    Busy,
    #[error("the connections to the file are closed")]
    Closed,
    #[error("SQLite did not answer as expected")]
    Protocol,
}

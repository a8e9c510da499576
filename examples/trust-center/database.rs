//! The PostgreSQL that the demo is told to use, or what to do about it.

use std::error::Error;
use std::iter;
use std::time::Duration;

use notion_import_core::error::StoreError;
use notion_import_core::schedule::Scheduler;
use notion_import_postgres::{OpenError, Postgres, Worker};

use crate::background;

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
         GRANT notion_import_app, notion_import_sync TO trust_center;\n  \
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

/// It opens the database for a login that row-level security binds. No part of the address is ever shown.
pub async fn open(url: &str) -> Result<Postgres, DatabaseError> {
    let postgres = Postgres::connect(url).await?;
    match postgres.login_bypasses().await? {
        true => Err(DatabaseError::Unbound),
        false => Ok(postgres),
    }
}

/// The queue through which instances on the database share the syncs.
pub async fn queue(
    postgres: &Postgres,
    scheduler: &Scheduler,
    every: Duration,
) -> Result<Worker, DatabaseError> {
    let worker = Worker::open(postgres, scheduler.clone()).await.map_err(DatabaseError::Queue)?;
    // Those that are due at once are spread over no more than the time until it is looked again.
    let pace = background::pace(every);
    Ok(worker.every(pace).spread(pace / 2).grace(Duration::ZERO))
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

//! What can go wrong with a database, without the text it quotes.

use std::fmt;

use notion_import_core::StoreError;

use crate::prefix::Prefix;

/// Why the library on PostgreSQL was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is none of a PostgreSQL database.
    #[error("not the address of a PostgreSQL database")]
    Address,
    /// Tenants would not be kept apart.
    #[error("tenants would not be kept apart:{}", list(.0))]
    Unsafe(Vec<Hazard>),
    /// No server answers at the address, or it answers no more logins.
    #[error("no PostgreSQL server answers there")]
    Unreachable(#[source] StoreError),
    /// The server does not know the login, or not with this password.
    #[error("the server refuses the login or its password")]
    Login(#[source] StoreError),
    /// The server has no such database.
    #[error("the server has no such database")]
    NoDatabase(#[source] StoreError),
    /// The login lacks rights, each named with the statement that gives it; [`setup_sql`](crate::setup_sql) gives all there are.
    #[error("the login lacks rights on the database:{}", list(.0))]
    Rights(Vec<MissingRight>),
    /// The prefix means something in SQL, such as `user`.
    #[error("the prefix {0} means something in SQL; choose another")]
    Reserved(Prefix),
    /// The database failed.
    #[error("the database could not be opened")]
    Store(#[source] StoreError),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match failure(&error) {
            Some(Failure::Io(_) | Failure::Tls | Failure::Busy) => Self::Unreachable(error),
            Some(Failure::Refused { sqlstate, .. }) => match sqlstate.as_str() {
                "28000" | "28P01" => Self::Login(error),
                "3D000" => Self::NoDatabase(error),
                "53300" | "57P03" => Self::Unreachable(error),
                _ => Self::Store(error),
            },
            #[cfg(feature = "worker")]
            Some(Failure::Queue) => Self::Store(error),
            Some(Failure::Closed | Failure::Protocol) | None => Self::Store(error),
        }
    }
}

/// Something by which one tenant could come to see another's rows, and how to mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hazard {
    /// What is wrong.
    pub what: String,
    /// What mends it.
    pub mend: String,
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; to mend it: {}", self.what, self.mend)
    }
}

/// A right that a login lacks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingRight {
    /// Who lacks it.
    pub role: String,
    /// What is lacking.
    pub right: String,
    /// What an administrator runs, or does, to give it.
    pub statement: String,
}

impl fmt::Display for MissingRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lacks {}; to give it: {}", self.role, self.right, self.statement)
    }
}

fn list(each: &[impl fmt::Display]) -> String {
    each.iter().map(|one| format!("\n  {one}")).collect()
}

/// Keeps what a database error means. PostgreSQL quotes rows in its messages, and rows are the customers'.
pub(crate) fn backend(error: sqlx::Error) -> StoreError {
    failed(match error {
        sqlx::Error::Database(refused) => Failure::Refused {
            sqlstate: refused.code().unwrap_or_default().into_owned(),
            constraint: refused.constraint().map(str::to_owned),
        },
        sqlx::Error::Io(error) => Failure::Io(error),
        sqlx::Error::PoolTimedOut => Failure::Busy,
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Failure::Closed,
        sqlx::Error::Tls(_) => Failure::Tls,
        _ => Failure::Protocol,
    })
}

fn failed(failure: Failure) -> StoreError {
    match &failure {
        Failure::Refused { sqlstate, .. } if sqlstate == "53100" => StoreError::StorageFull(failure.into()),
        _ if failure.is_absence() => StoreError::unavailable(failure),
        _ => StoreError::backend(failure),
    }
}

/// The code by which the database said why it refused.
pub(crate) fn sqlstate(error: &StoreError) -> Option<&str> {
    match failure(error)? {
        Failure::Refused { sqlstate, .. } => Some(sqlstate),
        Failure::Io(_) | Failure::Busy | Failure::Closed | Failure::Tls | Failure::Protocol => None,
        #[cfg(feature = "worker")]
        Failure::Queue => None,
    }
}

fn failure(error: &StoreError) -> Option<&Failure> {
    match error {
        StoreError::StorageFull(cause) | StoreError::Unavailable(cause) | StoreError::Backend(cause) => {
            cause.downcast_ref()
        }
        _ => None,
    }
}

/// Does the same for an error of the queue, which has the database's somewhere among its causes.
#[cfg(feature = "worker")]
pub(crate) fn queue_failed(error: &(dyn std::error::Error + 'static)) -> StoreError {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut codes = causes.filter_map(|cause| cause.downcast_ref::<graphile_worker::DbError>()?.code());
    failed(match codes.next() {
        Some(sqlstate) => Failure::Refused { sqlstate: sqlstate.to_owned(), constraint: None },
        None => Failure::Queue,
    })
}

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the database refused with SQLSTATE {sqlstate}{}", of(.constraint.as_deref()))]
    Refused { sqlstate: String, constraint: Option<String> },
    #[error("the connection to the database failed")]
    Io(#[source] std::io::Error),
    #[error("no connection to the database became free in time")]
    Busy,
    #[error("the connections to the database are closed")]
    Closed,
    #[error("no secure connection to the database could be made")]
    Tls,
    #[error("the database did not answer as expected")]
    Protocol,
    #[cfg(feature = "worker")]
    #[error("the queue cannot be used")]
    Queue,
}

impl Failure {
    /// The database is away, or has no connection to spare: in a moment it may be there again.
    fn is_absence(&self) -> bool {
        match self {
            Self::Io(_) | Self::Busy | Self::Closed => true,
            Self::Refused { sqlstate, .. } => match sqlstate.as_str() {
                // No more connections; shut down by an administrator, by a crash, or not up yet.
                "53300" | "57P01" | "57P02" | "57P03" => true,
                sqlstate => sqlstate.starts_with("08"),
            },
            Self::Tls | Self::Protocol => false,
            #[cfg(feature = "worker")]
            Self::Queue => false,
        }
    }
}

fn of(constraint: Option<&str>) -> String {
    constraint.map(|name| format!(" ({name})")).unwrap_or_default()
}

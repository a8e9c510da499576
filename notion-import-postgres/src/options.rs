//! What a host may choose about the database.

use std::time::Duration;

use crate::prefix::Prefix;

/// How a [`Postgres`](crate::Postgres) uses its database.
///
/// ```
/// use std::time::Duration;
/// use notion_import_postgres::Options;
///
/// let options = Options::default().max_connections(25).acquire_timeout(Duration::from_secs(3));
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) prefix: Prefix,
    pub(crate) max_connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) pooling: Pooling,
}

/// Who has a connection to the server for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pooling {
    /// Whoever has opened it, until it is closed.
    Session,
    /// A pooler hands another to each transaction.
    Transaction,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: Prefix::default(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            pooling: Pooling::Session,
        }
    }
}

impl Options {
    /// Sets the name of the schema, with which the names of the roles begin: `notion_import` by default. Installations on one
    /// cluster need a prefix each.
    #[must_use]
    pub fn prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Sets how many connections a pool of this crate's own opens at most: ten by default. The size of a host's pool is the host's.
    #[must_use]
    pub fn max_connections(mut self, most: u32) -> Self {
        self.max_connections = most;
        self
    }

    /// Sets how long a call waits for its transaction to begin: five seconds by default. Then it fails with
    /// [`StoreError::Unavailable`](notion_import_core::StoreError::Unavailable), whether every connection is in use or the
    /// server is away. It holds for a host's pool too; the pool's own `acquire_timeout`, half a minute unless the host sets it,
    /// bounds what else the host does with it, so give it one of some seconds as well.
    #[must_use]
    pub fn acquire_timeout(mut self, longest: Duration) -> Self {
        self.acquire_timeout = longest;
        self
    }

    /// Says that a pooler in transaction mode, such as PgBouncer, stands before the server and hands another of its connections to
    /// each transaction. Statements are prepared anew in each then, for their names would be another's: it costs a round trip more a
    /// statement. A host's pool needs `PgConnectOptions::extra_float_digits(None)` there, which a pooler refuses otherwise. A
    /// `Worker` (feature `worker`) does not work like that: it needs a [`Postgres`](crate::Postgres) of its own that is opened
    /// without this, on the server itself.
    #[must_use]
    pub fn transaction_pooling(mut self) -> Self {
        self.pooling = Pooling::Transaction;
        self
    }
}

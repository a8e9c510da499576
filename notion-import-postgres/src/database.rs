//! The pool, and the one way to a transaction.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use notion_import_core::{StoreError, TenantId};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Transaction};
use tokio::time::timeout;

use crate::error::{OpenError, backend};
use crate::options::{Options, Pooling};
use crate::prefix::Prefix;
use crate::{migrations, safety};

/// Connections, documents and, with the feature `gate`, who may read them, in a schema of its own.
///
/// Clones share the pool. Every call is one transaction for one tenant, under a role that row-level security binds.
#[derive(Clone)]
pub struct Postgres {
    pool: PgPool,
    prefix: Prefix,
    /// How long a transaction may take to begin.
    patience: Duration,
    pooling: Pooling,
}

/// The connections of a pool at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Pool {
    /// Those that are open.
    pub open: u32,
    /// Of these, the ones that nobody uses.
    pub idle: u32,
}

/// A transaction. Dropped before it is committed, it never was.
pub(crate) struct Tx {
    transaction: Transaction<'static, sqlx::Postgres>,
    prefix: Prefix,
}

/// Who acts in a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// A person, through the host.
    App,
    /// An import or a sync. It has no right on the tables of the gate.
    Sync,
    /// Whoever erases the tenant, alone in it. It reads nothing of what it deletes.
    Erase,
    /// Whoever cuts the tenant's logs.
    #[cfg(feature = "gate")]
    Retain,
}

impl Role {
    pub(crate) fn name(self, prefix: &Prefix) -> String {
        prefix.name(match self {
            Self::App => "app",
            Self::Sync => "sync",
            Self::Erase => "erase",
            #[cfg(feature = "gate")]
            Self::Retain => "erase",
        })
    }
}

impl Postgres {
    /// Opens a pool of its own on the database at `url` with the default [`Options`], for hosts that have none, or one of another
    /// version of sqlx.
    ///
    /// # Errors
    /// Those of [`connect_with`](Self::connect_with).
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        Self::connect_with(url, Options::default()).await
    }

    /// Opens a pool of its own on the database at `url`.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), [`OpenError::Address`], [`OpenError::Login`] and [`OpenError::NoDatabase`].
    pub async fn connect_with(url: &str, options: Options) -> Result<Self, OpenError> {
        // What cannot be parsed may be a password.
        let mut login: PgConnectOptions = url.parse().map_err(|_| OpenError::Address)?;
        if options.pooling == Pooling::Transaction {
            login = login.extra_float_digits(None).statement_cache_capacity(0);
        }
        // A pool would try again and again what cannot succeed.
        let login_works = async { PgConnection::connect_with(&login).await?.close().await };
        within(options.acquire_timeout, async { login_works.await.map_err(backend) }).await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout);
        Self::open(pool.connect_with(login).await.map_err(backend)?, options).await
    }

    /// Uses the host's pool with the default [`Options`].
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn new(pool: PgPool) -> Result<Self, OpenError> {
        Self::open(pool, Options::default()).await
    }

    /// Uses the host's pool: sees that the schema is what the migrations make and that tenants are kept apart. A login that may
    /// makes the schema and the roles first, brings them up to date and becomes a member; any other finds them as an
    /// administrator's [`setup_sql`](crate::setup_sql) and the owner's [`migrate`](Self::migrate) have left them.
    ///
    /// # Errors
    /// [`OpenError::Unsafe`] with what to mend, if a role could pass row-level security by; [`OpenError::Rights`] if the login may
    /// not do what is to be done; [`OpenError::Unreachable`] and [`OpenError::Store`] if the database fails.
    pub async fn open(pool: PgPool, options: Options) -> Result<Self, OpenError> {
        let Options { prefix, acquire_timeout, pooling, .. } = options;
        let postgres = Self { pool, prefix, patience: acquire_timeout, pooling };
        migrations::run(&postgres).await?;
        safety::check(&postgres).await?;
        Ok(postgres)
    }

    /// Makes the schema, or brings it up to date, for logins that may not: as its owner, who needs not act for tenants. Run it
    /// before a new version of this crate starts, and after an upgrade to another major version of PostgreSQL.
    ///
    /// # Errors
    /// Those of [`open`](Self::open) but [`OpenError::Unsafe`]: what was there before is looked at by whoever opens it.
    pub async fn migrate(owner: &PgPool, options: &Options) -> Result<(), OpenError> {
        let Options { prefix, acquire_timeout, pooling, .. } = options.clone();
        let postgres = Self { pool: owner.clone(), prefix, patience: acquire_timeout, pooling };
        migrations::migrate(&postgres).await
    }

    /// Tells whether the login is a superuser or bypasses row-level security. What goes through this crate is safe all the
    /// same; the host's own statements would see every tenant's rows.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the database fails.
    pub async fn login_bypasses(&self) -> Result<bool, StoreError> {
        safety::login_bypasses(self).await
    }

    /// Returns how many connections the pool has, for a metric. It asks nobody.
    pub fn pool_state(&self) -> Pool {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        Pool { open: self.pool.size(), idle }
    }

    /// Waits for what is being written and closes the pool, also the host's.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A transaction for one tenant.
    pub(crate) async fn write(&self, role: Role, tenant: TenantId) -> Result<Tx, StoreError> {
        self.transaction(READ_WRITE, Some((role, Some(tenant)))).await
    }

    /// A transaction for one tenant that sees one state of the database and changes nothing.
    pub(crate) async fn snapshot(&self, role: Role, tenant: TenantId) -> Result<Tx, StoreError> {
        self.transaction(SNAPSHOT, Some((role, Some(tenant)))).await
    }

    /// A schedule's transaction: no row is there until it [enters](enter) a tenant.
    pub(crate) async fn schedule(&self, role: Role) -> Result<Tx, StoreError> {
        self.transaction(READ_WRITE, Some((role, None))).await
    }

    /// The pool, for the queue, which opens transactions of its own and never sees a tenant's rows. None behind a pooler: what the
    /// queue prepares outside of transactions would be gone, or another's, when it is used.
    #[cfg(feature = "worker")]
    pub(crate) fn pool(&self) -> Option<PgPool> {
        (self.pooling == Pooling::Session).then(|| self.pool.clone())
    }

    /// A transaction under the host's own login, to look at roles and make tables. Every name in it is qualified, and the server
    /// prints what it says the same way whatever the host has set.
    pub(crate) async fn login(&self) -> Result<Tx, StoreError> {
        let mut tx = self.transaction(READ_WRITE, None).await?;
        let printed = "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL quote_all_identifiers = off; \
                       SET LOCAL standard_conforming_strings = on; SET LOCAL jit = off";
        sqlx::raw_sql(printed).execute(&mut *tx).await.map_err(backend)?;
        Ok(tx)
    }

    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    async fn transaction(
        &self,
        begin: Begin,
        acting: Option<(Role, Option<TenantId>)>,
    ) -> Result<Tx, StoreError> {
        let (pool, pooling) = (self.pool.clone(), self.pooling);
        // In a task, which runs to its end: were the caller dropped in the middle, the connection would go back to the pool inside
        // a transaction that nobody ends.
        let begun = tokio::spawn(async move { begin.on(&pool, pooling).await });
        within(self.patience, async {
            let transaction = begun.await.map_err(StoreError::backend)?.map_err(backend)?;
            let mut tx = Tx { transaction, prefix: self.prefix.clone() };
            if let Some((role, tenant)) = acting {
                enter(&mut tx, role, tenant).await?;
            }
            Ok(tx)
        })
        .await
    }
}

/// How a transaction begins: with a statement, and with the one that also forgets what was prepared on the connection.
struct Begin(&'static str, &'static str);

macro_rules! begin {
    ($statement:literal) => {
        Begin($statement, concat!($statement, "; DEALLOCATE ALL"))
    };
}

const READ_WRITE: Begin = begin!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
const SNAPSHOT: Begin = begin!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");

impl Begin {
    async fn on(self, pool: &PgPool, pooling: Pooling) -> sqlx::Result<Transaction<'static, sqlx::Postgres>> {
        let Self(plain, forgetting) = self;
        match pooling {
            Pooling::Session => pool.begin_with(plain).await,
            Pooling::Transaction => {
                // What others have prepared on this connection has the names that ours would have, and what we have prepared is
                // on another.
                let mut transaction = pool.begin_with(forgetting).await?;
                transaction.clear_cached_statements().await?;
                Ok(transaction)
            }
        }
    }
}

/// Gives up on what a server that does not answer would keep waiting.
async fn within<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(patience, asked).await.unwrap_or_else(|_| Err(backend(sqlx::Error::PoolTimedOut)))
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// Makes everything from here to the end of the transaction, or to the next call, happen as `role` for `tenant`, on the tables of
/// the installation, whose names need no schema then. Nobody else writes for a tenant while it is erased. A process that hangs in the middle does not keep its locks: unless the host
/// has set a time of its own, the transaction ends after ten seconds.
pub(crate) async fn enter(tx: &mut Tx, role: Role, tenant: Option<TenantId>) -> Result<(), StoreError> {
    sqlx::query(
        "SELECT set_config('role', $1, true), set_config('search_path', $2, true), set_config($3, $4, true), \
             set_config('idle_in_transaction_session_timeout', \
                 coalesce(nullif(current_setting('idle_in_transaction_session_timeout'), '0'), '10s'), true), \
             CASE WHEN $4 = '' OR current_setting('transaction_read_only') = 'on' THEN NULL \
                 WHEN $6 THEN pg_advisory_xact_lock(hashtextextended($5, 0))::text \
                 ELSE pg_advisory_xact_lock_shared(hashtextextended($5, 0))::text END",
    )
    .bind(role.name(&tx.prefix))
    .bind(search_path(tx.prefix.as_str()))
    .bind(tx.prefix.setting())
    .bind(tenant.map_or_else(String::new, |tenant| tenant.to_string()))
    .bind(tenant.map(|tenant| format!("{} tenant {tenant}", tx.prefix)))
    .bind(role == Role::Erase)
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Makes everything from here to the end of the transaction happen under the host's own login again, on the queue's tables.
#[cfg(feature = "worker")]
pub(crate) async fn leave(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query(
        "SELECT set_config('role', 'none', true), set_config('search_path', $1, true), set_config($2, '', true)",
    )
    .bind(search_path(&tx.prefix.name("worker")))
    .bind(tx.prefix.setting())
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// PostgreSQL's own names first, and a table the session made for itself last: nothing stands in for what is ours.
fn search_path(schema: &str) -> String {
    format!("pg_catalog, {schema}, pg_temp")
}

pub(crate) async fn commit(tx: Tx) -> Result<(), StoreError> {
    tx.transaction.commit().await.map_err(backend)
}

//! A database for a test.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use tokio::sync::{OnceCell, RwLock, RwLockReadGuard, RwLockWriteGuard};
use uuid::Uuid;

use super::cluster::Cluster;
use super::pooler::Pooler;
use crate::Postgres;
use crate::catalogue::{self, Catalogue};
use crate::database::commit;

/// The login of the host: it owns its database and may make roles, and that is all.
pub const HOST: &str = "notion_import_test_host";

/// The password of every login but the superuser's.
pub const PASSWORD: &str = "test";

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
// Roles belong to the cluster, not to a database.
static ROLES: RwLock<()> = RwLock::const_new(());

/// A database that is dropped with the test.
#[derive(Debug)]
pub struct Database {
    superuser: PgConnectOptions,
    _roles: Roles,
}

/// What a test may do with the roles.
#[derive(Debug)]
#[expect(dead_code, reason = "held until the test ends")]
enum Roles {
    Use(RwLockReadGuard<'static, ()>),
    Spoil(RwLockWriteGuard<'static, ()>),
    /// What the database it was made beside may.
    Beside,
}

impl Database {
    /// A database with nothing in it, the host's.
    pub async fn empty() -> Self {
        let roles = Roles::Use(ROLES.read().await);
        Self::create(roles).await
    }

    /// A database with nothing in it, for a test that changes the roles: no other test runs meanwhile.
    pub async fn alone() -> Self {
        let roles = Roles::Spoil(ROLES.write().await);
        Self::create(roles).await
    }

    /// Another one for the same test, to be dropped before this one.
    pub async fn beside(&self) -> Self {
        Self::create(Roles::Beside).await
    }

    async fn create(roles: Roles) -> Self {
        let cluster = CLUSTER.get_or_init(with_host).await;
        let name = format!("notion_import_test_{}", Uuid::now_v7().simple());
        let mut admin = connect(cluster.superuser()).await;
        run(&mut admin, format!("CREATE DATABASE {name} OWNER {HOST}")).await;
        Self { superuser: cluster.superuser().clone().database(&name), _roles: roles }
    }

    /// The stores in it, for the host, on a pool of so many connections.
    pub async fn open(&self, connections: u32) -> Postgres {
        Postgres::new(self.pool(HOST, connections).await).await.expect("a database that can be opened")
    }

    /// A pool of so many connections for a login with the [`PASSWORD`].
    pub async fn pool(&self, login: &str, connections: u32) -> PgPool {
        self.pool_with(self.login(login), connections).await
    }

    /// A pool of so many connections that no rule binds.
    pub async fn superuser_pool(&self, connections: u32) -> PgPool {
        self.pool_with(self.superuser.clone(), connections).await
    }

    async fn pool_with(&self, options: PgConnectOptions, connections: u32) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(connections);
        pool.connect_with(options).await.expect("a login that may connect")
    }

    /// A pooler in transaction mode before it, with so many connections.
    pub async fn pooler(&self, connections: u32) -> Pooler {
        Pooler::before(&self.superuser, connections).await
    }

    /// A look past all the rules.
    pub async fn superuser(&self) -> PgConnection {
        connect(&self.superuser).await
    }

    /// Who the superuser is.
    pub fn superuser_name(&self) -> &str {
        self.superuser.get_username()
    }

    /// The address for a login with the [`PASSWORD`].
    pub fn url(&self, login: &str) -> String {
        self.login(login).to_url_lossy().to_string()
    }

    /// The address for the superuser.
    pub fn superuser_url(&self) -> String {
        self.superuser.to_url_lossy().to_string()
    }

    fn login(&self, login: &str) -> PgConnectOptions {
        self.superuser.clone().username(login).password(PASSWORD)
    }
}

/// Takes the schema as it is now for what the migrations make, for a test that adds triggers of its own.
pub async fn recognise(owner: &Postgres) {
    let recognised = async {
        let mut tx = owner.login().await?;
        let found = Catalogue::of(&mut tx, owner.prefix().as_str()).await?;
        catalogue::keep(&mut tx, owner.prefix(), &found).await?;
        commit(tx).await
    };
    recognised.await.expect("the owner of the schema");
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(name) = self.superuser.get_database().map(str::to_owned) else { return };
        let Some(admin) = CLUSTER.get().map(|cluster| cluster.superuser().clone()) else { return };
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut admin = connect(&admin).await;
                run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        // A test that fails already says why.
        if dropped.join().is_err() && !std::thread::panicking() {
            panic!("the database of a test could not be dropped");
        }
    }
}

async fn with_host() -> Cluster {
    let cluster = Cluster::of_tests().await;
    let host = format!(
        "DO $$ BEGIN CREATE ROLE {HOST} LOGIN CREATEROLE PASSWORD '{PASSWORD}'; \
         EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    );
    run(&mut connect(cluster.superuser()).await, host).await;
    cluster
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options).await.expect("a cluster that answers")
}

/// Runs statements that must succeed.
pub async fn run(db: &mut PgConnection, sql: impl Into<String>) {
    let sql = sql.into();
    let ran = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(db).await;
    ran.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

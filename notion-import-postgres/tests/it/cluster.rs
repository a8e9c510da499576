//! A database of its own for every test, on `TEST_DATABASE_URL` (a superuser's) or on a cluster that lives as long as the tests.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use notion_import_postgres::Postgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell, RwLock, RwLockReadGuard, RwLockWriteGuard};
use uuid::Uuid;

/// The login of the host: it owns its database and may make roles, and that is all.
pub(crate) const HOST: &str = "notion_import_test_host";

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
// Roles belong to the cluster, so databases are brought up to date one after the other.
static MIGRATING: Mutex<()> = Mutex::const_new(());
static ROLES: RwLock<()> = RwLock::const_new(());

struct Cluster {
    superuser: PgConnectOptions,
    /// The cluster stops, and its folder goes, when this is closed: also when the tests are killed.
    _alive: Option<ChildStdin>,
}

/// A database that is dropped with the test.
pub(crate) struct Database {
    superuser: PgConnectOptions,
    _roles: Roles,
}

/// What a test may do with the roles.
#[expect(dead_code, reason = "held until the test ends")]
enum Roles {
    Use(RwLockReadGuard<'static, ()>),
    Spoil(RwLockWriteGuard<'static, ()>),
}

impl Database {
    /// A database with nothing in it, the host's.
    pub(crate) async fn empty() -> Self {
        let roles = Roles::Use(ROLES.read().await);
        Self::create(roles).await
    }

    /// A database with nothing in it, for a test that changes the roles: no other test runs meanwhile.
    pub(crate) async fn alone() -> Self {
        let roles = Roles::Spoil(ROLES.write().await);
        Self::create(roles).await
    }

    async fn create(roles: Roles) -> Self {
        let cluster = CLUSTER.get_or_init(Cluster::start).await;
        let name = format!("notion_import_test_{}", Uuid::now_v7().simple());
        let mut admin = PgConnection::connect_with(&cluster.superuser).await.unwrap();
        run(&mut admin, format!("CREATE DATABASE {name} OWNER {HOST}")).await;
        Self { superuser: cluster.superuser.clone().database(&name), _roles: roles }
    }

    /// The stores in it, for the host, on a pool of so many connections.
    pub(crate) async fn open(&self, connections: u32) -> Postgres {
        let _one_at_a_time = MIGRATING.lock().await;
        Postgres::new(self.pool(HOST, connections).await).await.unwrap()
    }

    /// A pool of so many connections for a login.
    pub(crate) async fn pool(&self, login: &str, connections: u32) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(connections);
        pool.connect_with(self.superuser.clone().username(login)).await.unwrap()
    }

    /// A look past all the rules.
    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.superuser).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.superuser.get_database().unwrap().to_owned();
        let admin = CLUSTER.get().unwrap().superuser.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = PgConnection::connect_with(&admin).await.unwrap();
                run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        dropped.join().unwrap();
    }
}

/// It runs statements that must succeed.
pub(crate) async fn run(db: &mut PgConnection, sql: impl Into<String>) {
    let sql = sql.into();
    sqlx::raw_sql(AssertSqlSafe(sql.clone()))
        .execute(db)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

impl Cluster {
    async fn start() -> Self {
        let cluster = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => Self { superuser: url.parse().unwrap(), _alive: None },
            Err(_) => Self::local(),
        };
        let mut admin = cluster.connected().await;
        run(
            &mut admin,
            format!(
                "DO $$ BEGIN CREATE ROLE {HOST} LOGIN CREATEROLE PASSWORD 'test'; \
                 EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            ),
        )
        .await;
        cluster
    }

    async fn connected(&self) -> PgConnection {
        for _ in 0..200 {
            match PgConnection::connect_with(&self.superuser).await {
                Ok(connection) => return connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("PostgreSQL does not start, or TEST_DATABASE_URL leads nowhere");
    }

    /// A cluster on a socket in a folder of its own, run by somebody who is not root.
    fn local() -> Self {
        let bin = binaries()
            .expect("missing: PostgreSQL (Debian: apt-get install postgresql), or TEST_DATABASE_URL");
        let folder = TempDir::new().unwrap().keep();
        let unprivileged = unprivileged();
        if let Some((uid, gid)) = unprivileged {
            chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        let script = r#"
            "$BIN/initdb" --pgdata="$DIR/data" --username=postgres --auth=trust --encoding=UTF8 --no-sync >/dev/null &&
            "$BIN/postgres" -D "$DIR/data" -k "$DIR" -c listen_addresses= -c max_connections=200 -c fsync=off \
                -c synchronous_commit=off -c full_page_writes=off >"$DIR/log" 2>&1 &
            server=$!
            read -r _ || :
            kill -INT $server
            wait $server
            rm -rf "$DIR"
        "#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).env("BIN", bin).env("DIR", &folder).current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whoever interrupts the tests does not interrupt the one that cleans up after them.
        shell.process_group(0);
        if let Some((uid, gid)) = unprivileged {
            shell.uid(uid).gid(gid);
        }
        let alive = shell.spawn().unwrap().stdin.take();
        let superuser = PgConnectOptions::new_without_pgpass().socket(&folder).username("postgres");
        Self { superuser: superuser.database("postgres"), _alive: alive }
    }
}

fn binaries() -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok().filter(|told| told.status.success());
    let told = told.map(|told| PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    told.into_iter()
        .chain(std::env::split_paths(&path))
        .chain(debian.map(|version| version.path().join("bin")))
        .find(|bin| is_there(bin, "initdb") && is_there(bin, "postgres"))
}

fn is_there(bin: &Path, program: &str) -> bool {
    bin.join(program).is_file()
}

/// Whom to run PostgreSQL as, if it would be root, whom it refuses.
fn unprivileged() -> Option<(u32, u32)> {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = |name: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    root.then(|| user("postgres").or_else(|| user("nobody")).expect("nobody to run PostgreSQL as"))
}

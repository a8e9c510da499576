//! A cluster for tests.

use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// What tests need not wait for.
const HASTY: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

const SCRIPT: &str = r#"
    echo postgres >"$DIR/password"
    "$BIN/initdb" --pgdata="$DIR/data" --username=postgres --pwfile="$DIR/password" --auth=scram-sha-256 \
        --encoding=UTF8 --no-sync </dev/null >"$DIR/log" 2>&1
    start() {
        "$BIN/postgres" -D "$DIR/data" -k "$DIR" -c listen_addresses= -c max_connections=200 "$@" >>"$DIR/log" 2>&1 &
        server=$!
    }
    stop() {
        kill -INT $server
        wait $server
    }
    start "$@"
    while read -r told; do "$told" "$@"; done
    stop
    rm -rf "$DIR"
"#;

/// A PostgreSQL cluster.
#[derive(Debug)]
pub struct Cluster {
    superuser: PgConnectOptions,
    /// The cluster stops, and its folder goes, when this is closed: also when the tests are killed.
    alive: Option<ChildStdin>,
}

impl Cluster {
    /// The one at `TEST_DATABASE_URL` (a superuser's), else one of its own that would not survive a power cut.
    pub async fn of_tests() -> Self {
        match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => {
                let superuser =
                    url.parse().expect("TEST_DATABASE_URL is no address of a PostgreSQL database");
                Self { superuser, alive: None }.answering().await
            }
            Err(_) => Self::local(&HASTY).await,
        }
    }

    /// One of its own with these settings, such as `shared_buffers=1GB`, on a socket in a folder of its own, and over TCP where
    /// `listen_addresses` and `port` say so. It stops when this is dropped.
    pub async fn local(settings: &[&str]) -> Self {
        let bin = binaries()
            .expect("missing: PostgreSQL (Debian: apt-get install postgresql), or TEST_DATABASE_URL");
        let folder = TempDir::new().expect("a temporary folder").keep();
        let unprivileged = unprivileged();
        if let Some((uid, gid)) = unprivileged {
            chown(&folder, Some(uid), Some(gid)).expect("root may give a folder away");
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).args(settings.iter().flat_map(|setting| ["-c", *setting]));
        shell.env("BIN", bin).env("DIR", &folder).current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whoever interrupts the tests does not interrupt the one that cleans up after them.
        shell.process_group(0);
        if let Some((uid, gid)) = unprivileged {
            shell.uid(uid).gid(gid);
        }
        let alive = shell.spawn().expect("a shell").stdin.take();
        let superuser = PgConnectOptions::new_without_pgpass().socket(&folder).username("postgres");
        let mut superuser = superuser.password("postgres").database("postgres");
        // The name of the socket has it too.
        let port = settings.iter().find_map(|setting| setting.strip_prefix("port="));
        if let Some(port) = port {
            superuser = superuser.port(port.parse().expect("a port"));
        }
        Self { superuser, alive }.answering().await
    }

    /// Stops it, if it is one of its own, until it is [started](Self::start): whoever is connected is thrown out.
    pub async fn stop(&mut self) {
        self.tell("stop");
        while PgConnection::connect_with(&self.superuser).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts it again, and waits until it answers.
    pub async fn start(self) -> Self {
        let mut stopped = self;
        stopped.tell("start");
        stopped.answering().await
    }

    fn tell(&mut self, what: &str) {
        let shell = self.alive.as_mut().expect("a cluster of its own");
        writeln!(shell, "{what}").expect("the shell that runs the cluster");
    }

    /// How its superuser connects.
    pub fn superuser(&self) -> &PgConnectOptions {
        &self.superuser
    }

    async fn answering(self) -> Self {
        for _ in 0..400 {
            match PgConnection::connect_with(&self.superuser).await {
                Ok(_) => return self,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("PostgreSQL does not start, or TEST_DATABASE_URL leads nowhere");
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
pub(super) fn unprivileged() -> Option<(u32, u32)> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|told| told.stdout == b"0\n");
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = |name: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    root.then(|| user("postgres").or_else(|| user("nobody")).expect("nobody to run PostgreSQL as"))
}

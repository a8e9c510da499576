//! A pooler for tests.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;

use super::cluster::unprivileged;
use super::database::{HOST, PASSWORD};

const SCRIPT: &str = r#"
    pgbouncer "$DIR/pgbouncer.ini" >"$DIR/log" 2>&1 &
    pooler=$!
    read -r told
    kill -INT $pooler
    wait $pooler
    rm -rf "$DIR"
"#;

/// PgBouncer in transaction mode, before a cluster: whoever connects has another of its few connections in each transaction.
#[derive(Debug)]
pub struct Pooler {
    options: PgConnectOptions,
    /// The pooler stops, and its folder goes, when this is closed: also when the tests are killed.
    _alive: Option<ChildStdin>,
}

impl Pooler {
    /// One with so many connections to the server of `options`, for the [`HOST`].
    pub(super) async fn before(options: &PgConnectOptions, connections: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder").keep();
        let dir = folder.display();
        let server = options.get_socket().map(|socket| socket.display().to_string());
        let server = server.unwrap_or_else(|| options.get_host().to_owned());
        let settings = format!(
            "[databases]\n* = host={server} port={}\n\
             [pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {dir}\nauth_type = trust\nauth_file = {dir}/users\n\
             pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 200\n",
            options.get_port()
        );
        let written = fs::write(folder.join("pgbouncer.ini"), settings)
            .and_then(|()| fs::write(folder.join("users"), format!("\"{HOST}\" \"{PASSWORD}\"\n")));
        written.expect("a folder of its own");
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).env("DIR", &folder).current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.process_group(0);
        if let Some((uid, gid)) = unprivileged() {
            chown(&folder, Some(uid), Some(gid)).expect("root may give a folder away");
            shell.uid(uid).gid(gid);
        }
        let _alive = shell.spawn().expect("a shell").stdin.take();
        let options = options.clone().socket(&folder).port(6432).username(HOST).password(PASSWORD);
        let pooler = Self { options, _alive };
        pooler.answering().await;
        pooler
    }

    /// The address of the database behind it, for the [`HOST`].
    pub fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    async fn answering(&self) {
        let options = self.options.clone().extra_float_digits(None);
        for _ in 0..400 {
            match PgConnection::connect_with(&options).await {
                Ok(connection) => return drop(connection.close().await),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("missing: PgBouncer (Debian: apt-get install pgbouncer)");
    }
}

//! Workers in processes of their own. A child is this very test binary, told what to do by its environment.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt;
use notion_import_core::Dispatcher;
use notion_import_postgres::{Options, Postgres, Worker};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Scene;
use crate::cluster::HOST;

const DATABASE: &str = "NOTION_IMPORT_TEST_DATABASE";
const NOTION: &str = "NOTION_IMPORT_TEST_NOTION";
const TOKEN: &str = "NOTION_IMPORT_TEST_TOKEN";
const LEASE: &str = "NOTION_IMPORT_TEST_LEASE";

/// What a child says when it begins.
const READY: &str = "ready to sync";

/// A process, killed when it is dropped.
pub(super) struct Child {
    process: std::process::Child,
    /// Ends when this is closed.
    _alive: Option<ChildStdin>,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Child {
    /// Runs the test of this name as a child whose leases last so many seconds.
    pub(super) fn spawn(test: &str, scene: &Scene, lease: u64) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([&format!("worker::{test}"), "--exact", "--nocapture", "--test-threads=1"]);
        command
            .env(DATABASE, scene.database.url(HOST))
            .env(NOTION, scene.notion.url())
            .env(TOKEN, &scene.token);
        command.env(LEASE, lease.to_string()).env_remove("RUST_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = command.spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (out, kept) = (BufReader::new(process.stdout.take().unwrap()), lines.clone());
        let reader = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { _alive: process.stdin.take(), process, lines, reader: Some(reader) }
    }

    /// Waits for its end and returns what it said after this word.
    pub(super) fn told(mut self, word: &str) -> String {
        self.process.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let lines = self.lines.lock().unwrap();
        let told = lines.iter().find_map(|line| Some(line.split_once(word)?.1.trim().to_owned()));
        told.unwrap_or_else(|| panic!("it did not say {word:?}: {lines:#?}"))
    }

    /// How its syncs have ended so far.
    pub(super) fn outcomes(&self) -> BTreeMap<String, usize> {
        let mut outcomes = BTreeMap::new();
        for line in self.lines.lock().unwrap().iter() {
            if let Some((_, rest)) = line.split_once("outcome=\"") {
                *outcomes.entry(rest.split('"').next().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        outcomes
    }

    /// How many of its syncs have ended like this.
    pub(super) fn ended(&self, outcome: &str) -> usize {
        self.outcomes().get(outcome).copied().unwrap_or_default()
    }

    /// Waits until more than so many syncs have ended like this.
    pub(super) async fn until_more(&self, outcome: &str, than: usize) {
        self.until(|| self.ended(outcome) > than, outcome).await;
    }

    /// How many of its syncs were taken from it, by another owner or, where it slept in the middle of a transaction or waiting for
    /// one, by the database.
    pub(super) fn lost(&self) -> usize {
        ["fenced", "store_failed", "store_unavailable"].iter().map(|outcome| self.ended(outcome)).sum()
    }

    pub(super) async fn until_more_lost(&self, than: usize) {
        self.until(|| self.lost() > than, "a sync is lost").await;
    }

    /// Waits until the child may take from the queue.
    pub(super) async fn until_ready(&self) {
        let is_ready = || self.lines.lock().unwrap().iter().any(|line| line.contains(READY));
        self.until(is_ready, READY).await;
    }

    async fn until(&self, is_so: impl Fn() -> bool, what: &str) {
        for _ in 0..2_000 {
            if is_so() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it has not come to this: {what}; its syncs ended like this: {:?}", self.outcomes());
    }

    pub(super) fn signal(&self, signal: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", self.process.id())]).status();
        assert!(sent.unwrap().success(), "{signal}");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What this process was told to do, if it is a child.
pub(super) struct Task {
    database: String,
    notion: String,
    token: String,
    lease: Duration,
}

pub(super) fn task() -> Option<Task> {
    let told = |name| std::env::var(name).ok();
    let lease = Duration::from_secs(told(LEASE)?.parse().ok()?);
    Some(Task { database: told(DATABASE)?, notion: told(NOTION)?, token: told(TOKEN)?, lease })
}

impl Task {
    pub(super) async fn worker(&self) -> Worker {
        // On a machine where much else runs, a pool that is all in use is no disturbance.
        let patient = Options::default().acquire_timeout(Duration::from_secs(60));
        let postgres = Postgres::connect_with(&self.database, patient).await.unwrap();
        let options = super::at_once(16).lease(self.lease);
        super::worker(&postgres, &self.notion, &self.token, options).await
    }
}

/// A child: it syncs until its parent is gone, and tells how each sync ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_syncs() {
    let Some(task) = task() else { return };
    let logged = Targets::new().with_target("notion_import_core::telemetry", tracing::Level::INFO);
    let written = tracing_subscriber::fmt::layer().with_ansi(false);
    tracing_subscriber::registry().with(written).with(logged).init();
    let (gone, orphaned) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        gone.send(())
    });
    let orphaned = async {
        let _ = orphaned.await;
    };
    let worker = task.worker().await;
    println!("{READY}");
    worker.dispatch(orphaned.boxed()).await;
}

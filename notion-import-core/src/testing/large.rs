//! A large file, imported while the memory is watched: the server, the one who imports and the one who looks on are
//! three processes, so that nobody's memory is taken for another's.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use super::{FileServer, Server, Step, World, block};
use crate::connection::{Connection, StaticToken};
use crate::id::{NotionId, TenantId};
use crate::import::{ImportOptions, Pick};
use crate::importer::Importer;
use crate::library::blob::{Blob, BlobStore};
use crate::library::document::Content;
use crate::library::memory::MemoryLibrary;
use crate::transport::SystemClock;

const ROLE: &str = "NOTION_IMPORT_TEST_LARGE_FILE";

/// What the file is made of, over and over.
const PIECE: usize = 1 << 20;

/// What an import of a large file took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The bytes that were stored.
    pub stored: u64,
    /// By how many bytes the process grew at its largest.
    pub grown: u64,
}

/// Imports a file of so many bytes in a process of its own, from a server in another, and says what that took. Both
/// are this very program, running the tests of these names.
///
/// # Panics
/// If one of them fails.
pub fn measure(serving: &str, importing: &str, size: u64) -> Measured {
    let (mut server, place) = spawn(serving, &size.to_string());
    let (mut import, told) = spawn(importing, &place);
    let done = import.wait();
    // It serves for as long as it lives.
    let _ = server.kill();
    let _ = server.wait();
    assert!(done.is_ok_and(|done| done.success()), "the import failed");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
    let number =
        |name: &str| told[name].as_u64().unwrap_or_else(|| panic!("{told} does not say what is {name}"));
    Measured { stored: number("stored"), grown: number("grown") }
}

/// Runs one of the two, and returns what it says first.
fn spawn(test: &str, told: &str) -> (Child, String) {
    let program = std::env::current_exe().unwrap_or_default();
    let mut command = Command::new(program);
    command.args([test, "--exact", "--nocapture"]).env(ROLE, told);
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{test} does not start: {error}"));
    // Its output stays open: a program that cannot say anything fails.
    let lines = child.stdout.as_mut().map(|lines| BufReader::new(lines).lines()).into_iter().flatten();
    let said = lines.map_while(io::Result::ok).find_map(|line| line.strip_prefix(ROLE).map(str::to_owned));
    (child, said.unwrap_or_else(|| panic!("{test} says nothing")))
}

fn say(what: &serde_json::Value) {
    // A line of its own, after whatever the test harness has begun.
    println!("\n{ROLE}{what}");
}

/// The server's part: it does nothing unless [`measure`] runs it.
///
/// # Panics
/// If there is no port.
pub async fn serve() {
    let Some(size) = std::env::var(ROLE).ok().and_then(|size| size.parse().ok()) else { return };
    let files = FileServer::start(move |_, _| file(size)).await;
    let files = files.unwrap_or_else(|error| panic!("no files are served: {error}"));
    let clock = Arc::new(SystemClock);
    let world = World::new(7);
    let notion = Server::start(world.clone(), clock, 0).await;
    let notion = notion.unwrap_or_else(|error| panic!("no Notion is served: {error}"));
    let author = world.at(chrono::Utc::now());
    let workspace = author.workspace("Acme");
    let page = author.page(workspace, "Recording");
    let url = files.url("recording.pdf");
    author.append(page, [block("pdf", json!({"type": "file", "file": {"url": url}, "caption": []}))]);
    let token = world.grant(workspace, [page]).token;
    say(&json!({"notion": notion.url(), "files": files.origin(), "page": page, "token": token}));
    std::future::pending::<()>().await;
}

fn file(size: u64) -> Vec<Step> {
    let mut piece = vec![b' '; PIECE];
    piece[..8].copy_from_slice(b"%PDF-1.7");
    let piece = Bytes::from(piece);
    let (whole, rest) = (size / PIECE as u64, size % PIECE as u64);
    vec![
        Step::head(200, &[("content-length", &size.to_string()), ("etag", "\"1\"")]),
        Step::Repeat(piece.clone(), whole),
        Step::Send(piece.slice(..usize::try_from(rest).unwrap_or_default())),
    ]
}

/// The part of the one who imports into a store: it does nothing unless [`measure`] runs it.
///
/// # Panics
/// If the import fails, or makes anything but a file of the page.
pub async fn import(store: impl AsyncFnOnce() -> Arc<dyn BlobStore>) {
    let Some(place) = std::env::var(ROLE).ok() else { return };
    let place: serde_json::Value = serde_json::from_str(&place).unwrap_or_default();
    let said = |name: &str| place[name].as_str().unwrap_or_default();
    let nameless = |name: &str| -> ! { panic!("{place} does not name {name}") };
    let notion = said("notion").parse().unwrap_or_else(|_| nameless("notion"));
    let files = said("files").parse().unwrap_or_else(|_| nameless("files"));
    let token = StaticToken::new(said("token").to_owned()).at(notion);
    let importer = Importer::builder(Arc::new(token), Arc::<MemoryLibrary>::default(), store().await)
        .trust_origin(&files)
        .import_options(ImportOptions::default().largest_file(u64::MAX))
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let page: NotionId = said("page").parse().unwrap_or_else(|_| panic!("{place} names no page"));
    let before = memory("VmRSS");
    let blob = fetched(&importer, page).await;
    say(&json!({"stored": blob.size, "grown": memory("VmHWM").saturating_sub(before)}));
}

async fn fetched(importer: &Importer, page: NotionId) -> Blob {
    let connection = Connection::new(TenantId::fresh(), "acme");
    match importer.fetch(&connection, Pick::page(page)).await.map(|fetched| fetched.content.content) {
        Ok(Content::File(file)) => file.blob,
        other => panic!("no file was imported: {other:?}"),
    }
}

/// What the system says of this process's memory, in bytes.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or_else(|| panic!("the system does not say {what}")) * 1024
}

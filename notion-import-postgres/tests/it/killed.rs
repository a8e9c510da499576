//! Killed again and again while it imports and syncs, a library ends as one that was left in peace. `NOTION_IMPORT_SOAK=1` kills ten
//! times as often.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use notion_import_core::testing::Story;
use notion_import_core::{DocumentStore, FolderBlobs, TenantId};
use notion_import_postgres::Postgres;
use uuid::Uuid;

use crate::cluster::{Database, HOST};

const DATABASE: &str = "NOTION_IMPORT_TEST_KILLED_DATABASE";
const FILES: &str = "NOTION_IMPORT_TEST_KILLED_FILES";
const PHASE: &str = "NOTION_IMPORT_TEST_KILLED_PHASE";

fn tenant() -> TenantId {
    TenantId::new(Uuid::from_u128(1))
}

async fn story(phase: u32, url: &str, folder: &Path) -> (Story, Arc<Postgres>) {
    let postgres = Arc::new(Postgres::connect(url).await.unwrap());
    let blobs = Arc::new(FolderBlobs::open(folder).await.unwrap());
    (Story::before(phase, tenant(), postgres.clone(), blobs).unwrap(), postgres)
}

/// A child: it goes on with the story from a phase.
#[tokio::test]
async fn child_that_goes_on() {
    let told = |name| std::env::var(name).ok();
    let (Some(url), Some(folder), Some(phase)) = (told(DATABASE), told(FILES), told(PHASE)) else { return };
    let (mut story, _) = story(phase.parse().unwrap(), &url, Path::new(&folder)).await;
    loop {
        println!("phase {}.", story.phase());
        story.go_on().await.unwrap();
    }
}

/// Lets a child go on for a while from a phase, kills it, and returns the last phase that it began.
fn kill_after(url: &str, folder: &Path, phase: u32, working: Duration) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["killed::child_that_goes_on", "--exact", "--nocapture", "--test-threads=1"])
        .env(DATABASE, url)
        .env(FILES, folder)
        .env(PHASE, phase.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The last line may be cut.
    let begun = |line: String| line.strip_suffix('.')?.rsplit_once("phase ")?.1.parse().ok();
    let first = lines.by_ref().find_map(begun).expect("the child did nothing");
    std::thread::sleep(working);
    child.kill().unwrap();
    child.wait().unwrap();
    lines.filter_map(begun).max().unwrap_or(first)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn killed_at_any_moment_it_goes_on_as_if_it_never_was() {
    let (database, folder) = (Database::empty().await, tempfile::tempdir().unwrap());
    let url = database.url(HOST);
    let kills = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 100 } else { 10 };
    let mut phase = 0;
    for kill in 0..kills {
        let working = Duration::from_millis(u64::from(kill * 97_u32 % 811));
        phase = kill_after(&url, folder.path(), phase, working);
    }
    let (mut killed, postgres) = story(phase, &url, folder.path()).await;
    killed.go_on().await.unwrap();
    let undisturbed = Story::undisturbed(phase, tenant()).await.unwrap();
    assert_eq!(killed.account(&*postgres).await.unwrap(), undisturbed);
    killed.sweep().await.unwrap();
    let kept = DocumentStore::blobs(&*postgres, tenant()).await.unwrap();
    let kept: BTreeSet<_> = kept.iter().map(ToString::to_string).collect();
    let files = files(folder.path());
    let names = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let names: BTreeSet<_> = names.filter(|name| name != "lock").collect();
    assert_eq!(names, kept, "a file of no document, or a document without its file");
    println!("{kills} kills in {phase} phases");
}

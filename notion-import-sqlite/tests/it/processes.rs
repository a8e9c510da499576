//! Several processes on one data folder. A child is this very test binary, told what to do by its environment.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::future::join_all;
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{Connection, DocumentStore, NotionId, Source, TenantId};
use notion_import_sqlite::Sqlite;
use uuid::Uuid;

const DATA: &str = "NOTION_IMPORT_TEST_DATA";
const CHILD: &str = "NOTION_IMPORT_TEST_CHILD";

/// The one tenant of these tests.
pub(crate) fn connection() -> Connection {
    Connection::new(TenantId::new(Uuid::from_u128(1)), "notion")
}

/// The page of this number: the same in every process and every round.
pub(crate) fn numbered(number: u32) -> Source {
    Source {
        id: NotionId::new(Uuid::from_u128(1_000 + u128::from(number))),
        ..page(&format!("Page {number}"))
    }
}

/// Runs the test of this name as a child with this number on the folder.
pub(crate) fn spawn(test: &str, data: &Path, child: u32) -> Child {
    run(Command::new(std::env::current_exe().unwrap()), test, data, child)
}

/// Does the same after a line of shell, which sets what a process hands down.
#[cfg(unix)]
pub(crate) fn spawn_after(line: &str, test: &str, data: &Path, child: u32) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{line}; exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
    run(command, test, data, child)
}

fn run(mut command: Command, test: &str, data: &Path, child: u32) -> Child {
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env(DATA, data).env(CHILD, child.to_string()).spawn().unwrap()
}

/// What this process was told to do, if it is a child.
pub(crate) fn told() -> Option<(PathBuf, u32)> {
    let child = std::env::var(CHILD).ok()?.parse().ok()?;
    Some((std::env::var_os(DATA)?.into(), child))
}

/// Lets a child work for a while from the first line on that says this, kills it, and returns its lines from there.
pub(crate) fn kill_after(data: &Path, test: &str, number: u32, word: &str, working: Duration) -> Vec<String> {
    let mut child = spawn(test, data, number);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.by_ref().find(|line| line.contains(word)).expect("the child did nothing");
    std::thread::sleep(working);
    child.kill().unwrap();
    child.wait().unwrap();
    std::iter::once(first).chain(lines).collect()
}

/// All files in a folder, however deep.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// A child: it opens the folder and imports a hundred pages of its own and a hundred that all import.
#[tokio::test]
async fn child_that_imports() {
    let Some((data, child)) = told() else { return };
    let sqlite = Sqlite::open(data).await.unwrap();
    for number in 0..100 {
        for page in [numbered(child * 1_000 + number), numbered(number)] {
            sqlite
                .import(
                    &content_manager(connection().tenant),
                    &connection(),
                    &content(&page, "Text"),
                    minute(1),
                )
                .await
                .unwrap();
        }
    }
}

/// A child: it opens the folder again and again, and closes it each time.
#[tokio::test]
async fn child_that_opens() {
    let Some((data, child)) = told() else { return };
    for number in 0..25 {
        let sqlite = Sqlite::open(&data).await.unwrap();
        let page = numbered(child * 1_000 + number);
        sqlite
            .import(&content_manager(connection().tenant), &connection(), &content(&page, "Text"), minute(1))
            .await
            .unwrap();
        sqlite.close().await;
    }
}

#[tokio::test]
async fn processes_open_and_close_a_folder_as_they_like() {
    for _ in 0..3 {
        let data = tempfile::tempdir().unwrap();
        let children: Vec<_> =
            (1..=4).map(|child| spawn("processes::child_that_opens", data.path(), child)).collect();
        for child in children {
            let done = child.wait_with_output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        assert_eq!(sqlite.linked(&connection(), None, 9_999).await.unwrap().len(), 100);
    }
}

#[tokio::test]
async fn processes_that_open_a_new_folder_at_once_all_import() {
    let data = tempfile::tempdir().unwrap();
    let children: Vec<_> =
        (1..=3).map(|child| spawn("processes::child_that_imports", data.path(), child)).collect();
    for child in children {
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    assert_eq!(sqlite.linked(&connection(), None, 9_999).await.unwrap().len(), 400);
}

#[tokio::test]
async fn handles_in_one_process_write_at_once() {
    let data = tempfile::tempdir().unwrap();
    let handles = [Sqlite::open(data.path()).await.unwrap(), Sqlite::open(data.path()).await.unwrap()];
    let writers = (0..8_u32).map(async |writer| {
        let sqlite = &handles[writer as usize % handles.len()];
        for number in 0..50 {
            let page = numbered(writer * 1_000 + number);
            sqlite
                .import(
                    &content_manager(connection().tenant),
                    &connection(),
                    &content(&page, "Text"),
                    minute(1),
                )
                .await
                .unwrap();
            sqlite.linked(&connection(), None, 3).await.unwrap();
        }
    });
    join_all(writers).await;
    assert_eq!(handles[0].linked(&connection(), None, 9_999).await.unwrap().len(), 400);
}

//! No other user of the machine reads what is kept, whatever the umask says. A child has the umask, for a process has only one.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notion_import_core::testing::suite::{bytes, content, content_manager, minute};
use notion_import_core::{BlobStore, DocumentStore};
use notion_import_sqlite::Sqlite;

use crate::processes::{connection, numbered, spawn_after, told};

/// Everything in a folder, and itself, with its rights.
fn rights(folder: &Path) -> Vec<(PathBuf, u32)> {
    let metadata = fs::metadata(folder).unwrap();
    let mut found = vec![(folder.to_owned(), metadata.permissions().mode() & 0o777)];
    if metadata.is_dir() {
        let mut below: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.sort();
        found.extend(below.iter().flat_map(|path| rights(path)));
    }
    found
}

fn check(data: &Path) {
    let found = rights(data);
    for (path, rights) in &found {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*rights, wanted, "{} has {rights:o}", path.display());
    }
    for name in ["library.db", "library.db-wal", "library.db-shm", "library.lock", "blobs", "spool"] {
        assert!(found.iter().any(|(path, _)| path.ends_with(name)), "there is no {name}");
    }
}

async fn work(sqlite: &Sqlite, page: u32) {
    sqlite.blobs().put(connection().tenant, bytes(&page.to_le_bytes()), 99).await.unwrap();
    sqlite
        .import(
            &content_manager(connection().tenant),
            &connection(),
            &content(&numbered(page), "Text"),
            minute(1),
        )
        .await
        .unwrap();
}

/// A child: it works, closes, opens again, and is killed in the middle of a blob.
#[tokio::test]
async fn child_that_lets_everybody_read() {
    let Some((data, _)) = told() else { return };
    let sqlite = Sqlite::open(&data).await.unwrap();
    work(&sqlite, 1).await;
    check(&data);
    sqlite.close().await;
    let sqlite = Sqlite::open(&data).await.unwrap();
    work(&sqlite, 2).await;
    check(&data);
    let never = futures_util::StreamExt::boxed(futures_util::stream::pending());
    let putting = sqlite.blobs();
    tokio::spawn(async move { putting.put(connection().tenant, never, 99).await });
    while fs::read_dir(data.join("blobs/spool")).unwrap().next().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    check(&data);
    std::process::abort();
}

fn let_everybody_read(data: &Path) {
    let child = spawn_after("umask 0000", "private::child_that_lets_everybody_read", data, 0);
    let done = child.wait_with_output().unwrap();
    assert!(done.status.code().is_none(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn nobody_else_reads_what_is_made_under_any_umask_or_left_by_a_crash() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let_everybody_read(&data);
    for (path, rights) in rights(&data) {
        assert_eq!(rights & 0o077, 0, "{} has {rights:o}", path.display());
    }
    let_everybody_read(&data);
}

#[tokio::test]
async fn what_others_could_read_they_no_longer_can() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    work(&sqlite, 1).await;
    for (path, rights) in rights(data.path()) {
        fs::set_permissions(path, Permissions::from_mode(rights | 0o055)).unwrap();
    }
    // Another process opens it meanwhile: the files beside the library's are there and wide.
    let again = Sqlite::open(data.path()).await.unwrap();
    work(&again, 2).await;
    check_narrow(data.path());
    // A narrow folder with a wide file in it.
    for name in ["library.db", "library.db-wal", "library.db-shm", "library.lock"] {
        fs::set_permissions(data.path().join(name), Permissions::from_mode(0o666)).unwrap();
    }
    Sqlite::open(data.path()).await.unwrap();
    check_narrow(data.path());
}

fn check_narrow(data: &Path) {
    for (path, rights) in rights(data) {
        assert_eq!(rights & 0o077, 0, "{} has {rights:o}", path.display());
    }
}

#[tokio::test]
async fn a_folder_of_several_users_is_refused_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    fs::set_permissions(data.path(), Permissions::from_mode(0o1777)).unwrap();
    assert!(Sqlite::open(data.path()).await.is_err());
    assert_eq!(fs::metadata(data.path()).unwrap().permissions().mode() & 0o7777, 0o1777);
    assert!(fs::read_dir(data.path()).unwrap().next().is_none());
}

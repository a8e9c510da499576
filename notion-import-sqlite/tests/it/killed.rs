//! Killed again and again while it imports and syncs, a library ends as one that was left in peace. `NOTION_IMPORT_SOAK=1` kills ten
//! times as often.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use notion_import_core::DocumentStore;
use notion_import_core::testing::Story;
use notion_import_sqlite::Sqlite;

use crate::processes::{connection, files, kill_after, told};

/// A child: it goes on with the story from a phase.
#[tokio::test]
async fn child_that_goes_on() {
    let Some((data, phase)) = told() else { return };
    let sqlite = Arc::new(Sqlite::open(data).await.unwrap());
    let blobs = Arc::new(sqlite.blobs());
    let mut story = Story::before(phase, connection().tenant, sqlite, blobs).unwrap();
    loop {
        println!("phase {}.", story.phase());
        story.go_on().await.unwrap();
    }
}

#[tokio::test]
async fn killed_at_any_moment_it_goes_on_as_if_it_never_was() {
    let (data, tenant) = (tempfile::tempdir().unwrap(), connection().tenant);
    let kills = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 100 } else { 10 };
    let mut phase = 0;
    for kill in 0..kills {
        let working = Duration::from_millis(u64::from(kill * 97_u32 % 811));
        let lines = kill_after(data.path(), "killed::child_that_goes_on", phase, "phase ", working);
        // The last line may be cut.
        let begun = |line: &String| line.strip_suffix('.')?.rsplit_once(' ')?.1.parse().ok();
        phase = lines.iter().filter_map(begun).max().unwrap_or(phase);
    }
    let sqlite = Arc::new(Sqlite::open(data.path()).await.unwrap());
    let mut killed = Story::before(phase, tenant, sqlite.clone(), Arc::new(sqlite.blobs())).unwrap();
    killed.go_on().await.unwrap();
    let undisturbed = Story::undisturbed(phase, tenant).await.unwrap();
    assert_eq!(killed.account(&*sqlite).await.unwrap(), undisturbed);
    killed.sweep().await.unwrap();
    let kept: BTreeSet<_> =
        DocumentStore::blobs(&*sqlite, tenant).await.unwrap().iter().map(ToString::to_string).collect();
    let files = files(&data.path().join("blobs"));
    let names = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let names: BTreeSet<_> = names.filter(|name| name != "lock").collect();
    assert_eq!(names, kept, "a file of no document, or a document without its file");
    println!("{kills} kills in {phase} phases");
}

//! What the file holds of a tenant that was erased.

use std::path::Path;
use std::sync::Arc;

use notion_import_core::testing::suite;
use notion_import_core::testing::suite::erasing::furnish;
use notion_import_sqlite::Sqlite;

/// What the tenant has said and what is known of its contacts.
const WORDS: [&str; 4] = ["Policy", "Say nothing", "dana@orchard.example", "Orchard Bank"];

/// Those of the words that stand somewhere in the files of the folder.
fn found(folder: &Path) -> Vec<&'static str> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let bytes: Vec<_> =
        files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect();
    let is_in = |word: &&str| {
        bytes.iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    WORDS.into_iter().filter(is_in).collect()
}

#[tokio::test]
async fn no_word_of_an_erased_tenant_is_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Arc::new(Sqlite::open(folder.path()).await.unwrap());
    let stores = suite::Audited::of(sqlite.clone());
    let admin = furnish(&stores).await.unwrap();
    assert_eq!(found(folder.path()), WORDS);
    stores.tenants.erase_tenant(&admin, suite::minute(9)).await.unwrap();
    assert_eq!(found(folder.path()), [] as [&str; 0]);
}

//! What is saved while it runs is a library as it was.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::TryStreamExt;
use notion_import_core::testing::suite::{bytes, content, content_manager, minute, page};
use notion_import_core::{BlobId, BlobStore, Connection, Content, DocumentStore, StoredFile, TenantId};
use notion_import_sqlite::Sqlite;
use sqlx::{Connection as _, SqliteConnection};

/// Saves a library into a folder that nobody else may enter: the file first, then the files of the documents.
async fn save(from: &Path, to: &Path) {
    fs::set_permissions(to, Permissions::from_mode(0o700)).unwrap();
    let mut live = SqliteConnection::connect(from.join("library.db").to_str().unwrap()).await.unwrap();
    let saved = to.join("library.db");
    sqlx::query("VACUUM INTO ?").bind(saved.to_str().unwrap()).execute(&mut live).await.unwrap();
    let copied = Command::new("cp").arg("-R").arg(from.join("blobs")).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Imports a page whose document is a file of its own.
async fn import(sqlite: &Sqlite, connection: &Connection, name: &str) {
    let blob = sqlite.blobs().put(connection.tenant, bytes(name.as_bytes()), 99).await.unwrap();
    let file = StoredFile { blob, name: name.into(), media_type: "application/pdf".into() };
    let mut new = content(&page(name), "");
    new.source.cover = None;
    new.content = Content::File(file);
    new.attachments.clear();
    sqlite.import(&content_manager(connection.tenant), connection, &new, minute(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_while_it_ran_has_every_file_that_its_documents_name() {
    let (data, saved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let live = Sqlite::open(data.path()).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    import(&live, &connection, "before.pdf").await;
    let is_over = Arc::new(AtomicBool::new(false));
    let writing = {
        let (live, connection, is_over) = (live.clone(), connection.clone(), is_over.clone());
        tokio::spawn(async move {
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                import(&live, &connection, &format!("{number}.pdf")).await;
            }
        })
    };
    save(data.path(), saved.path()).await;
    is_over.store(true, Ordering::Relaxed);
    writing.await.unwrap();

    let restored = Sqlite::open(saved.path()).await.unwrap();
    let known = restored.linked(&connection, None, 9_999).await.unwrap();
    assert!(!known.is_empty() && known.len() <= live.linked(&connection, None, 9_999).await.unwrap().len());
    let named = DocumentStore::blobs(&restored, connection.tenant).await.unwrap();
    assert_eq!(named.len(), known.len());
    for blob in named {
        let read = restored.blobs().get(connection.tenant, &blob, None).await.unwrap();
        let read: Vec<_> = read.try_collect().await.unwrap();
        assert_eq!(BlobId::of(&read.concat()), blob);
    }
    import(&restored, &connection, "after.pdf").await;
}

//! What is in the tables, and what of it can be relied on.

use futures_util::future::join_all;
use notion_import_core::store::SyncCursor;
use notion_import_core::testing::suite::{content, content_manager, minute, page, title as clean};
use notion_import_core::{
    Connection, ConnectionState, ConnectionStore, DocumentStore, Imported, StoreError, TenantId,
};
use sqlx::AssertSqlSafe;

use crate::cluster::{Database, run};
use crate::isolation::furnish;

#[tokio::test]
async fn opening_again_keeps_everything() {
    let database = Database::empty().await;
    let connection = Connection { generation: 3, ..Connection::new(TenantId::fresh(), "notion") };
    let cursor = Some(SyncCursor { watermark: minute(5) });
    let source = page("Policy");
    let first = database.open(1).await;
    let imported = first
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(1))
        .await
        .unwrap();
    first.patch(&connection, &[], cursor).await.unwrap();
    let linked = first.linked(&connection, None, 9).await.unwrap();
    first.close().await;

    let second = database.open(1).await;
    assert_eq!(second.linked(&connection, None, 9).await.unwrap(), linked);
    assert_eq!(second.cursor(&connection).await.unwrap(), cursor);
    let again = second
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(2))
        .await
        .unwrap();
    assert_eq!(again, Imported::Unchanged(imported.document()));
    let late = Connection { generation: 2, ..connection };
    assert!(matches!(second.detach(&late).await, Err(StoreError::Fenced)));
}

#[tokio::test]
async fn a_state_nobody_knows_needs_reauthorisation_and_is_not_claimed() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let connection = furnish(&postgres).await;
    for state in ["paused", "Active", ""] {
        let mut db = database.superuser().await;
        run(&mut db, format!("UPDATE notion_import.connections SET state = '{state}'")).await;
        let record = postgres.get(connection.tenant, connection.id).await.unwrap();
        assert_eq!(record.map(|record| record.state), Some(ConnectionState::NeedsReauth), "{state}");
        let lease = std::time::Duration::from_secs(60);
        assert_eq!(postgres.claim_due(minute(1), lease, 9).await.unwrap(), [], "{state}");
    }
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn a_publication_nobody_knows_is_none() {
    use notion_import_core::{AccessStore, Publication, ReadableQuery, Viewer};

    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let connection = furnish(&postgres).await;
    let tenant = connection.tenant;
    let document = postgres.linked(&connection, None, 9).await.unwrap()[0].document;
    let mut db = database.superuser().await;
    for (publication, version) in [("scheduled", "1"), ("Published", "1"), ("", "1"), ("published", "NULL")] {
        let row = format!(
            "INSERT INTO notion_import.standings (tenant_id, document_id, level, publication, version, published_title, \
                 published_at, listed) \
             SELECT tenant_id, id, 'public', '{publication}', {version}, 'Policy', now(), true \
             FROM notion_import.documents \
             ON CONFLICT (tenant_id, document_id) DO UPDATE \
                 SET publication = excluded.publication, version = excluded.version"
        );
        run(&mut db, row).await;
        let (facts, _) = postgres.facts(tenant, None, document).await.unwrap().unwrap();
        assert_eq!(facts.publication, Publication::Draft, "{publication} {version}");
        let shown = postgres
            .readable(tenant, &Viewer::Anonymous, &ReadableQuery::first(9), minute(1))
            .await
            .unwrap()
            .documents;
        assert_eq!(shown, [], "{publication} {version}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named_without_its_text() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let connection = furnish(&postgres).await;
    let mut db = database.superuser().await;
    run(&mut db, r#"UPDATE notion_import.documents SET source = '{"id": "Project Nightingale"}'"#).await;
    let error = postgres.linked(&connection, None, 9).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt("source")));
    assert!(!format!("{error:?} {error}").contains("Nightingale"));
}

#[tokio::test]
async fn a_title_with_any_character_comes_back() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    // The source's title is kept as it was handed in, the document's as it may be shown.
    for title in [
        "'; DROP TABLE notion_import.documents; --",
        "a\u{0}b",
        "\"\\u0041\"",
        "\u{1F512}\u{202E}\n\t",
        "{\"a\":1}",
        "null",
        "{NULL,\"x\"}",
    ] {
        let connection = Connection::new(TenantId::fresh(), "notion");
        let new = content(&page(title), title);
        let imported =
            postgres.import(&content_manager(connection.tenant), &connection, &new, minute(1)).await.unwrap();
        let linked = postgres.linked(&connection, None, 9).await.unwrap();
        assert_eq!(linked[0].title.text, clean(title));
        assert_eq!(linked[0].link.source.title, title);
        let again =
            postgres.import(&content_manager(connection.tenant), &connection, &new, minute(1)).await.unwrap();
        assert_eq!(again, Imported::Unchanged(imported.document()));
    }
}

#[tokio::test]
async fn versions_and_history_cannot_be_rewritten_not_even_by_a_superuser() {
    let database = Database::empty().await;
    furnish(&database.open(1).await).await;
    let mut db = database.superuser().await;
    for sql in [
        "UPDATE notion_import.versions SET content = '{}'",
        "UPDATE notion_import.audit SET at = now()",
        "DELETE FROM notion_import.audit",
    ] {
        assert!(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_host_that_is_strict_by_default_changes_nothing() {
    let database = Database::empty().await;
    database.open(1).await;
    let mut db = database.superuser().await;
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "search_path = ''",
        "DateStyle = 'SQL, DMY'",
        "standard_conforming_strings = off",
    ] {
        run(
            &mut db,
            format!(
                "DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET {}', current_database()); END $do$",
                setting.replace('\'', "''")
            ),
        )
        .await;
    }
    let postgres = database.open(4).await;
    let connection = furnish(&postgres).await;
    let imports = (0..20).map(|n| {
        let new = content(&page(&format!("Page {n}")), "Text");
        let (postgres, connection) = (&postgres, &connection);
        async move {
            postgres.import(&content_manager(connection.tenant), connection, &new, minute(1)).await.unwrap()
        }
    });
    join_all(imports).await;
    assert_eq!(postgres.linked(&connection, None, 99).await.unwrap().len(), 21);
}

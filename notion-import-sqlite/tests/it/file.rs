//! What is in the file, and what of it can be relied on.

use std::path::Path;

use notion_import_core::store::SyncCursor;
use notion_import_core::testing::suite::{bytes, content, content_manager, minute, page, title as clean};
use notion_import_core::{
    BlobStore, Connection, ConnectionState, ConnectionStore, DocumentStore, Imported, StoreError, TenantId,
};
use notion_import_sqlite::Sqlite;
use sqlx::{Connection as _, SqliteConnection};

/// A look into the file past the stores.
async fn raw(data: &Path) -> SqliteConnection {
    let file = data.join("library.db");
    SqliteConnection::connect(file.to_str().unwrap()).await.unwrap()
}

async fn run(data: &Path, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut raw(data).await).await.unwrap();
}

/// A connection that needs no attempt, written past the stores.
async fn insert_connection(data: &Path, tenant: TenantId, state: &str) {
    let workspace = r#"{"id":null,"name":"Acme","bot":"35261e8c-e0a3-80c8-9f00-0123456789ab"}"#;
    sqlx::query(
        "INSERT INTO connections VALUES (?1, ?1, 'notion', 'here', ?2, ?3, NULL, NULL, '', ?1, 0, 0, 0, NULL, NULL, NULL, NULL)",
    )
    .bind(tenant.to_string())
    .bind(state)
    .bind(workspace)
    .execute(&mut raw(data).await)
    .await
    .unwrap();
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let data = tempfile::tempdir().unwrap();
    let connection = Connection { generation: 3, ..Connection::new(TenantId::fresh(), "notion") };
    let cursor = Some(SyncCursor { watermark: minute(5) });
    let source = page("Policy");
    let first = Sqlite::open(data.path()).await.unwrap();
    let imported = first
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(1))
        .await
        .unwrap();
    first.patch(&connection, &[], cursor).await.unwrap();
    let blob = first.blobs().put(connection.tenant, bytes(b"diagram"), 99).await.unwrap();
    let linked = first.linked(&connection, None, 9).await.unwrap();
    first.close().await;

    let second = Sqlite::open(data.path()).await.unwrap();
    assert_eq!(second.linked(&connection, None, 9).await.unwrap(), linked);
    assert_eq!(second.cursor(&connection).await.unwrap(), cursor);
    assert!(second.blobs().get(connection.tenant, &blob.id, None).await.is_ok());
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
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    let tenant = TenantId::fresh();
    insert_connection(data.path(), tenant, "hibernating").await;
    let listed = sqlite.list(tenant).await.unwrap();
    assert_eq!(listed.first().map(|record| record.state), Some(ConnectionState::NeedsReauth));
    let claimed = sqlite.claim_due(minute(0), std::time::Duration::from_secs(60), 9).await.unwrap();
    assert_eq!(claimed, []);
}

#[tokio::test]
async fn what_cannot_be_read_is_named_without_its_text() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    sqlite
        .import(
            &content_manager(connection.tenant),
            &connection,
            &content(&page("Policy"), "Text"),
            minute(1),
        )
        .await
        .unwrap();
    run(data.path(), r#"UPDATE documents SET source = '{"id": "Project Nightingale"}'"#).await;
    let error = sqlite.linked(&connection, None, 9).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt("source")));
    assert!(!format!("{error:?} {error}").contains("Nightingale"));
}

#[tokio::test]
async fn a_title_with_any_character_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    // The source's title is kept as it was handed in, the document's as it may be shown.
    for title in [
        "'; DROP TABLE documents; --",
        "a\u{0}b",
        "\"\\u0041\"",
        "\u{1F512}\u{202E}\n\t",
        "{\"a\":1}",
        "null",
    ] {
        let connection = Connection::new(TenantId::fresh(), "notion");
        sqlite
            .import(
                &content_manager(connection.tenant),
                &connection,
                &content(&page(title), title),
                minute(1),
            )
            .await
            .unwrap();
        let linked = sqlite.linked(&connection, None, 9).await.unwrap();
        assert_eq!(linked[0].title.text, clean(title));
        assert_eq!(linked[0].link.source.title, title);
    }
}

#[tokio::test]
async fn versions_and_history_cannot_be_rewritten() {
    let data = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(data.path()).await.unwrap();
    let connection = Connection::new(TenantId::fresh(), "notion");
    let mut source = page("Policy");
    sqlite
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(1))
        .await
        .unwrap();
    source.title = "Renamed".into();
    sqlite
        .import(&content_manager(connection.tenant), &connection, &content(&source, "Text"), minute(2))
        .await
        .unwrap();
    for sql in ["UPDATE versions SET content = '{}'", "UPDATE audit SET at = 0", "DELETE FROM audit"] {
        assert!(sqlx::raw_sql(sql).execute(&mut raw(data.path()).await).await.is_err(), "{sql}");
    }
}

#[cfg(feature = "gate")]
mod gate {
    use notion_import_core::{
        AccessLevel, AccessStore, Actor, DocumentQuery, MemberId, Publication, ReadableQuery, Role, Viewer,
    };

    use super::*;

    #[tokio::test]
    async fn a_level_is_internal_unless_told_otherwise() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        let connection = Connection::new(TenantId::fresh(), "notion");
        let imported = sqlite
            .import(
                &content_manager(connection.tenant),
                &connection,
                &content(&page("Policy"), "Text"),
                minute(1),
            )
            .await
            .unwrap();
        run(
            data.path(),
            "INSERT INTO standings (tenant_id, document_id) SELECT tenant_id, id FROM documents",
        )
        .await;
        let stored: (String, String, bool) =
            sqlx::query_as("SELECT level, publication, listed FROM standings")
                .fetch_one(&mut raw(data.path()).await)
                .await
                .unwrap();
        assert_eq!(stored, ("internal".into(), "draft".into(), false));
        let (facts, _) = sqlite.facts(connection.tenant, None, imported.document()).await.unwrap().unwrap();
        assert_eq!(facts.level, AccessLevel::Internal);
    }

    #[tokio::test]
    async fn a_level_nobody_knows_is_internal() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        let connection = Connection::new(TenantId::fresh(), "notion");
        let imported = sqlite
            .import(
                &content_manager(connection.tenant),
                &connection,
                &content(&page("Policy"), "Text"),
                minute(1),
            )
            .await
            .unwrap();
        for level in ["'everyone'", "'Public'", "''"] {
            let row = format!(
                "INSERT OR REPLACE INTO standings (tenant_id, document_id, level, publication, version, published_title, published_at, \
                      listed) \
                 SELECT tenant_id, id, {level}, 'published', 1, 'Policy', 0, 1 FROM documents"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(row)).execute(&mut raw(data.path()).await).await.unwrap();
            let (facts, _) =
                sqlite.facts(connection.tenant, None, imported.document()).await.unwrap().unwrap();
            assert_eq!(facts.level, AccessLevel::Internal, "{level}");
            let shown = sqlite
                .readable(connection.tenant, &Viewer::Anonymous, &ReadableQuery::first(9), minute(1))
                .await
                .unwrap()
                .documents;
            assert_eq!(shown, [], "{level}");
        }
    }

    #[tokio::test]
    async fn a_publication_nobody_knows_is_none() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        let connection = Connection::new(TenantId::fresh(), "notion");
        let imported = sqlite
            .import(
                &content_manager(connection.tenant),
                &connection,
                &content(&page("Policy"), "Text"),
                minute(1),
            )
            .await
            .unwrap();
        for (publication, version) in
            [("scheduled", "1"), ("Published", "1"), ("", "1"), ("published", "NULL")]
        {
            let row = format!(
                "INSERT OR REPLACE INTO standings (tenant_id, document_id, level, publication, version, published_title, \
                      published_at, listed) \
                 SELECT tenant_id, id, 'public', '{publication}', {version}, 'Policy', 0, 1 FROM documents"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(row)).execute(&mut raw(data.path()).await).await.unwrap();
            let (facts, _) =
                sqlite.facts(connection.tenant, None, imported.document()).await.unwrap().unwrap();
            assert_eq!(facts.publication, Publication::Draft, "{publication} {version}");
            let shown = sqlite
                .readable(connection.tenant, &Viewer::Anonymous, &ReadableQuery::first(9), minute(1))
                .await
                .unwrap()
                .documents;
            assert_eq!(shown, [], "{publication} {version}");
        }
    }

    #[tokio::test]
    async fn documents_without_a_standing_are_not_given_one_by_reading() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        let connection = Connection::new(TenantId::fresh(), "notion");
        sqlite
            .import(
                &content_manager(connection.tenant),
                &connection,
                &content(&page("Policy"), "Text"),
                minute(1),
            )
            .await
            .unwrap();
        let member = Actor::new(connection.tenant, MemberId::fresh(), Role::Viewer);
        sqlite.documents(&member, &DocumentQuery::newest(9)).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM standings")
            .fetch_one(&mut raw(data.path()).await)
            .await
            .unwrap();
        assert_eq!(rows, 0);
    }

    /// What a page of the site reads in each order is found by the index of that order, in its order, and by nothing else.
    #[tokio::test]
    async fn a_page_of_what_is_readable_follows_the_index_of_its_order() {
        let data = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(data.path()).await.unwrap();
        sqlite.close().await;
        let mut db = raw(data.path()).await;
        for (column, order, way) in [("folded", "", "ASC"), ("published_at", "_newest", "DESC")] {
            for (which, index) in [
                ("", "standings_published"),
                ("AND level <> 'internal' AND (listed OR level = 'public')", "standings_shown"),
            ] {
                let sql = format!(
                    "EXPLAIN QUERY PLAN SELECT document_id FROM standings WHERE publication = 'published' {which} \
                     AND tenant_id = 'x' AND {column} IS NOT NULL AND ({column}, document_id) < (1, 'x') \
                     ORDER BY {column} {way}, document_id {way} LIMIT 9"
                );
                let plan: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut db).await.unwrap();
                let [(.., step)] = &plan[..] else { panic!("{plan:?}") };
                let found = format!("SEARCH standings USING COVERING INDEX {index}{order} (tenant_id=? AND ");
                assert!(step.starts_with(&found), "{step}");
            }
        }
    }
}

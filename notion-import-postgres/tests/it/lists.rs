//! A page of a list reads about as many rows as it shows, however many documents there are.

use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{
    AccessLevel, AccessStore, Actor, Connection, DocumentFilter, DocumentOrder, DocumentQuery, DocumentStore,
    ListPage, Place, ReadableQuery, SourceFilter, TenantId, Viewer,
};
use notion_import_postgres::Postgres;
use sqlx::{PgConnection, PgPool};

use crate::cluster::{Database, HOST, run};

const DOCUMENTS: usize = 20_000;

/// Documents on a page.
const LINES: usize = 50;

/// For each line of a page: its document, its standing, its check and what leads to them, and as much again for what is passed over.
const ROWS_A_LINE: i64 = 20;

/// A library of many documents, and what counts the rows that are read of it.
struct Library {
    postgres: Postgres,
    /// Of one connection: it has read what is read.
    pool: PgPool,
    superuser: PgConnection,
    manager: Actor,
}

impl Library {
    async fn fill(database: &Database) -> Self {
        let pool = database.pool(HOST, 1).await;
        let postgres = Postgres::new(pool.clone()).await.unwrap();
        let mut superuser = database.superuser().await;
        let manager = content_manager(TenantId::fresh());
        let connection = Connection::new(manager.tenant, "notion");
        postgres.import(&manager, &connection, &content(&page("Policy"), "Text"), minute(1)).await.unwrap();
        for statement in [
            "CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, n FROM generate_series(2, $1) AS n",
            "INSERT INTO notion_import.documents (tenant_id, id, title, edited_here, latest, digest, created_at, read, folded, edited_at) \
             SELECT tenant_id, made.id, to_json('Policy ' || 100000 + n), edited_here, latest, digest, \
                created_at + n * interval '1 second', read, 'policy ' || 100000 + n, created_at + n * interval '1 second' \
             FROM notion_import.documents CROSS JOIN made",
            "INSERT INTO notion_import.checks SELECT d.tenant_id, d.id, now() FROM notion_import.documents AS d \
             WHERE NOT EXISTS (SELECT FROM notion_import.checks AS c WHERE c.document_id = d.id)",
            "INSERT INTO notion_import.versions SELECT v.tenant_id, made.id, v.number, v.content, v.blob, v.attachments, \
                v.fidelity, v.exposure, v.source_edited_at, v.imported_at \
             FROM notion_import.versions AS v CROSS JOIN made",
            "INSERT INTO notion_import.standings (tenant_id, document_id, level, publication, version, published_title, folded, published_at, revision) \
             SELECT tenant_id, id, 'public', 'published', 1, initcap(folded), folded, created_at, 1 FROM notion_import.documents",
            "ANALYZE",
        ] {
            run(&mut superuser, statement.replace("$1", &DOCUMENTS.to_string())).await;
        }
        Self { postgres, pool, superuser, manager }
    }

    /// How many rows were read so far, of tables as a whole and by indexes.
    async fn rows_read(&mut self) -> i64 {
        // What a connection has read is told when it has nothing to do for a while, or as soon as it is asked to.
        sqlx::query("SELECT pg_stat_force_next_flush()").execute(&self.pool).await.unwrap();
        let read = "SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'notion_import') \
            + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'notion_import'))::bigint";
        sqlx::query_scalar(read).fetch_one(&mut self.superuser).await.unwrap()
    }

    /// Fails if a page of documents reads much more than it shows; returns the page.
    async fn documents(&mut self, query: DocumentQuery) -> ListPage<notion_import_core::AdminDocument> {
        let before = self.rows_read().await;
        let page = self.postgres.documents(&self.manager, &query).await.unwrap();
        let rows = self.rows_read().await - before;
        assert_eq!(page.documents.len(), LINES, "{query:?}");
        assert!(rows <= ROWS_A_LINE * LINES as i64, "{rows} rows are read for {query:?}");
        page
    }

    /// The same of what everybody may read.
    async fn readable(&mut self, query: ReadableQuery) -> ListPage<notion_import_core::PublicDocument> {
        let before = self.rows_read().await;
        let (site, now) = (self.manager.tenant, minute(99_999));
        let page = self.postgres.readable(site, &Viewer::Anonymous, &query, now).await.unwrap();
        let rows = self.rows_read().await - before;
        assert_eq!(page.documents.len(), LINES, "{query:?}");
        assert!(rows <= ROWS_A_LINE * LINES as i64, "{rows} rows are read for {query:?}");
        page
    }
}

#[tokio::test]
async fn a_page_of_a_list_reads_about_as_many_rows_as_it_shows() {
    let database = Database::empty().await;
    let mut library = Library::fill(&database).await;
    let filters = [
        DocumentFilter::default(),
        DocumentFilter { level: Some(AccessLevel::Public), ..DocumentFilter::default() },
        DocumentFilter { source: Some(SourceFilter::Stale), ..DocumentFilter::default() },
    ];
    for filter in filters {
        for order in [DocumentOrder::Newest, DocumentOrder::Edited, DocumentOrder::Title] {
            let first =
                DocumentQuery { filter: filter.clone(), order, place: Place::default(), limit: LINES };
            let mut next = library.documents(first.clone()).await.next;
            for _ in 0..3 {
                let place = next.map(Place::After).unwrap();
                next = library.documents(DocumentQuery { place, ..first.clone() }).await.next;
            }
            let place = next.map(Place::Before).unwrap();
            library.documents(DocumentQuery { place, ..first }).await;
        }
    }
    let first = ReadableQuery::first(LINES);
    let mut next = library.readable(first.clone()).await.next;
    for _ in 0..3 {
        next = library.readable(first.clone().after(next)).await.next;
    }
}

//! The host's own table, as a document store.
//!
//! The host gives out no leases, so every generation is 0 and there is nothing to fence.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::{Batch, Linked, NewContent, StoredDocument, SyncCursor, SyncPatch};
use notion_import_core::{
    Actor, BlobId, Connection, ConnectionId, Content, DocumentId, DocumentStore, Imported, NotionId,
    StoreError, TenantId, Version,
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

/// Policies, one row each.
#[derive(Clone)]
pub struct Policies(SqlitePool);

/// A row's JSON: the document and its newest version.
#[derive(Serialize, Deserialize)]
struct Row {
    kept: StoredDocument,
    newest: Version,
}

impl Policies {
    pub async fn open() -> Self {
        let pool =
            SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a database");
        let tables = [
            "CREATE TABLE policies (tenant TEXT, document TEXT, row TEXT NOT NULL, PRIMARY KEY (tenant, document))",
            "CREATE TABLE cursors (tenant TEXT, connection TEXT, cursor TEXT NOT NULL, PRIMARY KEY (tenant, connection))",
        ];
        for table in tables {
            sqlx::query(table).execute(&pool).await.expect("a table");
        }
        Self(pool)
    }

    /// Title, text, and whether an update is available.
    pub async fn rows(&self) -> Vec<(String, String, bool)> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT row FROM policies").fetch_all(&self.0).await.expect("rows");
        rows.iter().map(|(json,)| serde_json::from_str(json).expect("a row")).map(shown).collect()
    }

    async fn of_tenant(&self, tenant: TenantId) -> Result<Vec<Row>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as("SELECT row FROM policies WHERE tenant = ?")
            .bind(tenant.to_string())
            .fetch_all(&self.0)
            .await
            .map_err(StoreError::backend)?;
        rows.iter().map(|(json,)| serde_json::from_str(json).map_err(StoreError::backend)).collect()
    }

    /// Those linked through a connection, or through none any more.
    async fn page(
        &self,
        tenant: TenantId,
        through: Option<ConnectionId>,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        let mut rows = self.of_tenant(tenant).await?;
        rows.retain(|row| row.is_through(through) && Some(row.kept.document.id) > after);
        rows.sort_by_key(|row| row.kept.document.id);
        Ok(rows.iter().filter_map(Row::linked).take(limit).collect())
    }

    /// Writes what changed of these rows, all or nothing.
    async fn write(&self, rows: Vec<Row>, batch: &Batch) -> Result<(), StoreError> {
        let mut newest: HashMap<_, _> =
            rows.into_iter().map(|row| (row.kept.document.id, row.newest)).collect();
        newest.extend(batch.versions().map(|(document, version)| (document, version.clone())));
        let mut tx = self.0.begin().await.map_err(StoreError::backend)?;
        for kept in batch.changed() {
            let document = &kept.document;
            let newest = newest.remove(&document.id).ok_or(StoreError::Corrupt("row"))?;
            let row = Row { kept: kept.clone(), newest };
            sqlx::query("INSERT INTO policies VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = excluded.row")
                .bind(document.tenant.to_string())
                .bind(document.id.to_string())
                .bind(serde_json::to_string(&row).map_err(StoreError::backend)?)
                .execute(&mut *tx)
                .await
                .map_err(StoreError::backend)?;
        }
        tx.commit().await.map_err(StoreError::backend)
    }
}

fn batch(rows: &[Row]) -> Batch {
    Batch::of(rows.iter().map(|row| row.kept.clone()))
}

fn shown(row: Row) -> (String, String, bool) {
    let text = match row.newest.content {
        Content::Markdown(text) => text,
        Content::File(file) => file.name,
    };
    let document = row.kept.document;
    (document.title.text, text, document.link.is_some_and(|link| link.update_available))
}

impl Row {
    fn linked(&self) -> Option<Linked> {
        self.kept.clone().linked()
    }

    /// Whether it is linked through the connection, or through none any more.
    fn is_through(&self, connection: Option<ConnectionId>) -> bool {
        let link = self.kept.document.link.as_ref();
        link.is_some_and(|link| link.connection == connection)
    }
}

#[async_trait]
impl DocumentStore for Policies {
    async fn import_many(
        &self,
        actor: &Actor,
        connection: &Connection,
        contents: &[NewContent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Imported>, StoreError> {
        let rows = self.of_tenant(connection.tenant).await?;
        let mut batch = batch(&rows);
        let imported = batch.import(actor, connection, contents, now)?;
        self.write(rows, &batch).await?;
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        let rows = self.of_tenant(connection.tenant).await?;
        let mut batch = batch(&rows);
        batch.patch(connection, patches);
        self.write(rows, &batch).await?;
        let Some(cursor) = cursor else { return Ok(()) };
        sqlx::query("INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cursor = max(cursor, excluded.cursor)")
            .bind(connection.tenant.to_string())
            .bind(connection.id.to_string())
            .bind(cursor.watermark.to_rfc3339())
            .execute(&self.0)
            .await
            .map_err(StoreError::backend)?;
        Ok(())
    }

    async fn linked(
        &self,
        connection: &Connection,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.page(connection.tenant, Some(connection.id), after, limit).await
    }

    async fn detached(
        &self,
        tenant: TenantId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Linked>, StoreError> {
        self.page(tenant, None, after, limit).await
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        let mut rows = self.of_tenant(tenant).await?;
        rows.retain(|row| {
            let link = row.kept.document.link.as_ref();
            link.is_some_and(|link| link.source.ids().any(|id| sources.contains(&id)))
        });
        Ok(rows.iter().filter_map(Row::linked).collect())
    }

    async fn blobs(&self, tenant: TenantId) -> Result<HashSet<BlobId>, StoreError> {
        let rows = self.of_tenant(tenant).await?;
        let files = rows.iter().flat_map(|row| row.kept.document.files().chain(row.newest.files()));
        Ok(files.map(|file| file.blob.id).collect())
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT cursor FROM cursors WHERE tenant = ? AND connection = ?")
                .bind(connection.tenant.to_string())
                .bind(connection.id.to_string())
                .fetch_optional(&self.0)
                .await
                .map_err(StoreError::backend)?;
        let watermark = row.map(|(text,)| text.parse().map_err(|_| StoreError::Corrupt("a cursor")));
        Ok(watermark.transpose()?.map(|watermark| SyncCursor { watermark }))
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let rows = self.of_tenant(connection.tenant).await?;
        let mut batch = batch(&rows);
        let detached = batch.detach(connection);
        self.write(rows, &batch).await?;
        Ok(detached)
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut rows = self.of_tenant(actor.tenant).await?;
        rows.retain(|row| row.kept.document.id == document);
        if rows.is_empty() {
            return Err(StoreError::NotFound);
        }
        let mut batch = batch(&rows);
        batch.unlink(actor, now);
        self.write(rows, &batch).await
    }

    async fn relink(
        &self,
        actor: &Actor,
        document: DocumentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows = self.of_tenant(actor.tenant).await?;
        let mut batch = batch(&rows);
        batch.relink(actor, document, now)?;
        self.write(rows, &batch).await
    }
}

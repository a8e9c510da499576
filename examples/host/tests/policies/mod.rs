//! The host's own table, as a document store.
//!
//! The host gives out no leases, so every generation is 0 and there is nothing to fence.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::connection::{Connection, ConnectionRef};
use notion_import_core::error::StoreError;
use notion_import_core::id::{DocumentId, NotionId, TenantId, VersionNumber};
use notion_import_core::library::access::Actor;
use notion_import_core::library::document::{
    Content, Document, DocumentStore, Imported, Linked, NewContent, SyncCursor, SyncPatch, Version,
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

/// Policies, one row each.
#[derive(Clone)]
pub struct Policies(SqlitePool);

/// A row's JSON: the document, its newest version, and how fresh that is.
#[derive(Serialize, Deserialize)]
struct Row {
    document: Document,
    newest: Version,
    imported_edit: DateTime<Utc>,
    settled: bool,
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

    async fn write(&self, row: &Row) -> Result<(), StoreError> {
        let json = serde_json::to_string(row).map_err(StoreError::backend)?;
        sqlx::query("INSERT INTO policies VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = excluded.row")
            .bind(row.document.tenant.to_string())
            .bind(row.document.id.to_string())
            .bind(json)
            .execute(&self.0)
            .await
            .map_err(StoreError::backend)?;
        Ok(())
    }
}

fn shown(row: Row) -> (String, String, bool) {
    let text = match row.newest.content {
        Content::Markdown(text) => text,
        Content::File(file) => file.name,
    };
    (row.document.title.text, text, row.document.link.is_some_and(|link| link.update_available))
}

impl Row {
    fn linked(&self) -> Option<Linked> {
        Some(Linked {
            document: self.document.id,
            title: self.document.title.clone(),
            link: self.document.link.clone()?,
            digest: self.newest.content.digest(),
            imported_edit: self.imported_edit,
            settled: self.settled,
        })
    }

    fn source(&self) -> Option<NotionId> {
        self.document.link.as_ref().map(|link| link.source.id)
    }

    fn belongs_to(&self, connection: &ConnectionRef) -> bool {
        self.document.link.as_ref().is_some_and(|link| link.connection.as_ref() == Some(connection))
    }
}

#[async_trait]
impl DocumentStore for Policies {
    async fn import(
        &self,
        connection: &Connection,
        content: &NewContent,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let rows = self.of_tenant(connection.tenant).await?;
        let known = rows.into_iter().find(|row| row.source() == Some(content.source.id));
        let (row, imported) = match known {
            None => {
                let id = DocumentId::fresh();
                let document = content.first(connection, id, now);
                let newest = content.version(VersionNumber(1), now);
                let row = Row {
                    document,
                    newest,
                    imported_edit: content.source.edited_at,
                    settled: content.settled,
                };
                (row, Imported::Created(id))
            }
            Some(mut row) => {
                content.refresh(&mut row.document, connection, now);
                row.imported_edit = content.source.edited_at;
                row.settled = content.settled;
                let id = row.document.id;
                if content.says_the_same(&row.newest.content, &row.newest.attachments) {
                    (row, Imported::Unchanged(id))
                } else {
                    row.document.latest.0 += 1;
                    row.newest = content.version(row.document.latest, now);
                    let latest = row.document.latest;
                    (row, Imported::NewVersion(id, latest))
                }
            }
        };
        self.write(&row).await?;
        Ok(imported)
    }

    async fn patch(
        &self,
        connection: &Connection,
        patches: &[SyncPatch],
        cursor: Option<SyncCursor>,
    ) -> Result<(), StoreError> {
        for mut row in self.of_tenant(connection.tenant).await? {
            let Some(patch) = patches.iter().find(|patch| patch.document == row.document.id) else {
                continue;
            };
            if let Some(patched) = patch.apply(connection, &mut row.document) {
                row.settled |= patched.settled;
                self.write(&row).await?;
            }
        }
        let Some(cursor) = cursor else { return Ok(()) };
        sqlx::query("INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cursor = max(cursor, excluded.cursor)")
            .bind(connection.tenant.to_string())
            .bind(connection.reference.as_str())
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
        let mut rows = self.of_tenant(connection.tenant).await?;
        rows.retain(|row| row.belongs_to(&connection.reference) && Some(row.document.id) > after);
        rows.sort_by_key(|row| row.document.id);
        Ok(rows.iter().filter_map(Row::linked).take(limit).collect())
    }

    async fn linked_by_source(
        &self,
        tenant: TenantId,
        sources: &[NotionId],
    ) -> Result<Vec<Linked>, StoreError> {
        let mut rows = self.of_tenant(tenant).await?;
        rows.retain(|row| row.source().is_some_and(|source| sources.contains(&source)));
        Ok(rows.iter().filter_map(Row::linked).collect())
    }

    async fn cursor(&self, connection: &Connection) -> Result<Option<SyncCursor>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT cursor FROM cursors WHERE tenant = ? AND connection = ?")
                .bind(connection.tenant.to_string())
                .bind(connection.reference.as_str())
                .fetch_optional(&self.0)
                .await
                .map_err(StoreError::backend)?;
        let watermark = row.map(|(text,)| text.parse().map_err(|_| StoreError::Corrupt("a cursor")));
        Ok(watermark.transpose()?.map(|watermark| SyncCursor { watermark }))
    }

    async fn detach(&self, connection: &Connection) -> Result<u64, StoreError> {
        let mut rows = self.of_tenant(connection.tenant).await?;
        rows.retain(|row| row.belongs_to(&connection.reference));
        for row in &mut rows {
            if let Some(link) = &mut row.document.link {
                link.connection = None;
            }
            self.write(row).await?;
        }
        Ok(rows.len() as u64)
    }

    async fn unlink(
        &self,
        actor: &Actor,
        document: DocumentId,
        _now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows = self.of_tenant(actor.tenant).await?;
        let mut row = rows.into_iter().find(|row| row.document.id == document).ok_or(StoreError::NotFound)?;
        row.document.link = None;
        self.write(&row).await
    }
}

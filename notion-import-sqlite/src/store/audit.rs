//! The audit on SQLite.

use async_trait::async_trait;
use notion_import_core::{Actor, AuditEntry, AuditLog, AuditQuery, StoreError};

use crate::database::Sqlite;
use crate::table::audit;

#[async_trait]
impl AuditLog for Sqlite {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        query.permit(actor)?;
        audit::list(self.readers(), actor.tenant, query).await
    }
}

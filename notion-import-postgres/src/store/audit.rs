//! The audit on PostgreSQL.

use async_trait::async_trait;
use notion_import_core::{Actor, AuditEntry, AuditLog, AuditQuery, StoreError};

use crate::database::{Postgres, Role, commit};
use crate::table::audit;

#[async_trait]
impl AuditLog for Postgres {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        query.permit(actor)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let entries = audit::list(&mut *tx, actor.tenant, query).await?;
        commit(tx).await?;
        Ok(entries)
    }
}

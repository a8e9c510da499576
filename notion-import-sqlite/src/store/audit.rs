//! The audit on SQLite.

use async_trait::async_trait;
use notion_import_core::{Actor, AuditEntry, AuditLog, AuditPage, AuditQuery, StoreError, TenantId};

use crate::database::Sqlite;
use crate::table::{audit, log_starts};

#[async_trait]
impl AuditLog for Sqlite {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        query.permit(actor)?;
        audit::list(self.readers(), actor.tenant, query).await
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        let mut tx = self.snapshot().await?;
        let start = log_starts::get(&mut *tx, tenant).await?.filter(|start| start.number > after);
        Ok(AuditPage { start, entries: audit::since(&mut *tx, tenant, after, limit).await? })
    }
}

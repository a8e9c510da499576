//! The audit on PostgreSQL.

use async_trait::async_trait;
use notion_import_core::{Actor, AuditEntry, AuditLog, AuditPage, AuditQuery, StoreError, TenantId};

use crate::database::{Postgres, Role, commit};
use crate::table::{audit, log_starts};

#[async_trait]
impl AuditLog for Postgres {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        query.permit(actor)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let entries = audit::list(&mut *tx, actor.tenant, query).await?;
        commit(tx).await?;
        Ok(entries)
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        let mut tx = self.snapshot(Role::App, tenant).await?;
        let start = log_starts::get(&mut *tx, tenant).await?.filter(|start| start.number > after);
        let entries = audit::since(&mut *tx, tenant, after, limit).await?;
        commit(tx).await?;
        Ok(AuditPage { start, entries })
    }
}

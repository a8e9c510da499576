//! Who has read what, on PostgreSQL.

use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::{
    Actor, DocumentId, PublicReads, ReadEntry, ReadLog, ReadQuery, StoreError, TenantId,
};

use crate::database::{Postgres, Role, commit};
use crate::table::{reads, versions};

#[async_trait]
impl ReadLog for Postgres {
    async fn record_read(&self, tenant: TenantId, entry: &ReadEntry) -> Result<(), StoreError> {
        let mut tx = self.write(Role::App, tenant).await?;
        versions::has(&mut *tx, tenant, entry.document, entry.version).await?;
        reads::insert(&mut *tx, tenant, entry).await?;
        commit(tx).await
    }

    async fn count_reads(&self, tenant: TenantId, reads: &[PublicReads]) -> Result<(), StoreError> {
        let mut tx = self.write(Role::App, tenant).await?;
        for read in reads {
            versions::has(&mut *tx, tenant, read.document, read.version).await?;
        }
        reads::count(&mut tx, tenant, reads).await?;
        commit(tx).await
    }

    async fn reads(&self, actor: &Actor, query: &ReadQuery) -> Result<Vec<ReadEntry>, StoreError> {
        ReadQuery::permit(actor)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let entries = reads::list(&mut *tx, actor.tenant, query).await?;
        commit(tx).await?;
        Ok(entries)
    }

    async fn public_reads(
        &self,
        actor: &Actor,
        document: DocumentId,
        within: Range<DateTime<Utc>>,
    ) -> Result<Vec<PublicReads>, StoreError> {
        ReadQuery::permit(actor)?;
        let mut tx = self.snapshot(Role::App, actor.tenant).await?;
        let counted = reads::public(&mut *tx, actor.tenant, document, within).await?;
        commit(tx).await?;
        Ok(counted)
    }
}

//! Who has read what, on SQLite.

use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::LogCut;
use notion_import_core::{
    Actor, CutEntries, DocumentId, PublicReads, ReadEntry, ReadLog, ReadQuery, RetentionStore, StoreError,
    TenantId,
};

use crate::database::{Sqlite, commit};
use crate::table::{audit, log_starts, reads, versions};

#[async_trait]
impl RetentionStore for Sqlite {
    async fn cut(
        &self,
        tenant: TenantId,
        cut: &LogCut,
        now: DateTime<Utc>,
    ) -> Result<CutEntries, StoreError> {
        let mut tx = self.write().await?;
        let mut gone = CutEntries::default();
        if let Some(before) = cut.reads {
            log_starts::set_reads(&mut *tx, tenant, before).await?;
            gone.reads = reads::delete(&mut tx, tenant, before).await?;
        }
        if let Some(start) = &cut.audit
            && log_starts::set(&mut *tx, tenant, start).await?
        {
            gone.audit = audit::delete(&mut *tx, tenant, start.number).await?;
        }
        match gone.entry(tenant, cut, now) {
            Some(entry) => audit::insert(&mut *tx, tenant, &entry).await?,
            // Nothing changes.
            None => return Ok(gone),
        }
        commit(tx).await?;
        Ok(gone)
    }
}

#[async_trait]
impl ReadLog for Sqlite {
    async fn record_read(&self, tenant: TenantId, entry: &ReadEntry) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        versions::has(&mut *tx, tenant, entry.document, entry.version).await?;
        reads::insert(&mut *tx, tenant, entry).await?;
        commit(tx).await
    }

    async fn count_reads(&self, tenant: TenantId, reads: &[PublicReads]) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for read in reads {
            versions::has(&mut *tx, tenant, read.document, read.version).await?;
            reads::count(&mut *tx, tenant, read).await?;
        }
        commit(tx).await
    }

    async fn reads(&self, actor: &Actor, query: &ReadQuery) -> Result<Vec<ReadEntry>, StoreError> {
        ReadQuery::permit(actor)?;
        reads::list(self.readers(), actor.tenant, query).await
    }

    async fn public_reads(
        &self,
        actor: &Actor,
        document: DocumentId,
        within: Range<DateTime<Utc>>,
    ) -> Result<Vec<PublicReads>, StoreError> {
        ReadQuery::permit(actor)?;
        reads::public(self.readers(), actor.tenant, document, within).await
    }
}

//! Who has read what, on PostgreSQL.

use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::store::LogCut;
use notion_import_core::{
    Actor, CutEntries, DocumentId, PublicReads, ReadEntry, ReadLog, ReadQuery, RetentionStore, StoreError,
    TenantId,
};

use crate::database::{Postgres, Role, commit};
use crate::table::{audit, log_starts, reads, versions};

#[async_trait]
impl RetentionStore for Postgres {
    async fn cut(
        &self,
        tenant: TenantId,
        cut: &LogCut,
        now: DateTime<Utc>,
    ) -> Result<CutEntries, StoreError> {
        let mut tx = self.write(Role::Retain, tenant).await?;
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
            Some(entry) => audit::insert(&mut tx, tenant, &[entry]).await?,
            // Nothing changes.
            None => return Ok(gone),
        }
        commit(tx).await?;
        Ok(gone)
    }
}

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

//! What leaks where it is said who has read.

use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::store::LogCut;
use notion_import_core::{
    Actor, CutEntries, DocumentId, PublicReads, ReadEntry, ReadLog, ReadQuery, RetentionStore, StoreError,
    TenantId, VersionNumber,
};

use super::{Leak, Leaky};

#[async_trait]
impl RetentionStore for Leaky {
    async fn cut(
        &self,
        tenant: TenantId,
        cut: &LogCut,
        now: DateTime<Utc>,
    ) -> Result<CutEntries, StoreError> {
        let mut cut = cut.clone();
        match self.leak {
            Leak::CutsEveryReading => cut.reads = cut.reads.map(|_| DateTime::<Utc>::MAX_UTC),
            Leak::CutsNoReading => cut.reads = None,
            Leak::ForgetsWhatTheCutCameTo => cut.audit.iter_mut().for_each(|start| start.state = None),
            Leak::ForgetsWhenTheCutWas => {
                cut.audit.iter_mut().for_each(|start| start.at = DateTime::UNIX_EPOCH)
            }
            Leak::CutsEveryTenant => {
                let tenants = self.tenants.lock().unwrap().clone();
                for other in tenants.into_iter().filter(|other| *other != tenant) {
                    self.inner.cut(other, &cut, now).await?;
                }
            }
            _ => {}
        }
        self.inner.cut(tenant, &cut, now).await
    }
}

#[async_trait]
impl ReadLog for Leaky {
    async fn record_read(&self, tenant: TenantId, entry: &ReadEntry) -> Result<(), StoreError> {
        let mut entry = entry.clone();
        match self.leak {
            Leak::LogsEachReading => {
                entry.at += TimeDelta::minutes(i64::from(entry.id.as_uuid().as_fields().2))
            }
            Leak::ForgetsReadersAddresses => entry.address = None,
            Leak::LogsAnyVersion => entry.version = VersionNumber(1),
            _ => {}
        }
        self.inner.record_read(tenant, &entry).await
    }

    async fn count_reads(&self, tenant: TenantId, reads: &[PublicReads]) -> Result<(), StoreError> {
        if self.leak != Leak::CountsOneByOne {
            return self.inner.count_reads(tenant, reads).await;
        }
        for read in reads {
            self.inner.count_reads(tenant, &[*read]).await?;
        }
        Ok(())
    }

    async fn reads(&self, actor: &Actor, query: &ReadQuery) -> Result<Vec<ReadEntry>, StoreError> {
        let mut query = query.clone();
        if self.leak == Leak::LogsOfAnybody {
            query.contact = None;
        }
        let mut entries = self.inner.reads(&self.raised(actor, Leak::AnybodyReadsTheLog), &query).await?;
        if self.leak == Leak::LogOldestFirst {
            entries.reverse();
        }
        Ok(entries)
    }

    async fn public_reads(
        &self,
        actor: &Actor,
        document: DocumentId,
        within: Range<DateTime<Utc>>,
    ) -> Result<Vec<PublicReads>, StoreError> {
        let within = match self.leak {
            Leak::CountsOfAnyTime => DateTime::UNIX_EPOCH..DateTime::<Utc>::MAX_UTC,
            _ => within,
        };
        self.inner.public_reads(&self.raised(actor, Leak::AnybodyReadsTheLog), document, within).await
    }
}

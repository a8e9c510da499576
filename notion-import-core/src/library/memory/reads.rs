//! Who has read what, in memory.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::documents::{MemoryLibrary, Tenant};
use crate::actor::Actor;
use crate::error::StoreError;
use crate::id::{DocumentId, ReadId, TenantId, VersionNumber};
use crate::library::blob::BlobId;
use crate::library::gate::{
    CutEntries, LogCut, PublicReads, ReadEntry, ReadLog, ReadQuery, RetentionStore, minute_of,
};

/// What a tenant knows of who has read what.
#[derive(Default)]
pub(super) struct Reads {
    entries: BTreeMap<ReadId, ReadEntry>,
    public: BTreeMap<(DateTime<Utc>, DocumentId, VersionNumber, Option<BlobId>), u64>,
}

#[async_trait]
impl RetentionStore for MemoryLibrary {
    async fn cut(
        &self,
        tenant: TenantId,
        cut: &LogCut,
        now: DateTime<Utc>,
    ) -> Result<CutEntries, StoreError> {
        Ok(self.change(tenant, |kept| {
            let reads = cut.reads.map_or(0, |before| kept.access.reads.cut(before));
            let audit = cut.audit.as_ref().map_or(0, |start| self.audit.cut(tenant, start));
            let gone = CutEntries { reads, audit };
            self.audit.extend(tenant, gone.entry(tenant, cut, now));
            gone
        }))
    }
}

#[async_trait]
impl ReadLog for MemoryLibrary {
    async fn record_read(&self, tenant: TenantId, entry: &ReadEntry) -> Result<(), StoreError> {
        self.change(tenant, |tenant| {
            tenant.has(entry.document, entry.version)?;
            let reads = &mut tenant.access.reads;
            if !reads.entries.values().any(|kept| is_one(kept, entry)) {
                reads.entries.insert(entry.id, entry.clone());
            }
            Ok(())
        })
    }

    async fn count_reads(&self, tenant: TenantId, reads: &[PublicReads]) -> Result<(), StoreError> {
        self.change(tenant, |tenant| {
            reads.iter().try_for_each(|read| tenant.has(read.document, read.version))?;
            for read in reads {
                let key = (read.minute, read.document, read.version, read.file);
                *tenant.access.reads.public.entry(key).or_default() += read.count;
            }
            Ok(())
        })
    }

    async fn reads(&self, actor: &Actor, query: &ReadQuery) -> Result<Vec<ReadEntry>, StoreError> {
        ReadQuery::permit(actor)?;
        Ok(self.read(actor.tenant, |tenant| {
            let kept = tenant.access.reads.entries.values().rev();
            let wanted = kept.filter(|entry| {
                query.before.is_none_or(|before| entry.id < before)
                    && query.document.is_none_or(|document| entry.document == document)
                    && query.contact.is_none_or(|contact| entry.contact == contact)
            });
            wanted.take(query.limit).cloned().collect()
        }))
    }

    async fn public_reads(
        &self,
        actor: &Actor,
        document: DocumentId,
        within: Range<DateTime<Utc>>,
    ) -> Result<Vec<PublicReads>, StoreError> {
        ReadQuery::permit(actor)?;
        Ok(self.read(actor.tenant, |tenant| {
            let counted = tenant.access.reads.public.iter();
            let wanted = counted.filter(|((minute, of, ..), _)| *of == document && within.contains(minute));
            let reads = |(&(minute, document, version, file), &count): (&_, &u64)| PublicReads {
                document,
                version,
                file,
                minute,
                count,
            };
            wanted.map(reads).collect()
        }))
    }
}

impl Reads {
    fn cut(&mut self, before: DateTime<Utc>) -> u64 {
        let all = self.entries.len() + self.public.len();
        self.entries.retain(|_, entry| entry.at >= before);
        self.public.retain(|(minute, ..), _| *minute >= before);
        (all - self.entries.len() - self.public.len()) as u64
    }
}

impl MemoryLibrary {
    fn change<T>(&self, tenant: TenantId, change: impl FnOnce(&mut Tenant) -> T) -> T {
        change(self.tenants().entry(tenant).or_default())
    }
}

impl Tenant {
    fn has(&self, document: DocumentId, version: VersionNumber) -> Result<(), StoreError> {
        self.version(document, version).map(drop).ok_or(StoreError::NotFound)
    }
}

/// Whether two readings are one entry.
fn is_one(kept: &ReadEntry, entry: &ReadEntry) -> bool {
    let key =
        |entry: &ReadEntry| (entry.contact, entry.document, entry.version, entry.file, minute_of(entry.at));
    key(kept) == key(entry)
}

//! What leaks where it is told what was done.

use async_trait::async_trait;
use notion_import_core::store::VersionDigest;
use notion_import_core::{
    Actor, Agent, AuditEntry, AuditEvent, AuditLog, AuditPage, AuditQuery, BlobId, StoreError, TenantId,
};

use super::{Leak, Leaky};

/// What the audit says nothing of: a whole entry, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lack {
    Digests,
    NdaDigests,
    Ends,
    Waivers,
    AskingAgain,
    NdasBefore,
    Closings,
    Withdrawals,
    Listings,
    NdasRequired,
    Revocations,
    DefaultNdas,
    Acceptances,
    Voids,
    Blocks,
    Erasures,
}

impl Lack {
    fn of(self, mut entry: AuditEntry) -> Option<AuditEntry> {
        let by = entry.by;
        let is_told = match (self, &mut entry.event) {
            (Self::Digests, AuditEvent::Imported { digest, .. }) => {
                *digest = VersionDigest::from_digest([0; 32]);
                true
            }
            (Self::NdaDigests, AuditEvent::NdaPublished { digest, .. }) => {
                *digest = BlobId::of(b"");
                true
            }
            (Self::Ends, AuditEvent::Assigned { expires_at, .. }) => {
                *expires_at = None;
                true
            }
            (Self::Waivers, AuditEvent::Assigned { nda_waiver, .. }) => {
                *nda_waiver = None;
                true
            }
            (Self::AskingAgain, AuditEvent::NdaPublished { ask_again, .. }) => {
                *ask_again = false;
                true
            }
            (Self::NdasBefore, AuditEvent::NdaRequired { from, .. }) => {
                *from = None;
                true
            }
            (Self::Closings, AuditEvent::LevelChanged { .. }) => by != Agent::System,
            (Self::Withdrawals, AuditEvent::Withdrawn)
            | (Self::Listings, AuditEvent::Listed { .. })
            | (Self::NdasRequired, AuditEvent::NdaRequired { .. })
            | (Self::Revocations, AuditEvent::Revoked { .. })
            | (Self::DefaultNdas, AuditEvent::DefaultNda { .. })
            | (Self::Acceptances, AuditEvent::NdaAccepted { .. })
            | (Self::Voids, AuditEvent::AcceptanceVoided { .. })
            | (Self::Blocks, AuditEvent::ContactBlocked)
            | (Self::Erasures, AuditEvent::ContactErased) => false,
            _ => true,
        };
        is_told.then_some(entry)
    }
}

#[async_trait]
impl AuditLog for Leaky {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let mut entries = self.inner.audit(&self.raised(actor, Leak::AnybodyAudits), query).await?;
        match self.leak {
            Leak::HistoryOldestFirst => entries.reverse(),
            Leak::ForgetsAddresses => entries.iter_mut().for_each(|entry| entry.address = None),
            Leak::CountsEveryTenants => entries.iter_mut().for_each(|entry| entry.number *= 2),
            Leak::AuditsAnySubject => {
                let newest = AuditQuery { subject: None, ..query.clone() };
                entries = self.inner.audit(&self.admin(actor.tenant), &newest).await?;
            }
            Leak::AuditsAnyTenant => {
                let mut tenants = self.tenants.lock().unwrap().clone();
                tenants.insert(actor.tenant);
                for tenant in tenants.iter().filter(|_| entries.is_empty()) {
                    let theirs = self.inner.audit(&self.admin(*tenant), query).await?;
                    if !theirs.is_empty() {
                        return Ok(theirs);
                    }
                }
            }
            Leak::AuditLacks(lack) => {
                let all = AuditQuery { before: None, limit: 9_999, ..query.clone() };
                let all =
                    self.inner.audit(&self.admin(actor.tenant), &AuditQuery { subject: None, ..all }).await?;
                let first = all.last().map_or(1, |oldest| oldest.number);
                let told = all.into_iter().rev().filter_map(|entry| lack.of(entry));
                entries = (first..).zip(told).map(|(number, entry)| AuditEntry { number, ..entry }).collect();
                entries.retain(|entry| {
                    query.before.is_none_or(|before| entry.number < before)
                        && query.subject.is_none_or(|subject| subject == entry.subject)
                });
                entries.reverse();
                entries.truncate(query.limit);
            }
            _ => {}
        }
        Ok(entries)
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        let lack = match self.leak {
            Leak::AuditLacks(lack) => lack,
            Leak::ReadsOnFromTheFirst => return self.inner.audit_since(tenant, 0, limit).await,
            Leak::ReadsOnBackwards => {
                let mut page = self.inner.audit_since(tenant, after, limit).await?;
                page.entries.reverse();
                return Ok(page);
            }
            _ => return self.inner.audit_since(tenant, after, limit).await,
        };
        let AuditPage { start, entries } = self.inner.audit_since(tenant, 0, usize::MAX).await?;
        let first = start.as_ref().map_or(1, |start| start.number + 1);
        let told = (first..).zip(entries.into_iter().filter_map(|entry| lack.of(entry)));
        let told = told.map(|(number, entry)| AuditEntry { number, ..entry });
        let entries = told.filter(|entry| entry.number > after).take(limit).collect();
        Ok(AuditPage { start: start.filter(|start| start.number > after), entries })
    }
}

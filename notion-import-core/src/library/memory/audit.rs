//! The audit in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use crate::actor::Actor;
use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::audit::{AuditEntry, AuditLog, AuditQuery, NewEntry};

/// The audit in memory. The stores of one tenant share one, so that it has one sequence of numbers.
#[derive(Clone, Default)]
pub struct MemoryAudit {
    /// Each tenant's, oldest first.
    entries: Arc<Mutex<HashMap<TenantId, Vec<AuditEntry>>>>,
}

impl MemoryAudit {
    /// Adds an entry. The caller holds the lock on what the entry is about, so that nobody sees the one without the other.
    pub(super) fn insert(&self, tenant: TenantId, entry: NewEntry) {
        let mut entries = lock(&self.entries);
        let entries = entries.entry(tenant).or_default();
        let number = entries.last().map_or(0, |last| last.number) + 1;
        entries.push(entry.numbered(number));
    }

    /// Adds what there is to write, as [`insert`](Self::insert) does.
    pub(super) fn extend(&self, tenant: TenantId, entries: impl IntoIterator<Item = NewEntry>) {
        entries.into_iter().for_each(|entry| self.insert(tenant, entry));
    }
}

#[async_trait]
impl AuditLog for MemoryAudit {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        query.permit(actor)?;
        let entries = lock(&self.entries);
        let kept = entries.get(&actor.tenant).into_iter().flatten().rev();
        let wanted = kept.filter(|entry| {
            query.before.is_none_or(|before| entry.number < before)
                && query.subject.is_none_or(|subject| entry.subject == subject)
        });
        Ok(wanted.take(query.limit).cloned().collect())
    }
}

//! The audit in memory.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use crate::actor::Actor;
use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::audit::{AuditEntry, AuditEvent, AuditLog, AuditPage, AuditQuery, AuditStart, NewEntry};

/// The audit in memory. The stores of one tenant share one, so that it has one sequence of numbers.
#[derive(Clone, Default)]
pub struct MemoryAudit {
    tenants: Arc<Mutex<HashMap<TenantId, Kept>>>,
}

/// What is kept of a tenant's audit.
#[derive(Default)]
struct Kept {
    start: Option<AuditStart>,
    /// Oldest first.
    entries: Vec<AuditEntry>,
}

impl MemoryAudit {
    /// Adds an entry. The caller holds the lock on what the entry is about, so that nobody sees the one without the other.
    pub(super) fn insert(&self, tenant: TenantId, entry: NewEntry) {
        let mut tenants = lock(&self.tenants);
        let kept = tenants.entry(tenant).or_default();
        let number = kept.newest() + 1;
        kept.entries.push(entry.numbered(number));
    }

    /// Adds what there is to write, as [`insert`](Self::insert) does.
    pub(super) fn extend(&self, tenant: TenantId, entries: impl IntoIterator<Item = NewEntry>) {
        entries.into_iter().for_each(|entry| self.insert(tenant, entry));
    }

    /// Takes the entries before a start, and returns how many those were.
    #[cfg(feature = "gate")]
    pub(super) fn cut(&self, tenant: TenantId, start: &AuditStart) -> u64 {
        let mut tenants = lock(&self.tenants);
        let kept = tenants.entry(tenant).or_default();
        if start.number <= kept.before() {
            return 0;
        }
        let all = kept.entries.len();
        kept.entries.retain(|entry| entry.number > start.number);
        kept.start = Some(start.clone());
        (all - kept.entries.len()) as u64
    }

    /// Takes all of a tenant's entries, unless one says already that the tenant was erased and no other is there, and returns how many
    /// those were.
    pub(super) fn erase(&self, tenant: TenantId) -> u64 {
        let mut tenants = lock(&self.tenants);
        let Some(kept) = tenants.get_mut(&tenant).filter(|kept| !kept.is_erased()) else { return 0 };
        let latest =
            kept.entries.iter().map(|entry| entry.at).chain(kept.start.iter().map(|start| start.at)).max();
        let number = kept.newest();
        kept.start = latest.map(|at| AuditStart { number, at, state: None });
        mem::take(&mut kept.entries).len() as u64
    }
}

impl Kept {
    /// The number of the last entry that is gone.
    fn before(&self) -> u64 {
        self.start.as_ref().map_or(0, |start| start.number)
    }

    fn newest(&self) -> u64 {
        self.entries.last().map_or_else(|| self.before(), |last| last.number)
    }

    fn is_erased(&self) -> bool {
        let has_state = self.start.as_ref().is_some_and(|start| start.state.is_some());
        !has_state && self.entries.iter().all(|entry| entry.event == AuditEvent::TenantErased)
    }
}

#[async_trait]
impl AuditLog for MemoryAudit {
    async fn audit(&self, actor: &Actor, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        query.permit(actor)?;
        let tenants = lock(&self.tenants);
        let kept = tenants.get(&actor.tenant).into_iter().flat_map(|kept| kept.entries.iter().rev());
        let wanted = kept.filter(|entry| {
            query.before.is_none_or(|before| entry.number < before)
                && query.subject.is_none_or(|subject| entry.subject == subject)
        });
        Ok(wanted.take(query.limit).cloned().collect())
    }

    async fn audit_since(&self, tenant: TenantId, after: u64, limit: usize) -> Result<AuditPage, StoreError> {
        let tenants = lock(&self.tenants);
        let Some(kept) = tenants.get(&tenant) else { return Ok(AuditPage::default()) };
        let later = kept.entries.iter().filter(|entry| entry.number > after);
        Ok(AuditPage {
            start: kept.start.clone().filter(|start| start.number > after),
            entries: later.take(limit).cloned().collect(),
        })
    }
}

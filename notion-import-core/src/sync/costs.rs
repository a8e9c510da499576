//! What asking for all rows of a data source costs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::id::{NotionId, TenantId};

/// How many requests it took to ask for all rows of a data source, or at least would have. Clones share it; it is learned anew when a
/// process begins, at the price of a few requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowCosts(Arc<Mutex<HashMap<(TenantId, NotionId), usize>>>);

impl RowCosts {
    /// Returns what it costs, if that is known.
    pub(super) fn of(&self, tenant: TenantId, data_source: NotionId) -> Option<usize> {
        self.lock().get(&(tenant, data_source)).copied()
    }

    /// Takes what it was seen to cost.
    pub(super) fn learn(&self, tenant: TenantId, data_source: NotionId, requests: usize) {
        self.lock().insert((tenant, data_source), requests);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, NotionId), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What leaks where acceptances are listed.

use notion_import_core::{AcceptanceEntry, AcceptanceQuery};

use super::{Leak, Leaky};

impl Leaky {
    /// Returns what is asked for of all that a tenant has.
    pub(super) fn listed(
        &self,
        mut all: Vec<AcceptanceEntry>,
        query: &AcceptanceQuery,
    ) -> Vec<AcceptanceEntry> {
        let mut query = query.clone();
        match self.leak {
            Leak::AcceptancesOfAnybody => query.contact = None,
            Leak::HidesWhatIsVoid => all.retain(|entry| entry.voided_at.is_none()),
            Leak::ForgetsSigners => all.iter_mut().for_each(|entry| entry.address = None),
            _ => {}
        }
        let mut listed: Vec<_> = all.into_iter().filter(|entry| query.matches(entry)).collect();
        if self.leak == Leak::AcceptancesOldestFirst {
            listed.reverse();
        }
        listed.truncate(query.limit);
        listed
    }
}

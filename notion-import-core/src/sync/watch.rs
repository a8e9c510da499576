//! How far a sync is, for whoever watches it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, Stream};
use serde::Serialize;
use tokio::sync::watch;

use crate::notion::tally::Tally;

/// How far a sync is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// Linked documents whose source was looked at, and read where it had to be.
    pub checked: u32,
    /// Linked documents of which something changed.
    pub changed: u32,
    /// Linked documents whose source could not be looked at or read.
    pub failed: u32,
    /// How many there will be in all, as far as that is known.
    pub total: u32,
}

/// What a sync is at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It lists what was edited.
    #[default]
    Listing,
    /// It looks at documents.
    Looking,
}

/// A sync's own account of itself. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Account>);

#[derive(Debug, Default)]
struct Account {
    progress: watch::Sender<Progress>,
    failed: Mutex<BTreeMap<String, u32>>,
    tally: Tally,
}

impl Watch {
    /// So many more documents will be looked at.
    pub(super) fn expect(&self, documents: usize) {
        let more = u32::try_from(documents).unwrap_or(u32::MAX);
        self.0.progress.send_modify(|progress| {
            progress.phase = Phase::Looking;
            progress.total = progress.total.saturating_add(more);
        });
    }

    /// One document was looked at.
    pub(super) fn found(&self, changed: bool) {
        self.0.progress.send_modify(|progress| {
            progress.checked += 1;
            progress.changed += u32::from(changed);
        });
    }

    /// One document that was looked at has changed, as reading it shows.
    pub(super) fn changed(&self, changed: bool) {
        self.0.progress.send_modify(|progress| progress.changed += u32::from(changed));
    }

    /// One document could not be looked at, for this reason.
    pub(super) fn missed(&self, code: &str) {
        self.0.progress.send_modify(|progress| progress.failed += 1);
        self.note(code);
    }

    /// One document that was looked at could not be read, for this reason.
    pub(super) fn not_read(&self, code: &str) {
        self.0.progress.send_modify(|progress| {
            progress.checked = progress.checked.saturating_sub(1);
            progress.failed += 1;
        });
        self.note(code);
    }

    fn note(&self, code: &str) {
        let mut failed = self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed.entry(code.to_owned()).or_default() += 1;
    }

    /// Returns how far it is.
    pub(crate) fn progress(&self) -> Progress {
        *self.0.progress.borrow()
    }

    /// Tells how far it is, at once and whenever that changes.
    pub(crate) fn changes(&self) -> impl Stream<Item = Progress> + Send + use<> {
        let mut told = self.0.progress.subscribe();
        told.mark_changed();
        stream::unfold(told, |mut told| async move {
            told.changed().await.ok()?;
            let progress = *told.borrow_and_update();
            Some((progress, told))
        })
    }

    /// Returns how many documents could not be looked at, by the code of what failed.
    pub(crate) fn failed(&self) -> BTreeMap<String, u32> {
        self.0.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what counts its requests.
    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
    }
}
